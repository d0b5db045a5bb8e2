/**
 * Short forms of the experiment: one load on eight hubs, and some hundred small worlds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contention } from '../../lab/contention/experiment.ts'
import { regressions } from '../../lab/contention/regressions.ts'
import { playSchedule } from '../../lab/contention/schedules.ts'
import { type Given, givenOf } from '../../lab/experiment.ts'

interface Report {
  readonly groups: number
  readonly formed: number
  readonly completed: number
  readonly messagesPerGroup: number
  readonly overbooked: number
}

test('HOME-12 eight hubs form every group, with few messages', async () => {
  const given = givenOf(contention.options, { seeds: '1', span: '6000', schedules: '0' }) as Given
  const { report } = await contention.run(given, () => {})
  const { groups, formed, completed, messagesPerGroup, overbooked } = report as Report
  assert.ok(groups > 100)
  assert.deepEqual([formed, completed, overbooked], [1, 1, 0])
  assert.ok(messagesPerGroup <= 60, `${messagesPerGroup} messages a group`)
})

test('HOME-11 nobody is promised twice, and all comes to its end, whatever goes wrong', () => {
  let faults = 0
  for (let seed = 1; seed <= 300; seed++) {
    const played = playSchedule(seed)
    assert.deepEqual(played.broken, [], `seed ${seed}`)
    faults += played.faults
  }
  assert.ok(faults > 3_000)
})

test('HOME-11 the seeds that once broke a promise keep it', () => {
  for (const { seed, found } of regressions)
    assert.deepEqual(playSchedule(seed).broken, [], `${seed}: ${found}`)
})

test('HOME-11 the same seed plays the same world', () => {
  const lines = (seed: number): string[] => {
    const told: string[] = []
    playSchedule(seed, (line) => told.push(line))
    return told
  }
  assert.deepEqual(lines(7), lines(7))
  assert.notDeepEqual(lines(7), lines(8))
})

/**
 * The auditor of the killed network can find what it looks for, and finds nothing after real kills.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Auditor } from '../../lab/crash/auditor.ts'
import { crash } from '../../lab/crash/experiment.ts'
import type { FactNote, Told } from '../../lab/crash/ledger.ts'
import { type Given, givenOf } from '../../lab/experiment.ts'

const accepted: FactNote = { kind: 'task.accepted', task: 'n1' }
const formed = (epoch: number, agent: string): FactNote => ({
  kind: 'group.formed',
  task: 'n1',
  epoch,
  members: [{ agent, skills: ['etl'] }],
})
const finished = (epoch: number, agent: string): FactNote => ({
  kind: 'member.finished',
  task: 'n1',
  epoch,
  agent,
})
const ended = (status: string): FactNote => ({ kind: 'task.ended', task: 'n1', epoch: 1, status })
const begun = (epoch: number, agent: string): Told => ({
  kind: 'begun',
  task: 'n1',
  epoch,
  agent,
  skills: ['etl'],
})

function findings(
  ...rounds: readonly (readonly [told: readonly Told[], gained: readonly FactNote[]])[]
): string[] {
  const auditor = new Auditor()
  let position = 0
  for (const [told, gained] of rounds) {
    auditor.round(told, gained, position)
    position += gained.length
  }
  const { lost, doubleOutcomes, repeated, unfounded } = auditor.verdict()
  const count = (name: string, found: readonly string[]) =>
    found.length === 0 ? [] : [`${name} ${found.length}`]
  return [
    ...count('lost', lost),
    ...count('double', doubleOutcomes),
    ...count('repeated', repeated),
    ...count('unfounded', unfounded),
  ]
}

const outcome = (status: string): Told => ({ kind: 'outcome', task: 'n1', status })
const told: Told = { kind: 'accepted', task: 'n1' }
const whole = [accepted, formed(1, 'ada'), finished(1, 'ada'), ended('completed')]

test('FAULT-1 the auditor finds nothing in a sound round', () => {
  assert.deepEqual(findings([[told, begun(1, 'ada'), outcome('completed')], whole]), [])
  const again = [formed(2, 'eve'), finished(2, 'eve'), ended('completed')]
  assert.deepEqual(
    findings(
      [
        [told, begun(1, 'ada')],
        [accepted, formed(1, 'ada')],
      ],
      [[begun(2, 'eve'), outcome('completed')], again],
    ),
    [],
  )
})

test('FAULT-1 the auditor finds what was told and is not in the journal', () => {
  assert.deepEqual(findings([[told], []]), ['lost 1'])
  assert.deepEqual(findings([[told, outcome('completed')], [accepted]]), ['lost 1'])
  const shown = (position: number, fact: FactNote): Told => ({ kind: 'fact', position, fact })
  assert.deepEqual(findings([[shown(1, accepted)], [accepted]]), [])
  assert.deepEqual(findings([[shown(2, formed(1, 'ada'))], [accepted]]), ['lost 1'])
  assert.deepEqual(findings([[shown(1, formed(1, 'ada'))], [accepted]]), ['lost 1'])
})

test('FAULT-2 the auditor finds two outcomes of one task', () => {
  assert.deepEqual(findings([[], [...whole, ended('failed')]]), ['double 1'])
  assert.deepEqual(findings([[outcome('failed')], whole]), ['double 1'])
  assert.deepEqual(findings([[outcome('completed')], whole], [[outcome('failed')], []]), ['double 2'])
})

test('FAULT-3 the auditor finds a part that is begun again', () => {
  assert.deepEqual(findings([[begun(1, 'ada'), begun(1, 'ada')], whole.slice(0, 2)]), ['repeated 1'])
  const next = [formed(2, 'eve')]
  assert.deepEqual(findings([[], whole.slice(0, 3)], [[begun(2, 'eve')], next]), ['repeated 1'])
  const shown = whole.slice(0, 3).map((fact, i): Told => ({ kind: 'fact', position: i + 1, fact }))
  assert.deepEqual(
    findings([
      [...shown, begun(2, 'eve')],
      [...whole.slice(0, 3), ...next],
    ]),
    ['repeated 1'],
  )
  const returned = { kind: 'claim.returned', task: 'n1', epoch: 1 }
  assert.deepEqual(findings([[], [...whole.slice(0, 3), returned]], [[begun(2, 'eve')], next]), [])
  assert.deepEqual(findings([[], whole], [[begun(2, 'eve')], next]), ['repeated 2'])
})

test('FAULT-4 the auditor finds a part that is begun in a group which the journal does not have', () => {
  assert.deepEqual(findings([[begun(1, 'ada')], [accepted]]), ['unfounded 1'])
})

test('FAULT-1 FAULT-2 FAULT-3 FAULT-4 a network that is killed under load keeps what it told', async () => {
  const given = givenOf(crash.options, { kills: '4', seed: '3' }) as Given
  const { report, broken } = await crash.run(given, () => {})
  assert.deepEqual(broken, [])
  const { kills, acknowledged, factsTold } = report as Record<string, number>
  assert.equal(kills, 4)
  assert.ok(Number(acknowledged) > 20, `${acknowledged} acknowledged`)
  assert.ok(Number(factsTold) > 100, `${factsTold} facts told`)
})

/**
 * The simulator: seeds that once found something, a few fresh ones, and that a seed is a whole run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { regressions } from '../../lab/simulate/regressions.ts'
import { cutDown, shrink, wholeOf } from '../../lab/simulate/shrink.ts'
import { type Run, simulate } from '../../lab/simulate/simulate.ts'
import { faultKinds, surroundingsOf, withOneHub, withoutOpenOffers } from '../../lab/simulate/surroundings.ts'
import { hubName, World } from '../../lab/world.ts'
import { systemClock } from '../../src/host/clock.ts'

const freshSeeds = 60

function complaints({ seed, violations, notLive }: Run): string[] {
  return [...violations, ...notLive].map(({ rule, what }) => `${rule} in seed ${seed}: ${what}`)
}

test('SIM-1 SIM-2 SIM-3 SIM-4 SIM-5 SIM-6 SIM-7 SIM-8 SIM-9 no seed that once broke a rule does so again', async () => {
  for (const { seed, hubs } of regressions) {
    const surroundings = surroundingsOf(seed)
    assert.deepEqual(complaints(await simulate(surroundings)), [])
    if (hubs) continue
    // As they were when they were found.
    const before = withOneHub(surroundings)
    if (surroundings.partitions > 1) assert.deepEqual(complaints(await simulate(before)), [])
    assert.deepEqual(complaints(await simulate(withoutOpenOffers(before))), [])
  }
})

test('SIM-10 SIM-12 SIM-13 SIM-14 SIM-18 SIM-19 LIVE-1 LIVE-2 LIVE-4 LIVE-5 LIVE-6 fresh seeds hold', async () => {
  const kinds = new Set<string>()
  let events = 0
  const hubs = new Set<number>()
  for (let seed = 1_000_001; seed <= 1_000_000 + freshSeeds; seed++) {
    const surroundings = surroundingsOf(seed)
    hubs.add(surroundings.partitions)
    const run = await simulate(surroundings)
    assert.deepEqual(complaints(run), [])
    for (const kind of Object.keys(run.faults)) kinds.add(kind)
    events += run.events
  }
  assert.ok(events > 100_000, `only ${events} events`)
  assert.equal(hubs.size, 3, 'networks of one, two and three hubs')
  const never = faultKinds.filter((kind) => !kinds.has(kind))
  assert.ok(never.length <= 2, `faults that never happened: ${never.join()}`)
})

test('SIM-11 the same seed gives the same trace, another seed another', async () => {
  const traceOf = async (seed: number): Promise<string> =>
    (await simulate(surroundingsOf(seed), { traced: true })).trace
  for (const seed of [5, 16, 372]) assert.equal(await traceOf(seed), await traceOf(seed))
  assert.notEqual(await traceOf(5), await traceOf(6))
})

test('SIM-15 a failing run is made small, and still breaks the same rule', async () => {
  // A rule that no run can keep: what is left is the least that the simulator can play.
  const whole = surroundingsOf(16)
  const isBroken = async (): Promise<string> => 'SIM-0'
  const cut = await shrink(whole, 'SIM-0', () => {}, isBroken)
  const small = cutDown(whole, cut)
  assert.equal(small.tasks.length, 1)
  assert.equal(small.agents.length, 1)
  assert.deepEqual(small.faults, {})
  assert.ok(small.safetyMs < wholeOf(whole).safetyMs / 8)
  assert.deepEqual(complaints(await simulate(small)), [])
})

test('SIM-16 a clock that is set back goes on from where it was', (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const clock = systemClock()
  assert.equal(clock.now(), 1_000_000)
  context.mock.timers.setTime(400_000)
  const before = clock.now()
  assert.ok(before >= 1_000_000)
  const until = performance.now() + 30
  while (performance.now() < until) {}
  assert.ok(clock.now() - before >= 20, 'it stands still')
  context.mock.timers.setTime(2_000_000)
  assert.equal(clock.now(), 2_000_000)
})

test('SIM-16 the time of a hub goes on from its last fact, on a machine whose clock shows less', async () => {
  const world = new World({ seed: 1 })
  world.openHub()
  await world.openDesk('desk')
  world.skew(hubName, 3_600_000)
  world.announce('desk', { id: 'a', description: 'a', requires: [{ skill: 'etl' }], deadlineMs: 10_000 })
  await world.timeline.runUntil(1_000)
  world.crashHub()
  world.openHub()
  await world.timeline.runUntil(60_000)
  const ended = world.disk.facts.find((fact) => fact.kind === 'task.ended')
  assert.equal(ended?.kind === 'task.ended' ? ended.status : undefined, 'expired')
})

/** Whether a deadline can be kept at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earliestMs, soonestMs } from '../../src/strategy/admit.ts'
import { drawNormal } from '../../src/strategy/normal.ts'
import { seeded } from '../../src/strategy/random.ts'

test('TASK-10 one of a hundred log-normal durations is shorter than the earliest time', () => {
  const random = seeded(1)
  const [median, spread] = [1_000, 0.4]
  const early = earliestMs(median, median * Math.exp(1.2816 * spread))
  let below = 0
  for (let i = 0; i < 50_000; i++) if (median * Math.exp(spread * drawNormal(random)) < early) below += 1
  assert.ok(below > 400 && below < 600, `${below} of 50,000`)
  assert.equal(earliestMs(1_000, 1_000), 1_000)
})

test('TASK-10 the soonest end is that of the slowest need with its fastest agents', () => {
  assert.equal(soonestMs([]), 0)
  assert.equal(soonestMs([{ count: 1, earliest: [30, 10, 20] }]), 10)
  assert.equal(soonestMs([{ count: 2, earliest: [30, 10, 20] }]), 20)
  const both = [
    { count: 1, earliest: [30, 10] },
    { count: 1, earliest: [40] },
  ]
  assert.equal(soonestMs(both), 40)
})

test('TASK-10 nothing is known of a need that too few can do, or somebody who is not known', () => {
  assert.equal(soonestMs([{ count: 2, earliest: [30] }]), undefined)
  assert.equal(soonestMs([{ count: 1, earliest: [] }]), undefined)
  assert.equal(soonestMs([{ count: 1, earliest: [30, undefined] }]), undefined)
})

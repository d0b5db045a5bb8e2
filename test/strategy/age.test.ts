import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { playTrace, traceOf } from '../../lab/queue/trace.ts'
import { type Priority, priorities, priorityLevel } from '../../src/protocol/task.ts'
import {
  agedLevel,
  isBefore,
  isUrgent,
  liftMs,
  overtakingWindowMs,
  queueKey,
} from '../../src/strategy/age.ts'
import { seeded } from '../../src/strategy/random.ts'

const arrival = fc.record({
  at: fc.integer({ min: 0, max: 1_000_000 }),
  priority: fc.constantFrom(...priorities),
})
const ageStep = fc.integer({ min: 1, max: 100_000 })

test('AGE-1 at any time the key orders tasks as level plus waiting over age step does', () => {
  fc.assert(
    fc.property(arrival, arrival, ageStep, fc.integer({ min: 0, max: 1_000_000 }), (a, b, step, later) => {
      const now = Math.max(a.at, b.at) + later
      const effective = (task: { at: number; priority: Priority }): number =>
        priorityLevel(task.priority) * step + (now - task.at)
      const byKey = queueKey(a.at, a.priority, step) - queueKey(b.at, b.priority, step)
      assert.equal(Math.sign(byKey), Math.sign(effective(b) - effective(a)))
    }),
  )
})

test('AGE-2 a task is overtaken only by tasks announced within the overtaking window', () => {
  fc.assert(
    fc.property(arrival, arrival, ageStep, (first, second, step) => {
      fc.pre(second.at > first.at)
      const place = ({ at, priority }: typeof first, arrival: number) => {
        return { urgent: isUrgent(priority), key: queueKey(at, priority, step), arrival }
      }
      assert.equal(
        isBefore(place(second, 2), place(first, 1)),
        second.at - first.at < overtakingWindowMs(first.priority, step, second.priority),
      )
    }),
    { numRuns: 1000 },
  )
  assert.equal(overtakingWindowMs('low', 30_000, 'high'), 60_000)
  assert.equal(overtakingWindowMs('critical', 30_000, 'high'), 0)
  assert.equal(overtakingWindowMs('high', 30_000, 'critical'), Number.POSITIVE_INFINITY)
})

test('AGE-3 in 2,000 random traces nobody waits longer than the stated bound', () => {
  const random = seeded(1)
  let waited = 0
  for (let i = 0; i < 2_000; i++) {
    const trace = traceOf(random)
    for (const { arrival, waitedMs, boundMs } of playTrace(trace)) {
      assert.ok(
        waitedMs <= boundMs,
        `trace ${i}: ${JSON.stringify(arrival)} waited ${waitedMs} of ${boundMs} ms`,
      )
      if (waitedMs > 0) waited += 1
    }
  }
  assert.ok(waited > 20_000, `only ${waited} tasks waited at all`)
})

test('AGE-4 waiting lifts to high, and nothing but critical stands above that', () => {
  const step = 30_000
  for (const priority of priorities) {
    const lifted = agedLevel(queueKey(0, priority, step), 1_000_000_000, step)
    assert.equal(priorities[lifted], 'high')
    assert.equal(isUrgent(priority), priority === 'critical')
    if (isUrgent(priority)) continue
    const at = liftMs(priority, step)
    assert.equal(agedLevel(queueKey(0, priority, step), at, step), priorityLevel('high'))
    if (at > 0) assert.ok(agedLevel(queueKey(0, priority, step), at - 1, step) < priorityLevel('high'))
  }
  const old = { urgent: false, key: queueKey(0, 'low', step), arrival: 1 }
  const late = { urgent: true, key: queueKey(1_000_000_000, 'critical', step), arrival: 2 }
  assert.ok(isBefore(late, old))
})

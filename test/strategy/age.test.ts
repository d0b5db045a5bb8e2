import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Priority, priorities, priorityLevel } from '../../src/protocol/task.ts'
import { overtakingWindowMs, queueKey } from '../../src/strategy/age.ts'
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
      const overtakes = queueKey(second.at, second.priority, step) < queueKey(first.at, first.priority, step)
      assert.equal(
        overtakes,
        second.at - first.at < overtakingWindowMs(first.priority, step, second.priority),
      )
      if (overtakes) assert.ok(second.at - first.at < overtakingWindowMs(first.priority, step))
    }),
    { numRuns: 1000 },
  )
  assert.equal(overtakingWindowMs('critical', 30_000), 0)
  assert.equal(overtakingWindowMs('low', 30_000), 90_000)
})

test('AGE-3 the wait stays within the stated bound, though more important work never stops coming', () => {
  const step = 20
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = seeded(seed)
    const tasks = Array.from({ length: 3000 }, (_, i) => {
      // Demand above capacity on purpose: four in five are critical and arrive every 0.9 service times.
      const priority: Priority = i % 5 === 0 ? 'low' : 'critical'
      return { at: i * 0.9 + 0.1 * random(), priority, lasts: 0.5 + random() * 0.5 }
    })
    for (const { task, startedAt, ahead } of serve(tasks, step)) {
      const rate = 1 / 0.9
      const bound = ahead + 1 + rate * overtakingWindowMs(task.priority, step) + 1
      assert.ok(startedAt - task.at <= bound, `seed ${seed}: waited ${startedAt - task.at}, bound ${bound}`)
    }
  }
})

interface Arrival {
  readonly at: number
  readonly priority: Priority
  readonly lasts: number
}

/** One server that always takes the task with the smallest key. Services last at most 1. */
function serve(
  tasks: readonly Arrival[],
  step: number,
): { task: Arrival; startedAt: number; ahead: number }[] {
  const queue: { task: Arrival; ahead: number }[] = []
  const served: { task: Arrival; startedAt: number; ahead: number }[] = []
  let now = 0
  let next = 0
  while (served.length < tasks.length) {
    for (let task = tasks[next]; task !== undefined && task.at <= now; task = tasks[++next]) {
      const key = queueKey(task.at, task.priority, step)
      const ahead = queue.filter((other) => queueKey(other.task.at, other.task.priority, step) <= key).length
      queue.push({ task, ahead })
    }
    queue.sort(
      (a, b) => queueKey(a.task.at, a.task.priority, step) - queueKey(b.task.at, b.task.priority, step),
    )
    const first = queue.shift()
    if (first === undefined) {
      now = tasks[next]?.at ?? now
      continue
    }
    served.push({ ...first, startedAt: now })
    now += first.task.lasts
  }
  return served
}

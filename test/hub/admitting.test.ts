/** Announcements that come to nothing for sure, or are likely to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House } from './house.ts'

/** Ada has done so many pieces of work, each in a minute. */
function known(times: number): House {
  const house = new House()
  house.join('ada', 'work')
  for (let i = 0; i < times; i++) {
    house.announce('desk', `known${i}`, { requires: ['work'] })
    house.pass(60_000)
    house.finish()
    house.join('ada', 'work')
  }
  return house
}

test('TASK-10 a deadline that nobody here has ever kept is refused, with the time that it takes', () => {
  const house = known(10)
  house.announce('desk', 'quick', { requires: ['work'], deadlineMs: 1_000 })
  const [refusal] = house.refused
  assert.equal(refusal?.code, 'E_HOPELESS')
  assert.equal(refusal?.field, 'deadlineMs')
  const [, least = ''] = /less than (\d+) ms; the deadline is 1000 ms$/.exec(refusal?.message ?? '') ?? []
  assert.ok(Number(least) > 1_000 && Number(least) < 60_000, refusal?.message)
  assert.match(refusal?.hint ?? '', new RegExp(`^Give it more than ${least} ms, or `))
  house.announce('desk', 'enough', { requires: ['work'], deadlineMs: Number(least) })
  house.announce('desk', 'unlimited', { requires: ['work'] })
  assert.equal(house.refused.length, 1)
})

test('TASK-10 little evidence, an unknown agent or a skill that is missing is no reason to refuse', () => {
  const thin = known(4)
  thin.announce('desk', 'quick', { requires: ['work'], deadlineMs: 1_000 })
  assert.deepEqual(thin.refused, [])
  const house = known(10)
  house.announce('desk', 'missing', { requires: ['work', 'nothing'], deadlineMs: 1_000 })
  house.join('bob', 'work')
  house.announce('desk', 'quick', { requires: ['work'], deadlineMs: 1_000 })
  assert.deepEqual(house.refused, [])
})

test('TASK-10 a long queue is no reason to refuse a deadline', () => {
  const house = known(10)
  for (let i = 0; i < 50; i++) house.announce('desk', `ahead${i}`, { requires: ['work'] })
  house.announce('desk', 'late', { requires: ['work'], deadlineMs: 120_000 })
  assert.deepEqual(house.refused, [])
})

const minute = 60_000
const work = { requires: ['work'] }

test('TASK-12 a deadline within which the agents are not even free is accepted with a warning', () => {
  const house = new House({ agentTimeoutMs: 10 * minute })
  house.join('ada', 'work')
  house.announce('desk', 'first', { ...work, expectedMs: minute })
  assert.deepEqual(house.begun, ['first'])
  house.pass(20_000)
  house.announce('desk', 'late', { ...work, expectedMs: minute, deadlineMs: 90_000 })
  house.announce('desk', 'fine', { ...work, expectedMs: minute, deadlineMs: 110_000 })
  house.announce('desk', 'free', work)
  assert.deepEqual(house.refused, [])
  assert.deepEqual([...house.warned.keys()], ['late'])
  assert.deepEqual(house.warned.get('late'), {
    kind: 'late',
    message: 'it is expected to end after 100000 ms, if it is the next to begin; its deadline is 90000 ms',
    expectedMs: 100_000,
  })
  // A warning is told again, and has no other consequence.
  house.warned.clear()
  house.says('reader', { kind: 'TASK_FOLLOW', task: 'late' as never })
  assert.equal(house.warned.get('late')?.expectedMs, 100_000)
  house.finish()
  assert.equal(house.begun[1], 'late')
})

test('TASK-12 what a task waits for counts as far as its duration is known', () => {
  const house = new House()
  house.announce('desk', 'x', { ...work, expectedMs: minute })
  house.announce('desk', 'unknown', { ...work, dependsOn: ['x'] })
  house.announce('desk', 'y', { ...work, dependsOn: ['x', 'unknown'], expectedMs: minute })
  for (const deadlineMs of [179_999, 180_000])
    house.announce('desk', `z${deadlineMs}`, { ...work, dependsOn: ['y'], expectedMs: minute, deadlineMs })
  assert.deepEqual([...house.warned], [['z179999', { ...house.warned.get('z179999'), expectedMs: 180_000 }]])
  // Whoever is busy with what it waits for is free when that has ended.
  house.join('ada', 'work')
  assert.deepEqual(house.begun, ['x'])
  house.announce('desk', 'then', { ...work, dependsOn: ['x'], expectedMs: minute, deadlineMs: 120_000 })
  assert.equal(house.warned.has('then'), false)
})

test('TASK-12 what agents took before tells how long they take; of whom nothing is known nothing is foretold', () => {
  const house = known(4)
  house.announce('desk', 'quick', { ...work, deadlineMs: 20_000 })
  assert.equal(house.warned.get('quick')?.kind, 'late')
  const strangers = new House()
  strangers.join('ada', 'work')
  strangers.announce('desk', 'quick', { ...work, deadlineMs: 1 })
  strangers.announce('desk', 'missing', { requires: ['nothing'], deadlineMs: 1 })
  assert.equal(strangers.warned.size, 0)
})

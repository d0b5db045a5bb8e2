/** Announcements that come to nothing for sure. */
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

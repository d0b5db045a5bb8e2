/** What the catalog does not know hides nobody: how long an agent takes, what it asks, whether it would be in time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SkillName } from '../../src/protocol/id.ts'
import { House } from './house.ts'

interface Claims {
  readonly successRate: number
  readonly meanTimeMs?: number
  readonly price?: number
  readonly skills?: readonly string[]
}

function joins(house: House, id: string, { skills = ['drawing'], price, ...claims }: Claims): void {
  house.says(id, {
    kind: 'AGENT_JOIN',
    skills: skills.map((name) => ({ name: name as SkillName, level: 'expert', ...claims })),
    capacity: 1,
    openOffer: price === undefined ? {} : { price },
  })
}

/** Eight of them are likely to succeed; `other` is a little less so, and stands behind them in the catalog. */
function crowd(eight: Claims, other: Claims, many = 8): House {
  const house = new House()
  for (let i = 0; i < many; i++) joins(house, `one${i}`, eight)
  joins(house, 'other', other)
  return house
}

/** Who is given a task. Critical ones are scored without a random number. */
function whoBegins(
  house: House,
  spec: object,
  requires: readonly string[] = ['drawing'],
): string | undefined {
  house.announce('desk', 't', { requires, priority: 'critical', ...spec })
  return house.at.at(-1)
}

test('ASK-9 who is much faster is asked though many are likelier to succeed', () => {
  const slow = { successRate: 0.99, meanTimeMs: 3_600_000 }
  assert.equal(whoBegins(crowd(slow, { successRate: 0.9, meanTimeMs: 600_000 }), {}), 'other')
  assert.notEqual(whoBegins(crowd(slow, { successRate: 0.9, meanTimeMs: 3_500_000 }), {}), 'other')
})

test('ASK-9 who would be in time is asked though many are likelier to succeed', () => {
  const house = crowd({ successRate: 0.99, meanTimeMs: 2_000 }, { successRate: 0.9, meanTimeMs: 500 })
  assert.equal(whoBegins(house, { deadlineMs: 2_500 }), 'other')
})

test('ASK-9 with a deadline who would be in time is asked though fifty are likelier to succeed', () => {
  const house = crowd({ successRate: 0.99, meanTimeMs: 60_000 }, { successRate: 0.9, meanTimeMs: 6_000 }, 50)
  assert.equal(whoBegins(house, { deadlineMs: 30_000 }), 'other')
})

test('ASK-9 without a deadline and a budget they are looked at where one of the first sixteen is better', () => {
  const hourMs = 3_600_000
  const begins = (betterMs: number): string | undefined => {
    const house = new House()
    for (let i = 0; i < 10; i++)
      joins(house, `top${i}`, { successRate: 0.99, meanTimeMs: i < 6 ? betterMs : hourMs })
    for (let i = 0; i < 30; i++) joins(house, `mid${i}`, { successRate: 0.7, meanTimeMs: hourMs })
    joins(house, 'other', { successRate: 0.5, meanTimeMs: 6_000 })
    return whoBegins(house, {})
  }
  assert.equal(begins(hourMs / 6), 'other')
  assert.match(begins(hourMs) ?? '', /^top/)
})

test('ASK-9 who is cheap is asked though many are likelier to succeed, and where price is no object is not', () => {
  const dear = { successRate: 0.99, price: 10 }
  assert.equal(whoBegins(crowd(dear, { successRate: 0.9, price: 1 }), { budget: 12 }), 'other')
  assert.notEqual(whoBegins(crowd(dear, { successRate: 0.9, price: 1 }), {}), 'other')
})

test('ASK-9 a member that must fill several places is the best by the catalog and these costs', () => {
  const skills = ['drawing', 'painting']
  const house = crowd({ successRate: 0.99, price: 10, skills }, { successRate: 0.9, price: 1, skills })
  assert.equal(whoBegins(house, { budget: 12, maxGroupSize: 1 }, skills), 'other')
})

test('ASK-9 what agents that are asked have answered the last time counts the next time', () => {
  const house = new House()
  for (let i = 0; i < 12; i++) house.priceOf.set(`dear${i}`, 10)
  house.priceOf.set('cheap', 1)
  house.joinAll([...house.priceOf.keys()].map((id) => ({ id, skills: ['drawing'], successRate: 0.9 })))
  for (let i = 0; i < 20; i++) {
    house.announce('desk', `t${i}`, { requires: ['drawing'], budget: 12, priority: 'critical' })
    house.finish()
  }
  assert.deepEqual([...new Set(house.at.slice(10))], ['cheap'])
})

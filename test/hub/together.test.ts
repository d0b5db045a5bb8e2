/** Searches that want the same scarce agents, and work for everybody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Limits } from '../../src/protocol/limits.ts'
import { spreadCost } from '../../src/strategy/spread.ts'
import { House } from './house.ts'

/** Bob is the better one for what both can do, and the only one for drawing. Answers who works on what. */
function rivals(limits: Partial<Limits>, others: readonly string[][]): Record<string, string> {
  const house = new House(limits)
  house.announce('a', 'work', { requires: ['work'], priority: 'critical' })
  house.announce('a', 'drawing', { requires: ['drawing'], priority: 'critical' })
  for (const [i, requires] of others.entries()) house.announce('a', `other${i}`, { requires })
  house.joinAll([
    { id: 'ada', skills: ['work'], successRate: 0.1 },
    { id: 'bob', skills: ['work', 'drawing'], successRate: 1 },
  ])
  return Object.fromEntries(house.begun.map((task, i) => [task, house.at[i] ?? '']))
}

test('BATCH-4 where agents are scarce, groups that want the same ones are chosen at once', () => {
  const scarce = [['work', 'nothing']]
  assert.deepEqual(rivals({}, scarce), { work: 'ada', drawing: 'bob' })
  // Without the window whoever has its offers first takes the better one, and the other gets nobody.
  assert.deepEqual(rivals({ batchWindowMs: 0 }, scarce), { work: 'bob' })
})

test('BATCH-4 where nobody waits for what they want, a group is chosen as soon as all have answered', () => {
  assert.deepEqual(rivals({}, []), { work: 'bob' })
  assert.deepEqual(rivals({}, [['nothing']]), { work: 'bob' })
})

test('BATCH-4 nobody waits longer than the window for an answer to another', () => {
  const house = new House()
  house.silent.add('drawing')
  house.announce('a', 'work', { requires: ['work'], priority: 'critical' })
  house.announce('a', 'drawing', { requires: ['drawing'], priority: 'critical' })
  house.announce('a', 'other', { requires: ['work', 'nothing'] })
  house.joinAll([
    { id: 'ada', skills: ['work'], successRate: 0.1 },
    { id: 'bob', skills: ['work', 'drawing'], successRate: 1 },
  ])
  assert.deepEqual(house.begun, [])
  assert.equal(house.hub.wakeAt(), house.now + 10)
  house.pass(10)
  assert.deepEqual(house.begun, ['work'])
})

/** Sixty pieces of work, one after the other, for three agents whose claims differ a little. */
function shares(workSpread: number): number[] {
  const house = new House({ workSpread })
  house.joinAll(['ada', 'bob', 'cyd'].map((id, i) => ({ id, skills: ['work'], successRate: 0.9 - 0.01 * i })))
  for (let i = 0; i < 60; i++) {
    house.announce('a', `t${i}`, { requires: ['work'] })
    house.finish()
  }
  return ['ada', 'bob', 'cyd'].map((id) => house.at.filter((agent) => agent === id).length)
}

test('SPREAD-1 who was given more work than the others with its skills is dearer, nobody else is', () => {
  assert.equal(spreadCost(5, 5, 1), 0)
  assert.equal(spreadCost(0, 100, 1), 0)
  assert.equal(spreadCost(50, 5, 0), 0)
  assert.ok(spreadCost(6, 5, 1) > 0)
  assert.ok(spreadCost(20, 5, 1) > spreadCost(10, 5, 1))
  assert.ok(Math.abs(spreadCost(200_000, 100_000, 0.1) - 0.1) < 1e-4)
})

test('SPREAD-2 with `workSpread` about equally good agents have about equally much work, without it not', () => {
  const free = shares(0)
  assert.ok(Math.max(...free) - Math.min(...free) >= 15, `${free}`)
  const even = shares(50)
  assert.ok(Math.max(...even) - Math.min(...even) <= 3, `${even}`)
})

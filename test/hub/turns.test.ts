/** Who is served next by a whole hub: turns between initiators, age, and what serving costs when thousands wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { playFlood } from '../../lab/queue/flood.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { TaskId } from '../../src/protocol/id.ts'
import { defaultConfiguration } from '../../src/protocol/limits.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'
import { House } from './house.ts'

test('QUEUE-3 agents are kept for a task that needs several, and no longer than nothing but a slot is lacking', () => {
  const house = new House({ patienceMs: 1_000 })
  house.join('ada', 'work')
  house.join('bob', 'drawing')
  for (const [id, skill] of [
    ['w0', 'work'],
    ['d0', 'drawing'],
  ] as const)
    house.announce('a', id, { requires: [skill] })
  house.announce('a', 'both', { requires: ['work', 'drawing'] })
  house.pass(1_000)
  house.announce('b', 'w1', { requires: ['work'], priority: 'high' })
  house.finish('w0')
  assert.deepEqual(house.begun, ['w0', 'd0'])
  house.says('bob', { kind: 'AGENT_LEAVE', reason: 'enough' })
  assert.deepEqual(house.begun, ['w0', 'd0', 'w1'])
  assert.deepEqual(house.waits('both'), { kind: 'missing', needs: [need('drawing')] })
})

test('QUEUE-3 those who can do several things are kept for a task that only few may share', () => {
  const house = new House({ patienceMs: 1_000 })
  house.join('ada', 'work', 'drawing')
  house.join('dan', 'chart', 'writing')
  house.announce('a', 'w0', { requires: ['work'] })
  house.announce('a', 'c0', { requires: ['chart'] })
  for (const skill of ['work', 'drawing', 'chart', 'writing']) house.join(`${skill}-only`, skill)
  house.announce('a', 'pair', { requires: ['work', 'drawing', 'chart', 'writing'], maxGroupSize: 2 })
  assert.equal(house.waits('pair')?.kind, 'size')
  house.pass(1_000)
  // Of each skill somebody is free, so that it is the size alone for which the pair waits.
  house.announce('b', 'w1', { requires: ['work'], exclude: ['work-only'], priority: 'high' })
  house.finish('w0')
  assert.deepEqual(house.begun, ['w0', 'c0'])
  // Nobody is kept any longer for what nobody can do; another goes on with what Dan had begun.
  house.says('dan', { kind: 'AGENT_LEAVE', reason: 'enough' })
  assert.ok(house.begun.includes('w1'), `${house.begun}`)
})

test('CORRIDOR-5 after a part of what waits nobody is chosen', () => {
  const house = new House()
  house.join('ann', 'etl')
  const { limits, levels } = defaultConfiguration
  const spec = { description: 'a task', requires: [{ skill: 'etl' }] }
  const task = checkAnnouncement(spec, { id: 'first' as TaskId, limits, levels }) as TaskAnnouncement
  const fresh = { hub: house.hub.address().incarnation, serial: 1 }
  house.hear('desk', { kind: 'TASK_ANNOUNCE', task, fresh })
  assert.deepEqual(saidIn(house.hub.drain(true)), ['TASK_ACCEPTED'])
  assert.deepEqual(saidIn(house.hub.drain()), ['SKILL_QUERY'])
})

function saidIn({ effects }: ReturnType<House['hub']['drain']>): string[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? effect.message.kind : []))
}

test('QUEUE-5 initiators have turns, and what one has announced before does not keep the others waiting', () => {
  const house = new House()
  house.join('ada', 'work')
  for (let i = 0; i < 20; i++) house.announce('flood', `f${i}`, { requires: ['work'] })
  for (const other of ['a', 'b']) house.announce(other, `${other}0`, { requires: ['work'] })
  for (let i = 0; i < 5; i++) house.finish()
  assert.deepEqual(house.begun, ['f0', 'f1', 'a0', 'b0', 'f2', 'f3'])
})

test('QUEUE-5 a sub-task takes the turns of the initiator above it, and is as urgent and as old', () => {
  const house = new House()
  house.join('ada', 'plan')
  house.join('bob', 'work')
  house.announce('a', 'plan', { requires: ['plan'], priority: 'critical' })
  house.announce('b', 'b0', { requires: ['work'], priority: 'high' })
  house.announce('b', 'b1', { requires: ['work'], priority: 'high' })
  house.announce('ada', 'part', { requires: ['work'], parent: 'plan' })
  const task = house.hub.state().tasks.get('part' as TaskId)
  assert.deepEqual([task?.payer, task?.urgent], ['a', true])
  house.finish('b0')
  assert.deepEqual(house.begun, ['plan', 'b0', 'part'])
})

test('QUEUE-5 under a flood of 25 times as much the others wait less than ten services', async () => {
  const { othersWait, floodShare, waiting } = await playFlood({
    seed: 1,
    agents: 2,
    others: 8,
    factor: 25,
    load: 0.55,
    places: 1,
    services: 60,
  })
  const sorted = othersWait.toSorted((a, b) => a - b)
  assert.ok(sorted.length > 40 && waiting > 100, `${sorted.length} tasks of others, ${waiting} wait`)
  assert.ok((sorted[Math.ceil(0.99 * sorted.length) - 1] ?? Infinity) <= 10, `${sorted}`)
  assert.ok(floodShare > 0.3, `the flood had ${floodShare} of the work`)
})

test('QUEUE-6 where urgent work never stops coming, one of twenty that begin is not urgent', () => {
  const house = new House()
  house.join('ada', 'work')
  house.announce('c', 'c0', { requires: ['work'], priority: 'critical' })
  house.announce('l', 'low', { requires: ['work'], priority: 'low' })
  for (let i = 1; i <= 40; i++) {
    house.announce('c', `c${i}`, { requires: ['work'], priority: 'critical' })
    house.finish()
  }
  assert.equal(house.begun.indexOf('low'), 20)
})

test('QUEUE-7 a change costs what can be served, not what waits', () => {
  const looks = (waiting: number): number => {
    const house = new House()
    house.join('ada', 'work', 'drawing')
    house.join('bob', 'drawing')
    for (let i = 0; i < waiting; i++) {
      house.announce(`i${i % 5}`, `t${i}`, {
        requires: i % 2 === 0 ? ['work'] : ['work', 'drawing', 'nothing'],
      })
    }
    const before = house.begun.length
    const looks = looksFor(house, () => house.finish())
    assert.equal(house.begun.length, before + 1)
    return looks
  }
  const few = looks(20)
  assert.ok(few > 0)
  assert.equal(looks(2_000), few)
})

test('QUEUE-7 a change costs what can be served, however many projects wait', () => {
  const looks = (waiting: number): number => {
    const house = new House({ planStepsMax: 0 })
    house.join('ada', 'work', 'drawing')
    house.join('bob', 'drawing')
    for (let i = 0; i < waiting; i++) {
      const requires = i % 2 === 0 ? ['work'] : ['work', 'drawing', 'nothing']
      house.announce(`i${i % 5}`, `t${i}`, { requires, project: `p${i}` })
      house.announce(`i${i % 5}`, `u${i}`, { requires: ['drawing'], dependsOn: [`t${i}`] })
    }
    const before = house.begun.length
    const looks = looksFor(house, () => house.finish())
    assert.equal(house.begun.length, before + 2)
    return looks
  }
  const few = looks(20)
  assert.ok(few > 0)
  assert.equal(looks(400), few)
})

test('QUEUE-7 a task of a project begins without a look at all the others of it', () => {
  const looks = (tasks: number): number => {
    const house = new House()
    house.joinAll(
      Array.from({ length: tasks + 8 }, (_, i) => ({ id: `w${i}`, skills: ['work'], successRate: 0.9 })),
    )
    house.announce('i', 'first', { requires: ['work'] })
    for (let i = 0; i < tasks; i++) house.announce('i', `t${i}`, { requires: ['work'], dependsOn: ['first'] })
    const looks = looksFor(house, () => house.finish('first'))
    assert.equal(house.begun.length, tasks + 1)
    return looks
  }
  const few = looks(10)
  assert.ok(few > 0)
  assert.ok(looks(80) <= 8 * few)
})

/** How often the catalog is asked who is there while something happens. */
function looksFor(house: House, happens: () => void): number {
  const { catalog } = house.hub.state()
  let looks = 0
  for (const look of ['free', 'capable'] as const) {
    const real = catalog[look].bind(catalog)
    catalog[look] = (skill, rank) => {
      looks += 1
      return real(skill, rank)
    }
  }
  happens()
  return looks
}

test('AHEAD-11 a task of a project for which too few are free has no turn, and has one when enough are', () => {
  const house = new House({ planStepsMax: 0 })
  house.join('ada', 'work')
  house.join('bob', 'drawing')
  house.announce('i', 'w0', { requires: ['work'] })
  house.announce('i', 'd0', { requires: ['drawing'] })
  house.announce('i', 'both', { requires: ['work', 'drawing'], project: 'p' })
  house.announce('i', 'after', { requires: ['work'], dependsOn: ['both'] })
  let draws = 0
  const { catalog } = house.hub.state()
  const real = catalog.shortlist.bind(catalog)
  catalog.shortlist = (...how) => {
    draws += 1
    return real(...how)
  }
  house.finish('w0')
  assert.equal(draws, 0)
  assert.equal(house.waits('both')?.kind, 'busy')
  house.finish('d0')
  // Each of its two members has begun.
  assert.deepEqual(house.begun, ['w0', 'd0', 'both', 'both'])
})

test('QUEUE-8 who waits is told what for at the time of asking', () => {
  const house = new House()
  house.join('ada', 'work')
  house.announce('a', 'first', { requires: ['work'] })
  house.announce('a', 'both', { requires: ['work', 'drawing'] })
  assert.deepEqual(house.waits('both'), { kind: 'missing', needs: [need('drawing')] })
  house.join('bob', 'drawing')
  assert.deepEqual(house.waits('both'), { kind: 'busy', needs: [need('work')] })
})

function need(skill: string): object {
  return { skill, level: 'novice', count: 1 }
}

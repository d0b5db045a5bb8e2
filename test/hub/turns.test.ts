/** Who is served next by a whole hub: turns between initiators, age, and what serving costs when thousands wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { playFlood } from '../../lab/queue/flood.ts'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { AgentId, HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { defaultConfiguration } from '../../src/protocol/limits.ts'
import type { HubTell, Message, WaitingFor } from '../../src/protocol/message.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import { seeded } from '../../src/strategy/random.ts'

const limits = {
  ...defaultConfiguration.limits,
  maxAnnouncements: 100_000,
  maxAnnouncementsPerInitiator: 100_000,
}
const configuration = { ...defaultConfiguration, limits }

/** A hub whose agents accept everything and work until they are told that they are done. */
class House {
  readonly hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1), configuration)
  /** In the order in which they began. */
  readonly begun: string[] = []
  readonly #working: { readonly agent: string; readonly task: TaskId; readonly epoch: number }[] = []
  #told: HubTell['waits'] = []
  now = 1_000

  constructor() {
    this.hub.receive({ kind: 'opened' }, this.now)
    this.#drain()
  }

  join(id: string, ...skills: string[]): void {
    const listed = skills.map((name) => ({ name: name as SkillName, level: 'expert' }))
    this.says(id, { kind: 'AGENT_JOIN', skills: listed, capacity: 1 })
  }

  announce(by: string, id: string, spec: { requires: string[]; priority?: string; parent?: string }): void {
    const { requires, priority = 'normal', parent } = spec
    const said = { description: id, requires: requires.map((skill) => ({ skill })), priority }
    const task = checkAnnouncement(said, { id: id as TaskId, limits, levels: configuration.levels })
    assert.ok(!isRefusal(task))
    const above = parent === undefined ? {} : { parent: parent as TaskId, depth: 1 }
    this.says(by, { kind: 'TASK_ANNOUNCE', task: { ...task, ...above } })
  }

  /** The work that began first is done, or that on a task. */
  finish(named?: string): void {
    const place = this.#working.findIndex(({ task }) => named === undefined || task === named)
    const [work] = this.#working.splice(place, 1)
    assert.ok(work !== undefined, 'nobody works')
    const { agent, task, epoch } = work
    const result = { agent: agent as AgentId, skills: [], result: jsonNull }
    this.says(agent, { kind: 'TASK_COMPLETE', task, epoch, results: [result] })
  }

  /** What the hub says that a task waits for. */
  waits(task: string): WaitingFor | undefined {
    this.says('reader', { kind: 'HUB_ASK', request: 1, about: { kind: 'task', task: task as TaskId } })
    return this.#told[0]?.waiting
  }

  says(id: string, message: Message): void {
    const from = { id: id as NodeId, incarnation: 1 }
    this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
    this.#drain()
  }

  #drain(): void {
    for (const effect of this.hub.drain().effects) {
      if (effect.kind === 'send') this.#hear(effect.to.id, effect.message)
      else {
        this.hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, this.now)
        this.#drain()
      }
    }
  }

  #hear(to: string, message: Message): void {
    if (message.kind === 'SKILL_QUERY') {
      const { call, round } = message
      this.says(to, { kind: 'SKILL_OFFER', task: call.task, round, busy: 0, capacity: 1 })
    } else if (message.kind === 'GROUP_INVITE') {
      this.says(to, { kind: 'GROUP_ACCEPT', task: message.call.task, invite: message.invite })
    } else if (message.kind === 'HUB_TELL') {
      this.#told = message.waits
    } else if (message.kind === 'TASK_START' && message.assignment !== undefined) {
      const { task, epoch } = message.assignment
      this.begun.push(task)
      this.#working.push({ agent: to, task, epoch })
    }
  }
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
    const { catalog } = house.hub.state()
    let looks = 0
    for (const look of ['free', 'capable'] as const) {
      const real = catalog[look].bind(catalog)
      catalog[look] = (skill, rank) => {
        looks += 1
        return real(skill, rank)
      }
    }
    const before = house.begun.length
    house.finish()
    assert.equal(house.begun.length, before + 1)
    return looks
  }
  const few = looks(20)
  assert.ok(few > 0)
  assert.equal(looks(2_000), few)
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

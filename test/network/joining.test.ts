/** How agents join, under which names, and how they leave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentDefinition, Assignment, TaskHandle } from '../../src/index.ts'
import { AutonomousAgent } from '../../src/index.ts'
import { agent, assertRefused, gate, need, networkFor, patient, refusalOf } from './stage.ts'

const skills = [{ name: 'work' }]
const perform = (): string => 'done'

class Foreman extends AutonomousAgent {
  readonly subtasks: TaskHandle[] = []

  constructor(id: string) {
    super(id, [{ name: 'planning', level: 'advanced' }], { maxConcurrentTasks: 2, price: 3 })
  }

  async handleTaskStart({ payload, skills }: Assignment): Promise<unknown> {
    const part = await this.announceTask(need({ id: `${this.id}-part`, payload }))
    this.subtasks.push(part)
    const { results } = await part.outcome()
    return { skills, part: results.work?.[0]?.result }
  }
}

test('NET-2 an object with perform joins, and its result is the outcome', patient, async (t) => {
  const network = await networkFor(t)
  const handle = await network.join({ id: 'ada', skills, perform: ({ payload }) => ({ got: payload }) })
  assert.equal(handle.id, 'ada')
  const task = await network.announce(need({ payload: [1, null, 'x'] }))
  const outcome = await task.outcome()
  assert.deepEqual(outcome, {
    status: 'completed',
    results: { work: [{ agent: 'ada', result: { got: [1, null, 'x'] } }] },
  })
})

test('NET-21 an agent is asked only where it judges questions itself', patient, async (t) => {
  const network = await networkFor(t)
  await network.join({ id: 'ada', skills, perform })
  await network.join({ id: 'bob', skills, perform, consider: () => ({}) })
  const stop = new AbortController()
  const asked: string[] = []
  const listening = (async () => {
    for await (const one of network.watch({ signal: stop.signal })) {
      if (one.kind === 'message' && one.envelope.message.kind === 'SKILL_QUERY')
        asked.push(one.envelope.to.id)
    }
  })()
  await (await network.announce(need({ requires: [{ skill: 'work', count: 2 }] }))).outcome()
  stop.abort()
  await listening
  assert.deepEqual(asked, ['bob'])
})

test('NET-2 a class joins, and announces as itself from the start of its first task', patient, async (t) => {
  const network = await networkFor(t)
  // The task waits already, so that the work begins in the very turn in which the agent is welcomed.
  const task = await network.announce(need({ requires: [{ skill: 'planning' }], payload: 7 }))
  await agent(network, 'bob', ({ payload }) => Number(payload) * 2)
  const foreman = new Foreman('fred')
  await assert.rejects(foreman.announceTask(need()), { name: 'Fault', code: 'E_CLOSED' })
  await network.join(foreman)
  const { results } = await task.outcome()
  assert.deepEqual(results.planning, [{ agent: 'fred', result: { skills: ['planning'], part: 14 } }])
  const tasks = await network.tasks()
  assert.equal(tasks.find(({ id }) => id === 'fred-part')?.initiator, 'fred')
  const [fred] = (await network.agents()).filter(({ id }) => id === 'fred')
  assert.equal(fred?.capacity, 2)
})

test('NET-3 what is no id is refused before anything happens', patient, async (t) => {
  const network = await networkFor(t)
  const bad = [
    '',
    'x'.repeat(5000),
    'x'.repeat(65),
    'a.b',
    'a b',
    '*',
    '..',
    '__proto__',
    'constructor',
    'é',
    'a\n',
  ]
  for (const id of bad) {
    const refusal = await refusalOf(network.join({ id, skills, perform }))
    assert.equal(refusal.code, 'E_BAD_ID', JSON.stringify(id))
    assert.equal(refusal.field, 'id')
    assert.ok(refusal.message.length < 200 && refusal.hint !== undefined)
    await assertRefused(
      network.join({ id: 'x', skills: [{ name: id }], perform }),
      'E_BAD_ID',
      'skills[0].name',
    )
  }
  assert.deepEqual(await network.agents(), [])
})

test('NET-3 what an agent says of itself is refused by code and field', patient, async (t) => {
  const network = await networkFor(t)
  const cases: readonly [unknown, string, string | undefined][] = [
    [undefined, 'E_MISSING_FIELD', 'the agent'],
    ['ada', 'E_TYPE', 'the agent'],
    [{ id: 'ada', skills }, 'E_MISSING_FIELD', 'perform'],
    [{ id: 'ada', skills, perform: 'x' }, 'E_TYPE', 'perform'],
    [{ id: 'ada', skills, perform, consider: 1 }, 'E_TYPE', 'consider'],
    [{ id: 'ada', skills, perform, confirm: null }, 'E_TYPE', 'confirm'],
    [{ id: 5, skills, perform }, 'E_BAD_ID', 'id'],
    [{ id: 'ada', perform }, 'E_MISSING_FIELD', 'skills'],
    [{ id: 'ada', skills: [], perform }, 'E_MISSING_FIELD', 'skills'],
    [{ id: 'ada', skills: [{ name: 'a' }, { name: 'a' }], perform }, 'E_DUPLICATE_SKILL', 'skills'],
    [{ id: 'ada', skills: [{ name: 'a', level: 'guru' }], perform }, 'E_BAD_LEVEL', 'skills[0].level'],
    [{ id: 'ada', skills: [{ name: 'a', lvl: 'expert' }], perform }, 'E_UNKNOWN_FIELD', 'skills[0].lvl'],
    [{ id: 'ada', skills: [{ name: 'a', successRate: 2 }], perform }, 'E_RANGE', 'skills[0].successRate'],
    [{ id: 'ada', skills: [{ name: 'a', meanTimeMs: -1 }], perform }, 'E_RANGE', 'skills[0].meanTimeMs'],
    [
      { id: 'ada', skills: Array.from({ length: 33 }, (_, i) => ({ name: `s${i}` })), perform },
      'E_RANGE',
      'skills',
    ],
    [{ id: 'ada', skills, perform, maxConcurrentTasks: 0 }, 'E_RANGE', 'maxConcurrentTasks'],
    [{ id: 'ada', skills, perform, maxConcurrentTasks: 1001 }, 'E_RANGE', 'maxConcurrentTasks'],
    [{ id: 'ada', skills, perform, maxConcurrentTasks: '5' }, 'E_TYPE', 'maxConcurrentTasks'],
    [{ id: 'ada', skills, perform, capacity: 5 }, 'E_UNKNOWN_FIELD', 'capacity'],
    [{ id: 'ada', skills, perform, price: -1 }, 'E_RANGE', 'price'],
    [{ id: 'ada', skills, perform, price: Number.NaN }, 'E_RANGE', 'price'],
    [{ id: 'ada', skills, perform, price: '5' }, 'E_RANGE', 'price'],
  ]
  for (const [definition, code, field] of cases) {
    await assertRefused(network.join(definition as AgentDefinition), code, field)
  }
  assert.deepEqual(await network.agents(), [])
})

test('NET-4 an id is taken while its agent is there, and free again when it has left', patient, async (t) => {
  const network = await networkFor(t)
  const first = await agent(network, 'ada', () => 'first')
  await assertRefused(agent(network, 'ada', perform), 'E_AGENT_ID_TAKEN', 'id')
  await first.leave()
  await first.leave('twice is once')
  await agent(network, 'ada', () => 'second')
  const { results } = await (await network.announce(need())).outcome()
  assert.deepEqual(results.work, [{ agent: 'ada', result: 'second' }])
  await assert.rejects(first.announce(need()), { code: 'E_CLOSED' })
})

test('NET-4 of two that join at once under one id, one is taken, and it works', patient, async (t) => {
  const network = await networkFor(t)
  const joins = await Promise.allSettled([agent(network, 'ada', () => 1), agent(network, 'ada', () => 2)])
  assert.deepEqual(
    joins.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  const { results } = await (await network.announce(need())).outcome()
  assert.deepEqual(results.work, [{ agent: 'ada', result: 1 }])
})

test("NET-4 the hub's name and the program's own are taken", patient, async (t) => {
  const network = await networkFor(t, { name: 'office' })
  await assertRefused(agent(network, 'hub', perform), 'E_AGENT_ID_TAKEN', 'id')
  await assertRefused(agent(network, 'office', perform), 'E_AGENT_ID_TAKEN', 'id')
  await agent(network, 'desk', perform)
  const task = await network.announce(need())
  assert.equal((await task.outcome()).status, 'completed')
  assert.equal((await network.tasks())[0]?.initiator, 'office')
})

test('NET-4 who leaves in the middle is told to stop, and another does its part', patient, async (t) => {
  const network = await networkFor(t)
  const begun = gate<AbortSignal>()
  const ada = await agent(network, 'ada', (_, { signal }) => {
    begun.open(signal)
    return new Promise(() => {})
  })
  const task = await network.announce(need({ maxAttempts: 1 }))
  const signal = await begun.passed
  await ada.leave('gone fishing')
  assert.equal(signal.aborted, true)
  await agent(network, 'bob', perform)
  const outcome = await task.outcome()
  assert.deepEqual(outcome.results.work, [{ agent: 'bob', result: 'done' }])
  const { losses, task: view } = await task.explain()
  assert.deepEqual(
    losses.map(({ agent, epoch, reason }) => [agent, epoch, reason.code, reason.message]),
    [['ada', 1, 'E_LEAVING', 'it left: gone fishing']],
  )
  assert.deepEqual([view.epoch, view.attempts], [2, 0])
})

test('NET-18 a network has its own levels, in their order', patient, async (t) => {
  const network = await networkFor(t, { levels: ['bronze', 'silver', 'gold'] })
  await network.join({ id: 'ada', skills: [{ name: 'work', level: 'silver' }], perform })
  await assertRefused(
    network.join({ id: 'bob', skills: [{ name: 'work', level: 'expert' }], perform }),
    'E_BAD_LEVEL',
    'skills[0].level',
  )
  const fits = await network.announce(need({ requires: [{ skill: 'work', level: 'silver' }] }))
  assert.equal((await fits.outcome()).status, 'completed')
  const waits = await network.announce(need({ requires: [{ skill: 'work', level: 'gold' }] }))
  const { waiting, summary } = await waits.explain()
  assert.deepEqual(waiting, { kind: 'missing', needs: [{ skill: 'work', level: 'gold', count: 1 }] })
  assert.match(summary, /no agent here has work \(gold\)/)
})

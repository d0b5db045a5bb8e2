/**
 * The agent machine by itself: what it does with messages that are late, doubled or from before.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent } from '../../src/agent/agent.ts'
import type { AgentEffect } from '../../src/agent/state.ts'
import type { AgentId, HubId, InviteId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { type JsonText, jsonNull } from '../../src/protocol/json.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import type { Assignment, Message } from '../../src/protocol/message.ts'
import type { Refusal } from '../../src/protocol/refusal.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'

const self = 'ada' as AgentId
const task = 'churn' as TaskId
const cleaning = 'cleaning' as SkillName
const drawing = 'drawing' as SkillName

/** Of the smallest announcement, all but the id. */
const announced: Omit<TaskAnnouncement, 'id'> = {
  description: 'Clean',
  payload: jsonNull,
  metadata: jsonNull,
  requires: [{ skill: cleaning, level: 'novice', count: 1 }],
  optional: [],
  priority: 'normal',
  maxGroupSize: 1,
  minMembers: 1,
  dependsOn: [],
  verify: { by: 'trust' },
  startBy: 'hub',
  maxAttempts: 1,
  workSilenceMs: 60_000,
  exclude: [],
  depth: 0,
}

class Bench {
  readonly agent: Agent = new Agent({ id: self, incarnation: 1 }, 'hub' as HubId, {
    skills: [cleaning, drawing].map((name) => ({ name, level: 'expert' })),
    capacity: 1,
    price: undefined,
    considers: false,
    openOffer: false,
    confirms: false,
  })
  now = 0

  constructor() {
    this.agent.receive({ kind: 'join' }, this.now)
    this.hear({ kind: 'AGENT_WELCOME', heartbeatMs: 3_000 })
  }

  hear(message: Message, hubIncarnation = 1): readonly AgentEffect[] {
    const from = { id: 'hub' as HubId, incarnation: hubIncarnation }
    const envelope = { from, to: { id: self, incarnation: 1 }, message }
    this.agent.receive({ kind: 'received', envelope }, this.now)
    return this.agent.drain().effects
  }

  finish(run: number, result: string): readonly AgentEffect[] {
    this.agent.receive({ kind: 'settled', task, run, ending: JSON.stringify(result) as JsonText }, this.now)
    return this.agent.drain().effects
  }

  /** Lets time pass; answers what the agent did of its own accord. */
  wait(spanMs: number): readonly AgentEffect[] {
    this.now += spanMs
    this.agent.receive({ kind: 'woke' }, this.now)
    return this.agent.drain().effects
  }
}

function formed(epoch: number, skills: readonly SkillName[] = [cleaning]): Message {
  return { kind: 'GROUP_FORMED', task, epoch, members: [{ agent: self, incarnation: 1, skills }] }
}

function start(epoch: number, more: Partial<Assignment> = {}): Message {
  const assignment: Assignment = {
    task,
    epoch,
    skills: [cleaning],
    description: '',
    payload: jsonNull,
    metadata: jsonNull,
    depth: 0,
    inputs: [],
    finished: [],
    ...more,
  }
  return { kind: 'TASK_START', task, epoch, assignment }
}

function invite(id: string, epoch: number): Message {
  const call = {
    task,
    description: '',
    priority: 'normal',
    needs: [{ skill: cleaning, level: 'novice', count: 1 }],
  } as const
  return { kind: 'GROUP_INVITE', call, invite: id as InviteId, epoch, skills: [cleaning], holdForMs: 30_000 }
}

function said(effects: readonly AgentEffect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message.kind] : []))
}

function begun(effects: readonly AgentEffect[]): number[] {
  return effects.flatMap((effect) => (effect.kind === 'begin' ? [effect.run] : []))
}

function stopped(effects: readonly AgentEffect[]): number[] {
  return effects.flatMap((effect) => (effect.kind === 'stop' ? [effect.run] : []))
}

/** What it has told of its part: the epoch and the result. */
function completed(effects: readonly AgentEffect[]): [number, string | undefined][] {
  return effects.flatMap((effect): [number, string | undefined][] =>
    effect.kind === 'send' && effect.message.kind === 'TASK_COMPLETE'
      ? [[effect.message.epoch, effect.message.results[0]?.result]]
      : [],
  )
}

test('RUN-4 an order to begin that comes twice is obeyed once, also when the part has been noted', () => {
  const bench = new Bench()
  bench.hear(formed(1))
  assert.deepEqual(begun(bench.hear(start(1))), [1])
  assert.deepEqual(begun(bench.hear(start(1))), [])
  assert.deepEqual(completed(bench.finish(1, 'clean')), [[1, '"clean"']])
  assert.deepEqual(completed(bench.hear(start(1))), [[1, '"clean"']])
  bench.hear({ kind: 'TASK_NOTED', task, epoch: 1 })
  assert.deepEqual(bench.hear(formed(1)), [])
  assert.deepEqual(bench.hear(start(1)), [])
  assert.deepEqual(begun(bench.hear(start(2))), [2])
})

test('RUN-4 the same part goes on under the new epoch', () => {
  const bench = new Bench()
  bench.hear(formed(1))
  bench.hear(start(1))
  const regrouped = bench.hear(formed(2))
  assert.deepEqual(
    regrouped.map(({ kind }) => kind),
    ['regroup'],
  )
  assert.deepEqual(begun(bench.hear(start(2))), [])
  assert.deepEqual(completed(bench.finish(1, 'clean')), [[2, '"clean"']])
})

test('RUN-4 another part, or the same with a verdict on it, begins anew', () => {
  const bench = new Bench()
  bench.hear(formed(1))
  bench.hear(start(1))
  bench.finish(1, 'sloppy')
  const again = bench.hear(start(2, { feedback: 'do it again' }))
  assert.deepEqual([begun(again), completed(again)], [[2], []])
  const other = bench.hear(formed(3, [drawing]))
  assert.deepEqual(stopped(other), [2])
  assert.deepEqual(begun(bench.hear(start(3, { skills: [drawing] }))), [3])
  // The run that was stopped ends late, and tells nobody.
  assert.deepEqual(bench.finish(2, 'late'), [])
})

test('LINK-2 what has ended is said again until it is noted', () => {
  const bench = new Bench()
  bench.hear(formed(1))
  bench.hear(start(1))
  bench.finish(1, 'clean')
  assert.deepEqual(completed(bench.wait(2_000)), [[1, '"clean"']])
  assert.deepEqual(completed(bench.wait(2_000)), [[1, '"clean"']])
  bench.hear({ kind: 'TASK_NOTED', task, epoch: 1 })
  assert.deepEqual(completed(bench.wait(2_000)), [])
})

test('GROUP-4 a promise ends with its hold, and is confirmed by a group that does not name it', () => {
  const bench = new Bench()
  assert.deepEqual(said(bench.hear(invite('i1', 1))), ['GROUP_ACCEPT'])
  assert.deepEqual(said(bench.hear(invite('i1', 1))), ['GROUP_ACCEPT'], 'the same invitation again')
  assert.deepEqual(said(bench.hear(invite('i2', 1))), ['GROUP_REJECT'], 'its only slot is promised')
  bench.wait(30_000)
  assert.deepEqual(said(bench.hear(invite('i3', 1))), ['GROUP_ACCEPT'])
  bench.hear(formed(1))
  bench.hear(start(1))
  bench.finish(1, 'clean')
  bench.hear({ kind: 'TASK_NOTED', task, epoch: 1 })
  assert.deepEqual(said(bench.hear(invite('i4', 2))), ['GROUP_ACCEPT'], 'nothing is left of the earlier hold')
})

test('GROUP-8 a promise that has lapsed is kept where there is room, and otherwise broken in words', () => {
  const other = 'other' as TaskId
  const bench = new Bench()
  bench.hear(invite('i1', 1))
  bench.wait(30_000)
  const elsewhere = { ...formed(1), task: other } as Message
  bench.hear(elsewhere)
  assert.deepEqual(said(bench.hear(formed(1))), ['TASK_FAILED'], 'its only slot is taken')
  assert.deepEqual(begun(bench.hear(start(1))), [])
  assert.deepEqual(
    said(bench.wait(2_000)).filter((kind) => kind === 'TASK_FAILED'),
    ['TASK_FAILED'],
  )
  bench.hear({ kind: 'TASK_NOTED', task, epoch: 1 })
  bench.hear({ kind: 'GROUP_DISSOLVED', task: other, epoch: 1, reason: 'it is over' })
  assert.deepEqual(begun(bench.hear(start(1))), [], 'what it has failed is over')
  bench.hear(formed(2))
  assert.deepEqual(begun(bench.hear(start(2))), [1], 'there is room')
})

test('LINK-5 an agent that has been born again elsewhere lets go of everything', () => {
  const bench = new Bench()
  bench.hear(formed(1))
  bench.hear(start(1))
  const refusal = { code: 'E_STALE_INCARNATION', message: 'it lives as incarnation 2' } as const
  const effects = bench.hear({ kind: 'MESSAGE_REFUSED', of: 'AGENT_HEARTBEAT', refusal })
  assert.deepEqual(stopped(effects), [1])
  assert.deepEqual(said(bench.wait(60_000)), [])
})

test('LINK-9 what an earlier hub has said is heard no more once the next one was heard', () => {
  const bench = new Bench()
  assert.deepEqual(said(bench.hear(invite('i1', 1), 1)), ['GROUP_ACCEPT'])
  bench.hear({ kind: 'GROUP_RELEASE', task, invite: 'i1' as InviteId, refusal: tooLate }, 1)
  assert.deepEqual(said(bench.hear(invite('i2', 2), 2)), ['GROUP_ACCEPT'])
  bench.hear(formed(1), 1)
  assert.deepEqual(begun(bench.hear(start(1), 1)), [], 'its only slot is promised to the next hub')
  bench.hear(formed(2), 2)
  assert.deepEqual(begun(bench.hear(start(2), 2)), [1])
})

const tooLate = { code: 'E_TOO_LATE', message: 'the invitation was not answered in time' } as const

test('LINK-10 an agent that leaves becomes a member of nothing more', () => {
  const bench = new Bench()
  bench.hear(formed(1))
  bench.hear(start(1))
  bench.agent.receive({ kind: 'leave', reason: 'home' }, bench.now)
  assert.deepEqual(stopped(bench.agent.drain().effects), [1])
  bench.hear(formed(2))
  assert.deepEqual(begun(bench.hear(start(2))), [], 'the run that was stopped still takes the only slot')
})

function kindsIn(effects: readonly AgentEffect[]): string[] {
  return effects.map((effect) => (effect.kind === 'send' ? effect.message.kind : effect.kind))
}

test('LINK-11 a question to the hub is asked again until it is answered, and is answered once', () => {
  const bench = new Bench()
  bench.agent.receive({ kind: 'ask', request: 7, about: { kind: 'agents' } }, bench.now)
  assert.ok(kindsIn(bench.agent.drain().effects).includes('HUB_ASK'))
  const { resendMs } = defaultLimits
  for (let i = 0; i < 3; i++) {
    assert.ok((bench.agent.wakeAt() ?? Infinity) <= bench.now + resendMs)
    assert.deepEqual(
      kindsIn(bench.wait(resendMs)).filter((kind) => kind === 'HUB_ASK'),
      ['HUB_ASK'],
    )
  }
  const tell = { kind: 'HUB_TELL', request: 7, agents: [], waits: [], considered: [] } as const
  assert.deepEqual(kindsIn(bench.hear(tell)), ['told'])
  assert.deepEqual(kindsIn(bench.hear(tell)), [])
  assert.ok(!kindsIn(bench.wait(resendMs)).includes('HUB_ASK'))
})

test('LINK-13 every copy of an announcement says the same of its freshness', () => {
  const bench = new Bench()
  const copies = (effects: readonly AgentEffect[]): unknown[] =>
    effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message.kind === 'TASK_ANNOUNCE' ? [effect.message.fresh] : [],
    )
  const announcement = { id: task, ...announced }
  bench.agent.receive({ kind: 'announce', announcement, fresh: true }, bench.now)
  const said = [
    ...copies(bench.agent.drain().effects),
    ...copies(bench.wait(2_000)),
    ...copies(bench.wait(2_000)),
  ]
  assert.deepEqual(said, Array(3).fill({ hub: 1, serial: 1 }))
})

test('LINK-12 who hears of another hub says at once what it would say again later', () => {
  const bench = new Bench()
  const announcement = { id: task, ...announced }
  bench.agent.receive({ kind: 'announce', announcement, fresh: true }, bench.now)
  bench.agent.receive({ kind: 'follow', task: 'other' as TaskId }, bench.now)
  bench.agent.receive({ kind: 'ask', request: 1, about: { kind: 'tasks' } }, bench.now)
  bench.hear(formed(1))
  bench.hear(start(1))
  bench.finish(1, 'done')
  assert.deepEqual(kindsIn(bench.wait(1)), [])
  bench.agent.receive({ kind: 'nudged' }, bench.now)
  assert.deepEqual(kindsIn(bench.agent.drain().effects).sort(), [
    'AGENT_HEARTBEAT',
    'HUB_ASK',
    'TASK_ANNOUNCE',
    'TASK_COMPLETE',
    'TASK_FOLLOW',
  ])
  assert.deepEqual(kindsIn(bench.wait(1)), [])
})

test('LINK-12 who waits to be let in asks again at once', () => {
  const agent = new Agent({ id: self, incarnation: 1 }, 'hub' as HubId, {
    skills: [],
    capacity: 1,
    price: undefined,
    considers: false,
    openOffer: false,
    confirms: false,
  })
  agent.receive({ kind: 'join' }, 0)
  agent.drain()
  agent.receive({ kind: 'nudged' }, 1)
  assert.deepEqual(kindsIn(agent.drain().effects), ['AGENT_JOIN'])
})

test('LINK-8 whatever an initiator hears of a task that was refused takes the task back', () => {
  const claim: Message = { kind: 'TASK_COMPLETE', task, epoch: 1, results: [] }
  const stands: Message = {
    kind: 'GROUP_FORMED',
    task,
    epoch: 1,
    members: [{ agent: 'bob' as AgentId, incarnation: 1, skills: [cleaning] }],
  }
  for (const message of [stands, claim, { kind: 'TASK_ACCEPTED', task } as const]) {
    const bench = new Bench()
    bench.agent.receive(
      { kind: 'announce', announcement: { id: task, ...announced }, fresh: true },
      bench.now,
    )
    bench.hear({ kind: 'TASK_REFUSED', task, refusal: { code: 'E_FULL', message: 'there is no room' } })
    const said = bench
      .hear(message)
      .map((effect) => (effect.kind === 'send' ? effect.message.kind : effect.kind))
    assert.deepEqual(said, ['TASK_CANCEL'], message.kind)
  }
})

test('LINK-15 a refusal that is heard after the acceptance changes nothing, unless the hub lost the task', () => {
  const bench = new Bench()
  const refused = (refusal: Refusal): readonly AgentEffect[] =>
    bench.hear({ kind: 'TASK_REFUSED', task, refusal })
  bench.agent.receive({ kind: 'announce', announcement: { id: task, ...announced }, fresh: true }, bench.now)
  bench.hear({ kind: 'TASK_ACCEPTED', task })
  const late = [
    { code: 'E_QUOTA', message: 'there are ten' },
    { code: 'E_NO_SUCH_TASK', message: 'it depends on "a", which does not exist', field: 'dependsOn' },
  ] as const
  for (const refusal of late) assert.deepEqual(refused(refusal), [])
  assert.deepEqual(
    bench.hear({ kind: 'TASK_ACCEPTED', task }).filter(({ kind }) => kind === 'send'),
    [],
  )
  const lost = { code: 'E_NO_SUCH_TASK', message: 'there is no task "churn"' } as const
  assert.deepEqual(refused(lost), [{ kind: 'news', task, news: { kind: 'refused', refusal: lost } }])
})

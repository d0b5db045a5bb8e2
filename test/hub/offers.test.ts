/** Offers that stand: what the hub takes them for, and when it asks all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Considered } from '../../src/protocol/group.ts'
import type { HubId, InviteId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import type { Envelope, HubTell, Message, OpenOffer } from '../../src/protocol/message.ts'
import { isRefusal, refuse } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import { seeded } from '../../src/strategy/random.ts'

class Talk {
  readonly hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  now = 1_000
  #serial = 0

  constructor() {
    this.hub.receive({ kind: 'opened' }, this.now)
    this.#drain()
  }

  joins(id: string, openOffer?: OpenOffer, more: { meanTimeMs?: number; capacity?: number } = {}): void {
    const { meanTimeMs, capacity = 1 } = more
    const skill = { name: 'etl' as SkillName, level: 'expert' }
    const skills = [meanTimeMs === undefined ? skill : { ...skill, meanTimeMs }]
    const join = { kind: 'AGENT_JOIN', skills, capacity } as const
    this.says(id, openOffer === undefined ? join : { ...join, openOffer })
  }

  announces(id: string, more: Record<string, unknown> = {}): string[] {
    this.hears(id, more)
    return this.#drain().map(line)
  }

  /** Takes the announcement, and no turn yet. */
  hears(id: string, more: Record<string, unknown> = {}): void {
    const spec = { description: id, requires: [{ skill: 'etl' }], ...more }
    const task = checkAnnouncement(spec, {
      id: id as TaskId,
      limits: defaultLimits,
      levels: defaultLevels,
    })
    assert.ok(!isRefusal(task))
    this.#hear('desk', { kind: 'TASK_ANNOUNCE', task, fresh: { hub: 1, serial: ++this.#serial } })
  }

  says(id: string, message: Message): Envelope[] {
    this.#hear(id, message)
    return this.#drain()
  }

  /** Answers the last invitation of a task. */
  answers(id: string, task: string, said: 'GROUP_ACCEPT' | 'GROUP_REJECT'): string[] {
    const invite = this.hub
      .state()
      .tasks.get(task as TaskId)
      ?.search?.invitations.find(({ asked }) => asked.entry.id === id)?.id
    const about = { task: task as TaskId, invite: (invite ?? '') as InviteId }
    const refusal = refuse('E_DECLINED', 'not today')
    return this.says(
      id,
      said === 'GROUP_ACCEPT' ? { kind: said, ...about } : { kind: said, ...about, refusal },
    )
      .map(line)
      .filter((text) => !text.startsWith('desk'))
  }

  passes(spanMs: number): string[] {
    this.now += spanMs
    this.hub.receive({ kind: 'woke' }, this.now)
    return this.#drain().map(line)
  }

  considered(task: string): readonly Considered[] {
    const about = { kind: 'task', task: task as TaskId } as const
    const told = this.says('reader', { kind: 'HUB_ASK', request: 1, about })[0]?.message as HubTell
    return told.considered
  }

  #hear(id: string, message: Message): void {
    const from = { id: id as NodeId, incarnation: 1 }
    this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
  }

  #drain(): Envelope[] {
    return this.hub.drain().effects.flatMap((effect) => {
      if (effect.kind === 'send') return [effect]
      if (effect.kind === 'recall')
        this.hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, this.now)
      return this.#drain()
    })
  }
}

function line({ to, message }: Envelope): string {
  return `${to.id} ${message.kind}`
}

test('ASK-6 an agent with an open offer is invited in the turn in which the task comes in, and not asked', () => {
  const talk = new Talk()
  talk.joins('ada', {})
  assert.deepEqual(talk.announces('a'), ['desk TASK_ACCEPTED', 'ada GROUP_INVITE'])
})

test('ASK-6 the offer is opened, priced and taken back with AGENT_JOIN', () => {
  const talk = new Talk()
  talk.joins('ada', undefined, { capacity: 9 })
  assert.deepEqual(talk.announces('a').at(-1), 'ada SKILL_QUERY')
  talk.joins('ada', { price: 7 })
  assert.deepEqual(talk.announces('dear', { budget: 5 }), ['desk TASK_ACCEPTED'])
  const { waitingFor } = talk.hub.state().tasks.get('dear' as TaskId) ?? {}
  assert.deepEqual(waitingFor, { kind: 'budget', cheapest: 7 })
  talk.joins('ada', { price: 3 })
  assert.deepEqual(talk.announces('cheap', { budget: 5 }).at(-1), 'ada GROUP_INVITE')
  talk.answers('ada', 'cheap', 'GROUP_REJECT')
  talk.joins('ada')
  assert.deepEqual(talk.announces('b').at(-1), 'ada SKILL_QUERY')
})

test('ASK-6 an open offer says no where its agent would', () => {
  const talk = new Talk()
  talk.joins('ada', {}, { meanTimeMs: 60_000 })
  assert.deepEqual(talk.announces('soon', { deadlineMs: 30_000 }), ['desk TASK_ACCEPTED'])
  const [ada] = talk.considered('soon')
  assert.equal(ada?.verdict, 'declined')
  assert.match(ada?.why ?? '', /takes 60000 ms on average, and the deadline is in 30000 ms$/)
})

test('ASK-6 searches of one turn see what those before them have taken', () => {
  const talk = new Talk()
  talk.joins('ada', {})
  talk.joins('bob', {})
  talk.hears('a')
  const invited = talk.announces('b').filter((text) => text.endsWith('GROUP_INVITE'))
  assert.deepEqual(invited.sort(), ['ada GROUP_INVITE', 'bob GROUP_INVITE'])
  const taken = talk.considered('b').find(({ verdict }) => verdict === 'declined')
  assert.equal(taken?.why, 'all 1 slots are taken, none is left for "b"')
})

test('ASK-7 who rejects is asked from then on, until it offers again', () => {
  const talk = new Talk()
  talk.joins('ada', {})
  talk.announces('a')
  talk.answers('ada', 'a', 'GROUP_REJECT')
  assert.equal(talk.considered('a')[0]?.verdict, 'rejected')
  const round = talk.says('desk', { kind: 'TASK_CANCEL', task: 'a' as TaskId, reason: '' })
  assert.deepEqual(round.map(line), ['desk TASK_ENDED'])
  assert.equal(talk.announces('b').at(-1), 'ada SKILL_QUERY')
  const asked = talk.hub.state().tasks.get('b' as TaskId)?.search?.round ?? 0
  const offer = { kind: 'SKILL_OFFER', task: 'b' as TaskId, round: asked, busy: 0, capacity: 1 } as const
  assert.deepEqual(talk.says('ada', offer).map(line), ['ada GROUP_INVITE'])
  talk.says('desk', { kind: 'TASK_CANCEL', task: 'b' as TaskId, reason: '' })
  assert.equal(talk.announces('c').at(-1), 'ada GROUP_INVITE')
})

test('ASK-7 who does not answer an invitation in time is asked, until it joins again', () => {
  const talk = new Talk()
  talk.joins('ada', {})
  talk.announces('a')
  assert.deepEqual(talk.passes(defaultLimits.holdMs), ['ada GROUP_RELEASE'])
  assert.deepEqual(talk.passes(defaultLimits.retryMs), ['ada SKILL_QUERY'])
  talk.joins('ada', {})
  talk.says('desk', { kind: 'TASK_CANCEL', task: 'a' as TaskId, reason: '' })
  assert.equal(talk.announces('b').at(-1), 'ada GROUP_INVITE')
})

test('SEEN-6 what was told of a search stays as it was told while the search goes on', () => {
  const talk = new Talk()
  talk.joins('ada', {})
  talk.joins('bob', {})
  talk.announces('a')
  const before = talk.considered('a')
  const copy = structuredClone(before)
  const chosen = before.find(({ verdict }) => verdict === 'chosen')?.agent ?? ''
  talk.answers(chosen, 'a', 'GROUP_REJECT')
  assert.equal(talk.considered('a').find(({ agent }) => agent === chosen)?.verdict, 'rejected')
  assert.deepEqual(before, copy)
})

test('ASK-8 the record says whose offer was open', () => {
  const talk = new Talk()
  talk.joins('ada', {})
  talk.joins('bob')
  talk.announces('a')
  const open = new Map(talk.considered('a').map(({ agent, open }) => [String(agent), open]))
  assert.deepEqual([open.get('ada'), open.get('bob')], [true, undefined])
})

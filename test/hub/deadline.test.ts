/**
 * A deadline that passes while the answer that would form the group is already waiting at the hub.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Fact, HubId, Message, NodeId, TaskId } from '../../src/protocol/index.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import { seeded } from '../../src/strategy/random.ts'

class Talk {
  readonly hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  readonly facts: Fact[] = []
  now = 1_000

  constructor() {
    this.hub.receive({ kind: 'opened' }, this.now)
    this.drain()
  }

  says(id: string, message: Message): Message[] {
    const from = { id: id as NodeId, incarnation: 1 }
    this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
    return this.drain()
  }

  wakes(): Message[] {
    this.hub.receive({ kind: 'woke' }, this.now)
    return this.drain()
  }

  drain(): Message[] {
    const { facts, effects } = this.hub.drain()
    this.facts.push(...facts)
    return effects.flatMap((effect) => {
      if (effect.kind === 'send') return [effect.message]
      if (effect.kind === 'plan') return []
      this.hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, this.now)
      return this.drain()
    })
  }
}

function announced(startBy: 'hub' | 'initiator'): Message {
  const spec = { description: 'x', requires: [{ skill: 'etl' }], deadlineMs: 100, startBy }
  const task = checkAnnouncement(spec, { id: 'a' as TaskId, limits: defaultLimits, levels: defaultLevels })
  assert.ok(!isRefusal(task))
  return { kind: 'TASK_ANNOUNCE', task }
}

/** Up to the invitation. */
function invited(startBy: 'hub' | 'initiator'): { talk: Talk; accept: Message } {
  const talk = new Talk()
  talk.says('ada', {
    kind: 'AGENT_JOIN',
    skills: [{ name: 'etl' as never, level: 'novice' }],
    capacity: 1,
  })
  const query = talk.says('desk', announced(startBy)).find(({ kind }) => kind === 'SKILL_QUERY')
  assert.ok(query?.kind === 'SKILL_QUERY')
  const offer = {
    kind: 'SKILL_OFFER',
    task: query.call.task,
    round: query.round,
    busy: 0,
    capacity: 1,
  } as const
  const invite = talk.says('ada', offer).find(({ kind }) => kind === 'GROUP_INVITE')
  assert.ok(invite?.kind === 'GROUP_INVITE')
  return { talk, accept: { kind: 'GROUP_ACCEPT', task: query.call.task, invite: invite.invite } }
}

test('LOG-9 an accept that is heard before the wake but after the deadline forms no group', () => {
  const { talk, accept } = invited('hub')
  talk.now += 100
  assert.deepEqual(talk.says('ada', accept), [])
  const said = talk.wakes().map(({ kind }) => kind)
  assert.deepEqual(said.sort(), ['GROUP_RELEASE', 'TASK_ENDED'])
  assert.deepEqual(
    talk.facts.map(({ kind }) => kind),
    ['hub.started', 'task.accepted', 'task.ended'],
  )
})

test('LOG-9 one millisecond earlier it does', () => {
  const { talk, accept } = invited('hub')
  talk.now += 99
  const said = talk.says('ada', accept)
  assert.ok(said.some((message) => message.kind === 'GROUP_FORMED' && message.assignment !== undefined))
})

test('LOG-9 an initiator that says start after the deadline starts nothing', () => {
  const { talk, accept } = invited('initiator')
  talk.says('ada', accept)
  talk.now += 100
  const start = { kind: 'TASK_START', task: 'a' as TaskId, epoch: 1 } as const
  assert.deepEqual(talk.says('desk', start), [])
  talk.wakes()
  assert.equal(talk.facts.at(-1)?.kind, 'task.ended')
  assert.ok(talk.facts.every(({ kind }) => kind !== 'task.started'))
})

/** How a group is told to begin, and how the ends of its members are noted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { AgentId, HubId, InviteId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import type { Envelope, Message } from '../../src/protocol/message.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import { seeded } from '../../src/strategy/random.ts'

const task = 'a' as TaskId

/** A hub with a task for ada and bob, up to their group. */
class Talk {
  readonly #hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  /** What was said in the turn in which the group stood. */
  readonly formed: readonly Envelope[]

  constructor(startBy: 'hub' | 'initiator') {
    this.#hub.receive({ kind: 'opened' }, 1)
    for (const [id, name] of [
      ['ada', 'etl'],
      ['bob', 'report'],
    ] as const) {
      const skills = [{ name: name as SkillName, level: 'expert' }]
      this.hears(id, { kind: 'AGENT_JOIN', skills, capacity: 1, openOffer: {} })
    }
    this.turn()
    const spec = { description: 'x', requires: [{ skill: 'etl' }, { skill: 'report' }], startBy }
    const checked = checkAnnouncement(spec, { id: task, limits: defaultLimits, levels: defaultLevels })
    assert.ok(!isRefusal(checked))
    this.hears('desk', { kind: 'TASK_ANNOUNCE', task: checked, fresh: { hub: 1, serial: 1 } })
    for (const { to, message } of this.turn()) {
      if (message.kind === 'GROUP_INVITE') this.accepts(to.id, message.invite)
    }
    this.formed = this.turn()
  }

  accepts(id: string, invite: InviteId): void {
    this.hears(id, { kind: 'GROUP_ACCEPT', task, invite })
  }

  completes(id: string): void {
    const results = [{ agent: id as AgentId, skills: [], result: jsonNull }]
    this.hears(id, { kind: 'TASK_COMPLETE', task, epoch: 1, results })
  }

  hears(id: string, message: Message): void {
    const from = { id: id as NodeId, incarnation: 1 }
    this.#hub.receive({ kind: 'received', envelope: { from, to: this.#hub.address(), message } }, 1)
  }

  turn(): Envelope[] {
    return this.#hub.drain().effects.flatMap((effect) => (effect.kind === 'send' ? [effect] : []))
  }
}

function lines(said: readonly Envelope[]): string[] {
  return said.map(({ to, message }) => `${to.id} ${message.kind}`).sort()
}

test('RUN-6 GROUP_FORMED brings each member its part, and its initiator none', () => {
  const { formed } = new Talk('hub')
  assert.deepEqual(lines(formed), ['ada GROUP_FORMED', 'bob GROUP_FORMED', 'desk GROUP_FORMED'])
  for (const { to, message } of formed) {
    const skills = message.kind === 'GROUP_FORMED' ? message.assignment?.skills : []
    assert.deepEqual(skills, { ada: ['etl'], bob: ['report'] }[String(to.id)])
  }
})

test('RUN-6 where the initiator starts, it brings none, and TASK_START does', () => {
  const talk = new Talk('initiator')
  const parts = talk.formed.map(({ message }) => message.kind === 'GROUP_FORMED' && message.assignment)
  assert.deepEqual(parts, [undefined, undefined, undefined])
  talk.hears('desk', { kind: 'TASK_START', task, epoch: 1 })
  assert.deepEqual(lines(talk.turn()), ['ada TASK_START', 'bob TASK_START'])
})

test('RUN-7 ends of one turn that end the task are noted by its end alone', () => {
  const talk = new Talk('hub')
  talk.completes('ada')
  talk.completes('bob')
  assert.deepEqual(lines(talk.turn()), ['ada GROUP_DISSOLVED', 'bob GROUP_DISSOLVED', 'desk TASK_ENDED'])
})

test('RUN-7 an end after which the task goes on is noted in its turn', () => {
  const talk = new Talk('hub')
  talk.completes('ada')
  assert.deepEqual(lines(talk.turn()), ['ada TASK_NOTED'])
  talk.completes('bob')
  assert.deepEqual(lines(talk.turn()), ['ada GROUP_DISSOLVED', 'bob GROUP_DISSOLVED', 'desk TASK_ENDED'])
})

/**
 * Announcements that wait for what the journal is asked, and what happens meanwhile.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { HubId, Message, NodeId, TaskId } from '../../src/protocol/index.ts'
import { defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import type { TaskAnnounce } from '../../src/protocol/message.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import { seeded } from '../../src/strategy/random.ts'

function announcement(id: string, dependsOn: readonly string[]): Message {
  const spec = { description: id, requires: [{ skill: 'etl' }], dependsOn }
  const task = checkAnnouncement(spec, { id: id as TaskId, limits: defaultLimits, levels: defaultLevels })
  assert.ok(!isRefusal(task))
  return { kind: 'TASK_ANNOUNCE', task }
}

test('TASK-6 a task whose name was looked up in vain and is open now has not failed', () => {
  const hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  const from = { id: 'desk' as NodeId, incarnation: 1 }
  hub.receive({ kind: 'opened' }, 1)
  hub.drain()
  for (const message of [announcement('a', []), announcement('b', ['a'])])
    hub.receive({ kind: 'received', envelope: { from, to: hub.address(), message } }, 1)
  const asked = hub.drain().effects.flatMap((effect) => (effect.kind === 'recall' ? [effect.task] : []))
  assert.deepEqual(asked.sort(), ['a', 'b'])
  for (const task of ['b', 'a'] as TaskId[]) hub.receive({ kind: 'recalled', task, facts: [] }, 1)
  const kinds = hub.drain().facts.map((fact) => `${fact.kind} ${'task' in fact ? fact.task : ''}`)
  assert.deepEqual(kinds, ['task.accepted a', 'task.accepted b'])
})

test('LINK-14 a late copy that waits for the journal is known for a copy, though its task would be forgotten', () => {
  const limits: Limits = { ...defaultLimits, endedKept: 1 }
  const hub = new Hub({ id: 'hub' as HubId, incarnation: 2 }, seeded(1), { limits, levels: defaultLevels })
  const from = { id: 'desk' as NodeId, incarnation: 1 }
  const a = announcement('a', []) as TaskAnnounce
  /** An earlier life of the hub has seen `a` completed. */
  const journal: Fact[] = [
    { kind: 'task.accepted', task: a.task.id, at: 1, initiator: from.id, announcement: a.task },
    { kind: 'task.ended', task: a.task.id, at: 1, epoch: 0, status: 'completed' },
  ]
  const answer = (task: TaskId): void => {
    const facts = journal.filter((fact) => 'task' in fact && fact.task === task)
    hub.receive({ kind: 'recalled', task, facts }, 1)
  }
  /** What the hub looks up is answered at once, but for `late`. */
  const hear = (message: Message, late?: string): void => {
    hub.receive({ kind: 'received', envelope: { from, to: hub.address(), message } }, 1)
    for (;;) {
      const { facts, effects } = hub.drain()
      journal.push(...facts)
      const asked = effects.flatMap((effect) => (effect.kind === 'recall' ? [effect.task] : []))
      for (const task of asked) if (task !== late) answer(task)
      if (asked.every((task) => task === late)) return
    }
  }
  const cancel = (task: string): void =>
    hear({ kind: 'TASK_CANCEL', task: task as TaskId, reason: 'it is not wanted' })
  hub.receive({ kind: 'opened' }, 1)
  for (const message of [announcement('c', []), announcement('d', []), announcement('b', ['a'])])
    hear(message)
  for (const task of ['b', 'c']) cancel(task)
  // The late copy waits for a. Of b it was told, and would have forgotten it when d ends.
  hear(announcement('b', ['a']), 'a')
  cancel('d')
  answer(a.task.id)
  journal.push(...hub.drain().facts)
  const accepted = journal.flatMap((fact) => (fact.kind === 'task.accepted' ? [fact.task] : []))
  assert.deepEqual(accepted, ['a', 'c', 'd', 'b'])
})

/**
 * A task that is announced while the journal is asked after its name, together with one that depends on it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { HubId, Message, NodeId, TaskId } from '../../src/protocol/index.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
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

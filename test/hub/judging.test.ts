/** What the hub learns of members that failed, and of members that died. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../src/hub/hub.ts'
import type { AgentId, HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import type { AgentReport, Message } from '../../src/protocol/message.ts'
import { refuse } from '../../src/protocol/refusal.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'
import { seeded } from '../../src/strategy/random.ts'
import { House } from './house.ts'

const ada = 'ada' as AgentId
const skill = 'drawing' as SkillName
const rounds = 8

/** A hub and one agent that takes every task and ends each as `end` says. Answers what the hub thinks of it then. */
function lifeOf(
  end: (say: (message: Message) => void, task: TaskId, wait: (ms: number) => void) => void,
): AgentReport {
  const hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  let now = 1
  let incarnation = 1
  let report: AgentReport | undefined
  hub.receive({ kind: 'opened' }, now)
  const take = (id: NodeId, message: Message): void => {
    const from = { id, incarnation: id === ada ? incarnation : 1 }
    hub.receive({ kind: 'received', envelope: { from, to: hub.address(), message } }, now)
    drain()
  }
  const drain = (): void => {
    for (const effect of hub.drain().effects) {
      if (effect.kind === 'send') hear(effect.message)
      else if (effect.kind === 'recall') {
        hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, now)
        drain()
      }
    }
  }
  const hear = (message: Message): void => {
    if (message.kind === 'SKILL_QUERY') {
      take(ada, { kind: 'SKILL_OFFER', task: message.call.task, round: message.round, busy: 0, capacity: 5 })
    } else if (message.kind === 'GROUP_INVITE') {
      take(ada, { kind: 'GROUP_ACCEPT', task: message.call.task, invite: message.invite })
    } else if (message.kind === 'HUB_TELL') report = message.agents[0]
  }
  const wait = (ms: number): void => {
    now += ms
    hub.receive({ kind: 'woke' }, now)
    drain()
    incarnation += 1
  }
  for (let i = 0; i < rounds; i++) {
    take(ada, { kind: 'AGENT_JOIN', skills: [{ name: skill, level: 'expert' }], capacity: 5 })
    take('desk' as NodeId, { kind: 'TASK_ANNOUNCE', task: taskNamed(`t${i}`) })
    end((message) => take(ada, message), `t${i}` as TaskId, wait)
  }
  take('desk' as NodeId, { kind: 'HUB_ASK', request: 1, about: { kind: 'agents' } })
  assert.ok(report)
  return report
}

function taskNamed(id: string): TaskAnnouncement {
  return {
    id: id as TaskId,
    description: 'draw',
    payload: jsonNull,
    metadata: jsonNull,
    requires: [{ skill, level: 'novice', count: 1 }],
    optional: [],
    priority: 'normal',
    maxGroupSize: 1,
    minMembers: 1,
    dependsOn: [],
    verify: { by: 'trust' },
    startBy: 'hub',
    maxAttempts: 1,
    workSilenceMs: defaultLimits.workSilenceMs,
    exclude: [],
    depth: 0,
  }
}

test('SEEN-4 a member whose work fails loses its level, one that dies does not; both are less to be relied on', () => {
  const failing = lifeOf((say, task) => {
    say({ kind: 'TASK_FAILED', task, epoch: 1, refusal: refuse('E_WORK_FAILED', 'no') })
  })
  const dying = lifeOf((_say, _task, wait) => wait(defaultLimits.agentTimeoutMs + 1))
  assert.equal(failing.skills[0]?.level, 'novice')
  assert.equal(dying.skills[0]?.level, 'expert')
  for (const { skills } of [failing, dying]) {
    assert.ok((skills[0]?.failures ?? 0) > rounds - 1)
    assert.ok((skills[0]?.successRate ?? 1) < 0.5)
  }
})

/** Ada is known for work that takes 100 ms; then she is given one task with this deadline, and does not finish it. */
function lateBy(deadlineMs: number): AgentReport {
  const house = new House()
  house.join('ada', 'drawing')
  for (let i = 0; i < rounds; i++) {
    house.announce('desk', `t${i}`, { requires: ['drawing'] })
    house.pass(100)
    house.finish()
  }
  house.announce('desk', 'late', { requires: ['drawing'], deadlineMs })
  house.pass(deadlineMs)
  const report = house.reportOf('ada')
  assert.ok(report !== undefined && house.begun.at(-1) === 'late')
  return report
}

test('SEEN-12 who is at work at the deadline has failed as far as it should have been done; its level stays', () => {
  const [early, soon, over] = [80, 120, 2_000].map((deadlineMs) => lateBy(deadlineMs).skills[0])
  assert.equal(early?.failures, 0)
  assert.ok(soon !== undefined && soon.failures > 0.5 && soon.failures < 0.9, JSON.stringify(soon))
  assert.ok(over !== undefined && over.failures > 0.99, JSON.stringify(over))
  assert.equal(over.level, 'expert')
  assert.ok((over.typicalMs ?? 0) > (early?.typicalMs ?? 0))
  assert.ok(early !== undefined && over.successes < early.successes && over.successes > early.successes - 0.1)
})

test('SEEN-12 an agent that hangs is not given every task with a deadline, however good it was', () => {
  const house = new House()
  for (const id of ['ada', 'bob', 'cyd']) house.join(id, 'drawing')
  let hung = 0
  for (let i = 0; i < 120; i++) {
    house.announce('desk', `t${i}`, { requires: ['drawing'], deadlineMs: 1_000 })
    const hangs = i >= 60 && house.at.at(-1) === 'ada'
    if (hangs && i >= 90) hung += 1
    house.pass(hangs ? 1_000 : 100)
    if (!hangs) house.finish(`t${i}`)
  }
  assert.ok(house.at.slice(0, 60).filter((id) => id === 'ada').length > 10)
  assert.ok(hung <= 2, `${hung} of the last 30`)
})

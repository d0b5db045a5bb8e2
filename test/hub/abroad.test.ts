/**
 * Tasks that hang on tasks of another hub, and the hub that is asked after them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Invariants } from '../../src/hub/invariants.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { TaskState } from '../../src/protocol/hanging.ts'
import type { AgentId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import type { JsonText } from '../../src/protocol/json.ts'
import { queueKey } from '../../src/strategy/age.ts'
import { ada, bob, early, late, named, OneOfTwo, own, there } from './one-of-two.ts'

const results = [{ agent: bob as AgentId, skills: ['clean' as SkillName], result: '7' as JsonText }]
const completed: TaskState = { kind: 'ended', outcome: { status: 'completed', results } }
const failed: TaskState = { kind: 'ended', outcome: { status: 'failed', results: [] } }
const open: TaskState = { kind: 'open' }
const unknown: TaskState = { kind: 'unknown' }

/** What the other hub says of one of its tasks; without a round it answers the last question. */
function tell(house: OneOfTwo, task: string, state: TaskState, round?: number, life = 1): void {
  const last = house.heard('TASK_ASK', there).findLast((ask) => ask.task === task)
  const message = {
    kind: 'TASK_TELL',
    task: task as TaskId,
    round: round ?? last?.round ?? 0,
    state,
  } as const
  house.hears(there, message, life)
}

function violations(facts: readonly Fact[]): string[] {
  const invariants = new Invariants()
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  return invariants.violations().map(({ rule, what }) => `${rule}: ${what}`)
}

/** A hub with an agent and one task, which depends on the other hub's. */
function waiting(state: TaskState = open): OneOfTwo {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean'], { dependsOn: [early] })
  tell(house, early, state)
  return house
}

test('HOME-15 a task begins once what it depends on at another hub has completed, with its results', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean'], { dependsOn: [early] })
  assert.deepEqual(house.heard('TASK_ACCEPTED'), [], 'it may not exist')
  tell(house, early, open)
  assert.equal(house.heard('TASK_ACCEPTED').length, 1)
  assert.deepEqual(house.hub.state().tasks.get(own as TaskId)?.waitingFor, {
    kind: 'dependencies',
    tasks: [early],
  })
  tell(house, early, completed, 0)
  const [query] = house.heard('SKILL_QUERY', ada)
  assert.ok(query !== undefined)
  house.hears(ada, {
    kind: 'SKILL_OFFER',
    task: own as TaskId,
    round: query.round,
    busy: 0,
    capacity: 1,
  })
  const invite = house.heard('GROUP_INVITE', ada)[0]?.invite
  assert.ok(invite !== undefined)
  house.hears(ada, { kind: 'GROUP_ACCEPT', task: own as TaskId, invite })
  assert.deepEqual(house.heard('GROUP_FORMED', ada)[0]?.assignment?.inputs, [{ task: early, results }])
  assert.deepEqual(violations(house.facts), [])
})

test('HOME-15 a task fails when what it depends on at another hub ends otherwise, and its log says so', () => {
  const house = waiting()
  tell(house, early, failed, 0)
  const [ended] = house.heard('TASK_ENDED')
  assert.deepEqual([ended?.outcome.status, ended?.outcome.reason?.code], ['failed', 'E_DEPENDENCY_FAILED'])
  assert.match(ended?.outcome.reason?.message ?? '', /early-\d+", which ended as failed/)
  assert.deepEqual(violations(house.facts), [])
  const silent = house.facts.filter(({ kind }) => kind !== 'dependency.ended')
  assert.deepEqual(violations(silent), ['LOG-17: failed for what has not failed'])
})

test('HOME-15 one that has completed already is noted with the acceptance, and hands over its results', () => {
  const house = waiting(completed)
  assert.equal(house.heard('TASK_ACCEPTED').length, 1)
  assert.equal(house.heard('SKILL_QUERY', ada)[0]?.call.task, own)
  tell(house, early, completed, 0)
  const noted = house.facts.filter(({ kind }) => kind === 'dependency.ended')
  assert.equal(noted.length, 1, 'and once')
})

test('HOME-15 one that ends while the others are asked after has ended when all are told of', () => {
  const other = named('early', there, 1)
  const house = new OneOfTwo()
  house.announce(own, ['clean'], { dependsOn: [early, other] })
  const asked = house.heard('TASK_ASK', there)
  assert.deepEqual(
    asked.map(({ task }) => task),
    [early, other],
  )
  tell(house, early, open, asked[0]?.round)
  tell(house, early, failed, 0)
  tell(house, other, open, asked[1]?.round)
  assert.equal(house.heard('TASK_REFUSED')[0]?.refusal.code, 'E_DEPENDENCY_FAILED')
})

test('HOME-16 an announcement is refused as in one hub when the other hub says why', () => {
  const refusal = (state: TaskState) => waiting(state).heard('TASK_REFUSED')[0]?.refusal
  assert.deepEqual([refusal(unknown)?.code, refusal(unknown)?.field], ['E_NO_SUCH_TASK', 'dependsOn'])
  assert.deepEqual([refusal(failed)?.code, refusal(failed)?.field], ['E_DEPENDENCY_FAILED', 'dependsOn'])
})

test('HOME-16 what can be refused without asking is, and questions beyond the room for tasks are not asked', () => {
  const house = new OneOfTwo({ maxAnnouncements: 1 })
  house.announce(early, ['clean'], { dependsOn: [late] })
  assert.match(house.heard('TASK_REFUSED')[0]?.refusal.message ?? '', /the hub of the task/)
  house.announce(own, ['clean'], { dependsOn: [early] })
  house.announce(named('own', house.hub.address().id as typeof there, 1), ['clean'], { dependsOn: [early] })
  assert.equal(house.heard('TASK_REFUSED')[0]?.refusal.code, 'E_FULL')
  assert.equal(house.heard('TASK_ASK').length, 1)
})

test('HOME-17 an announcement that is said again asks again, and is forgotten when nothing is told', () => {
  const house = new OneOfTwo()
  house.announce(own, ['clean'], { dependsOn: [early] })
  const [first] = house.heard('TASK_ASK', there)
  house.announce(own, ['clean'], { dependsOn: [early] })
  assert.deepEqual(house.heard('TASK_ASK', there), [first], 'the same question')
  house.pass(house.limits.agentTimeoutMs)
  const { abroad, awaited } = house.hub.state()
  assert.deepEqual([abroad.inquiries.size, abroad.questions.size, awaited.size], [0, 0, 0])
  tell(house, early, open, first?.round)
  assert.deepEqual(house.heard('TASK_ACCEPTED'), [])
  house.announce(own, ['clean'], { dependsOn: [early] })
  tell(house, early, open)
  assert.equal(house.heard('TASK_ACCEPTED').length, 1)
  house.announce(own, ['clean'], { dependsOn: [early] })
  assert.equal(house.heard('TASK_ACCEPTED').length, 1, 'a copy is answered at once')
  assert.deepEqual(house.heard('TASK_ASK', there), [])
})

test('HOME-17 that a task was not there when it was asked after earlier harms nobody', () => {
  const house = new OneOfTwo()
  house.announce(named('other', house.hub.address().id as typeof there), ['clean'], { dependsOn: [early] })
  const [before] = house.heard('TASK_ASK', there)
  house.announce(own, ['clean'], { dependsOn: [early] })
  const [after] = house.heard('TASK_ASK', there)
  tell(house, early, unknown, before?.round)
  assert.deepEqual(
    house.heard('TASK_REFUSED').map(({ task }) => task),
    [named('other', house.hub.address().id as typeof there)],
  )
  tell(house, early, open, after?.round)
  assert.equal(house.heard('TASK_ACCEPTED')[0]?.task, own)
  for (const round of [0, before?.round, after?.round]) tell(house, early, unknown, round)
  assert.ok(house.hub.state().tasks.has(own as TaskId))
})

test('HOME-17 what an open task waits for is asked after again, and at once in a new life of its hub', () => {
  const house = waiting()
  house.pass(house.limits.agentTimeoutMs)
  const [again] = house.heard('TASK_ASK', there)
  assert.equal(again?.task, early)
  house.hears(there, { kind: 'HUB_GREET' }, 2)
  assert.equal(house.heard('TASK_ASK', there).length, 1)
  tell(house, early, completed, again?.round, 1)
  assert.equal(
    house.hub.state().tasks.get(own as TaskId)?.blockedOn.length,
    1,
    'an earlier life is not heard',
  )
  tell(house, early, completed, 0, 2)
  assert.equal(house.hub.state().tasks.get(own as TaskId)?.blockedOn.length, 0)
  house.pass(house.limits.agentTimeoutMs)
  assert.deepEqual(house.heard('TASK_ASK', there), [], 'nothing hangs on it any more')
})

test('HOME-17 a task whose hub has lost what it depends on fails', () => {
  const house = waiting()
  house.pass(house.limits.agentTimeoutMs)
  tell(house, early, unknown)
  assert.equal(house.heard('TASK_ENDED')[0]?.outcome.reason?.code, 'E_DEPENDENCY_FAILED')
  assert.deepEqual(violations(house.facts), [])
})

test('HOME-17 a hub that begins again asks after what is open, and not after what its log says', () => {
  const house = waiting()
  const again = new OneOfTwo({}, house.facts)
  again.pass(0)
  assert.deepEqual(
    again.heard('TASK_ASK', there).map(({ task }) => task),
    [early],
  )
  tell(again, early, completed, 0)
  for (const facts of [again.facts, again.hub.snapshot()]) {
    const third = new OneOfTwo({}, facts)
    third.pass(0)
    assert.deepEqual(third.heard('TASK_ASK', there), [])
    third.join(ada, ['clean'])
    assert.equal(third.heard('SKILL_QUERY', ada)[0]?.call.task, own)
  }
})

test('HOME-18 a hub says how its task stands, and says so again when it ends', () => {
  const house = new OneOfTwo()
  const ask = (task: string, round: number) => {
    house.hears(there, { kind: 'TASK_ASK', task: task as TaskId, round })
    return house.heard('TASK_TELL', there).map(({ round, state }) => [round, state.kind])
  }
  assert.deepEqual(ask(own, 1), [[1, 'unknown']])
  assert.deepEqual(ask(early, 2), [[2, 'unknown']], 'it is no task of this hub')
  house.announce(own, ['clean'])
  assert.deepEqual(ask(own, 3), [[3, 'open']])
  house.hears('you', { kind: 'TASK_CANCEL', task: own as TaskId, reason: 'enough' })
  const [told] = house.heard('TASK_TELL', there)
  assert.deepEqual([told?.round, told?.state.kind], [0, 'ended'])
  assert.deepEqual(ask(own, 4), [[4, 'ended']])
  assert.equal(house.hub.state().abroad.askers.size, 0)
})

test('HOME-18 a hub looks up what it has forgotten before it answers', () => {
  const house = new OneOfTwo({ endedKept: 1 })
  house.announce(own, ['clean'])
  house.hears('you', { kind: 'TASK_CANCEL', task: own as TaskId, reason: 'enough' })
  const again = new OneOfTwo({}, house.facts.slice(0, 1))
  again.facts.push(...house.facts.slice(1))
  again.hears(there, { kind: 'TASK_ASK', task: own as TaskId, round: 7 })
  const [told] = again.heard('TASK_TELL', there)
  assert.equal(told?.state.kind === 'ended' && told.state.outcome.status, 'cancelled')
})

test('HOME-18 nobody but a hub of the network is told how a task stands', () => {
  const house = new OneOfTwo()
  house.announce(own, ['clean'])
  house.hears(ada, { kind: 'TASK_ASK', task: own as TaskId, round: 1 })
  assert.deepEqual(house.heard('TASK_TELL'), [])
  assert.equal(house.heard('MESSAGE_REFUSED', ada)[0]?.refusal.code, 'E_BAD_STATE')
})

const behalf = {
  initiators: ['boss' as NodeId],
  payer: 'boss' as NodeId,
  urgent: true,
  key: -50_000,
  depth: 0,
}

test('HOME-19 a sub-task of a task of another hub has the turns, the urgency and the age of that one', () => {
  const house = new OneOfTwo()
  house.announce(own, ['clean'], { by: bob, parent: early })
  assert.equal(house.heard('TASK_ASK', there)[0]?.worker, bob)
  house.announce(own, ['clean'], { by: bob, parent: early })
  tell(house, early, { kind: 'open', behalf })
  assert.equal(house.heard('TASK_ACCEPTED', bob).length, 1)
  for (const one of [house, new OneOfTwo({}, house.hub.snapshot())]) {
    const task = one.hub.state().tasks.get(own as TaskId)
    assert.deepEqual([task?.payer, task?.urgent, task?.key], ['boss', true, -50_000])
  }
})

test('HOME-19 it is refused where its parent is not open, for who does not work on it, and out of its depth', () => {
  const refused = (state: TaskState, depth = 1): string | undefined => {
    const house = new OneOfTwo()
    house.announce(own, ['clean'], { by: bob, parent: early, depth })
    tell(house, early, state)
    return house.heard('TASK_REFUSED', bob)[0]?.refusal.code
  }
  assert.equal(refused(unknown), 'E_NO_SUCH_TASK')
  assert.equal(refused(completed), 'E_NO_SUCH_TASK')
  assert.equal(refused(open), 'E_NOT_MEMBER')
  assert.equal(refused({ kind: 'open', behalf }, 2), 'E_RANGE')
})

test('HOME-19 it is cancelled when the other hub says that its parent has ended, however that ended', () => {
  for (const state of [completed, failed]) {
    const house = new OneOfTwo()
    house.announce(own, ['clean'], { by: bob, parent: early })
    tell(house, early, { kind: 'open', behalf })
    house.pass(house.limits.agentTimeoutMs)
    assert.equal(
      house.heard('TASK_ASK', there)[0]?.task,
      early,
      'it is asked after while the sub-task is open',
    )
    tell(house, early, state, 0)
    assert.equal(house.heard('TASK_ENDED', bob)[0]?.outcome.status, 'cancelled')
    assert.equal(house.hub.state().abroad.children.size, 0)
  }
})

test('HOME-19 whoever announced a task above it may cancel it, and nobody else', () => {
  const house = new OneOfTwo()
  house.announce(own, ['clean'], { by: bob, parent: early })
  tell(house, early, { kind: 'open', behalf })
  const cancel = { kind: 'TASK_CANCEL', task: own as TaskId, reason: 'enough' } as const
  house.hears('you', cancel)
  assert.equal(house.heard('MESSAGE_REFUSED', 'you')[0]?.refusal.code, 'E_NOT_MEMBER')
  house.hears('boss', cancel)
  assert.equal(house.heard('TASK_ENDED', bob)[0]?.outcome.status, 'cancelled')
})

test('HOME-19 the hub of the parent says what a sub-task has from it to who works on it', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'], { openOffer: {} })
  house.announce(own, ['clean'], { priority: 'critical' })
  const invite = house.heard('GROUP_INVITE', ada)[0]?.invite
  assert.ok(invite !== undefined)
  house.hears(ada, { kind: 'GROUP_ACCEPT', task: own as TaskId, invite })
  const ask = (worker: string) => {
    house.hears(there, { kind: 'TASK_ASK', task: own as TaskId, round: 1, worker: worker as NodeId })
    return house.heard('TASK_TELL', there)[0]?.state
  }
  const key = queueKey(house.now, 'critical', house.limits.ageStepMs)
  assert.deepEqual(ask(ada), {
    kind: 'open',
    behalf: { initiators: ['you'], payer: 'you', urgent: true, key, depth: 0 },
  })
  assert.deepEqual(ask(bob), open)
})

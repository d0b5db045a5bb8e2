/**
 * A hub as the home of agents that other hubs borrow.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentId, GrantId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import type { Message } from '../../src/protocol/message.ts'
import { homeOf, hubsOf, isHub, partitionOf } from '../../src/protocol/partition.ts'
import { ada, bob, early, here, late, named, OneOfTwo, own, reserve, there } from './one-of-two.ts'

/** Ada's slot is granted to a task of the other hub. */
function lent(house: OneOfTwo, task: string = early, key = 1): string {
  house.hears(there, reserve(task, key, 'clean'))
  return house.heard('SLOT_GRANT')[0]?.grants[0]?.id ?? ''
}

/** The other hub uses Ada's slot. */
function confirm(task: string, grant: string, { epoch = 1, over = true } = {}): Message {
  const used = { grant: grant as GrantId, agent: ada as AgentId, incarnation: 1 }
  return { kind: 'SLOT_CONFIRM', task: task as TaskId, epoch, grants: [used], over }
}

function release(task: string, grant: string, over = false): Message {
  return { kind: 'SLOT_RELEASE', task: task as TaskId, grants: [grant as GrantId], over }
}

test('HOME-1 ids are spread evenly over partitions, and everybody comes to the same', () => {
  const counts = new Array<number>(16).fill(0)
  for (let i = 0; i < 16_000; i++)
    counts[partitionOf(`task-${i}`, 16)] = (counts[partitionOf(`task-${i}`, 16)] ?? 0) + 1
  for (const count of counts) assert.ok(count > 850 && count < 1_150, `${count} of 1000`)
  assert.equal(partitionOf('task-7', 16), 0)
  assert.equal(partitionOf('ada', 16), 14)
  assert.deepEqual(hubsOf(3), ['hub-0', 'hub-1', 'hub-2'])
  assert.equal(homeOf('anything', 1), 'hub')
  assert.deepEqual(
    ['hub-2', 'hub-3', 'hub-02', 'hub', 'ada'].map((id) => isHub(id as NodeId, 3)),
    [true, false, false, false, false],
  )
})

test('HOME-1 a hub refuses the tasks and the agents of another, and names it', () => {
  const house = new OneOfTwo()
  house.join(bob, ['clean'])
  assert.match(house.heard('AGENT_REFUSED')[0]?.refusal.message ?? '', /home of the agent "bob-\d+" is hub-1/)
  house.announce(early, ['clean'])
  assert.match(house.heard('TASK_REFUSED')[0]?.refusal.message ?? '', /hub of the task "early-\d+" is hub-1/)
})

test('HOME-2 a slot is granted once, and confirmed it stays with its task until it is released', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.hears(there, reserve(early, 1, 'clean'))
  const [grant] = house.heard('SLOT_GRANT')
  assert.deepEqual(
    grant?.grants.map(({ agent, busy }) => [agent, busy]),
    [[ada, 0]],
  )
  assert.deepEqual(
    grant?.supply.map(({ able, free }) => [able, free]),
    [[1, 0]],
  )
  house.announce(own, ['clean'])
  assert.deepEqual(house.heard('SKILL_QUERY'), [], 'its own task waits for the slot that is lent')
  const id = grant?.grants[0]?.id as GrantId
  house.hears(there, confirm(early, id))
  assert.deepEqual(house.slots(ada), [0, 1])
  house.pass(house.limits.resendMs * 4)
  assert.deepEqual(house.slots(ada), [0, 1], 'no lease ends what is confirmed')
  house.hears(there, release(early, id))
  assert.equal(house.heard('SKILL_QUERY', ada)[0]?.call.task, own)
})

test('HOME-3 a free slot goes to the earliest reservation that wants it, in whatever order they came', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean'])
  house.hears(there, reserve(late, 900, 'clean'))
  house.hears(there, reserve(early, 100, 'clean'))
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ grants }) => grants),
    [[], []],
    'nobody is free',
  )
  house.hears(ada, {
    kind: 'SKILL_DECLINE',
    task: own as TaskId,
    round: 1,
    refusal: { code: 'E_BUSY', message: '' },
  })
  house.heard('SLOT_GRANT')
  const agent = ada as AgentId
  const state = house.hub.state()
  // Whoever holds the slot now is the earliest of all.
  const holders = [...state.lending.loans.values()].map(({ task, entry }) => [task, entry.id])
  assert.deepEqual(holders, [[early, agent]])
})

test('HOME-3 no later reservation is granted whom an earlier one has to leave to a search', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean', 'paint'])
  house.announce(own, ['clean'])
  house.hears(there, reserve(early, 100, 'clean'))
  house.hears(there, reserve(late, 900, 'paint'))
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ task, grants }) => [task, grants.length]),
    [
      [early, 0],
      [late, 0],
    ],
  )
  assert.deepEqual(house.heard('SLOT_RECALL'), [], 'nobody has her who would have to give her back')
  house.hears(ada, {
    kind: 'SKILL_DECLINE',
    task: own as TaskId,
    round: 1,
    refusal: { code: 'E_BUSY', message: '' },
  })
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ task, grants }) => [task, grants.length]),
    [[early, 1]],
  )
})

test('HOME-4 what a later task holds without having confirmed it is asked back for an earlier one', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const id = lent(house, late, 900)
  house.hears(there, reserve(early, 100, 'clean'))
  assert.deepEqual(
    house.heard('SLOT_RECALL').map(({ task, grants }) => [task, grants[0]?.grant]),
    [[late, id]],
  )
  house.hears(there, release(late, id))
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ task, grants }) => [task, grants.length]),
    [
      [early, 0],
      [early, 1],
    ],
  )
  // And the other way round: the later one waits.
  house.hears(there, reserve(named('later', there), 950, 'clean'))
  assert.deepEqual(house.heard('SLOT_RECALL'), [])
})

test('HOME-4 what is confirmed is not asked back', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const id = lent(house, late, 900)
  house.hears(there, confirm(late, id))
  house.hears(there, reserve(early, 100, 'clean'))
  assert.deepEqual(house.heard('SLOT_RECALL'), [])
})

test('HOME-5 a reservation of which nothing is heard is void, with what was granted for it', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.hears(there, reserve(early, 1, 'clean'))
  house.pass(2 * house.limits.resendMs)
  house.hears(there, reserve(early, 1, 'clean', { round: 2 }))
  house.pass(2 * house.limits.resendMs)
  assert.deepEqual(house.slots(ada), [1, 0], 'it was said again')
  house.pass(house.limits.resendMs)
  assert.deepEqual(house.slots(ada), [0, 0])
  assert.equal(house.heard('SLOT_LOST')[0]?.refusal.code, 'E_TOO_LATE')
})

test('HOME-6 what is said twice is said once, and an older reservation changes nothing', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.hears(there, reserve(early, 1, 'clean', { round: 3 }))
  const id = house.heard('SLOT_GRANT')[0]?.grants[0]?.id ?? ''
  house.hears(there, reserve(early, 1, 'model', { round: 2 }))
  house.hears(there, reserve(early, 1, 'clean', { round: 3 }))
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ grants }) => grants.map((grant) => grant.id)),
    [[id]],
    'the same grant is said again: the first word of it may be lost',
  )
  for (const message of [confirm(early, id), confirm(early, id)]) house.hears(there, message)
  assert.deepEqual(house.slots(ada), [0, 1])
  for (const message of [release(early, id, true), release(early, id, true)]) house.hears(there, message)
  assert.deepEqual(house.slots(ada), [0, 0])
})

test('HOME-8 what an earlier life of a hub had borrowed is free, and its members are let go', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const id = lent(house)
  house.hears(there, confirm(early, id))
  house.hears(there, { kind: 'HUB_GREET' }, 2)
  assert.deepEqual(house.slots(ada), [0, 0])
  assert.equal(house.heard('GROUP_DISSOLVED', ada)[0]?.task, early)
  house.hears(there, reserve(late, 1, 'clean'), 1)
  assert.deepEqual(house.heard('SLOT_GRANT'), [], 'the earlier life is heard no more')
})

test('HOME-8 the slots of what a new agent says it works on are taken, and the hubs of that work are asked', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'], { working: [{ task: early as TaskId, epoch: 3 }] })
  assert.deepEqual(house.slots(ada), [0, 1])
  const [recall] = house.heard('SLOT_RECALL', there)
  const id = recall?.grants[0]?.grant as GrantId
  house.hears(there, release(early, id))
  assert.deepEqual(house.slots(ada), [0, 0])
  assert.deepEqual(
    house.heard('GROUP_DISSOLVED', ada).map(({ epoch }) => epoch),
    [3],
  )
})

test('HOME-9 when an agent dies or leaves, whoever has borrowed it hears of it', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.hears(there, reserve(early, 1, 'clean'))
  const id = house.heard('SLOT_GRANT')[0]?.grants[0]?.id
  house.hears(ada, { kind: 'AGENT_LEAVE', reason: 'enough' })
  assert.deepEqual(
    house.heard('SLOT_LOST', there).map(({ grant, refusal }) => [grant, refusal.code]),
    [[id, 'E_LEAVING']],
  )
})

test('HOME-14 what is confirmed of an agent that is only coming after a start is taken when it comes', () => {
  const house = new OneOfTwo()
  house.hears(there, confirm(early, 'g0-1', { epoch: 2, over: false }))
  house.announce(own, ['clean'])
  house.join(ada, ['clean'])
  assert.deepEqual(house.slots(ada), [0, 1], 'it names no work: the word that its group stands was lost')
  assert.deepEqual(house.heard('SKILL_QUERY', ada), [])
  const [recall] = house.heard('SLOT_RECALL', there)
  assert.deepEqual([recall?.task, recall?.grants[0]?.agent], [early, ada], 'whoever uses it is asked')
  const id = recall?.grants[0]?.grant as GrantId
  house.hears(there, release(early, id))
  assert.equal(house.heard('SKILL_QUERY', ada)[0]?.call.task, own)
})

test('HOME-14 an agent that was lost comes back with the slots that its borrowers use', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const id = lent(house)
  house.hears(there, confirm(early, id))
  house.pass(house.limits.agentTimeoutMs)
  assert.equal(house.heard('SLOT_LOST', there)[0]?.refusal.code, 'E_AGENT_LOST')
  assert.equal(house.hub.state().roster.size, 0)
  house.join(ada, ['clean'])
  assert.deepEqual(house.slots(ada), [0, 1], 'the borrower may not have heard of it')
  const again = house.heard('SLOT_RECALL', there)[0]?.grants[0]?.grant ?? ''
  house.hears(there, confirm(early, again, { over: false }))
  assert.deepEqual(house.slots(ada), [0, 1])
  house.hears(there, release(early, again))
  assert.deepEqual(house.slots(ada), [0, 0])
})

test('HOME-14 a group that stands has the next slot that is free, where all were lent by then', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const id = lent(house, late, 900)
  house.hears(there, confirm(early, 'g1-0', { over: false }))
  house.announce(own, ['clean'])
  house.hears(there, release(late, id, true))
  assert.deepEqual(house.slots(ada), [0, 1])
  assert.deepEqual(
    [...house.hub.state().lending.loans.values()].map(({ task }) => task),
    [early],
  )
  assert.deepEqual(house.heard('SKILL_QUERY', ada), [], 'the own task waits')
  assert.equal(house.heard('SLOT_RECALL', there).at(-1)?.task, early, 'whoever uses it is asked')
})

test('HOME-14 what is released is owed no more', () => {
  const house = new OneOfTwo()
  house.hears(there, confirm(early, 'g0-1', { over: false }))
  house.hears(there, release(early, 'g0-2'))
  assert.equal(house.hub.state().lending.owed.size, 1, 'that was another slot')
  house.hears(there, release(early, 'g0-1'))
  assert.equal(house.hub.state().lending.owed.size, 0)
  house.join(ada, ['clean'])
  assert.deepEqual(house.slots(ada), [0, 0])
})

test('HOME-14 nothing is owed of an earlier life of an agent, or for longer than silent work is waited for', () => {
  const house = new OneOfTwo()
  const used = confirm(early, 'g0-1', { over: false })
  house.hears(there, used)
  const listed = [{ name: 'clean' as SkillName, level: 'novice' }]
  house.hears(ada, { kind: 'AGENT_JOIN', skills: listed, capacity: 1 }, 2)
  assert.deepEqual(house.slots(ada), [0, 0])
  assert.equal(house.hub.state().lending.owed.size, 0)
  house.hears(ada, { kind: 'AGENT_LEAVE', reason: 'enough' }, 2)
  const other = new OneOfTwo()
  other.hears(there, used)
  other.pass(other.limits.workSilenceMs)
  other.join(ada, ['clean'])
  assert.deepEqual(other.slots(ada), [0, 0])
})

test('HOME-10 an agent says at once when its work for another hub is over, and its slot is free', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const id = lent(house)
  house.hears(there, confirm(early, id, { epoch: 2 }))
  const ended = (epoch: number): Message => {
    return { kind: 'AGENT_HEARTBEAT', busy: 0, working: [], ended: [{ task: early as TaskId, epoch }] }
  }
  house.hears(ada, ended(1))
  assert.deepEqual(house.slots(ada), [0, 1], 'that was an earlier epoch')
  house.hears(ada, ended(2))
  assert.deepEqual(house.slots(ada), [0, 0])
})

test('HOME-13 a home counts the report that follows the last one, once, and says how far it is', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  const report = (serial: number): Message => {
    const outcome = { agent: ada as AgentId, skills: [{ skill: 'clean' as SkillName, level: 'novice' }] }
    return {
      kind: 'OUTCOME_REPORT',
      serial,
      outcomes: [{ ...outcome, blame: 0, absent: false, tookMs: 500 }],
    }
  }
  const successes = (): number => {
    return (
      house.hub
        .state()
        .standings.get(ada as AgentId)
        ?.get('clean' as SkillName)?.successes ?? 0
    )
  }
  house.hears(there, report(2))
  assert.equal(successes(), 0, 'the first is still missing')
  for (const serial of [1, 1, 2, 1, 2]) house.hears(there, report(serial))
  assert.ok(successes() > 1.9 && successes() <= 2)
  assert.deepEqual(
    house.heard('OUTCOME_NOTED', there).map(({ serial }) => serial),
    [1, 1, 2, 2, 2],
  )
  // A hub that begins again from its snapshot counts on from there.
  const again = new OneOfTwo({}, house.hub.snapshot())
  again.hears(there, report(2))
  assert.deepEqual(
    again.heard('OUTCOME_NOTED', there).map(({ serial }) => serial),
    [2],
  )
  house.hears(there, reserve(early, 1, 'clean'))
  const [grant] = house.heard('SLOT_GRANT')
  assert.equal(grant?.grants[0]?.standings[0]?.successes, successes(), 'it travels with the grant')
})

test('HOME-20 where members must fill several places, one agent of each kind that is free is granted', () => {
  const [eve, dan, fay] = [1, 2, 3].map((n) => named('ada', here, n))
  assert.ok(eve !== undefined && dan !== undefined && fay !== undefined)
  const house = new OneOfTwo()
  house.join(ada, ['clean', 'model'])
  for (const id of [eve, dan]) house.join(id, ['clean'])
  house.join(fay, ['model', 'paint'])
  const model = { skill: 'model' as SkillName, level: 'novice', count: 1, optional: false }
  const first = reserve(early, 1, 'clean')
  const needs = [...first.needs, model]
  house.hears(there, { ...first, kinds: 1, needs })
  const agents = house.heard('SLOT_GRANT')[0]?.grants.map(({ agent }) => agent as string) ?? []
  assert.equal(agents.length, 3)
  assert.ok(agents.includes(ada) && agents.includes(fay))
  house.hears(there, { ...first, kinds: 2, needs, round: 2 })
  assert.equal(house.heard('SLOT_GRANT')[0]?.grants.length, 4, 'both who can clean alone')
})

test('HOME-21 a home counts nobody as able whom the reservation excludes', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.hears(there, reserve(early, 1, 'clean', { exclude: [ada as AgentId] }))
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ grants, supply }) => [grants, supply[0]?.able]),
    [[[], 0]],
  )
})

test('HOME-21 who has done a part is granted for another one alone', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean', 'model'])
  const first = reserve(early, 1, 'clean')
  const needs = first.needs.map((need) => ({ ...need, except: [ada as AgentId] }))
  house.hears(there, { ...first, needs })
  assert.deepEqual(
    house.heard('SLOT_GRANT').map(({ grants, supply }) => [grants, supply[0]?.able]),
    [[[], 0]],
  )
  const model = { skill: 'model' as SkillName, level: 'novice', count: 1, optional: false }
  house.hears(there, { ...first, needs: [...needs, model], round: 2 })
  assert.equal(house.heard('SLOT_GRANT')[0]?.grants[0]?.agent, ada)
})

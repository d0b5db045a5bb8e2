/**
 * A hub that borrows agents of another for its tasks, and the agents of both.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent } from '../../src/agent/agent.ts'
import type { AgentInput } from '../../src/agent/state.ts'
import type { AgentId, InviteId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { defaultConfiguration } from '../../src/protocol/limits.ts'
import type { Message } from '../../src/protocol/message.ts'
import { refuse } from '../../src/protocol/refusal.ts'
import { ada, bob, early, grantOf, here, named, OneOfTwo, own, there } from './one-of-two.ts'

test('HOME-6 a grant for which nobody waits goes back, and its home need not offer again', () => {
  const house = new OneOfTwo()
  const grant = grantOf(bob, 'clean', 'g1-1')
  house.hears(there, { kind: 'SLOT_GRANT', task: own as TaskId, round: 1, grants: [grant], supply: [] })
  assert.deepEqual(house.heard('SLOT_RELEASE', there), [
    { kind: 'SLOT_RELEASE', task: own, grants: ['g1-1'], over: true },
  ])
})

test('HOME-7 nothing is asked of other homes for a task that the own agents can do', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean'])
  assert.equal(house.heard('SKILL_QUERY').length, 1)
  assert.deepEqual(house.heard('SLOT_RESERVE'), [])
})

test('HOME-7 a group is covered by what homes grant, and each of them hears how it ended', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean', 'model'])
  const [asked] = house.heard('SLOT_RESERVE', there)
  assert.deepEqual(
    asked?.needs.map(({ skill, count }) => [skill, count]),
    [['model', 1]],
  )
  assert.deepEqual(house.slots(ada), [1, 0], 'its own agent is granted by the same rules')
  const supply = [{ skill: 'model' as SkillName, level: 'novice', able: 1, free: 0 }]
  const round = asked?.round ?? 0
  house.hears(there, {
    kind: 'SLOT_GRANT',
    task: own as TaskId,
    round,
    grants: [grantOf(bob, 'model', 'g1-1')],
    supply,
  })
  assert.deepEqual(
    house.heard('SLOT_CONFIRM', there).map(({ grants }) => grants.map(({ grant }) => grant)),
    [['g1-1']],
  )
  playToTheEnd(house)
  assert.deepEqual(
    house.heard('SLOT_RELEASE', there).map(({ grants }) => grants),
    [['g1-1']],
  )
  assert.equal(house.heard('TASK_ENDED')[0]?.outcome.status, 'completed')
  assert.deepEqual(house.slots(ada), [0, 0])
})

/** Ada and bob offer, accept, and do what they are asked. */
function playToTheEnd(house: OneOfTwo): void {
  const task = own as TaskId
  const queries = house.heard('SKILL_QUERY')
  assert.equal(queries.length, 2)
  const round = queries[0]?.round ?? 0
  for (const id of [ada, bob]) house.hears(id, { kind: 'SKILL_OFFER', task, round, busy: 0, capacity: 1 })
  for (const id of [ada, bob]) {
    const invite = house.heard('GROUP_INVITE', id)[0]?.invite
    assert.ok(invite !== undefined)
    house.hears(id, { kind: 'GROUP_ACCEPT', task, invite })
  }
  assert.deepEqual(
    house.heard('GROUP_FORMED', bob)[0]?.members.map(({ agent }) => agent),
    [ada, bob],
  )
  for (const id of [ada, bob]) {
    const results = [{ agent: id as AgentId, skills: [], result: jsonNull }]
    house.hears(id, { kind: 'TASK_COMPLETE', task, epoch: 1, results })
  }
}

test('HOME-7 a member that is lost in the turn in which others are granted lets the task reserve again', () => {
  const house = new OneOfTwo()
  const task = own as TaskId
  const eve = named('eve', there)
  house.join(ada, ['clean'])
  house.announce(own, ['clean', 'model'])
  const granted = (agent: string, id: string): Message => {
    const round = house.heard('SLOT_RESERVE', there).at(-1)?.round ?? 0
    return { kind: 'SLOT_GRANT', task, round, grants: [grantOf(agent, 'model', id)], supply: [] }
  }
  house.hears(there, granted(bob, 'g1-1'))
  const round = house.heard('SKILL_QUERY')[0]?.round ?? 0
  for (const id of [ada, bob]) house.hears(id, { kind: 'SKILL_OFFER', task, round, busy: 0, capacity: 1 })
  for (const id of [ada, bob]) {
    const [invited] = house.heard('GROUP_INVITE', id)
    assert.ok(invited !== undefined)
    house.hears(id, { kind: 'GROUP_ACCEPT', task, invite: invited.invite })
  }
  const refusal = refuse('E_WORK_FAILED', 'it did not work')
  const failed = { kind: 'TASK_FAILED', task, epoch: 1, refusal } as const
  house.hears(bob, failed)
  // Both are heard before the homes are told that a search has begun.
  const to = house.hub.address()
  for (const [id, message] of [
    [there, granted(eve, 'g1-2')],
    [ada, failed],
  ] as const) {
    const from = { id: id as NodeId, incarnation: 1 }
    house.hub.receive({ kind: 'received', envelope: { from, to, message } }, house.now)
  }
  house.drain()
  house.heard('SLOT_RESERVE', there)
  house.pass(house.limits.resendMs)
  const again = house.heard('SLOT_RESERVE', there).flatMap(({ needs }) => needs.map(({ skill }) => skill))
  assert.ok(again.includes('model' as SkillName), 'it reserves, and says so again')
})

test('HOME-13 the home of a member hears what became of it, until it has noted that', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean', 'model'])
  const round = house.heard('SLOT_RESERVE', there)[0]?.round ?? 0
  const grants = [grantOf(bob, 'model', 'g1-1')]
  house.hears(there, { kind: 'SLOT_GRANT', task: own as TaskId, round, grants, supply: [] })
  playToTheEnd(house)
  const [told] = house.heard('OUTCOME_REPORT', there)
  assert.deepEqual(
    told?.outcomes.map(({ agent, blame }) => [agent, blame]),
    [[bob, 0]],
  )
  const said = (by: OneOfTwo): number[] => by.heard('OUTCOME_REPORT', there).map(({ serial }) => serial)
  house.pass(house.limits.resendMs)
  assert.deepEqual(said(house), [1])
  const again = new OneOfTwo({}, house.hub.snapshot())
  again.pass(0)
  assert.deepEqual(said(again), [1], 'after a restart too')
  house.hears(there, { kind: 'OUTCOME_NOTED', serial: 1 })
  house.pass(house.limits.resendMs)
  assert.deepEqual(said(house), [])
})

test('HOME-7 what nobody on the whole network can do is missing, and says so', () => {
  const house = new OneOfTwo()
  house.announce(own, ['paint'])
  const round = house.heard('SLOT_RESERVE', there)[0]?.round ?? 0
  const supply = [{ skill: 'paint' as SkillName, level: 'novice', able: 0, free: 0 }]
  house.hears(there, { kind: 'SLOT_GRANT', task: own as TaskId, round, grants: [], supply })
  assert.equal(house.hub.state().tasks.get(own as TaskId)?.waitingFor?.kind, 'missing')
  assert.deepEqual(
    house.heard('SLOT_RELEASE', there).map(({ over }) => over),
    [true],
  )
})

test('HOME-7 no more than reservationsMax tasks reserve at once, and the next does when one has its group', () => {
  const house = new OneOfTwo({ reservationsMax: 1 })
  house.announce(named('own', here, 1), ['clean'])
  house.announce(named('own', here, 2), ['clean'])
  const [asked, none] = house.heard('SLOT_RESERVE', there)
  assert.equal(none, undefined)
  const task = named('own', here, 1) as TaskId
  house.hears(there, {
    kind: 'SLOT_GRANT',
    task,
    round: asked?.round ?? 0,
    grants: [grantOf(bob, 'clean', 'g1-1')],
    supply: [{ skill: 'clean' as SkillName, level: 'novice', able: 1, free: 0 }],
  })
  assert.deepEqual(
    house.heard('SLOT_RESERVE', there).map(({ task }) => task),
    [named('own', here, 2)],
  )
})

/** What the other home answers to the last reservation for a task. */
function grant(house: OneOfTwo, task: string, ...agents: readonly (readonly [string, ...string[]])[]): void {
  const last = house.heard('SLOT_RESERVE', there).findLast((one) => one.task === task)
  const grants = agents.map(([id, ...skills], i) => {
    const listed = skills.map((name) => ({ name: name as SkillName, level: 'novice' }))
    return { ...grantOf(id, 'clean', `g1-${last?.round}-${i}`), skills: listed }
  })
  const supply = (last?.needs ?? []).map(({ skill, level }) => {
    const able = grants.filter(({ skills }) => skills.some(({ name }) => name === skill)).length
    return { skill, level, able, free: 0 }
  })
  house.hears(there, { kind: 'SLOT_GRANT', task: task as TaskId, round: last?.round ?? 0, grants, supply })
}

test('HOME-20 a task of which no group has the size says so, and holds nobody while it rests', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean', 'model'], { maxGroupSize: 1 })
  assert.equal(house.said.find(({ message }) => message.kind === 'SLOT_RESERVE')?.to.id, there)
  grant(house, own, [bob, 'model'])
  const waiting = house.hub.state().tasks.get(own as TaskId)?.waitingFor
  assert.ok(waiting?.kind === 'size')
  assert.deepEqual(
    [waiting.needs.map(({ skill }) => skill), waiting.size, waiting.busy],
    [['clean', 'model'], 1, true],
  )
  assert.equal(house.heard('SLOT_RELEASE', there)[0]?.grants.length, 1)
  assert.deepEqual(house.slots(ada), [0, 0])
  house.pass(house.limits.retryMs)
  grant(house, own, [bob, 'model'], [named('bob', there, 1), 'clean', 'model'])
  const both = house.heard('SKILL_QUERY', named('bob', there, 1))
  assert.deepEqual(
    both.map(({ call }) => call.needs.length),
    [2],
  )
})

test('HOME-21 what was granted is not called busy, and what others may have is not called missing', () => {
  const house = new OneOfTwo({ reservationsMax: 1 })
  const waits = (n: number) => house.hub.state().tasks.get(named('own', here, n) as TaskId)?.waitingFor
  const kinds = (n: number): unknown => {
    const waiting = waits(n)
    return waiting !== undefined && 'needs' in waiting
      ? [waiting.kind, ...waiting.needs.map(({ skill }) => skill)]
      : waiting
  }
  house.announce(named('own', here, 0), ['clean', 'model'])
  house.announce(named('own', here, 1), ['paint'])
  assert.deepEqual(kinds(1), ['busy', 'paint'], 'it has not been asked for')
  const task = named('own', here, 0) as TaskId
  const last = house.heard('SLOT_RESERVE', there).at(-1)
  const supply = ['clean', 'model'].map((name) => {
    return { skill: name as SkillName, level: 'novice', able: 1, free: 0 }
  })
  const grants = [grantOf(bob, 'model', 'g1-1')]
  house.hears(there, { kind: 'SLOT_GRANT', task, round: last?.round ?? 0, grants, supply })
  assert.deepEqual(kinds(0), ['busy', 'clean'])
})

test('HOME-7 who has reserved in vain leaves its place to the next', () => {
  const house = new OneOfTwo({ reservationsMax: 1, agentTimeoutMs: 1_000_000 })
  const [first, second] = [named('own', here, 0), named('own', here, 1)]
  house.announce(first, ['clean'])
  house.announce(second, ['model'])
  house.pass(house.limits.groupTimeoutMs)
  house.pass(0)
  assert.equal(house.heard('SLOT_RESERVE', there).at(-1)?.task, second)
  house.pass(house.limits.groupTimeoutMs)
  house.pass(0)
  assert.equal(house.heard('SLOT_RESERVE', there).at(-1)?.task, first)
})

test('HOME-22 a task whose agents say no is put to others, until there are none', () => {
  const house = new OneOfTwo()
  house.join(ada, ['clean'])
  house.announce(own, ['clean'])
  const decline = (by: string): void => {
    const round = house.heard('SKILL_QUERY', by)[0]?.round ?? 0
    const refusal = { code: 'E_BUSY', message: 'its code goes on' } as const
    house.hears(by, { kind: 'SKILL_DECLINE', task: own as TaskId, round, refusal })
  }
  const rest = (): void => {
    assert.equal(house.hub.state().tasks.get(own as TaskId)?.waitingFor?.kind, 'unwilling')
    const { restUntil = 0 } = house.hub.state().tasks.get(own as TaskId) ?? {}
    house.pass(restUntil - house.hub.state().now)
  }
  const unwanted = (): readonly string[] | undefined => {
    const all = house.said.map(({ message }) =>
      message.kind === 'SLOT_RESERVE' ? message.exclude : undefined,
    )
    return all.findLast((each) => each !== undefined)
  }
  decline(ada)
  rest()
  assert.deepEqual(house.heard('SKILL_QUERY', ada), [])
  assert.deepEqual(unwanted(), [ada])
  grant(house, own, [bob, 'clean'])
  decline(bob)
  decline(ada)
  rest()
  assert.deepEqual(unwanted(), [ada, bob], 'one more')
  grant(house, own)
  rest()
  assert.equal(house.heard('SKILL_QUERY', ada).length, 1, 'there was nobody else: it begins again')
  decline(ada)
  rest()
  assert.deepEqual(unwanted(), [ada])
})

test('HOME-10 an agent says what is of a task to the hub of the task, and the rest to its home', () => {
  const profile = {
    skills: [{ name: 'clean' as SkillName, level: 'novice' }],
    capacity: 1,
    price: undefined,
    considers: false,
    openOffer: false,
    confirms: false,
  }
  const agent = new Agent({ id: ada as NodeId, incarnation: 1 }, here, profile, {
    ...defaultConfiguration,
    partitions: 2,
  })
  const said = (input: AgentInput): string[] => {
    agent.receive(input, 1_000)
    return agent.drain().effects.flatMap((effect) => {
      return effect.kind === 'send' ? `${effect.message.kind} to ${effect.to.id}` : effect.kind
    })
  }
  const hears = (id: string, message: Message, incarnation = 1): string[] => {
    const from = { id: id as NodeId, incarnation }
    return said({ kind: 'received', envelope: { from, to: { id: ada as NodeId, incarnation: 1 }, message } })
  }
  assert.deepEqual(said({ kind: 'join' }), [`AGENT_JOIN to ${here}`])
  hears(here, { kind: 'AGENT_WELCOME', heartbeatMs: 3_000 })
  const task = early as TaskId
  const invite = 'i1' as InviteId
  const call = { task, description: '', priority: 'normal', needs: [] } as const
  const asked = { kind: 'GROUP_INVITE', call, invite, epoch: 1, skills: [], holdForMs: 9_000 } as const
  assert.deepEqual(hears(there, asked, 2), [`GROUP_ACCEPT to ${there}`])
  assert.deepEqual(hears(there, { ...asked, invite: 'i0' as InviteId }, 1), [], 'an earlier life of that hub')
  const members = [{ agent: ada as AgentId, incarnation: 1, skills: ['clean' as SkillName] }]
  hears(there, { kind: 'GROUP_FORMED', task, epoch: 1, members, invite }, 2)
  const assignment = { task, epoch: 1, skills: ['clean' as SkillName], description: '', payload: jsonNull }
  const rest = { metadata: jsonNull, depth: 0, inputs: [], finished: [] }
  hears(there, { kind: 'TASK_START', task, epoch: 1, assignment: { ...assignment, ...rest } }, 2)
  assert.deepEqual(said({ kind: 'settled', task, run: 1, ending: jsonNull }), [
    `TASK_COMPLETE to ${there}`,
    `AGENT_HEARTBEAT to ${here}`,
  ])
  assert.deepEqual(hears(bob, asked), [`MESSAGE_REFUSED to ${bob}`], 'that is no hub')
  const about = { kind: 'agents' } as const
  assert.deepEqual(said({ kind: 'ask', request: 1, about }), [`HUB_ASK to ${here}`])
  assert.deepEqual(said({ kind: 'ask', request: 2, about, hub: there }), [`HUB_ASK to ${there}`])
  const nudged = said({ kind: 'nudged' }).filter((each) => each.startsWith('HUB_ASK'))
  assert.deepEqual(nudged, [`HUB_ASK to ${here}`, `HUB_ASK to ${there}`], 'each is asked again')
  hears(there, { kind: 'HUB_TELL', request: 2, agents: [], waits: [], considered: [] }, 2)
  assert.ok(!said({ kind: 'nudged' }).includes(`HUB_ASK to ${there}`), 'and answered once')
})

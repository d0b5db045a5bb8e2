/**
 * Every invariant of the log can be broken, and only by the log that breaks it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, ended, finished, formed, life, started } from '../../lab/conformance/facts.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import type { AgentId, Fact, HubId, JsonText, Member, SkillName, TaskId } from '../../src/protocol/index.ts'

function broken(facts: readonly Fact[]): string[] {
  const invariants = new Invariants()
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  return invariants.violations().map(({ rule, position }) => `${rule} at ${position}`)
}

const id = 'a' as TaskId
const reading = 'reading' as SkillName
const writing = 'writing' as SkillName

function member(agent: string, skills: readonly SkillName[] = [reading], incarnation = 1): Member {
  return { agent: agent as AgentId, incarnation, skills }
}

function done(agent: string, epoch = 1): Fact {
  return { ...finished('a', epoch), agent: agent as AgentId } as Fact
}

function lost(agent: string, epoch = 1, counts = true): Fact {
  const reason = { code: 'E_AGENT_LOST', message: 'silent' } as const
  return { kind: 'member.lost', task: id, at: 1_015, epoch, agent: agent as AgentId, reason, counts }
}

function saved(agent: string, epoch = 1): Fact {
  const checkpoint = {
    agent: agent as AgentId,
    epoch,
    skills: [reading],
    data: '1' as JsonText,
    savedAt: 1_015,
  }
  return { kind: 'checkpoint.saved', task: id, at: 1_015, checkpoint }
}

function returned(epoch = 1): Fact {
  return { kind: 'claim.returned', task: id, at: 1_020, epoch, by: 'eve' as AgentId, reason: 'too short' }
}

function began(epoch = 1): Fact {
  return { kind: 'task.started', task: id, at: 1_012, epoch }
}

function judged(epoch: number, ...agents: readonly string[]): Fact {
  const evidence = agents.map((agent) => ({
    agent: agent as AgentId,
    skills: [
      {
        skill: reading,
        level: 'novice',
        successes: 1,
        failures: 0,
        ability: 0,
        abilityVariance: 1,
        timeWeight: 0,
        timeMean: 0,
        timeM2: 0,
        updatedAt: 1_020,
      },
    ],
  }))
  return { kind: 'standing.changed', task: id, at: 1_020, epoch, evidence, strategy: 's' }
}

function expired(at: number): Fact {
  return { kind: 'task.ended', task: id, at, epoch: 0, status: 'expired' }
}

const two = { requires: [{ skill: reading, level: 'novice', count: 2 }] }
const pair = [member('ada'), member('bob')]

test('LOG-1 LOG-2 LOG-12 lawful lives break nothing', () => {
  const lawful: readonly (readonly Fact[])[] = [
    [],
    [started(1), ...life('a'), started(2), ...life('b')],
    [accepted('a'), { ...ended('a', 0), status: 'cancelled' } as Fact],
    // bob dies and comes back, ada's result stays
    [
      accepted('a', two),
      formed('a', 1, pair),
      saved('bob'),
      done('ada'),
      lost('bob'),
      formed('a', 2, [member('ada'), member('bob', [reading], 2)]),
      done('bob', 2),
      judged(2, 'ada', 'bob'),
      ended('a', 2),
    ],
    // the claim is sent back and the same agent tries again
    [
      accepted('a'),
      formed('a'),
      finished('a'),
      judged(1, 'ada'),
      returned(),
      formed('a', 2),
      finished('a', 2),
    ],
    // who was only optional may be lost
    [
      accepted('a', { optional: [{ skill: writing, level: 'novice', count: 1 }] }),
      formed('a', 1, [member('ada'), member('bob', [writing])]),
      lost('bob'),
      done('ada'),
      ended('a'),
    ],
    [accepted('a', { startBy: 'initiator' }), formed('a'), began(), saved('ada'), finished('a'), ended('a')],
    [...life('b'), accepted('a', { dependsOn: ['b' as TaskId] }), formed('a')],
    [accepted('a', { deadlineMs: 10 }), expired(1_010)],
  ]
  for (const facts of lawful) assert.deepEqual(broken(facts), [])
})

/** Each log breaks one rule once, with the fact at the position given. */
function onlyBroken(
  rule: string,
  logs: readonly (readonly [position: number, facts: readonly Fact[]])[],
): void {
  for (const [position, facts] of logs) {
    assert.deepEqual(broken(facts), [`${rule} at ${position}`], facts.map(({ kind }) => kind).join(', '))
  }
}

test('LOG-1 a task is accepted once, before any other fact about it', () => {
  onlyBroken('LOG-1', [
    [2, [accepted('a'), accepted('a')]],
    [5, [...life('a'), accepted('a')]],
    [1, [formed('a')]],
  ])
})

test('LOG-2 a task ends once, and no fact about it follows', () => {
  onlyBroken('LOG-2', [
    [5, [...life('a'), ended('a')]],
    [5, [...life('a'), formed('a', 2)]],
    [5, [...life('a'), judged(1, 'ada')]],
  ])
})

test('LOG-3 epochs rise by exactly one', () => {
  onlyBroken('LOG-3', [
    [2, [accepted('a'), formed('a', 2)]],
    [4, [accepted('a'), formed('a'), lost('ada'), formed('a', 1)]],
    [4, [accepted('a'), formed('a'), finished('a'), ended('a', 2)]],
  ])
})

test('LOG-4 only members of the current group act, neither lost nor sent back', () => {
  onlyBroken('LOG-4', [
    [3, [accepted('a'), formed('a'), done('bob')]],
    [3, [accepted('a'), formed('a'), saved('bob')]],
    [3, [accepted('a'), formed('a'), lost('bob')]],
    [4, [accepted('a'), formed('a'), lost('ada'), done('ada')]],
    [4, [accepted('a'), formed('a'), lost('ada'), lost('ada')]],
    [5, [accepted('a'), formed('a'), lost('ada'), formed('a', 2), done('ada', 1)]],
    [5, [accepted('a'), formed('a'), finished('a'), returned(), saved('ada')]],
  ])
})

test('LOG-5 a group is one that its announcement allows', () => {
  onlyBroken('LOG-5', [
    [2, [accepted('a', { maxGroupSize: 1 }), formed('a', 1, pair)]],
    [2, [accepted('a', { minMembers: 2 }), formed('a')]],
    [2, [accepted('a', two), formed('a')]],
    [2, [accepted('a'), formed('a', 1, [member('ada'), member('ada')])]],
    [2, [accepted('a', { exclude: ['ada' as AgentId] }), formed('a')]],
    [2, [accepted('a', { include: ['bob' as AgentId] }), formed('a')]],
    [2, [accepted('a', { spares: 1 }), formed('a')]],
    [2, [accepted('a'), formed('a', 1, [member('ada', [reading, writing])])]],
    [2, [accepted('a'), formed('a', 1, [member('ada'), member('bob', [])])]],
    [2, [accepted('a'), { ...formed('a'), uncovered: [reading] } as Fact]],
  ])
})

test('LOG-6 a group is formed after all that its task depends on', () => {
  onlyBroken('LOG-6', [
    [2, [accepted('a', { dependsOn: ['b' as TaskId] }), formed('a')]],
    [
      4,
      [
        accepted('b'),
        { ...ended('b', 0), status: 'failed' } as Fact,
        accepted('a', { dependsOn: ['b' as TaskId] }),
        formed('a'),
      ],
    ],
  ])
})

test('LOG-7 a finished part is neither done again nor lost', () => {
  onlyBroken('LOG-7', [
    [4, [accepted('a'), formed('a'), finished('a'), finished('a')]],
    [4, [accepted('a'), formed('a'), finished('a'), lost('ada')]],
    [
      5,
      [
        accepted('a', two),
        formed('a', 1, pair),
        done('ada'),
        lost('bob'),
        formed('a', 2, [member('eve'), member('bob')]),
      ],
    ],
  ])
})

test('LOG-8 an outcome is counted once, and only of members', () => {
  onlyBroken('LOG-8', [
    [4, [accepted('a'), formed('a'), judged(1, 'ada'), judged(1, 'ada')]],
    [3, [accepted('a'), formed('a'), judged(1, 'ada', 'ada')]],
    [3, [accepted('a'), formed('a'), judged(1, 'bob')]],
  ])
})

/** A report to another hub, or what was counted of it. */
function reported(serial: number, hub = 'hub-1' as HubId): Fact {
  const outcomes = [
    { agent: 'ada' as AgentId, skills: [{ skill: reading, level: 'novice' }], blame: 0, absent: false },
  ]
  return { kind: 'outcome.reported', task: id, at: 1_020, epoch: 1, home: hub, serial, outcomes }
}
function counted(serial: number, hub = 'hub-1' as HubId): Fact {
  return { kind: 'standing.changed', at: 1_020, evidence: [], strategy: 's', source: { hub, serial } }
}

test('LOG-16 the serials of reports rise by one, for each home and of each hub', () => {
  assert.deepEqual(
    broken([accepted('a'), formed('a'), reported(1), counted(1), counted(1, 'hub-2' as HubId)]),
    [],
  )
  onlyBroken('LOG-16', [
    [3, [accepted('a'), formed('a'), reported(2)]],
    [2, [counted(1), counted(1)]],
    [2, [counted(1), counted(3)]],
  ])
})

test('LOG-8 what is reported is an outcome too: counted once, and only of members', () => {
  onlyBroken('LOG-8', [
    [4, [accepted('a'), formed('a'), reported(1), reported(2)]],
    [3, [accepted('a'), formed('a', 1, [member('bob')]), reported(1)]],
  ])
})

test('LOG-9 a deadline is kept, and nothing expires before it', () => {
  onlyBroken('LOG-9', [
    [2, [accepted('a', { deadlineMs: 10 }), formed('a')]],
    [2, [accepted('a', { deadlineMs: 10 }), expired(1_009)]],
    [2, [accepted('a'), expired(9_999_999)]],
  ])
})

test('LOG-10 the incarnation of the hub never falls', () => {
  onlyBroken('LOG-10', [[3, [started(1), started(3), started(2)]]])
})

test('LOG-11 where the initiator starts, no work is done before', () => {
  onlyBroken('LOG-11', [
    [3, [accepted('a', { startBy: 'initiator' }), formed('a'), finished('a')]],
    [3, [accepted('a', { startBy: 'initiator' }), formed('a'), saved('ada')]],
    [3, [accepted('a'), formed('a'), began()]],
  ])
})

test('LOG-12 a claim is made by all', () => {
  onlyBroken('LOG-12', [
    [3, [accepted('a'), formed('a'), ended('a')]],
    [2, [accepted('a'), ended('a', 0)]],
    [4, [accepted('a'), formed('a'), lost('ada'), ended('a')]],
    [5, [accepted('a'), formed('a'), finished('a'), returned(), ended('a')]],
    [3, [accepted('a'), formed('a'), returned()]],
  ])
})

test('LOG-13 nothing is tried once the attempts are used up', () => {
  onlyBroken('LOG-13', [
    [4, [accepted('a', { maxAttempts: 1 }), formed('a'), lost('ada'), formed('a', 2)]],
    [5, [accepted('a', { maxAttempts: 1 }), formed('a'), finished('a'), returned(), formed('a', 2)]],
  ])
})

test('LOG-2 every task is counted once, under how it ended', () => {
  const invariants = new Invariants()
  const failed = { ...ended('c', 0), status: 'failed' } as Fact
  const facts = [...life('a'), accepted('b'), accepted('c'), failed, ended('a')]
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  const counts = { tasks: 3, open: 1, ended: { completed: 1, failed: 1, cancelled: 0, expired: 0 } }
  assert.deepEqual(invariants.counts(), counts)
})

test('LOG-17 LOG-6 what another hub says of a dependency is noted once, and is what a failure is for', () => {
  const announced = accepted('a', { dependsOn: ['b', 'c'].map((name) => name as TaskId) })
  const told = (dependency: string, status: 'completed' | 'failed'): Fact => {
    const fact = { kind: 'dependency.ended', task: id, at: 1_005, status, results: [] } as const
    return { ...fact, dependency: dependency as TaskId }
  }
  const reason = { code: 'E_DEPENDENCY_FAILED', message: '' } as const
  const failed: Fact = { kind: 'task.ended', task: id, at: 1_010, epoch: 0, status: 'failed', reason }
  const both = [announced, told('b', 'completed'), told('c', 'completed')]
  assert.deepEqual(broken([...both, formed('a')]), [])
  assert.deepEqual(broken([...both.slice(0, 2), formed('a')]), ['LOG-6 at 3'])
  assert.deepEqual(broken([...both, failed]), ['LOG-17 at 4'])
  assert.deepEqual(broken([announced, told('b', 'completed'), told('c', 'failed'), failed]), [])
  assert.deepEqual(broken([...both, told('c', 'completed')]), ['LOG-17 at 4'])
  assert.deepEqual(broken([announced, told('d', 'completed')]), ['LOG-17 at 2'])
})

/**
 * Every invariant of the log can be broken, and only by the log that breaks it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, ended, finished, formed, life, started } from '../../lab/conformance/facts.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import type { AgentId, Fact, JsonText, Member, SkillName, TaskId } from '../../src/protocol/index.ts'

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

/** Logs that break one rule, with the position of the fact that does. */
const unlawful: readonly (readonly [rule: string, position: number, facts: readonly Fact[]])[] = [
  ['LOG-1', 2, [accepted('a'), accepted('a')]],
  ['LOG-1', 5, [...life('a'), accepted('a')]],
  ['LOG-1', 1, [formed('a')]],
  ['LOG-2', 5, [...life('a'), ended('a')]],
  ['LOG-2', 5, [...life('a'), formed('a', 2)]],
  ['LOG-2', 5, [...life('a'), judged(1, 'ada')]],
  ['LOG-3', 2, [accepted('a'), formed('a', 2)]],
  ['LOG-3', 4, [accepted('a'), formed('a'), lost('ada'), formed('a', 1)]],
  ['LOG-3', 4, [accepted('a'), formed('a'), finished('a'), ended('a', 2)]],
  ['LOG-4', 3, [accepted('a'), formed('a'), done('bob')]],
  ['LOG-4', 3, [accepted('a'), formed('a'), saved('bob')]],
  ['LOG-4', 3, [accepted('a'), formed('a'), lost('bob')]],
  ['LOG-4', 4, [accepted('a'), formed('a'), lost('ada'), done('ada')]],
  ['LOG-4', 4, [accepted('a'), formed('a'), lost('ada'), lost('ada')]],
  ['LOG-4', 5, [accepted('a'), formed('a'), lost('ada'), formed('a', 2), done('ada', 1)]],
  ['LOG-4', 5, [accepted('a'), formed('a'), finished('a'), returned(), saved('ada')]],
  ['LOG-5', 2, [accepted('a', { maxGroupSize: 1 }), formed('a', 1, pair)]],
  ['LOG-5', 2, [accepted('a', { minMembers: 2 }), formed('a')]],
  ['LOG-5', 2, [accepted('a', two), formed('a')]],
  ['LOG-5', 2, [accepted('a'), formed('a', 1, [member('ada'), member('ada')])]],
  ['LOG-5', 2, [accepted('a', { exclude: ['ada' as AgentId] }), formed('a')]],
  ['LOG-5', 2, [accepted('a'), formed('a', 1, [member('ada', [reading, writing])])]],
  ['LOG-5', 2, [accepted('a'), formed('a', 1, [member('ada'), member('bob', [])])]],
  ['LOG-5', 2, [accepted('a'), { ...formed('a'), uncovered: [reading] } as Fact]],
  ['LOG-6', 2, [accepted('a', { dependsOn: ['b' as TaskId] }), formed('a')]],
  [
    'LOG-6',
    4,
    [
      accepted('b'),
      { ...ended('b', 0), status: 'failed' } as Fact,
      accepted('a', { dependsOn: ['b' as TaskId] }),
      formed('a'),
    ],
  ],
  ['LOG-7', 4, [accepted('a'), formed('a'), finished('a'), finished('a')]],
  ['LOG-7', 4, [accepted('a'), formed('a'), finished('a'), lost('ada')]],
  [
    'LOG-7',
    5,
    [
      accepted('a', two),
      formed('a', 1, pair),
      done('ada'),
      lost('bob'),
      formed('a', 2, [member('eve'), member('bob')]),
    ],
  ],
  ['LOG-8', 4, [accepted('a'), formed('a'), judged(1, 'ada'), judged(1, 'ada')]],
  ['LOG-8', 3, [accepted('a'), formed('a'), judged(1, 'ada', 'ada')]],
  ['LOG-8', 3, [accepted('a'), formed('a'), judged(1, 'bob')]],
  ['LOG-9', 2, [accepted('a', { deadlineMs: 10 }), formed('a')]],
  ['LOG-9', 2, [accepted('a', { deadlineMs: 10 }), expired(1_009)]],
  ['LOG-9', 2, [accepted('a'), expired(9_999_999)]],
  ['LOG-10', 3, [started(1), started(3), started(2)]],
  ['LOG-11', 3, [accepted('a', { startBy: 'initiator' }), formed('a'), finished('a')]],
  ['LOG-11', 3, [accepted('a', { startBy: 'initiator' }), formed('a'), saved('ada')]],
  ['LOG-11', 3, [accepted('a'), formed('a'), began()]],
  ['LOG-12', 3, [accepted('a'), formed('a'), ended('a')]],
  ['LOG-12', 2, [accepted('a'), ended('a', 0)]],
  ['LOG-12', 4, [accepted('a'), formed('a'), lost('ada'), ended('a')]],
  ['LOG-12', 5, [accepted('a'), formed('a'), finished('a'), returned(), ended('a')]],
  ['LOG-12', 3, [accepted('a'), formed('a'), returned()]],
  ['LOG-13', 4, [accepted('a', { maxAttempts: 1 }), formed('a'), lost('ada'), formed('a', 2)]],
  ['LOG-13', 5, [accepted('a', { maxAttempts: 1 }), formed('a'), finished('a'), returned(), formed('a', 2)]],
]

for (const [rule, position, facts] of unlawful) {
  const last = facts.at(-1)
  test(`${rule} is broken by ${last?.kind} as the fact ${position} of ${facts.map(({ kind }) => kind).join(', ')}`, () => {
    assert.deepEqual(broken(facts), [`${rule} at ${position}`])
  })
}

test('LOG-2 every task is counted once, under how it ended', () => {
  const invariants = new Invariants()
  const failed = { ...ended('c', 0), status: 'failed' } as Fact
  const facts = [...life('a'), accepted('b'), accepted('c'), failed, ended('a')]
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  const counts = { tasks: 3, open: 1, ended: { completed: 1, failed: 1, cancelled: 0, expired: 0 } }
  assert.deepEqual(invariants.counts(), counts)
})

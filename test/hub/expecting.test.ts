/** What the hub expects of agents, and what its records say of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Field, type Performance } from '../../lab/field.ts'
import { patientConfiguration, taskOf } from '../../lab/learning/network.ts'
import type { Fact, GroupFormedFact } from '../../src/protocol/fact.ts'
import type { Considered } from '../../src/protocol/group.ts'
import type { AgentId, SkillName } from '../../src/protocol/id.ts'
import type { Skill } from '../../src/protocol/skill.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'

const need = { skill: 'work' as SkillName, level: 'novice', count: 1 }
const skill: Skill = { name: need.skill, level: need.level }

interface Stage {
  readonly field: Field
  readonly formed: GroupFormedFact[]
  readonly facts: Fact[]
  join(id: string, claim?: Partial<Skill>, capacity?: number): void
  /** Announces a task and lets it end. */
  play(id: string, changes?: Partial<TaskAnnouncement>): void
}

function stageFor(perform: (agent: AgentId, task: string) => Performance): Stage {
  const formed: GroupFormedFact[] = []
  const facts: Fact[] = []
  const field = new Field({
    seed: 5,
    configuration: patientConfiguration,
    past: [],
    perform: (agent, { task }) => perform(agent, task),
    judge: () => true,
    watch: (fact) => {
      facts.push(fact)
      if (fact.kind === 'group.formed') formed.push(fact)
    },
  })
  const join = (id: string, claim: Partial<Skill> = {}, capacity = 1): void => {
    const skills = [{ ...skill, ...claim }]
    field.join(id as AgentId, {
      skills,
      capacity,
      price: undefined,
      considers: false,
      openOffer: false,
      confirms: false,
    })
  }
  const play = (id: string, changes: Partial<TaskAnnouncement> = {}): void => {
    field.announce({ ...taskOf(id, [need]), ...changes })
    field.run(() => facts.some((fact) => fact.kind === 'task.ended' && fact.task === id))
  }
  return { field, formed, facts, join, play }
}

function about(considered: readonly Considered[] | undefined, agent: string): Considered {
  const found = considered?.find((one) => one.agent === agent)
  assert.ok(found, `${agent} was considered`)
  return found
}

test('SEEN-10 of a stranger is expected what was seen of others with its skill and level', () => {
  const strangerAmong = (success: boolean): Considered => {
    const { join, play, formed } = stageFor(() => ({ tookMs: 20_000, success }))
    for (let i = 0; i < 12; i++) join(`known-${i}`)
    for (let i = 0; i < 40; i++) play(`t${i}`, { exclude: ['eve' as AgentId] })
    join('eve')
    // The lower bound asks no random number.
    play('last', {
      priority: 'critical',
      exclude: Array.from({ length: 12 }, (_, i) => `known-${i}` as AgentId),
    })
    return about(formed.at(-1)?.considered, 'eve')
  }
  const among = { good: strangerAmong(true), poor: strangerAmong(false) }
  assert.equal(among.good.outcomes, undefined)
  assert.ok(among.good.success > among.poor.success + 0.2, `${among.good.success}, ${among.poor.success}`)
  // Nothing was claimed about durations, and yet one is expected.
  assert.ok((among.good.costs?.time ?? 0) > 0.1)
})

test('SEEN-6 every score is the logarithm of the success less its costs, each named', () => {
  const { join, play, formed } = stageFor((agent) => ({
    tookMs: agent === 'slow' ? 500_000 : 10_000,
    success: true,
  }))
  join('slow', { meanTimeMs: 400_000 })
  join('fast', {}, 3)
  join('third', { successRate: 0.2 })
  for (let i = 0; i < 30; i++) play(`t${i}`, { budget: 10, deadlineMs: 900_000 })
  let named = 0
  for (const { considered } of formed) {
    for (const { score, success, costs } of considered) {
      const all = Object.values(costs ?? {}).reduce((sum, cost) => sum + cost, 0)
      assert.ok(Math.abs(Math.log(success) - all - score) < 0.006, `${score}`)
      named += Object.keys(costs ?? {}).length
    }
  }
  assert.ok(named > 30)
  const slow = formed.map(({ considered }) => considered.find(({ agent }) => agent === 'slow'))
  assert.ok(slow.some((one) => (one?.costs?.time ?? 0) > 0.5))
})

test('SEEN-7 of two equals the one whose work ends sooner is chosen, and overdue work counts for more', () => {
  const chosenAfter = (waitMs: number): string | undefined => {
    const long = new Set(['a', 'b'])
    const { field, join, play, formed } = stageFor((_, task) => ({
      tookMs: long.has(task) ? 10_000_000 : 60_000,
      success: true,
    }))
    join('ada', {}, 2)
    join('bob', {}, 2)
    // Both are known, and take a minute.
    for (let i = 0; i < 24; i++) play(`t${i}`, { exclude: [(i % 2 === 0 ? 'ada' : 'bob') as AgentId] })
    // Each has begun something: ada long ago, bob just now.
    field.announce({ ...taskOf('a', [need]), exclude: ['bob' as AgentId] })
    let waited = false
    field.after(waitMs, () => {
      waited = true
    })
    field.run(() => waited)
    field.announce({ ...taskOf('b', [need]), exclude: ['ada' as AgentId] })
    play('last', { priority: 'critical' })
    return formed.at(-1)?.members[0]?.agent
  }
  // Half a minute of a minute is over: what is left is less than of what has just begun.
  assert.equal(chosenAfter(40_000), 'ada')
  // It should have ended long ago, and nobody knows when it will.
  assert.equal(chosenAfter(3_000_000), 'bob')
})

test('SEEN-11 where durations are stated, who is slower than stated is expected to take longer', () => {
  const sizes = [30_000, 60_000, 120_000]
  const statedOf = (task: string): number => sizes[Number(/\d+/.exec(task)) % 3] ?? 0
  const { join, play, formed } = stageFor((agent, task) => {
    return { tookMs: statedOf(task) * (agent === 'ada' ? 0.5 : 2), success: true }
  })
  join('ada')
  join('bob')
  for (let i = 0; i < 24; i++) {
    const exclude = [(i % 2 === 0 ? 'ada' : 'bob') as AgentId]
    play(`t${i}`, { expectedMs: statedOf(`t${i}`), exclude })
  }
  play('t25', { expectedMs: statedOf('t25') })
  const considered = formed.at(-1)?.considered
  const timeOf = (agent: string): number => about(considered, agent).costs?.time ?? 0
  assert.ok(timeOf('bob') > 1.5 * timeOf('ada'), `${timeOf('bob')} and ${timeOf('ada')}`)
})

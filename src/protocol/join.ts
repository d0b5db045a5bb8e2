/**
 * The door for an agent that joins: what it may claim of itself. It holds for a user's program and for a message.
 * Must never happen here: a claim taken for evidence.
 */
import { type AgentId, checkId, quote, type SkillName } from './id.ts'
import { ceilings, checkWhole, type Limits } from './limits.ts'
import { list, type Notes, numberOr, read, text, textOr, valueIn } from './reading.ts'
import { type Refusal, refuse } from './refusal.ts'
import { checkLevel, type Skill, type SkillLevel, skillTwice } from './skill.ts'
import type { Millis } from './time.ts'

/** A skill, as a user claims it. */
export interface SkillSpec {
  readonly name: string
  /** Left out, the lowest. */
  readonly level?: SkillLevel
  /** Claimed share of successes, 0..1. */
  readonly successRate?: number
  /** Claimed mean time for one assignment; more than 0. */
  readonly meanTimeMs?: Millis
}

export interface AgentSpec {
  readonly id: string
  readonly skills: readonly SkillSpec[]
  /** Assignments at once; left out, the limits' `maxConcurrentTasks`. */
  readonly capacity?: number
}

export interface CheckedAgent {
  readonly id: AgentId
  readonly skills: readonly Skill[]
  readonly capacity: number
}

/** Turns what an agent says of itself into what may join, or names the first thing that is wrong. */
export function checkAgent(
  given: unknown,
  limits: Limits,
  levels: readonly SkillLevel[],
): CheckedAgent | Refusal {
  const notes: Notes = {}
  const from = read(notes, given, '', ['id', 'skills', 'capacity'])
  const agent: CheckedAgent = {
    id: valueIn(from, 'id') as AgentId,
    skills: list(from, 'skills', limits.skillsMax, (value, field) =>
      claim(notes, value, `${field}.`, levels),
    ),
    capacity: numberOr(from, 'capacity', limits.maxConcurrentTasks),
  }
  const refusal = notes.refusal ?? checkId(agent.id, 'id')
  if (refusal !== undefined) return refusal
  if (agent.skills.length === 0) {
    return refuse('E_MISSING_FIELD', `the agent ${quote(agent.id)} has no skills`, {
      field: 'skills',
      hint: 'Name at least one skill: skills: [{ name: "data_cleaning", level: "expert" }].',
    })
  }
  return (
    checkClaims(agent.skills, levels) ?? checkWhole(agent.capacity, 'capacity', 1, ceilings.capacity) ?? agent
  )
}

function claim(notes: Notes, value: unknown, path: string, levels: readonly SkillLevel[]): Skill {
  const from = read(notes, value, path, ['name', 'level', 'successRate', 'meanTimeMs'])
  const successRate = numberOr(from, 'successRate', undefined)
  const meanTimeMs = numberOr(from, 'meanTimeMs', undefined)
  return {
    name: text(from, 'name') as SkillName,
    level: textOr(from, 'level', levels[0] ?? ''),
    ...(successRate === undefined ? {} : { successRate }),
    ...(meanTimeMs === undefined ? {} : { meanTimeMs }),
  }
}

function checkClaims(skills: readonly Skill[], levels: readonly SkillLevel[]): Refusal | undefined {
  for (const [index, { name, level, successRate, meanTimeMs }] of skills.entries()) {
    const path = `skills[${index}]`
    const refusal = checkId(name, `${path}.name`) ?? checkLevel(levels, level, `${path}.level`)
    if (refusal !== undefined) return refusal
    if (successRate !== undefined && !(successRate >= 0 && successRate <= 1)) {
      const field = `${path}.successRate`
      return refuse('E_RANGE', `${field} must be a number from 0 to 1, got ${quote(successRate)}`, { field })
    }
    if (meanTimeMs !== undefined && !(meanTimeMs > 0 && meanTimeMs <= ceilings.spanMs)) {
      const field = `${path}.meanTimeMs`
      return refuse(
        'E_RANGE',
        `${field} must be a number of milliseconds above 0, got ${quote(meanTimeMs)}`,
        {
          field,
        },
      )
    }
  }
  return skillTwice(
    skills.map(({ name }) => name),
    'skills',
  )
}

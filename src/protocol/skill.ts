/**
 * Skills and their ordered levels. What an agent says of itself is a claim; evidence is in `standing`.
 */
import { checkId, quote, type SkillName } from './id.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Millis } from './time.ts'

/** A level's name. A network orders its own names; the default order is `defaultLevels`. */
export type SkillLevel = string

export const defaultLevels: readonly SkillLevel[] = ['novice', 'intermediate', 'advanced', 'expert']

/** What an agent claims. */
export interface Skill {
  readonly name: SkillName
  readonly level: SkillLevel
  /** Claimed share of successes, 0..1: a weak prior, never evidence. */
  readonly successRate?: number
  /** Claimed mean time for one assignment. */
  readonly meanTimeMs?: Millis
}

/** What a task asks for: `count` different agents, each with the skill at this level or above. */
export interface Requirement {
  readonly skill: SkillName
  readonly level: SkillLevel
  readonly count: number
  /** Of an optional skill alone: how much it is worth to have it, against 1 where nothing is said. */
  readonly weight?: number
}

/** The rank of a level in an order, 0 for the lowest, or undefined for an unknown name. */
export function rankOf(levels: readonly SkillLevel[], level: SkillLevel): number | undefined {
  const rank = levels.indexOf(level)
  return rank < 0 ? undefined : rank
}

export function checkLevel(
  levels: readonly SkillLevel[],
  level: SkillLevel,
  field: string,
): Refusal | undefined {
  if (rankOf(levels, level) !== undefined) return undefined
  return refuse('E_BAD_LEVEL', `${field} ${quote(level)} is not one of ${levels.join(', ')}`, { field })
}

export function skillTwice(names: readonly SkillName[], field: string): Refusal | undefined {
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (name !== undefined && names.indexOf(name) < i) {
      return refuse('E_DUPLICATE_SKILL', `${field} names the skill ${quote(name)} twice`, {
        field,
        hint: 'Name it once; ask for several agents with "count".',
      })
    }
  }
  return undefined
}

/** A network's own order of levels: at least one, each once, 32 at most. */
export function checkLevels(levels: readonly SkillLevel[]): Refusal | undefined {
  const field = 'levels'
  if (levels.length < 1 || levels.length > 32) {
    return refuse('E_RANGE', `levels must name 1 to 32 levels, got ${levels.length}`, { field })
  }
  for (const [i, level] of levels.entries()) {
    const wrong = checkId(level, `levels[${i}]`)
    if (wrong !== undefined) return wrong
    if (levels.indexOf(level) !== i)
      return refuse('E_BAD_LEVEL', `levels names ${quote(level)} twice`, { field })
  }
  return undefined
}

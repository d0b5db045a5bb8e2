/**
 * What a search looks for: skills, and sets of them that one agent can cover.
 * Must never happen here: a decision.
 */
import type { SkillName } from '../protocol/id.ts'
import type { Call } from '../protocol/message.ts'

/** One skill that a search must find agents for. */
export interface OpenNeed {
  readonly skill: SkillName
  readonly level: string
  readonly rank: number
  /** How many more agents. */
  readonly count: number
  readonly optional: boolean
  /** What an optional skill is worth, against 1. */
  readonly weight: number
}

/** A set of a search's needs, with what is said and written of it. Made once, shared by all that have the same. */
export interface Reach {
  /** Bit `i` stands for need `i`. */
  readonly mask: number
  readonly needs: readonly number[]
  readonly skills: readonly SkillName[]
  readonly call: Call
}

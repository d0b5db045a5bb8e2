/**
 * A working group: who is in it and who covers what.
 */
import type { AgentId, SkillName } from './id.ts'
import type { JsonText } from './json.ts'
import type { Millis } from './time.ts'

/** One member of one group generation. */
export interface Member {
  readonly agent: AgentId
  /** A reborn agent has a higher incarnation and is not this member. */
  readonly incarnation: number
  readonly skills: readonly SkillName[]
  /** What it asked for its part; left out when nothing. */
  readonly price?: number
}

export type Verdict = 'chosen' | 'outscored' | 'declined' | 'rejected' | 'silent'

/** One agent that was asked, as the decision record keeps it. */
export interface Considered {
  readonly agent: AgentId
  /** Which of the asked skills it could cover. */
  readonly skills: readonly SkillName[]
  /** Logarithm of the probability of success less the costs; larger is better. */
  readonly score: number
  /** Estimated probability of success, 0..1. */
  readonly success: number
  /** Busy slots divided by capacity when it was asked. */
  readonly load: number
  readonly verdict: Verdict
  /** Its own words, or the refusal's message. */
  readonly why?: string
}

/** A partial result that survives its maker. */
export interface Checkpoint {
  readonly agent: AgentId
  readonly epoch: number
  readonly skills: readonly SkillName[]
  readonly data: JsonText
  readonly savedAt: Millis
}

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

/** What taking an agent costs, in logits: 1 is as bad as dividing its probability of success by e. */
export interface CostParts {
  /** The time until it would be finished. */
  readonly time?: number
  /** Its load, measured against the slots that it has earned. */
  readonly load?: number
  /** Its price as a share of the budget. */
  readonly price?: number
  /** The danger that it misses the deadline. */
  readonly late?: number
  /** That it was given more work than others with its skills, where work is to be spread. */
  readonly spread?: number
  /** That the plan of the project wants others. */
  readonly plan?: number
}

/** One agent that was asked, or whose offer stood without a question, as the decision record keeps it. */
export interface Considered {
  readonly agent: AgentId
  /** Which of the asked skills it could cover. */
  readonly skills: readonly SkillName[]
  /** Logarithm of the probability of success less the costs; larger is better. */
  readonly score: number
  /** Probability of success that it was credited with, 0..1; for a newcomer drawn, and so now and then hopeful. */
  readonly success: number
  /** Outcomes behind it, faded; left out when there are none. */
  readonly outcomes?: number
  /** Its open offer was taken for its answer: it was not asked. */
  readonly open?: true
  /** Busy slots divided by capacity when it offered. */
  readonly load: number
  /** What was taken off for it: `score` is the logarithm of `success` less all of these. Left out when nothing was. */
  readonly costs?: CostParts
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

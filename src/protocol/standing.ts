/**
 * What has been seen of an agent: evidence, not claims. The mathematics is in `strategy/standing`.
 */
import type { AgentId, SkillName } from './id.ts'
import type { SkillLevel } from './skill.ts'
import type { Millis } from './time.ts'

/** The evidence on one skill of one agent. Counts are weights: they fade with time and carry shares of blame. */
export interface SkillStanding {
  readonly skill: SkillName
  /** The level that the evidence supports; the claimed one until there are enough verdicts. */
  readonly level: SkillLevel
  readonly successes: number
  readonly failures: number
  /** Latent ability (logits): mean and variance. */
  readonly ability: number
  readonly abilityVariance: number
  /** Natural logarithm of the duration in milliseconds: weight, mean, and sum of squared deviations. */
  readonly timeWeight: number
  readonly timeMean: number
  readonly timeM2: number
  readonly updatedAt: Millis
}

/** How one member's part in one group generation ended. Counted once per task, epoch and member. */
export interface Evidence {
  readonly agent: AgentId
  readonly skills: readonly SkillStanding[]
}

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
  /**
   * For each level of the network, from the lowest: the logarithm of how likely it is the agent's, less that of the
   * likeliest. Absent while only its claim is known.
   */
  readonly fits?: readonly number[]
  /** Successes and outcomes of work of its own level while it had that level beyond doubt. Absent: none. */
  readonly own?: readonly [number, number]
  /** How much worse, and how much better, it has done lately than was expected. Absent while both are 0. */
  readonly drift?: readonly [number, number]
  /** Natural logarithm of the duration in milliseconds: weight, mean, and sum of squared deviations. */
  readonly timeWeight: number
  readonly timeMean: number
  readonly timeM2: number
  /** Natural logarithm of the duration over the one that was stated: weight and mean. Absent: none was stated. */
  readonly pace?: readonly [number, number]
  readonly updatedAt: Millis
}

/** What became of one member's part, as the hub of the task saw it, for the home of the agent. */
export interface MemberOutcome {
  readonly agent: AgentId
  /** Of its part, and at which level each was asked for. */
  readonly skills: readonly { readonly skill: SkillName; readonly level: SkillLevel }[]
  /** 0 for a success, 1 for a failure of its own, between for a share of the blame. */
  readonly blame: number
  /** It died, fell silent or was late: `blame` says how far that counts against it, and nothing of it for it. */
  readonly absent: boolean
  readonly tookMs?: Millis
  /** How long the initiator said that the task would take. */
  readonly statedMs?: Millis
}

/** How one member's part in one group generation ended. Counted once per task, epoch and member. */
export interface Evidence {
  readonly agent: AgentId
  readonly skills: readonly SkillStanding[]
}

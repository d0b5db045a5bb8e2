/**
 * A small world, as a value: who is in it, what is announced, which faults may happen how often, and what its network
 * promises. Everything that bounds the exploration is here, and is printed with its result.
 * Must never happen here: a bound that the report does not name.
 */
import type { TaskSpec } from '../../src/protocol/announce.ts'
import type { Limits } from '../../src/protocol/limits.ts'
import type { Sight } from './sights.ts'

/**
 * `fifo`: messages of one link arrive in order, as the transport's port promises. `unordered`: any message that is
 * under way may arrive next.
 */
export type NetworkPromise = 'fifo' | 'unordered'

export interface AgentOfWorld {
  readonly id: string
  readonly skills: readonly string[]
  readonly capacity: number
  /** Claimed share of successes: makes the choice among equals a definite one. */
  readonly successRate: number
  /** It judges invitations itself, and may reject them: see `Faults.rejections`. */
  readonly confirms?: boolean
  /** Its offer stands: it is not asked. */
  readonly openOffer?: boolean
}

/** How often each may happen in one history; what is not named does not happen. */
export interface Faults {
  /** Messages lost. */
  readonly losses?: number
  /** Times at which the clock moves on although messages are under way, so that timeouts overtake them. */
  readonly delays?: number
  /** Messages that arrive twice. */
  readonly duplicates?: number
  /** Agents that crash and forget; each is born again, at any time, as a new incarnation. */
  readonly agentCrashes?: number
  /** The hub crashes, with or without having said what it had just decided; its journal stays. */
  readonly hubCrashes?: number
  /** Work that fails. */
  readonly failures?: number
  readonly rejections?: number
  /** Claims that the initiator sends back. */
  readonly returns?: number
  readonly cancellations?: number
  /** Agents that leave. */
  readonly departures?: number
  /** Partial results that are handed over. */
  readonly checkpoints?: number
}

export interface World {
  readonly name: string
  readonly about: string
  readonly network: NetworkPromise
  /** Hubs among which tasks and agents are divided by their names; 1 unless it is said. */
  readonly partitions?: number
  readonly agents: readonly AgentOfWorld[]
  /** The first is announced at the beginning, each of the others at any time after the one before it. */
  readonly tasks: readonly (TaskSpec & { readonly id: string })[]
  /**
   * `near`: the initiator lives beside the hub, its messages take no time and none is lost. `far`: it is a node like
   * any other.
   */
  readonly initiator: 'near' | 'far'
  readonly faults: Faults
  /**
   * How often time moves on, each time to the next instant for which a machine has asked. It does when nothing is
   * under way but work and people's judgements; when messages are, see `Faults.delays`.
   */
  readonly clockSteps: number
  readonly limits: Partial<Limits>
  /** The journal of a hub that crashes begins with a snapshot of all that is open; what has ended is looked up. */
  readonly compacts?: boolean
  /** What must be seen somewhere in this world, so that the proof is not about nothing. */
  readonly sometimes: readonly Sight[]
}

/** Seconds, not minutes: and no two spans alike, so that what is due together is due together for a reason. */
export const worldLimits: Partial<Limits> = {
  offerWindowMs: 1_000,
  holdMs: 2_000,
  groupTimeoutMs: 5_000,
  resendMs: 2_500,
  retryMs: 700,
  heartbeatMs: 3_000,
  agentTimeoutMs: 8_000,
  workSilenceMs: 60_000,
  maintenanceIntervalMs: 30_000,
  maxAttempts: 3,
}

/**
 * Every bound of the system, with its unit and its default. The rule for what happens at a bound is in SPEC.md.
 */
import { quote } from './id.ts'
import { didYouMean } from './nearest.ts'
import { type Refusal, refuse } from './refusal.ts'
import { defaultLevels, type SkillLevel } from './skill.ts'
import type { Millis } from './time.ts'

export interface Limits {
  /** Open tasks a hub keeps; the next announcement is refused with E_FULL. */
  readonly maxAnnouncements: number
  /** Open tasks one initiator may have; the next is refused with E_QUOTA. */
  readonly maxAnnouncementsPerInitiator: number
  /** From the first question to a formed group; then the task waits again. */
  readonly groupTimeoutMs: Millis
  /** How long offers are awaited when not all have answered. */
  readonly offerWindowMs: Millis
  /** How long searches for the same scarce agents wait for each other, to be chosen for at once; 0 for not at all. */
  readonly batchWindowMs: Millis
  /** How long an invitation is held for its agent. */
  readonly holdMs: Millis
  /** How often the hub looks for what no message will tell it. */
  readonly maintenanceIntervalMs: Millis
  /** How often an agent repeats its skills to the hub. */
  readonly skillUpdateIntervalMs: Millis
  /** Assignments one agent works on at once, unless it says otherwise. */
  readonly maxConcurrentTasks: number
  /** How often an agent shows that it lives. */
  readonly heartbeatMs: Millis
  /** Silence after which an agent is dead. */
  readonly agentTimeoutMs: Millis
  /** Silence of a working member after which it is replaced, unless the task says otherwise. */
  readonly workSilenceMs: Millis
  /** Tries at a task before it fails, unless the task says otherwise. */
  readonly maxAttempts: number
  /** How long an unanswered message is waited for before it is sent again. */
  readonly resendMs: Millis
  /** How long a task that could not be formed rests before the hub asks again. */
  readonly retryMs: Millis
  /** One level of priority is worth this much waiting. */
  readonly ageStepMs: Millis
  /** After this wait the oldest task keeps the agents it needs from younger ones. */
  readonly patienceMs: Millis
  /** Agents asked for each required skill, beyond the number needed. */
  readonly shortlistSpare: number
  /**
   * How much an agent costs more that was given more work than others with its skills, in hundredths of the unit in
   * which agents are compared, for each time it has had as much as they on average; 0 for not at all.
   */
  readonly workSpread: number
  /** Members of one group. */
  readonly groupSizeMax: number
  /** Skills of one agent, and required and optional skills of one task together. */
  readonly skillsMax: number
  /** Tasks that one task may depend on. */
  readonly dependenciesMax: number
  /** Sub-tasks of sub-tasks. */
  readonly depthMax: number
  readonly descriptionLengthMax: number
  /** Characters of JSON in one payload, result, checkpoint or message to the group. */
  readonly payloadBytesMax: number
  /** Characters of one message on the wire. */
  readonly frameBytesMax: number
  /** Inputs that may wait for a node's next turn; what comes above is lost, as any message may be, and counted. */
  readonly inboxMax: number
  /** Facts after which the journal is given a snapshot, so that the next start is short. */
  readonly snapshotEvery: number
  /** Steps of one look-ahead over a project, some twenty nanoseconds each; 0 for none. */
  readonly planStepsMax: number
  /** Ended tasks a hub keeps in memory; older ones are looked up in the journal. */
  readonly endedKept: number
  /** Silence of a hub after which another process takes its place, on NATS. */
  readonly hubLeaseMs: Millis
  /** Tasks for which a hub has reservations at others at once; those behind them wait in its own queue. */
  readonly reservationsMax: number
}

export const defaultLimits: Limits = {
  maxAnnouncements: 1000,
  maxAnnouncementsPerInitiator: 1000,
  groupTimeoutMs: 30_000,
  offerWindowMs: 1_000,
  batchWindowMs: 10,
  holdMs: 2_000,
  maintenanceIntervalMs: 60_000,
  skillUpdateIntervalMs: 300_000,
  maxConcurrentTasks: 5,
  heartbeatMs: 3_000,
  agentTimeoutMs: 15_000,
  workSilenceMs: 600_000,
  maxAttempts: 5,
  resendMs: 2_000,
  retryMs: 1_000,
  ageStepMs: 30_000,
  patienceMs: 60_000,
  shortlistSpare: 2,
  workSpread: 0,
  groupSizeMax: 64,
  skillsMax: 32,
  dependenciesMax: 256,
  depthMax: 8,
  descriptionLengthMax: 8_192,
  payloadBytesMax: 1_048_576,
  frameBytesMax: 4_194_304,
  inboxMax: 1_000_000,
  snapshotEvery: 100_000,
  planStepsMax: 300_000,
  endedKept: 1_000,
  hubLeaseMs: 15_000,
  reservationsMax: 16,
}

/** Limits at which nothing is left to bound. */
const mayBeNone: ReadonlySet<string> = new Set([
  'planStepsMax',
  'shortlistSpare',
  'endedKept',
  'depthMax',
  'batchWindowMs',
  'workSpread',
] satisfies (keyof Limits)[])

/** Bounds that no configuration lifts: beyond them lies a slip of the pen. */
export const ceilings = {
  /** Assignments that one agent may offer to work on at once. */
  capacity: 1_000,
  /** What an optional skill may be worth. */
  weight: 1_000,
  /** Tries that one task may ask for. */
  attempts: 1_000,
  /** A span: a hundred years. Added to an instant it is still a safe integer. */
  spanMs: 3_155_760_000_000,
} as const

/** How a network is set up. Every hub and agent of one network uses the same levels. */
export interface Configuration {
  readonly limits: Limits
  /** From the lowest to the highest. */
  readonly levels: readonly SkillLevel[]
  /** Whether an agent is asked at the level that evidence supports, the default, or at the one that it claims. */
  readonly levelsBy?: 'evidence' | 'claim'
  /** Hubs among which tasks and agents are divided by their ids: see `protocol/partition`. 1 unless it is said. */
  readonly partitions?: number
}

export const defaultConfiguration: Configuration = { limits: defaultLimits, levels: defaultLevels }

export function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most
}

/** Refuses what is no whole number between two bounds, both included. */
export function checkWhole(value: number, field: string, least: number, most: number): Refusal | undefined {
  if (isWhole(value, least, most)) return undefined
  const range = `from ${least} to ${most}`
  return refuse('E_RANGE', `${field} must be a whole number ${range}, got ${quote(value)}`, { field })
}

/** Fills in the defaults and refuses a name that is no limit, or a value that is no positive whole number. */
export function checkLimits(given: Partial<Limits>): Limits | Refusal {
  const said: Record<string, number> = {}
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      return refuse('E_UNKNOWN_FIELD', `${quote(name)} is not a limit`, {
        field: name,
        hint: didYouMean(name, Object.keys(defaultLimits), 'The limits are'),
      })
    }
    if (value === undefined) continue
    const least = mayBeNone.has(name) ? 0 : 1
    if (!Number.isSafeInteger(value) || value < least) {
      return refuse('E_RANGE', `${name} must be a whole number of at least ${least}, got ${quote(value)}`, {
        field: name,
      })
    }
    said[name] = value
  }
  return { ...defaultLimits, ...said }
}

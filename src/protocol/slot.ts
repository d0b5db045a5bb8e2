/**
 * What the hubs of one network say to each other of the slots of their agents. `who says it to whom` is in SPEC.md,
 * section MSG.
 * Must never happen here: a message whose loss loses something.
 */
import type { TaskAsk, TaskTell } from './hanging.ts'
import type { AgentId, GrantId, SkillName, TaskId } from './id.ts'
import type { OpenOffer } from './message.ts'
import type { Refusal } from './refusal.ts'
import type { Skill } from './skill.ts'
import type { MemberOutcome, SkillStanding } from './standing.ts'
import type { Millis } from './time.ts'

/** Where a task stands in the order in which all hubs serve reservations: see `strategy/age`. */
export interface ReservationPlace {
  readonly urgent: boolean
  readonly key: number
  readonly arrival: number
}

/** So many agents with a skill are wanted of one hub. */
export interface ReservedNeed {
  readonly skill: SkillName
  readonly level: string
  readonly count: number
  /** Granted where somebody is free at once, and never waited for. */
  readonly optional: boolean
  /** Who has done it already. */
  readonly except?: readonly AgentId[]
}

/** One slot of one agent, promised by its home. */
export interface Grant {
  readonly id: GrantId
  readonly agent: AgentId
  readonly incarnation: number
  /** What it claims. */
  readonly skills: readonly Skill[]
  /** What has been seen of it in the skills that are wanted. */
  readonly standings: readonly SkillStanding[]
  readonly capacity: number
  /** Its slots that are promised or at work, without this one. */
  readonly busy: number
  /** Where its offer stands: it need not be asked. */
  readonly openOffer?: OpenOffer
}

/** What a home has for one of the needs, after what it has granted. */
export interface HomeSupply {
  readonly skill: SkillName
  readonly level: string
  /** Agents that could, busy or not. */
  readonly able: number
  readonly free: number
}

/** A grant that its borrower uses. */
export interface GrantInUse {
  readonly grant: GrantId
  readonly agent: AgentId
  readonly incarnation: number
}

/** Of the resend interval: a grant of which nothing is heard for so long is void. */
export function leaseOf(resendMs: Millis): Millis {
  return 3 * resendMs
}

/**
 * From the hub of a task to the home of agents: these are wanted for it, now or in the order of age. A later one of the
 * same task takes the place of an earlier one, and shows that what was granted is still wanted.
 */
export interface SlotReserve {
  readonly kind: 'SLOT_RESERVE'
  readonly task: TaskId
  /** Rises with each reservation of the task in this life of its hub. */
  readonly round: number
  readonly place: ReservationPlace
  readonly needs: readonly ReservedNeed[]
  readonly exclude: readonly AgentId[]
  /** Wanted by name. */
  readonly include: readonly AgentId[]
  /**
   * Where members must fill several places, or be more than the places: of all who can do the same of the needs so many
   * are wanted, for who makes a group follows from all who are free.
   */
  readonly kinds?: number
  /** Grants that are not wanted any more. */
  readonly returns: readonly GrantId[]
}
/** The answer, at once, and again whenever a slot is free for it. */
export interface SlotGrant {
  readonly kind: 'SLOT_GRANT'
  readonly task: TaskId
  readonly round: number
  readonly grants: readonly Grant[]
  readonly supply: readonly HomeSupply[]
}
/** The group of this epoch is formed with these grants, or stands on them: they are not to be called back. */
export interface SlotConfirm {
  readonly kind: 'SLOT_CONFIRM'
  readonly task: TaskId
  readonly epoch: number
  readonly grants: readonly GrantInUse[]
  /** Nothing more is wanted for the task, and what was granted beside these is free. */
  readonly over: boolean
}
/** These are not used any more. `over`: nothing more is wanted for the task, and only what was confirmed is kept. */
export interface SlotRelease {
  readonly kind: 'SLOT_RELEASE'
  readonly task: TaskId
  readonly grants: readonly GrantId[]
  readonly over: boolean
}
/** From the home: give these back, unless a group is formed with them; then confirm them. */
export interface SlotRecall {
  readonly kind: 'SLOT_RECALL'
  readonly task: TaskId
  readonly grants: readonly GrantInUse[]
}
/** From the home: this slot is gone, with its agent or with the lease. */
export interface SlotLost {
  readonly kind: 'SLOT_LOST'
  readonly task: TaskId
  readonly grant: GrantId
  readonly refusal: Refusal
}
/** A hub has begun a new life. What the earlier ones had reserved is void, and what they had granted is asked after. */
export interface HubGreet {
  readonly kind: 'HUB_GREET'
}

/** From the hub of tasks to the home of members: what became of them. Counted once, in the order of the serials. */
export interface OutcomeReport {
  readonly kind: 'OUTCOME_REPORT'
  readonly serial: number
  readonly outcomes: readonly MemberOutcome[]
}
/** Everything up to this serial is durable at the home. */
export interface OutcomeNoted {
  readonly kind: 'OUTCOME_NOTED'
  readonly serial: number
}

export type HubWord =
  | SlotReserve
  | SlotGrant
  | SlotConfirm
  | SlotRelease
  | SlotRecall
  | SlotLost
  | HubGreet
  | OutcomeReport
  | OutcomeNoted
  | TaskAsk
  | TaskTell

/**
 * Decisions of a hub, as the journal keeps them. Facts, not inputs: a strategy may change tomorrow, and yesterday's
 * log still replays. Only what must survive is a fact; a negotiation in flight starts again after a crash.
 * Must never happen here: a fact that needs a strategy, a clock or another log to be understood.
 */
import type { Checkpoint, Considered, Member } from './group.ts'
import type { AgentId, HubId, NodeId, SkillName, TaskId } from './id.ts'
import type { JsonText } from './json.ts'
import type { WaitingFor } from './message.ts'
import type { Refusal } from './refusal.ts'
import type { Evidence, MemberOutcome } from './standing.ts'
import type { Behalf, EndStatus, MemberResult, TaskAnnouncement } from './task.ts'
import type { Millis } from './time.ts'
import type { Warning } from './warning.ts'

/** The task is ours. The acknowledgement goes out after this is durable. */
export interface TaskAcceptedFact {
  readonly kind: 'task.accepted'
  readonly task: TaskId
  readonly at: Millis
  readonly initiator: NodeId
  readonly announcement: TaskAnnouncement
  readonly warning?: Warning
  /** Of a sub-task whose parent is a task of another hub: what that one said of it. */
  readonly behalf?: Behalf
}

/** A task of another hub on which this one depends has ended, by the word of that hub. It is not asked again. */
export interface DependencyEndedFact {
  readonly kind: 'dependency.ended'
  /** Which depends on it. */
  readonly task: TaskId
  readonly at: Millis
  readonly dependency: TaskId
  readonly status: EndStatus
  /** Of a completed one: what is handed over. */
  readonly results: readonly MemberResult[]
}

/** A generation of the group, with the record of the decision. Epochs of a task rise by exactly one. */
export interface GroupFormedFact {
  readonly kind: 'group.formed'
  readonly task: TaskId
  readonly at: Millis
  readonly epoch: number
  readonly members: readonly Member[]
  /** Everybody who was asked in this round, best first. */
  readonly considered: readonly Considered[]
  /** Required or optional skills that stay uncovered. */
  readonly uncovered: readonly SkillName[]
  /** Names and versions of the strategies that decided. */
  readonly strategy: string
}

/** The initiator let the members begin (only with `startBy: 'initiator'`; otherwise forming is starting). */
export interface TaskStartedFact {
  readonly kind: 'task.started'
  readonly task: TaskId
  readonly at: Millis
  readonly epoch: number
}

export interface CheckpointSavedFact {
  readonly kind: 'checkpoint.saved'
  readonly task: TaskId
  readonly at: Millis
  readonly checkpoint: Checkpoint
}

/** A member's result is safe; it will not be asked to do this again. */
export interface MemberFinishedFact {
  readonly kind: 'member.finished'
  readonly task: TaskId
  readonly at: Millis
  readonly epoch: number
  readonly agent: AgentId
  readonly result: JsonText
  /** From its start, as the hub saw it. */
  readonly tookMs: Millis
}

/** A member that had not finished is no longer one: it died, left, failed, went silent. */
export interface MemberLostFact {
  readonly kind: 'member.lost'
  readonly task: TaskId
  readonly at: Millis
  readonly epoch: number
  readonly agent: AgentId
  readonly reason: Refusal
  /** Counts towards `maxAttempts`. */
  readonly counts: boolean
}

/** The verifier sent the claim back: the results of this epoch are void, everybody starts again with the feedback. */
export interface ClaimReturnedFact {
  readonly kind: 'claim.returned'
  readonly task: TaskId
  readonly at: Millis
  readonly epoch: number
  readonly by: NodeId
  readonly reason: string
}

/** The one end of a task. No fact about the task follows. */
export interface TaskEndedFact {
  readonly kind: 'task.ended'
  readonly task: TaskId
  readonly at: Millis
  readonly epoch: number
  readonly status: EndStatus
  readonly reason?: Refusal
  /** For a task that did not complete: what it was waiting for, and who was asked in vain in the last round. */
  readonly waiting?: WaitingFor
  readonly considered?: readonly Considered[]
}

/** What is known about an agent now, for the skills named. The cause is the task. */
export interface StandingChangedFact {
  readonly kind: 'standing.changed'
  readonly task?: TaskId
  readonly at: Millis
  readonly epoch?: number
  readonly evidence: readonly Evidence[]
  readonly strategy: string
  /** Where another hub has seen it: which, and the serial of its report. The task is in the log of that hub. */
  readonly source?: { readonly hub: HubId; readonly serial: number }
}

/** What became of members whose home is another hub. It is told there until it is noted. */
export interface OutcomeReportedFact {
  readonly kind: 'outcome.reported'
  /** Absent in a snapshot that keeps the serial alone. */
  readonly task?: TaskId
  readonly at: Millis
  readonly epoch: number
  readonly home: HubId
  /** Counts the reports to that home, from 1. */
  readonly serial: number
  readonly outcomes: readonly MemberOutcome[]
}

/** A hub took the journal over. Whatever its predecessor had in flight is void. */
export interface HubStartedFact {
  readonly kind: 'hub.started'
  readonly at: Millis
  readonly hub: HubId
  readonly incarnation: number
}

export type Fact =
  | TaskAcceptedFact
  | DependencyEndedFact
  | GroupFormedFact
  | TaskStartedFact
  | CheckpointSavedFact
  | MemberFinishedFact
  | MemberLostFact
  | ClaimReturnedFact
  | TaskEndedFact
  | StandingChangedFact
  | OutcomeReportedFact
  | HubStartedFact

export type FactKind = Fact['kind']

/**
 * Everything that nodes say to each other. `who says it to whom` is in SPEC.md, section MSG.
 * Must never happen here: a message whose loss loses something. Whoever waits for an answer asks again.
 */
import type { Checkpoint, Considered, Member } from './group.ts'
import type { AgentId, InviteId, NodeId, SkillName, TaskId } from './id.ts'
import type { JsonText } from './json.ts'
import type { Refusal } from './refusal.ts'
import type { Requirement, Skill } from './skill.ts'
import type { HubWord } from './slot.ts'
import type { MemberResult, Outcome, Priority, TaskAnnouncement, TaskInput } from './task.ts'
import type { Millis } from './time.ts'
import type { Warning } from './warning.ts'

/** One generation of a node. A node that starts again under its old name has a higher incarnation. */
export interface Address {
  readonly id: NodeId
  /** From 1; 0 in the address of a receiver means: whichever lives. */
  readonly incarnation: number
}

export interface Envelope {
  readonly from: Address
  readonly to: Address
  readonly message: Message
}

// ---- initiator and hub

/**
 * Says of an id that this life of the initiator has just made it, so that nobody can have used it before. It counts
 * when it is said to this life of the hub, and once: an old copy cannot say so.
 */
export interface Freshness {
  /** The incarnation of the hub that the initiator last heard. */
  readonly hub: number
  /** How many fresh announcements this life of the initiator has made, with this one. */
  readonly serial: number
}

export interface TaskAnnounce {
  readonly kind: 'TASK_ANNOUNCE'
  readonly task: TaskAnnouncement
  /** Absent where the id may have been used before: then the hub looks whether the task ended long ago. */
  readonly fresh?: Freshness
}
/** The announcement is durable. */
export interface TaskAccepted {
  readonly kind: 'TASK_ACCEPTED'
  readonly task: TaskId
  readonly warning?: Warning
}
export interface TaskRefused {
  readonly kind: 'TASK_REFUSED'
  readonly task: TaskId
  readonly refusal: Refusal
}
/** Asks how a task stands; the answer is TASK_ACCEPTED, TASK_COMPLETE, TASK_ENDED or TASK_REFUSED. */
export interface TaskFollow {
  readonly kind: 'TASK_FOLLOW'
  readonly task: TaskId
}
export interface TaskEnded {
  readonly kind: 'TASK_ENDED'
  readonly task: TaskId
  readonly outcome: Outcome
}
/** To the hub: end the task. To a member: stop working on it. */
export interface TaskCancel {
  readonly kind: 'TASK_CANCEL'
  readonly task: TaskId
  readonly reason: string
}
/** The initiator's judgement of a claim. */
export interface TaskVerdict {
  readonly kind: 'TASK_VERDICT'
  readonly task: TaskId
  readonly epoch: number
  readonly accepted: boolean
  readonly reason: string
}

// ---- asking and forming

/** What an agent is told before it decides whether to offer. */
export interface Call {
  readonly task: TaskId
  readonly description: string
  readonly priority: Priority
  /** Instant of expiry by the hub's clock. */
  readonly deadlineAt?: Millis
  readonly budget?: number
  /** The skills that are asked of this agent. */
  readonly needs: readonly Requirement[]
}

export interface SkillQuery {
  readonly kind: 'SKILL_QUERY'
  readonly call: Call
  /** Names this question; the answer repeats it. */
  readonly round: number
  readonly closesAt: Millis
}
export interface SkillOffer {
  readonly kind: 'SKILL_OFFER'
  readonly task: TaskId
  readonly round: number
  /** Assignments it works on or has promised. */
  readonly busy: number
  readonly capacity: number
  readonly expectedMs?: Millis
  readonly price?: number
}
export interface SkillDecline {
  readonly kind: 'SKILL_DECLINE'
  readonly task: TaskId
  readonly round: number
  readonly refusal: Refusal
}
export interface GroupInvite {
  readonly kind: 'GROUP_INVITE'
  readonly call: Call
  readonly invite: InviteId
  /** Of the group that would be formed. */
  readonly epoch: number
  /** What the agent would do. */
  readonly skills: readonly SkillName[]
  /** For how long from now the slot is asked for. A span, because no two machines have the same clock. */
  readonly holdForMs: Millis
}
export interface GroupAccept {
  readonly kind: 'GROUP_ACCEPT'
  readonly task: TaskId
  readonly invite: InviteId
}
export interface GroupReject {
  readonly kind: 'GROUP_REJECT'
  readonly task: TaskId
  readonly invite: InviteId
  readonly refusal: Refusal
}
/** The other answer to an accept: there will be no group with this invitation; give the slot back. */
export interface GroupRelease {
  readonly kind: 'GROUP_RELEASE'
  readonly task: TaskId
  readonly invite: InviteId
  readonly refusal: Refusal
}
/** To every member, and to the initiator. Confirms the accept of the invitation it names. */
export interface GroupFormed {
  readonly kind: 'GROUP_FORMED'
  readonly task: TaskId
  readonly epoch: number
  readonly members: readonly Member[]
  /** The receiver's own invitation; absent for a member that was kept and for the initiator. */
  readonly invite?: InviteId
  /** Begin, with this: what TASK_START would say. Absent where the initiator starts, and for who is at work already. */
  readonly assignment?: Assignment
}

// ---- working

/** What one member is asked to do. */
export interface Assignment {
  readonly task: TaskId
  readonly epoch: number
  readonly skills: readonly SkillName[]
  readonly description: string
  readonly payload: JsonText
  readonly metadata: JsonText
  readonly deadlineAt?: Millis
  readonly depth: number
  /** Results of the tasks that this one depends on. */
  readonly inputs: readonly TaskInput[]
  /** Results of members that have already finished. */
  readonly finished: readonly MemberResult[]
  /** The last partial result of whoever did this before. */
  readonly checkpoint?: Checkpoint
  /** Why the verifier sent the previous claim back. */
  readonly feedback?: string
}

/** From the hub: begin, where GROUP_FORMED did not say so. From an initiator (`startBy`): let the members begin. */
export interface TaskStart {
  readonly kind: 'TASK_START'
  readonly task: TaskId
  readonly epoch: number
  /** Absent when the initiator says it. */
  readonly assignment?: Assignment
}

export type Update =
  | { readonly kind: 'progress'; readonly fraction: number; readonly note?: string }
  | { readonly kind: 'checkpoint'; readonly data: JsonText }
  /** A word to the group, or to one member of it. */
  | { readonly kind: 'word'; readonly to?: AgentId; readonly data: JsonText }

export interface TaskUpdate {
  readonly kind: 'TASK_UPDATE'
  readonly task: TaskId
  readonly epoch: number
  /** Whose update it is. */
  readonly member: AgentId
  readonly update: Update
}
/** From a member: my part is done. From the hub to the initiator: all say it is done; judge the claim. */
export interface TaskComplete {
  readonly kind: 'TASK_COMPLETE'
  readonly task: TaskId
  readonly epoch: number
  readonly results: readonly MemberResult[]
}
export interface TaskFailed {
  readonly kind: 'TASK_FAILED'
  readonly task: TaskId
  readonly epoch: number
  readonly refusal: Refusal
}
/** The member's result, or its failure, is durable: it need not be sent again. */
export interface TaskNoted {
  readonly kind: 'TASK_NOTED'
  readonly task: TaskId
  readonly epoch: number
}
export interface GroupDissolved {
  readonly kind: 'GROUP_DISSOLVED'
  readonly task: TaskId
  readonly epoch: number
  readonly reason: string
}

// ---- presence

/** An offer that stands for whatever the agent's skills, its slots and a deadline allow: it need not be asked. */
export interface OpenOffer {
  /** Asked for one assignment; left out when nothing. */
  readonly price?: number
}
/** Said again, it takes the place of what was said before: skills, and whether an open offer stands. */
export interface AgentJoin {
  readonly kind: 'AGENT_JOIN'
  readonly skills: readonly Skill[]
  readonly capacity: number
  /** Absent where the agent wants to be asked about every task. */
  readonly openOffer?: OpenOffer
  /** The assignments it has, where the network has several hubs: they may be of others. Absent for none. */
  readonly working?: readonly AssignmentName[]
}
export interface AgentWelcome {
  readonly kind: 'AGENT_WELCOME'
  readonly heartbeatMs: Millis
}
export interface AgentRefused {
  readonly kind: 'AGENT_REFUSED'
  readonly refusal: Refusal
}
export interface AgentHeartbeat {
  readonly kind: 'AGENT_HEARTBEAT'
  readonly busy: number
  /** The assignments it knows of; what it does not name, it has forgotten. */
  readonly working: readonly AssignmentName[]
  /** To its home, of the tasks of other hubs: these have just come to an end, and their slots are free. */
  readonly ended?: readonly AssignmentName[]
}
export interface AssignmentName {
  readonly task: TaskId
  readonly epoch: number
}
export interface AgentLeave {
  readonly kind: 'AGENT_LEAVE'
  readonly reason: string
}

/** The answer to a message that changed nothing: from an old epoch, incarnation or invitation, or out of turn. */
export interface MessageRefused {
  readonly kind: 'MESSAGE_REFUSED'
  readonly of: MessageKind
  readonly task?: TaskId
  readonly refusal: Refusal
}

// ---- asking the hub about itself

export interface HubAsk {
  readonly kind: 'HUB_ASK'
  readonly request: number
  readonly about:
    | { readonly kind: 'agents' }
    | { readonly kind: 'tasks' }
    | { readonly kind: 'task'; readonly task: TaskId }
}
/** One agent as the hub sees it now. */
export interface AgentReport {
  readonly id: AgentId
  readonly incarnation: number
  readonly present: boolean
  readonly capacity: number
  readonly busy: number
  readonly skills: readonly SkillReport[]
}
export interface SkillReport {
  readonly name: SkillName
  readonly claimedLevel: string
  /** The level by evidence. */
  readonly level: string
  /** Estimated probability of success. */
  readonly successRate: number
  /** Accepted and failed outcomes seen, as weights. */
  readonly successes: number
  readonly failures: number
  /** Median of the durations seen; absent before the first. */
  readonly typicalMs?: Millis
}
/** Why an open task is not further. */
export type WaitingFor =
  | { readonly kind: 'dependencies'; readonly tasks: readonly TaskId[] }
  /** No agent on the network has the skill at the level. */
  | { readonly kind: 'missing'; readonly needs: readonly Requirement[] }
  /** They exist, and all are busy. */
  | { readonly kind: 'busy'; readonly needs: readonly Requirement[] }
  /**
   * A group may take `size` more members, and no so many cover these skills together, however chosen: a smallest set of
   * skills for which that is so. `busy`: there would be a group if all were free.
   */
  | {
      readonly kind: 'size'
      readonly needs: readonly Requirement[]
      readonly size: number
      readonly busy: boolean
    }
  /** There is no group without these agents: they are not here, can do none of what is open, are busy, or said no. */
  | {
      readonly kind: 'include'
      readonly agents: readonly AgentId[]
      readonly why: 'absent' | 'unable' | 'busy' | 'unwilling'
    }
  /** Enough agents were asked, too few said yes. */
  | { readonly kind: 'unwilling'; readonly needs: readonly Requirement[] }
  /** The cheapest group, with the members that were kept, costs more than the budget. */
  | { readonly kind: 'budget'; readonly cheapest: number }
  | { readonly kind: 'offers'; readonly asked: number; readonly answered: number }
  | { readonly kind: 'answers'; readonly invited: readonly AgentId[] }
  /** Its turn in the plan of its project has not come; without agents, the plan is being made. */
  | { readonly kind: 'planned'; readonly agents: readonly AgentId[]; readonly startsAt?: Millis }
  | { readonly kind: 'start' }
  | { readonly kind: 'work'; readonly members: readonly AgentId[] }
  | { readonly kind: 'verdict' }
export interface WaitReport {
  readonly task: TaskId
  readonly waiting: WaitingFor
  /** How long its work is expected to take; absent when nothing is known. */
  readonly expectedMs?: Millis
  /** When the plan of its project lets it begin. */
  readonly plannedAt?: Millis
}
export interface HubTell {
  readonly kind: 'HUB_TELL'
  readonly request: number
  readonly agents: readonly AgentReport[]
  /** Why open tasks are not further. */
  readonly waits: readonly WaitReport[]
  /** Who is being asked now, or was asked in the last round that came to nothing. */
  readonly considered: readonly Considered[]
}

export type Message =
  | TaskAnnounce
  | TaskAccepted
  | TaskRefused
  | TaskFollow
  | TaskEnded
  | TaskCancel
  | TaskVerdict
  | SkillQuery
  | SkillOffer
  | SkillDecline
  | GroupInvite
  | GroupAccept
  | GroupReject
  | GroupRelease
  | GroupFormed
  | TaskStart
  | TaskUpdate
  | TaskComplete
  | TaskFailed
  | TaskNoted
  | GroupDissolved
  | AgentJoin
  | AgentWelcome
  | AgentRefused
  | AgentHeartbeat
  | AgentLeave
  | MessageRefused
  | HubWord
  | HubAsk
  | HubTell

export type MessageKind = Message['kind']

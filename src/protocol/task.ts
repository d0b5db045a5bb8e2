/**
 * A task as it is announced, and how it can end.
 */
import type { AgentId, NodeId, ProjectName, SkillName, TaskId } from './id.ts'
import type { JsonText } from './json.ts'
import type { Refusal } from './refusal.ts'
import type { Requirement, SkillLevel } from './skill.ts'
import type { Millis } from './time.ts'

export const priorities = ['low', 'normal', 'high', 'critical'] as const
export type Priority = (typeof priorities)[number]

/** 0 for `low` up to 3 for `critical`. */
export function priorityLevel(priority: Priority): number {
  return priorities.indexOf(priority)
}

/**
 * Who judges the claim that the work is done. `trust`: the claim is the outcome. `initiator`: the announcing program.
 * `agent`: an agent outside the group that has the skill.
 */
export type Verification =
  | { readonly by: 'trust' }
  | { readonly by: 'initiator' }
  | { readonly by: 'agent'; readonly skill: SkillName; readonly level: SkillLevel }

/** A need, as the initiator states it. Two announcements with the same id and the same content are one task. */
export interface TaskAnnouncement {
  readonly id: TaskId
  readonly description: string
  /** What the members are handed. */
  readonly payload: JsonText
  readonly metadata: JsonText
  readonly requires: readonly Requirement[]
  /** Covered where the group has room for it; their absence does not stop the group. */
  readonly optional: readonly Requirement[]
  readonly priority: Priority
  /** Span from acceptance to expiry. */
  readonly deadlineMs?: Millis
  /** How long the work is expected to take once a group stands. For the order and the forecast; it binds nobody. */
  readonly expectedMs?: Millis
  readonly maxGroupSize: number
  readonly minMembers: number
  /** Tasks that must have completed before this one is formed; their results are its inputs. */
  readonly dependsOn: readonly TaskId[]
  /**
   * Tasks of one initiator that name the same project are one, as are those that hang together by `dependsOn`: they
   * share their places in the queue, and are looked ahead over together.
   */
  readonly project?: ProjectName
  /** Highest sum of the members' prices. */
  readonly budget?: number
  readonly verify: Verification
  /** Who says TASK_START once the group stands. */
  readonly startBy: 'hub' | 'initiator'
  /** How often a member's failure or a rejected claim may be answered by another try. */
  readonly maxAttempts: number
  /** A member that says nothing for this long while working is replaced. */
  readonly workSilenceMs: Millis
  /** Agents that must not be in the group. */
  readonly exclude: readonly AgentId[]
  /** Agents without which there is no group, each with a part of the work. */
  readonly include?: readonly AgentId[]
  /** How many more agents than asked for each required skill has at first, so that so many may be lost. */
  readonly spares?: number
  /** The task on whose behalf this one was announced; it is cancelled when that one ends. */
  readonly parent?: TaskId
  /** 0 for a task without parent. */
  readonly depth: number
  /** Set by a hub alone: this task is the check of another task's claim. */
  readonly verifies?: { readonly task: TaskId; readonly epoch: number }
}

/** What a sub-task has from the task above it. */
export interface Behalf {
  /** Of that task and of those above it: each may cancel. */
  readonly initiators: readonly NodeId[]
  /** Whose turns it takes. */
  readonly payer: NodeId
  readonly urgent: boolean
  /** Its place in the queue: see `strategy/age`. */
  readonly key: number
  readonly depth: number
}

export const taskStatuses = ['completed', 'failed', 'cancelled', 'expired'] as const
/** How a task ended. Exactly one of these, once. */
export type EndStatus = (typeof taskStatuses)[number]

/** Where an open task stands. */
export type OpenStatus = 'blocked' | 'waiting' | 'forming' | 'formed' | 'working' | 'verifying'
export type TaskStatus = OpenStatus | EndStatus

/** The result of one member: it answers for all the skills that it covered. */
export interface MemberResult {
  readonly agent: AgentId
  readonly skills: readonly SkillName[]
  readonly result: JsonText
}

/** The results of a completed task, as its dependents receive them. */
export interface TaskInput {
  readonly task: TaskId
  readonly results: readonly MemberResult[]
}

export interface Outcome {
  readonly status: EndStatus
  readonly results: readonly MemberResult[]
  /** Why it did not complete. */
  readonly reason?: Refusal
}

/**
 * What the hubs of one network say to each other of tasks on which tasks of other hubs hang: as dependencies, or as
 * sub-tasks. `who says it to whom` is in SPEC.md, section MSG.
 * Must never happen here: a message whose loss loses something.
 */
import type { NodeId, TaskId } from './id.ts'
import type { Behalf, Outcome } from './task.ts'

/** How a task stands, for whoever hangs on it. */
export type TaskState =
  /** There is no such task, and never was. */
  | { readonly kind: 'unknown' }
  /** `behalf`: where the question names who works on it. */
  | { readonly kind: 'open'; readonly behalf?: Behalf }
  | { readonly kind: 'ended'; readonly outcome: Outcome }

/** From the hub of a task to that of another which it hangs on: how does that one stand? And: say so when it ends. */
export interface TaskAsk {
  readonly kind: 'TASK_ASK'
  readonly task: TaskId
  /** Names the question; the answer repeats it. */
  readonly round: number
  /** Who would have a sub-task of it. */
  readonly worker?: NodeId
}
/** The answer, and with round 0 the end of a task that was open when it was asked after. */
export interface TaskTell {
  readonly kind: 'TASK_TELL'
  readonly task: TaskId
  readonly round: number
  readonly state: TaskState
}

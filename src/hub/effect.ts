/**
 * What a hub wants done outside, once its facts are durable, and who waits for the answer.
 * Must never happen here: an effect whose loss loses something.
 */

import type { TaskAsk } from '../protocol/hanging.ts'
import type { NodeId, TaskId } from '../protocol/id.ts'
import type { Address, Envelope } from '../protocol/message.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import type { PlanProblem } from '../strategy/plan.ts'

export type HubEffect =
  /** The envelope itself: what is decided is what travels. */
  | ({ readonly kind: 'send' } & Envelope)
  /** Look the facts of an ended task up; the answer is a `recalled` input. */
  | { readonly kind: 'recall'; readonly task: TaskId }
  /** Look for a short schedule; the answer is a `planned` input. */
  | {
      readonly kind: 'plan'
      readonly project: string
      readonly round: number
      readonly problem: PlanProblem
      readonly stepsMax: number
    }

/**
 * An announcement, or the question of an initiator or of another hub after a task, that waits for what is looked up in
 * the journal.
 */
export interface Parked {
  readonly from: NodeId
  readonly about: TaskAnnouncement | TaskId | { readonly from: Address; readonly ask: TaskAsk }
  readonly lacks: Set<TaskId>
}

/**
 * What a hub wants done outside, once its facts are durable.
 * Must never happen here: an effect whose loss loses something.
 */
import type { TaskId } from '../protocol/id.ts'
import type { Envelope } from '../protocol/message.ts'
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

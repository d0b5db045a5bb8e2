/**
 * What speaks against a task that is accepted all the same, so that its initiator can still change its mind.
 * Must never happen here: a warning on which anything that the hub does later depends.
 */
import type { Millis } from './time.ts'

export interface Warning {
  /** The task is expected to end after its deadline. */
  readonly kind: 'late'
  readonly message: string
  /** From the acceptance to the end that is expected when the task is the next to begin. */
  readonly expectedMs: Millis
}

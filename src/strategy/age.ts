/**
 * The order in which the tasks of one initiator are served: priority that grows with waiting, up to a ceiling, as one
 * number that never changes. Whose task it is that is served next, of all initiators, is for `rotation` to say.
 * Must never happen here: a key that depends on the present, for then a queue would have to be sorted again
 * and again.
 */
import { type Priority, priorityLevel } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'

/** The highest level that waiting lifts a task to. Above it stands what was announced as critical, and nothing else. */
export const ceiling: Priority = 'high'
const ceilingLevel = priorityLevel(ceiling)

/** Urgent tasks go before all others. Nothing becomes urgent by waiting. */
export function isUrgent(priority: Priority): boolean {
  return priorityLevel(priority) > ceilingLevel
}

/**
 * Smaller goes first. Effective priority is `level + waited / ageStepMs`; all tasks gain at the same pace,
 * so their order is constant in time and is that of `announcedAt − ageStepMs · level`. The ceiling does not change
 * this order: who has reached it is before everybody who has not, and who has reached it earlier has the smaller key.
 *
 * Source: delay-dependent priorities, L. Kleinrock 1964, with equal slopes.
 */
export function queueKey(announcedAt: Millis, priority: Priority, ageStepMs: Millis): number {
  return announcedAt - ageStepMs * priorityLevel(priority)
}

/** The level that a task has by now, whole and at most the ceiling. For what is not urgent. */
export function agedLevel(key: number, now: Millis, ageStepMs: Millis): number {
  return Math.min(ceilingLevel, Math.max(0, Math.floor((now - key) / ageStepMs)))
}

/** How long a task waits until nothing but urgent tasks stands above it. */
export function liftMs(priority: Priority, ageStepMs: Millis): Millis {
  return Math.max(0, ageStepMs * (ceilingLevel - priorityLevel(priority)))
}

/**
 * For how long after its announcement a task can still be overtaken by newcomers of the priority `by`, of the same
 * initiator. 0 when they cannot overtake it at all, and for ever when they are urgent and it is not.
 */
export function overtakingWindowMs(priority: Priority, ageStepMs: Millis, by: Priority): Millis {
  if (isUrgent(by) !== isUrgent(priority)) return isUrgent(by) ? Number.POSITIVE_INFINITY : 0
  return Math.max(0, ageStepMs * (priorityLevel(by) - priorityLevel(priority)))
}

/** What the order of one initiator's tasks is made of. */
export interface Place {
  readonly urgent: boolean
  readonly key: number
  /** Tells apart what is equal: in the order of acceptance. */
  readonly arrival: number
}

/** Whether the initiator of both wants `a` served before `b`. A total order. */
export function isBefore(a: Place, b: Place): boolean {
  if (a.urgent !== b.urgent) return a.urgent
  return a.key !== b.key ? a.key < b.key : a.arrival < b.arrival
}

/**
 * The order of the queue: priority that grows with waiting, as one number that never changes.
 * Must never happen here: a key that depends on the present, for then a queue would have to be sorted again
 * and again.
 */
import { type Priority, priorities, priorityLevel } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'

/**
 * Smaller goes first. Effective priority is `level + waited / ageStepMs`; all tasks gain at the same pace,
 * so their order is constant in time and is that of `announcedAt − ageStepMs · level`.
 *
 * Bound: a task is overtaken only by tasks announced less than `overtakingWindowMs` after it. Whatever
 * arrives later, however important, comes after it. With `c` groups at work at once, at most `q` tasks
 * ahead in the queue on arrival, at most `burst + rate · t` arrivals of higher priority in any span `t`,
 * and no group lasting longer than `longest`, it waits at most `(q + burst + rate · window) / c · longest +
 * longest`, where `window` is `overtakingWindowMs`.
 *
 * Source: delay-dependent priorities, L. Kleinrock 1964, with equal slopes.
 */
export function queueKey(announcedAt: Millis, priority: Priority, ageStepMs: Millis): number {
  return announcedAt - ageStepMs * priorityLevel(priority)
}

/**
 * For how long after its announcement a task can still be overtaken by newcomers of the priority `by` (by
 * default the highest). 0 when they cannot overtake it at all.
 */
export function overtakingWindowMs(priority: Priority, ageStepMs: Millis, by: Priority = highest): Millis {
  return Math.max(0, ageStepMs * (priorityLevel(by) - priorityLevel(priority)))
}

const highest: Priority = priorities[priorities.length - 1] ?? 'critical'

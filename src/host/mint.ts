/**
 * Makes ids for tasks that bring none along. They begin with the time, so that a journal's index grows at its end.
 */
import { randomBytes } from 'node:crypto'
import type { TaskId } from '../protocol/id.ts'
import type { Millis } from '../protocol/time.ts'

/** 9 characters of time in base 36, then 80 random bits: at 1,000,000 ids per millisecond a clash is not to be expected. */
export function mintTaskId(now: Millis): TaskId {
  return `t${now.toString(36).padStart(9, '0')}${randomBytes(10).toString('hex')}` as TaskId
}

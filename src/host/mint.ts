/**
 * Makes ids for tasks that bring none along. They begin with the time, so that a journal's index grows at its end.
 */
import { randomBytes } from 'node:crypto'
import type { TaskId } from '../protocol/id.ts'
import type { Millis } from '../protocol/time.ts'

/**
 * A source of ids: the time in base 36, 64 random bits that are drawn once, and a count. Ids of one source differ by
 * their count, ids of two sources by their random bits.
 */
export function taskIds(): (now: Millis) => TaskId {
  const source = randomBytes(8).toString('hex')
  let count = 0
  return (now) => {
    count += 1
    return `t${now.toString(36).padStart(9, '0')}-${source}-${count.toString(36)}` as TaskId
  }
}

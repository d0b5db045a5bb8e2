/**
 * Makes ids for tasks that bring none along. They begin with the time, so that a journal's index grows at its end.
 */
import { randomBytes } from 'node:crypto'
import type { TaskId } from '../protocol/id.ts'
import { partitionOf } from '../protocol/partition.ts'
import type { Millis } from '../protocol/time.ts'

/**
 * A source of ids: the time in base 36, 64 random bits that are drawn once, and a count. Ids of one source differ by
 * their count, ids of two sources by their random bits. One that is to be near another task counts on until both have
 * the same hub.
 */
export function taskIds(partitions: number): (now: Millis, near?: TaskId) => TaskId {
  const source = randomBytes(8).toString('hex')
  let count = 0
  let latest: Millis | undefined
  let prefix = ''
  return (now, near) => {
    const wanted = near === undefined ? undefined : partitionOf(near, partitions)
    // Many are made in one millisecond, and the time is the dear part of a name.
    if (now !== latest) prefix = `t${now.toString(36).padStart(9, '0')}-${source}-`
    latest = now
    for (;;) {
      count += 1
      const id = `${prefix}${count}` as TaskId
      if (wanted === undefined || partitionOf(id, partitions) === wanted) return id
    }
  }
}

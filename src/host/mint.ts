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
  return (now, near) => {
    const wanted = near === undefined ? undefined : partitionOf(near, partitions)
    for (;;) {
      count += 1
      const id = `t${now.toString(36).padStart(9, '0')}-${source}-${count.toString(36)}` as TaskId
      if (wanted === undefined || partitionOf(id, partitions) === wanted) return id
    }
  }
}

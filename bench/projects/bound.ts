/**
 * What no schedule can beat: the longest way through the activities, and the work on each skill in equal shares.
 */
import type { Activity, Worker } from './project.ts'

/** In units of the project. Activities stand after those that they wait for. */
export function lowerBound(activities: readonly Activity[], workers: readonly Worker[]): number {
  const ends = new Map<string, number>()
  const work = new Map<string, number>()
  for (const { id, duration, needs, after } of activities) {
    ends.set(id, duration + Math.max(0, ...after.map((before) => ends.get(before) ?? 0)))
    for (const { skill, count } of needs) work.set(skill, (work.get(skill) ?? 0) + count * duration)
  }
  const shares = [...work].map(([skill, time]) => time / workersWith(workers, skill))
  return Math.max(...ends.values(), ...shares)
}

function workersWith(workers: readonly Worker[], skill: string): number {
  return workers.filter(({ skills }) => skills.some((has) => has.skill === skill)).length
}

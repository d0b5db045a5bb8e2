/**
 * How fairly initiators that share workers are served: how much longer each waits for the end of its project than it
 * would with all workers to itself.
 */
import { lowerBound } from './bound.ts'
import type { Shift } from './checker.ts'
import type { Project } from './project.ts'
import { initiatorOf, initiatorsOf } from './run.ts'

/**
 * For each initiator, the end of its last activity over the bound of its own activities; at 1 it would have had all
 * workers. `begun` and the shifts in one unit, of which `unit` make one of the project's.
 */
export function stretches(
  project: Project,
  shifts: readonly Shift[],
  begun: number,
  unit: number,
): readonly number[] {
  const owners = new Map(project.activities.map((activity) => [activity.id, initiatorOf(activity)]))
  const ends = new Map<string | undefined, number>()
  for (const { activity, ends: end } of shifts) {
    const owner = owners.get(activity)
    ends.set(owner, Math.max(end, ends.get(owner) ?? begun))
  }
  return initiatorsOf(project).map((initiator) => {
    const own = project.activities.filter((activity) => initiatorOf(activity) === initiator)
    return ((ends.get(initiator) ?? begun) - begun) / unit / lowerBound(own, project.workers)
  })
}

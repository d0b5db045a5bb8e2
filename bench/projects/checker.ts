/**
 * Replays a schedule against its project, from the data alone: nothing that made the schedule is used here, and a
 * makespan counts only when nothing is wrong.
 * Must never happen here: an import of more than the description of a project.
 */
import type { Activity, Project, Worker } from './project.ts'

/** One worker on one activity, in one of its needs (the place of the need in `Activity.needs`). */
export interface Shift {
  readonly activity: string
  readonly worker: string
  readonly need: number
  readonly begins: number
  readonly ends: number
}

/**
 * What is wrong with a schedule, one sentence each. Times may be in any unit; `unit` says how many make one of the
 * project's.
 */
export function violations(project: Project, shifts: readonly Shift[], unit: number): string[] {
  const wrong: string[] = []
  const byActivity = Map.groupBy(shifts, ({ activity }) => activity)
  for (const activity of project.activities) {
    const own = byActivity.get(activity.id) ?? []
    if (isIdle(activity)) {
      if (own.length > 0) wrong.push(`${activity.id} needs nobody, and somebody works on it`)
      continue
    }
    wrong.push(...places(project, activity, own), ...times(activity, own, unit))
  }
  for (const activity of byActivity.keys()) {
    if (!project.activities.some(({ id }) => id === activity)) wrong.push(`there is no activity ${activity}`)
  }
  return [...wrong, ...order(project, byActivity), ...overlaps(shifts)]
}

/** From the announcement to the end of the last shift, in units of the project. */
export function makespan(shifts: readonly Shift[], begun: number, unit: number): number {
  return (Math.max(begun, ...shifts.map(({ ends }) => ends)) - begun) / unit
}

function isIdle({ needs }: Activity): boolean {
  return needs.length === 0
}

/** As many able, different workers as each need asks for. */
function places(project: Project, activity: Activity, own: readonly Shift[]): string[] {
  const wrong: string[] = []
  activity.needs.forEach(({ skill, rank, count }, need) => {
    const there = own.filter((shift) => shift.need === need)
    if (there.length !== count)
      wrong.push(`${activity.id} has ${there.length} of ${count} workers for ${skill}`)
    for (const { worker } of there) {
      const able = workerOf(project, worker)?.skills.some((has) => has.skill === skill && has.rank >= rank)
      if (!able) wrong.push(`${worker} cannot do ${skill} (${rank}) of ${activity.id}`)
    }
  })
  if (new Set(own.map(({ worker }) => worker)).size < own.length) {
    wrong.push(`somebody has two places in ${activity.id}`)
  }
  if (own.some(({ need }) => activity.needs[need] === undefined)) {
    wrong.push(`somebody has a place in ${activity.id} that it does not have`)
  }
  return wrong
}

function workerOf(project: Project, id: string): Worker | undefined {
  return project.workers.find((worker) => worker.id === id)
}

/** All at once, and for the whole duration. */
function times({ id, duration }: Activity, own: readonly Shift[], unit: number): string[] {
  const first = own[0]
  if (first === undefined) return [`${id} was never begun`]
  if (own.some(({ begins, ends }) => begins !== first.begins || ends !== first.ends)) {
    return [`the workers of ${id} do not begin and end together`]
  }
  const took = first.ends - first.begins
  return took === duration * unit ? [] : [`${id} took ${took / unit} instead of ${duration}`]
}

/** Nobody begins before every predecessor has ended; a predecessor that needs nobody ends with its own. */
function order(project: Project, byActivity: ReadonlyMap<string, readonly Shift[]>): string[] {
  const wrong: string[] = []
  const activities = new Map(project.activities.map((activity) => [activity.id, activity]))
  const endOf = (id: string): number => {
    const activity = activities.get(id)
    if (activity === undefined) throw new Error(`${project.name} has no activity ${id}`)
    const own = byActivity.get(id)?.map(({ ends }) => ends) ?? []
    return Math.max(Number.NEGATIVE_INFINITY, ...own, ...(isIdle(activity) ? activity.after.map(endOf) : []))
  }
  for (const { id, after } of project.activities) {
    for (const { begins } of byActivity.get(id) ?? []) {
      for (const before of after)
        if (endOf(before) > begins) wrong.push(`${id} begins before ${before} has ended`)
    }
  }
  return wrong
}

function overlaps(shifts: readonly Shift[]): string[] {
  const wrong: string[] = []
  for (const [worker, own] of Map.groupBy(shifts, ({ worker }) => worker)) {
    const sorted = [...own].sort((a, b) => a.begins - b.begins)
    sorted.forEach((shift, i) => {
      const next = sorted[i + 1]
      if (next === undefined || next.begins >= shift.ends) return
      wrong.push(`${worker} works on ${shift.activity} and ${next.activity} at once`)
    })
  }
  return wrong
}

/**
 * When open tasks will have ended, with a range: durations are drawn again and again, and each task begins when what it
 * waits for has ended.
 * Must never happen here: a forecast for what nobody knows the duration of.
 */
import type { Millis } from '../protocol/time.ts'
import { drawNormal } from './normal.ts'

export const forecastStrategy: string = 'sampled-durations@1'

/** One open task. Spans count from now. */
export interface OpenTask {
  readonly id: string
  /** The median of its duration, or undefined when nothing is known. */
  readonly typicalMs: Millis | undefined
  /** Standard deviation of the logarithm of its duration. */
  readonly spread: number
  /** How long it has been at work; undefined before. */
  readonly elapsedMs: Millis | undefined
  /** It is planned to begin no sooner. */
  readonly notBeforeMs: Millis
  /** Open tasks that must have ended before. */
  readonly after: readonly string[]
  /** Tasks with the same one end together when the last of them ends. */
  readonly project: string | undefined
}

/**
 * Spans from now: half of the ends lie before `typicalMs`, one in ten before `earliestMs` and one in ten after
 * `latestMs`.
 */
export interface Forecast {
  readonly earliestMs: Millis
  readonly typicalMs: Millis
  readonly latestMs: Millis
}

export interface Forecasts {
  /** By task; what cannot be known is absent. */
  readonly tasks: ReadonlyMap<string, Forecast>
  /** By project, where all of its tasks are known. */
  readonly projects: ReadonlyMap<string, Forecast>
}

const samplesMax = 400
const samplesMin = 40
/** Draws in all, so that a long list takes no longer than some milliseconds. */
const drawsMax = 100_000

/** `tasks` in an order in which each comes after those that it waits for. Source: Monte Carlo of a PERT network. */
export function forecast(tasks: readonly OpenTask[], random: () => number): Forecasts {
  const known = knownOf(tasks)
  const samples = Math.max(samplesMin, Math.min(samplesMax, Math.floor(drawsMax / Math.max(1, known.length))))
  const place = new Map(known.map(({ id }, i) => [id, i]))
  const ends = known.map(() => new Float64Array(samples))
  for (let s = 0; s < samples; s++) {
    for (const [i, task] of known.entries()) {
      const own = ends[i]
      if (own !== undefined) own[s] = endOf(task, (id) => ends[place.get(id) ?? -1]?.[s] ?? 0, random)
    }
  }
  return {
    tasks: new Map(known.map(({ id }, i) => [id, rangeOf(ends[i])])),
    projects: projectsOf(tasks, known, ends),
  }
}

/** Tasks of known duration that wait for none of unknown duration. */
function knownOf(tasks: readonly OpenTask[]): OpenTask[] {
  const known = new Set<string>()
  const open = new Set(tasks.map(({ id }) => id))
  return tasks.filter(({ id, typicalMs, after }) => {
    if (typicalMs === undefined || after.some((before) => open.has(before) && !known.has(before)))
      return false
    known.add(id)
    return true
  })
}

function endOf(task: OpenTask, endOfOther: (id: string) => Millis, random: () => number): Millis {
  const { elapsedMs, notBeforeMs, after } = task
  if (elapsedMs !== undefined) return durationOf(task, elapsedMs, random) - elapsedMs
  let begins = Math.max(0, notBeforeMs)
  for (const before of after) begins = Math.max(begins, endOfOther(before))
  return begins + durationOf(task, 0, random)
}

const redrawsMax = 16

/** A duration above what has passed. What has outlasted all expectation goes on for a tenth of that. */
function durationOf({ typicalMs = 0, spread }: OpenTask, passedMs: Millis, random: () => number): Millis {
  for (let i = 0; i < redrawsMax; i++) {
    const drawn = typicalMs * Math.exp(spread * drawNormal(random))
    if (drawn > passedMs) return drawn
  }
  return passedMs * 1.1
}

function projectsOf(
  tasks: readonly OpenTask[],
  known: readonly OpenTask[],
  ends: readonly Float64Array[],
): Map<string, Forecast> {
  const places = new Map(known.map(({ id }, i) => [id, i]))
  const projects = new Map<string, Forecast>()
  for (const [project, members] of Map.groupBy(tasks, (task) => task.project)) {
    if (project === undefined || members.some(({ id }) => !places.has(id))) continue
    const own = members.map(({ id }) => ends[places.get(id) ?? -1] ?? new Float64Array(0))
    const last = Float64Array.from(own[0] ?? [], (_, s) => Math.max(...own.map((end) => end[s] ?? 0)))
    projects.set(project, rangeOf(last))
  }
  return projects
}

function rangeOf(ends: Float64Array = new Float64Array(0)): Forecast {
  const sorted = Float64Array.from(ends).sort()
  const at = (share: number): Millis => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
  return { earliestMs: at(0.1), typicalMs: at(0.5), latestMs: at(0.9) }
}

/**
 * How long work takes: log-normal, learned from what was finished, and from what was given up as "longer than that".
 * Must never happen here: a failure that makes an agent look fast.
 */
import type { SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { normalCdf, normalPdf } from './normal.ts'

export type TimeModel = Pick<SkillStanding, 'timeWeight' | 'timeMean' | 'timeM2'>

/** Durations change faster than abilities: a new model, another machine. */
const halfLifeTasks = 20
/** Spread of the logarithm of a duration before any was seen: a factor of 1.8 either way. */
export const timeSpreadPrior: number = 0.6
/** A prior weighs as much as this many durations. */
export const timePriorWeight: number = 3

/** One more duration. Of a failure: how long it had been at work. */
export interface Duration {
  readonly success: boolean
  readonly weight: number
  readonly tookMs: Millis
  /** What was expected before; counts only while nothing was seen. */
  readonly expectedMs?: Millis | undefined
}

/** Discounted weight, mean and squared deviations of the logarithm of the duration (B. P. Welford, weighted). */
export function updateTime(model: TimeModel, seen: Duration): TimeModel {
  const kept = 2 ** (-seen.weight / halfLifeTasks)
  const known = model.timeWeight * kept
  const log = Math.log(Math.max(1, seen.tookMs))
  const x = seen.success ? { mean: log, variance: 0 } : atLeast(log, model, seen.expectedMs)
  const weight = known + seen.weight
  const shift = x.mean - model.timeMean
  const mean = model.timeMean + (shift * seen.weight) / weight
  const spread = seen.weight * (shift * (x.mean - mean) + x.variance)
  return {
    timeWeight: round(weight),
    timeMean: round(mean),
    timeM2: round(known > 0 ? model.timeM2 * kept + spread : seen.weight * x.variance),
  }
}

/** Weight and mean of the logarithm of durations over what was stated for them, or undefined where nothing was. */
export type Pace = SkillStanding['pace']

/**
 * One more duration of which another was stated before. What failed sooner than the agent's pace lets expect says
 * nothing.
 */
export function updatePace(pace: Pace, seen: Duration, statedMs: Millis | undefined): Pace {
  if (statedMs === undefined) return pace
  const [before = 0, mean = 0] = pace ?? []
  const log = Math.log(Math.max(1, seen.tookMs) / Math.max(1, statedMs))
  if (!seen.success && log <= mean) return pace
  const known = before * 2 ** (-seen.weight / halfLifeTasks)
  const weight = known + seen.weight
  return [round(weight), round(mean + ((log - mean) * seen.weight) / weight)]
}

/** How many times longer than stated an agent takes. That it is right weighs as much as three durations. */
export function paceOf(pace: Pace): number {
  if (pace === undefined) return 1
  const [weight, mean] = pace
  return Math.exp((weight * mean) / (timePriorWeight + weight))
}

/** Written into the journal with every outcome: what lies behind the sixth place is not known anyway. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/**
 * A failure after some time says only that the work takes longer than that. It enters as what the model
 * then expects, with the variance that remains; otherwise an agent that never gets slow work done would
 * look fast.
 */
function atLeast(
  log: number,
  model: TimeModel,
  expectedMs: Millis | undefined,
): { mean: number; variance: number } {
  const known = model.timeWeight > 0
  const mean = known ? model.timeMean : expectedMs === undefined ? log : Math.log(Math.max(1, expectedMs))
  const spread = timeSpread(model, 0)
  const a = (log - mean) / spread
  const hazard = hazardOf(a)
  return {
    mean: mean + spread * hazard,
    variance: Math.max(0, spread * spread * (1 + a * hazard - hazard * hazard)),
  }
}

/** Mills ratio, inverted; far out in the tail it approaches its argument. */
function hazardOf(a: number): number {
  const tail = 1 - normalCdf(a)
  return tail > 1e-6 ? normalPdf(a) / tail : a + 1 / a
}

/**
 * Standard deviation of the logarithm of the duration: what was seen, with three pseudo-observations of the
 * prior spread. `extraM2` are squared deviations that the caller adds, such as those between a prior mean
 * and the evidence.
 */
export function timeSpread(model: TimeModel, extraM2: number, prior: number = timeSpreadPrior): number {
  const m2 = timePriorWeight * prior * prior + model.timeM2 + extraM2
  return Math.sqrt(m2 / (timePriorWeight + model.timeWeight))
}

/**
 * How much longer work goes on that is under way: what is left of a duration with this median of which so much has
 * passed. Work that takes longer than expected is expected to take longer still.
 */
export function remainingMs(medianMs: Millis, passedMs: Millis): Millis {
  const passed = Math.max(0, passedMs)
  const log = Math.log(Math.max(1, medianMs))
  const a = (Math.log(Math.max(1, passed)) - log) / timeSpreadPrior
  const left = Math.exp(log + timeSpreadPrior * Math.max(0, hazardOf(a))) - passed
  // Long before the median the hazard is nothing, and what is expected is the median.
  return Math.max(0, left)
}

/**
 * Whether a deadline can be kept at all, by what was seen of those who could do the work. How long a task would have to
 * wait is no reason to say no: that changes with whatever others do. How long the work itself takes does not.
 * Must never happen here: a no where somebody might be fast enough of whom little is known.
 */
import type { Millis } from '../protocol/time.ts'

/** Timed outcomes of an agent in a skill, faded, from which on its times are known. */
export const timesKnownFrom = 5

/** From the nine-in-ten quantile of a normal distribution to the ninety-nine-in-hundred one. */
const furtherOut = 2.326 / 1.282

/** In ninety-nine of a hundred cases a log-normal duration with this median and this nine-in-ten quantile is longer. */
export function earliestMs(typicalMs: Millis, latestMs: Millis): Millis {
  return typicalMs * (typicalMs / Math.max(typicalMs, latestMs)) ** furtherOut
}

export interface Timing {
  /** How many agents are needed. */
  readonly count: number
  /** `earliestMs` of everybody who could; undefined for whom too little is known. */
  readonly earliest: readonly (Millis | undefined)[]
}

/**
 * The earliest end of work that begins at once, with the fastest agents for every need; undefined where it cannot be
 * known: where too few could do it, for now, or one of them is not known well enough.
 */
export function soonestMs(needs: readonly Timing[]): Millis | undefined {
  let soonest: Millis = 0
  for (const { count, earliest } of needs) {
    const known = earliest.flatMap((ms) => ms ?? [])
    if (known.length < earliest.length || known.length < count) return undefined
    soonest = Math.max(soonest, known.sort((a, b) => a - b)[count - 1] ?? 0)
  }
  return soonest
}

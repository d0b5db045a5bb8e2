/**
 * At which of the ordered levels an agent really is: a probability for each of them, moved by every outcome.
 * Must never happen here: a level that is given for work below it.
 */

/** One level more or less changes the odds of success by this much, in logits. */
const step = 1.8
/** How far a claim may be from the truth: seldom from modesty. */
const honest = 0.7
const oneTooHigh = 0.15
const twoTooHigh = 0.08
const farTooHigh = 0.03
const oneTooLow = 0.05
/** Certainty grows no further than this (logits), so that an agent which changes is soon seen to have changed. */
const doubtMin = -12
/** What can be usual: where everybody succeeds, or fails, an outcome says nothing of the level. */
const usualMin = 0.5
const usualMax = 0.95

/** A level is given with this certainty, and taken with a little less: to overrate an agent does more harm. */
const certaintyUp = 0.8
const certaintyDown = 0.7
/** Four outcomes, less what fades between them. */
const riseEvidence = 3.9
/** Two, likewise. */
const fallEvidence = 1.9
/** With this certainty an agent is an example of its level. */
const exemplary = 0.75

/** What the claim alone says: the logarithms of the probabilities of the levels, less the largest. */
export function claimedFits(claimedRank: number, levelCount: number): number[] {
  return Array.from({ length: levelCount }, (_, rank) => {
    const tooHigh = claimedRank - rank
    if (tooHigh < 0) return Math.log(oneTooLow) * -tooHigh - Math.log(honest)
    const share = [honest, oneTooHigh, twoTooHigh][tooHigh] ?? farTooHigh
    return Math.log(share) - Math.log(honest)
  })
}

/**
 * The probabilities after one more outcome.
 *
 * @param usual Share of successes of agents of the required level.
 * @param kept What is left of the earlier evidence, 0..1.
 * Source: Bayes' rule over the levels; one level shifts the logit of success, as in the Rasch model.
 */
export function updateFits(
  fits: readonly number[],
  seen: { readonly success: boolean; readonly weight: number; readonly requiredRank: number },
  usual: number,
  kept: number,
): number[] {
  const bounded = Math.min(usualMax, Math.max(usualMin, usual))
  const atLevel = Math.log(bounded / (1 - bounded))
  let best = Number.NEGATIVE_INFINITY
  const moved = fits.slice()
  for (let rank = 0; rank < moved.length; rank++) {
    const logit = atLevel + step * (rank - seen.requiredRank)
    const after =
      (moved[rank] ?? 0) * kept - seen.weight * Math.log1p(Math.exp(seen.success ? -logit : logit))
    moved[rank] = after
    if (after > best) best = after
  }
  for (let rank = 0; rank < moved.length; rank++)
    moved[rank] = Math.max(doubtMin, round((moved[rank] ?? best) - best))
  return moved
}

/** Written into the journal with every outcome: what lies behind the sixth place is not known anyway. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/**
 * One level up or down at most, and with hysteresis: only when the evidence is certain. Work below its level promotes
 * nobody; otherwise a long row of easy successes would make an expert.
 *
 * @param evidence Outcomes behind the probabilities.
 */
export function nextRank(
  rank: number,
  fits: readonly number[],
  seen: { readonly success: boolean; readonly requiredRank: number },
  evidence: number,
): number {
  if (seen.success) {
    const mayRise = seen.requiredRank >= rank && evidence >= riseEvidence && rank + 1 < fits.length
    return mayRise && certainty(fits, rank + 1, fits.length) >= certaintyUp ? rank + 1 : rank
  }
  const mayFall = rank > 0 && evidence >= fallEvidence
  return mayFall && certainty(fits, 0, rank) >= certaintyDown ? rank - 1 : rank
}

/** Whether this is its level beyond doubt, so that how it does is how agents of this level do. */
export function isExample(fits: readonly number[], rank: number): boolean {
  return certainty(fits, rank, rank + 1) >= exemplary
}

/** Probability that the level is one of those from `from` up to and without `to`. */
function certainty(fits: readonly number[], from: number, to: number): number {
  let all = 0
  let these = 0
  for (let rank = 0; rank < fits.length; rank++) {
    const share = Math.exp(fits[rank] ?? 0)
    all += share
    if (rank >= from && rank < to) these += share
  }
  return these / all
}

/**
 * How good an agent is for a need, and what it costs to take it: logarithms of probabilities, so that the
 * value of a team is a sum and the choice of a team can be exact.
 * Must never happen here: a score that lets an agent gain by what it merely says, beyond a weak prior.
 */
import type { Skill } from '../protocol/skill.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { paceOf, timePriorWeight, timeSpread, timeSpreadPrior } from './duration.ts'
import { drawBeta, normalCdf } from './normal.ts'
import { defaultPrior, type Prior } from './population.ts'

export const scoreStrategy: string = 'thompson-lcb-eft@3'

/** How far a claimed rate, or a claimed time, moves the prior. */
const claimTrust = 0.3
/** 10 % and 90 % points of the standard normal distribution. */
const z90 = 1.2816
/** Below this an agent is as good as none, and the logarithm stays finite. */
export const successMin: number = 1e-3
/** More draws for a newcomer that was passed over would find nothing new. */
export const drawsMax: number = 8

/** Weights of `costsOf`, in logits: 1 is as bad as dividing the probability of success by e. */
const timeCost = 0.5
const loadCost = 0.05
const priceCost = 1
/** Work shorter than this hardly costs anything for its length. */
const timeReferenceMs = 60_000
const loadMax = 0.95
const lateMin = 1e-6
/** Nobody is so steady that a deadline is certain to be kept. */
const spreadMin = 0.1
/** What full load takes from a place in the catalog. */
const rankLoad = 0.1

/** What the evidence says of one skill. */
export interface Estimate {
  /** Posterior mean of the probability of success. */
  readonly mean: number
  /** It succeeds at least this often with 90 % probability. */
  readonly lower: number
  /** Outcomes behind it, faded. 0: everything here is prior. */
  readonly weight: number
  /** How many outcomes the estimate is worth, with the prior. */
  readonly strength: number
  /** Slots that it has earned: one, and one more for each success. */
  readonly slots: number
  /** Median duration, or undefined when nothing is known or claimed. */
  readonly typicalMs: Millis | undefined
  /** Nine of ten assignments take no longer. */
  readonly latestMs: Millis | undefined
  /** How many times longer it takes than is stated, where something is. */
  readonly pace: number
  /** What it was made with; when the population has moved, it is to be made again. */
  readonly prior: Prior
}

/**
 * @param prior What is usual among all agents with this skill and level.
 * Source: Beta reputation (Jøsang and Ismail 2002) with an empirical prior; log-normal durations.
 */
export function estimate(
  standing: Pick<SkillStanding, 'successes' | 'failures' | 'timeWeight' | 'timeMean' | 'timeM2' | 'pace'>,
  claim: Skill,
  prior: Prior = defaultPrior,
): Estimate {
  const claimed = claim.successRate
  const expected = claimed === undefined ? prior.mean : prior.mean + claimTrust * (claimed - prior.mean)
  const weight = standing.successes + standing.failures
  const strength = prior.strength + weight
  const mean = (expected * prior.strength + standing.successes) / strength
  const lower = Math.max(0, mean - z90 * Math.sqrt((mean * (1 - mean)) / (strength + 1)))
  const { typicalMs, latestMs } = estimateTime(standing, claim.meanTimeMs, prior)
  const slots = 1 + standing.successes
  return { mean, lower, weight, strength, slots, typicalMs, latestMs, pace: paceOf(standing.pace), prior }
}

function estimateTime(
  standing: Pick<SkillStanding, 'timeWeight' | 'timeMean' | 'timeM2'>,
  claimedMs: Millis | undefined,
  prior: Prior,
): Pick<Estimate, 'typicalMs' | 'latestMs'> {
  const before = timeBefore(claimedMs, prior)
  const seen = standing.timeWeight
  const assumed = before === undefined ? 0 : timePriorWeight
  const weight = seen + assumed
  if (weight === 0) return { typicalMs: undefined, latestMs: undefined }
  const mean = (assumed * (before ?? 0) + seen * standing.timeMean) / weight
  const gap = before !== undefined && seen > 0 ? standing.timeMean - before : 0
  const spread = timeSpread(standing, ((assumed * seen) / weight) * gap * gap, prior.timeSpread)
  return {
    typicalMs: Math.exp(mean),
    latestMs: Math.exp(mean + z90 * spread * Math.sqrt(1 + 1 / weight)),
  }
}

/** Logarithm of the median duration that is expected of a stranger: the population's, moved by what it claims. */
function timeBefore(claimedMs: Millis | undefined, { medianMs }: Prior): number | undefined {
  const population = medianMs === undefined ? undefined : Math.log(medianMs)
  if (claimedMs === undefined) return population
  // A claim is a mean; the median of a log-normal is smaller.
  const claimed = Math.log(Math.max(1, claimedMs)) - timeSpreadPrior ** 2 / 2
  return population === undefined ? claimed : population + claimTrust * (claimed - population)
}

/**
 * The median duration that is expected when the agent has named one for this very task. Its word weighs as much as
 * three durations that were seen.
 */
export function expectedTime(
  e: Estimate,
  offeredMs: Millis | undefined,
  timeWeight: number,
): Millis | undefined {
  if (offeredMs === undefined || e.typicalMs === undefined || timeWeight === 0)
    return offeredMs ?? e.typicalMs
  const log = timePriorWeight * Math.log(Math.max(1, offeredMs)) + timeWeight * Math.log(e.typicalMs)
  return Math.exp(log / (timePriorWeight + timeWeight))
}

/** Nine of ten assignments with this median take no longer, by the scatter of the agent's others. */
export function latestAfter(
  { typicalMs, latestMs }: Estimate,
  ownMs: Millis | undefined,
): Millis | undefined {
  if (typicalMs === undefined || latestMs === undefined || ownMs === undefined) return undefined
  return (ownMs * latestMs) / Math.max(1, typicalMs)
}

/**
 * A success probability as it may well be: the larger of the mean and a draw from the posterior. Who was
 * seldom seen is drawn high now and then, and gets work; who is known is drawn near its mean.
 *
 * @param inFlight Assignments without outcome yet. They narrow the draw as outcomes at the mean would, so that a
 * hundred tasks at once do not all fall upon the same newcomer.
 * @param passedOver How often an agent that was never tried has offered in vain: each time adds a draw, of which the
 * best counts. So its turn comes as soon as it is plausible that it is better.
 * Source: optimistic Thompson sampling, Chapelle and Li 2011.
 */
export function drawSuccess(
  e: Estimate,
  random: () => number,
  inFlight: number = 0,
  passedOver: number = 0,
): number {
  const strength = e.strength + inFlight
  const draws = e.weight === 0 && inFlight === 0 ? Math.min(drawsMax, 1 + passedOver) : 1
  let best = e.mean
  for (let i = 0; i < draws; i++) {
    best = Math.max(best, drawBeta(e.mean * strength, (1 - e.mean) * strength, random))
  }
  return best
}

/** How occupied an agent is, and what it says of this task. */
export interface Load {
  /** Slots promised or in use. */
  readonly busy: number
  /** Slots that count: no more than it has, and no more than it has earned. */
  readonly slots: number
  /** Median duration of this work. */
  readonly expectedMs: Millis | undefined
  /** What is left of its work under way, divided by its capacity. */
  readonly residualMs: Millis
  readonly price: number
}

/** What a task says of time and money. */
export interface Terms {
  readonly budget: number | undefined
  readonly deadlineInMs: Millis | undefined
  readonly latestMs: Millis | undefined
}

/** The logarithm of `success` is the value of this agent for this skill. Critical work goes by what is proven. */
export function successFor(
  e: Estimate,
  critical: boolean,
  random: () => number,
  inFlight: number = 0,
  passedOver: number = 0,
): number {
  const success = critical ? e.lower : drawSuccess(e, random, inFlight, passedOver)
  return Math.min(1, Math.max(successMin, success))
}

/**
 * What taking a member costs, once, whatever number of skills it covers: the parts, each finite and at least 0, and
 * their sum, on which the exact choice of a team relies.
 */
export interface Costs {
  /** Its time to finish; logarithmic, so that seconds do not drown quality and days do not either. */
  readonly time: number
  readonly load: number
  /** Its price as a share of the budget. */
  readonly price: number
  /** −log P(done before the deadline). */
  readonly late: number
  readonly total: number
}

export function costsOf(load: Load, terms: Terms): Costs {
  const { expectedMs } = load
  const finishMs = expectedMs === undefined ? undefined : Math.max(0, expectedMs) + load.residualMs
  const used = Math.min(loadMax, utilisation(load.busy, load.slots))
  const time = finishMs === undefined ? 0 : timeCost * Math.log1p(finishMs / timeReferenceMs)
  const busy = (loadCost * used) / (1 - used)
  const price = priceCost * shareOf(load.price, terms.budget)
  const { deadlineInMs, latestMs } = terms
  const late = deadlineInMs === undefined ? 0 : lateness(finishMs, expectedMs, latestMs, deadlineInMs)
  return { time, load: busy, price, late, total: time + busy + price + late }
}

/** −log P(done before the deadline), for a log-normal duration with this median and 90 % point. */
function lateness(
  finishMs: Millis | undefined,
  expectedMs: Millis | undefined,
  latestMs: Millis | undefined,
  deadlineInMs: Millis,
): number {
  if (deadlineInMs <= 0) return -Math.log(lateMin)
  if (finishMs === undefined || expectedMs === undefined || !(expectedMs > 0)) return 0
  const inTime = doneBy(deadlineInMs, finishMs, spreadOf(expectedMs, latestMs))
  return -Math.log(Math.min(1, Math.max(lateMin, inTime)))
}

/** Standard deviation of the logarithm of a duration, by its median and its 90 % point. */
function spreadOf(medianMs: Millis, latestMs: Millis | undefined): number {
  if (latestMs === undefined) return timeSpreadPrior
  return Math.log(Math.max(1, latestMs / Math.max(1, medianMs))) / z90
}

function doneBy(spanMs: Millis, medianMs: Millis, spread: number): number {
  return normalCdf(Math.log(spanMs / Math.max(1, medianMs)) / Math.max(spreadMin, spread))
}

/**
 * How much it counts against an agent that its work is not done after a span: the probability that such work is done
 * by then, and nothing before its median, or where that is not known.
 */
export function overdue(
  { typicalMs, latestMs }: Pick<Estimate, 'typicalMs' | 'latestMs'>,
  spanMs: Millis,
): number {
  if (typicalMs === undefined || spanMs <= typicalMs) return 0
  return doneBy(spanMs, typicalMs, spreadOf(typicalMs, latestMs))
}

/** Without a budget the price is no object. Above the budget there is no team anyway. */
function shareOf(price: number, budget: number | undefined): number {
  if (budget === undefined || price <= 0) return 0
  return price >= budget ? 1 : price / budget
}

function utilisation(busy: number, slots: number): number {
  return slots > 0 ? Math.min(1, Math.max(0, busy / slots)) : 1
}

/** The slots of an agent that count: those of a newcomer grow with its successes. Source: TCP's slow start. */
export function slotsOf(e: Estimate, capacity: number): number {
  return Math.min(capacity, e.slots)
}

/**
 * A place in the catalog, 0 (last) to 1 (first): success so far, less what the load takes. It needs no random number.
 *
 * @param slots The assignments at once that the agent has earned, see `slotsOf`; `busy` of them are in use.
 */
export function rankScore(mean: number, busy: number, slots: number): number {
  return Math.min(1, Math.max(0, mean - rankLoad * utilisation(busy, slots)))
}

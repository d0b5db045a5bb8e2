/**
 * How good an agent is for a need, and what it costs to take it: logarithms of probabilities, so that the
 * value of a team is a sum and the choice of a team can be exact.
 * Must never happen here: a score that lets an agent gain by what it merely says, beyond a weak prior.
 */
import type { Skill } from '../protocol/skill.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { drawBeta, normalCdf } from './normal.ts'
import { timeSpread, timeSpreadPrior } from './standing.ts'

export const scoreStrategy: string = 'thompson-lcb@1'

/** The prior weighs as much as this many outcomes. */
const priorWeight = 6
/** Share of successes in a population of which nothing is known. */
const defaultPopulation = 0.7
/** How far a claimed rate moves the prior. */
const claimTrust = 0.3
/** 10 % and 90 % points of the standard normal distribution. */
const z90 = 1.2816
/** A claimed mean time weighs as much as this many durations. */
const claimedTimeWeight = 3
/** Below this an agent is as good as none, and the logarithm stays finite. */
const successMin = 1e-3

/** Weights of `costOf`, in logits: 1 is as bad as dividing the probability of success by e. */
const timeCost = 0.5
const loadCost = 0.1
const priceCost = 1
/** Work shorter than this hardly costs anything for its length. */
const timeReferenceMs = 60_000
const loadMax = 0.95
const lateMin = 1e-6
/** Nobody is so steady that a deadline is certain to be kept. */
const spreadMin = 0.1
/** What full load takes from a place in the catalog. */
const rankLoad = 0.2

/** What the evidence says of one skill. */
export interface Estimate {
  /** Posterior mean of the probability of success. */
  readonly mean: number
  /** It succeeds at least this often with 90 % probability. */
  readonly lower: number
  /** Outcomes behind it, faded. 0: everything here is prior. */
  readonly weight: number
  /** Median duration, or undefined when nothing is known or claimed. */
  readonly typicalMs: Millis | undefined
  /** Nine of ten assignments take no longer. */
  readonly latestMs: Millis | undefined
}

/**
 * @param population Share of successes among all agents with this skill and level; the prior mean.
 * Source: Beta reputation (Jøsang and Ismail 2002) with an empirical prior; log-normal durations.
 */
export function estimate(
  standing: SkillStanding,
  claim: Skill,
  population: number = defaultPopulation,
): Estimate {
  const claimed = claim.successRate
  const prior = claimed === undefined ? population : population + claimTrust * (claimed - population)
  const weight = standing.successes + standing.failures
  const strength = priorWeight + weight
  const mean = (prior * priorWeight + standing.successes) / strength
  const lower = Math.max(0, mean - z90 * Math.sqrt((mean * (1 - mean)) / (strength + 1)))
  const { typicalMs, latestMs } = estimateTime(standing, claim.meanTimeMs)
  return { mean, lower, weight, typicalMs, latestMs }
}

function estimateTime(
  standing: SkillStanding,
  claimedMs: Millis | undefined,
): Pick<Estimate, 'typicalMs' | 'latestMs'> {
  const seen = standing.timeWeight
  const claimed = claimedMs === undefined ? 0 : claimedTimeWeight
  const weight = seen + claimed
  if (weight === 0) return { typicalMs: undefined, latestMs: undefined }
  // A claim is a mean; the median of a log-normal is smaller.
  const claimedMean = Math.log(Math.max(1, claimedMs ?? 1)) - timeSpreadPrior ** 2 / 2
  const mean = (claimed * claimedMean + seen * standing.timeMean) / weight
  const gap = claimed > 0 ? standing.timeMean - claimedMean : 0
  const spread = timeSpread(standing, ((claimed * seen) / weight) * gap * gap)
  return {
    typicalMs: Math.exp(mean),
    latestMs: Math.exp(mean + z90 * spread * Math.sqrt(1 + 1 / weight)),
  }
}

/**
 * A success probability as it may well be: the larger of the mean and a draw from the posterior. Who was
 * seldom seen is drawn high now and then, and gets work; who is known is drawn near its mean.
 *
 * @param inFlight Assignments without outcome yet. They narrow the draw as outcomes at the mean would, so that a
 * hundred tasks at once do not all fall upon the same newcomer.
 * Source: optimistic Thompson sampling, Chapelle and Li 2011.
 */
export function drawSuccess(
  e: Estimate,
  standing: SkillStanding,
  random: () => number,
  inFlight: number = 0,
): number {
  const strength = priorWeight + standing.successes + standing.failures + inFlight
  return Math.max(e.mean, drawBeta(e.mean * strength, (1 - e.mean) * strength, random))
}

/** How occupied an agent is, and what it says of this task. */
export interface Load {
  readonly busy: number
  readonly capacity: number
  readonly expectedMs: Millis | undefined
  readonly price: number
}

export interface Score {
  /** log of `success`: the value of this agent for this skill. */
  readonly value: number
  readonly success: number
}

/** Critical work goes by what is proven, all other work gives newcomers a chance. */
export function scoreSkill(
  e: Estimate,
  standing: SkillStanding,
  critical: boolean,
  random: () => number,
  inFlight: number = 0,
): Score {
  const success = critical ? e.lower : drawSuccess(e, standing, random, inFlight)
  const clamped = Math.min(1, Math.max(successMin, success))
  return { value: Math.log(clamped), success: clamped }
}

/**
 * What taking this member costs, once, whatever number of skills it covers. At least 0 and finite, which
 * the exact choice of a team relies on. Four parts: its time to finish (logarithmic, so that seconds do not
 * drown quality and days do not either), its load, its price as a share of the budget, and its chance to
 * miss the deadline.
 */
export function costOf(
  load: Load,
  task: {
    readonly budget: number | undefined
    readonly deadlineInMs: Millis | undefined
    readonly latestMs: Millis | undefined
  },
): number {
  const used = utilisation(load.busy, load.capacity)
  const finishMs = load.expectedMs === undefined ? undefined : Math.max(0, load.expectedMs) * (1 + used)
  const bounded = Math.min(loadMax, used)
  return (
    (finishMs === undefined ? 0 : timeCost * Math.log1p(finishMs / timeReferenceMs)) +
    (loadCost * bounded) / (1 - bounded) +
    priceCost * shareOf(load.price, task.budget) +
    lateness(finishMs, load.expectedMs, task.latestMs, task.deadlineInMs)
  )
}

/** −log P(done before the deadline), for a log-normal duration with this median and 90 % point. */
function lateness(
  finishMs: Millis | undefined,
  expectedMs: Millis | undefined,
  latestMs: Millis | undefined,
  deadlineInMs: Millis | undefined,
): number {
  if (deadlineInMs === undefined) return 0
  if (deadlineInMs <= 0) return -Math.log(lateMin)
  if (finishMs === undefined || expectedMs === undefined || !(expectedMs > 0)) return 0
  const median = Math.max(1, expectedMs)
  const spread = latestMs === undefined ? timeSpreadPrior : Math.log(Math.max(1, latestMs / median)) / z90
  const inTime = normalCdf(Math.log(deadlineInMs / Math.max(1, finishMs)) / Math.max(spreadMin, spread))
  return -Math.log(Math.min(1, Math.max(lateMin, inTime)))
}

/** Without a budget the price is no object. Above the budget there is no team anyway. */
function shareOf(price: number, budget: number | undefined): number {
  if (budget === undefined || price <= 0) return 0
  return price >= budget ? 1 : price / budget
}

function utilisation(busy: number, capacity: number): number {
  return capacity > 0 ? Math.min(1, Math.max(0, busy / capacity)) : 1
}

/** A place in the catalog, 0 (last) to 1 (first): success so far, less the load. It needs no random number. */
export function rankScore(e: Estimate, busy: number, capacity: number): number {
  return Math.min(1, Math.max(0, e.mean - rankLoad * utilisation(busy, capacity)))
}

/**
 * What outcomes teach about one skill of one agent: how often it succeeds, at which level it really is, how
 * long it takes. Every function returns a new standing; the old one stays as it was written into the
 * journal.
 * Must never happen here: a claim counted as evidence.
 */
import { assert } from '../protocol/machine.ts'
import { rankOf, type Skill, type SkillLevel } from '../protocol/skill.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { normalCdf, normalPdf } from './normal.ts'

export const standingStrategy: string = 'beta-ekf@1'

/** Evidence loses half of its weight in this time, or with this many newer outcomes, whichever is sooner. */
const successHalfLifeMs = 180 * 24 * 3_600_000
const successHalfLifeTasks = 200
/** Durations change faster than abilities: a new model, another machine. */
const timeHalfLifeTasks = 20
/** Spread of the logarithm of a duration before any was seen: a factor of 1.8 either way. */
export const timeSpreadPrior: number = 0.6

/** Levels stand 1.5 logits apart; work of a level is as difficult as the middle of that level. */
const levelWidth = 1.5
const lowestDifficulty = -1.5
/** How steeply success depends on ability less difficulty. */
const slope = 1.2
/** How far a claim may be from the truth: a standard deviation of about one level, and seldom from modesty. */
const abilityVariancePrior = 2
const boast = 0.3
/** A level is given with this certainty, and taken with a little less: to overrate an agent does more harm. */
const certaintyUp = 0.9
const certaintyDown = 0.8
/** Four outcomes, less what fades between them. */
const promotionEvidence = 3.9
/** Five, likewise. */
const provenEvidence = 4.9

/** One outcome of one assignment, as far as this skill is concerned. */
export interface Verdict {
  readonly success: boolean
  /** 1 for a verdict about this member alone; a share of it when a whole group is judged (see `blame`). */
  readonly weight: number
  /** Rank of the level that the task asked for. */
  readonly requiredRank: number
  /** How long it took; of a failure, how long it had been at work. */
  readonly tookMs?: Millis
}

/** The standing of an agent that was never seen at work: its claim decides the level, and nothing else. */
export function newStanding(claim: Skill, levels: readonly SkillLevel[], now: Millis): SkillStanding {
  return {
    skill: claim.name,
    level: claim.level,
    successes: 0,
    failures: 0,
    ability: difficulty(rankIn(levels, claim.level)) - boast,
    abilityVariance: abilityVariancePrior,
    timeWeight: 0,
    timeMean: 0,
    timeM2: 0,
    updatedAt: now,
  }
}

/**
 * The standing after one more outcome. Older evidence fades only here, with the next outcome, so that time
 * alone never changes anybody's rank.
 */
export function observe(
  standing: SkillStanding,
  seen: Verdict,
  levels: readonly SkillLevel[],
  now: Millis,
): SkillStanding {
  if (!(seen.weight > 0)) return standing
  const halvings = Math.max(
    Math.max(0, now - standing.updatedAt) / successHalfLifeMs,
    seen.weight / successHalfLifeTasks,
  )
  const kept = 2 ** -halvings
  const successes = standing.successes * kept + (seen.success ? seen.weight : 0)
  const failures = standing.failures * kept + (seen.success ? 0 : seen.weight)
  // The same fading for what is known of the ability: an agent may improve or decline.
  const faded = Math.min(abilityVariancePrior, standing.abilityVariance / kept)
  const ability = updateAbility(standing.ability, faded, seen)
  const level = nextLevel(standing.level, ability, successes + failures, seen, levels)
  const time = seen.tookMs === undefined ? standing : updateTime(standing, seen, seen.tookMs)
  return {
    skill: standing.skill,
    level,
    successes,
    failures,
    ability: ability.mean,
    abilityVariance: ability.variance,
    timeWeight: time.timeWeight,
    timeMean: time.timeMean,
    timeM2: time.timeM2,
    updatedAt: Math.max(now, standing.updatedAt),
  }
}

/** Whether an agent is no newcomer in this skill: five outcomes, as long as they are fresh enough to count. */
export function isProven(standing: SkillStanding): boolean {
  return standing.successes + standing.failures >= provenEvidence
}

/**
 * Who is to blame when a group has failed and nobody knows through whom: the probability, for each member,
 * that it failed, given its probability of success and that at least one failed. Observe a failure with
 * this weight and a success with the rest. The shares add up to at least 1, because several may have
 * failed.
 *
 * Source: posterior of a noisy AND with independent members.
 */
export function blame(success: readonly number[]): number[] {
  let logAllSucceed = 0
  for (const p of success) logAllSucceed += Math.log(clamp(p, 0, 1))
  const anyFails = -Math.expm1(logAllSucceed)
  // Nobody could fail and yet somebody did: the limit of equal, vanishing doubts.
  if (anyFails === 0) return success.map(() => 1 / success.length)
  return success.map((p) => Math.min(1, (1 - clamp(p, 0, 1)) / anyFails))
}

interface Ability {
  readonly mean: number
  readonly variance: number
}

/**
 * One step of an extended Kalman filter on P(success) = σ(slope · (ability − difficulty)), where a weight
 * below 1 scales the information of the outcome. Source: the Glicko and TrueSkill family of ratings,
 * against a known task.
 */
function updateAbility(mean: number, variance: number, seen: Verdict): Ability {
  const p = 1 / (1 + Math.exp(-slope * (mean - difficulty(seen.requiredRank))))
  const information = Math.max(1e-3, p * (1 - p))
  const gain = (slope * variance) / (1 / (information * seen.weight) + slope * slope * variance)
  return {
    mean: mean + (gain * ((seen.success ? 1 : 0) - p)) / information,
    variance: variance * (1 - slope * gain),
  }
}

/**
 * One level up or down at most, and with hysteresis: only when the evidence is certain. Work below its
 * level promotes nobody; otherwise a long row of easy successes would make an expert.
 */
function nextLevel(
  level: SkillLevel,
  ability: Ability,
  weight: number,
  seen: Verdict,
  levels: readonly SkillLevel[],
): SkillLevel {
  const deviation = Math.sqrt(ability.variance)
  const below = (cut: number): number => normalCdf((cut - ability.mean) / deviation)
  const rank = rankIn(levels, level)
  if (seen.success) {
    const mayRise = seen.requiredRank >= rank && weight >= promotionEvidence
    const above = mayRise && 1 - below(upperCut(rank)) >= certaintyUp
    return above ? (levels[rank + 1] ?? level) : level
  }
  return rank > 0 && below(upperCut(rank - 1)) >= certaintyDown ? (levels[rank - 1] ?? level) : level
}

/** Discounted weight, mean and squared deviations of the logarithm of the duration (B. P. Welford, weighted). */
function updateTime(standing: SkillStanding, seen: Verdict, tookMs: Millis): TimeModel {
  const kept = 2 ** (-seen.weight / timeHalfLifeTasks)
  const known = standing.timeWeight * kept
  const log = Math.log(Math.max(1, tookMs))
  const x = seen.success ? { mean: log, variance: 0 } : atLeast(log, standing)
  const weight = known + seen.weight
  const shift = x.mean - standing.timeMean
  const mean = standing.timeMean + (shift * seen.weight) / weight
  const spread = seen.weight * (shift * (x.mean - mean) + x.variance)
  return { timeWeight: weight, timeMean: mean, timeM2: standing.timeM2 * kept + spread }
}

type TimeModel = Pick<SkillStanding, 'timeWeight' | 'timeMean' | 'timeM2'>

/**
 * A failure after some time says only that the work takes longer than that. It enters as what the model
 * then expects, with the variance that remains; otherwise an agent that never gets slow work done would
 * look fast.
 */
function atLeast(log: number, standing: SkillStanding): { mean: number; variance: number } {
  const mean = standing.timeWeight > 0 ? standing.timeMean : log
  const spread = timeSpread(standing, 0)
  const a = (log - mean) / spread
  const tail = 1 - normalCdf(a)
  // Mills ratio; far out in the tail it approaches its argument.
  const hazard = tail > 1e-9 ? normalPdf(a) / tail : a + 1 / a
  return {
    mean: mean + spread * hazard,
    variance: Math.max(0, spread * spread * (1 + a * hazard - hazard * hazard)),
  }
}

/**
 * Standard deviation of the logarithm of the duration: what was seen, with three pseudo-observations of the
 * prior spread. `extraM2` are squared deviations that the caller adds, such as those between a prior mean
 * and the evidence.
 */
export function timeSpread(standing: TimeModel, extraM2: number): number {
  const pseudo = 3
  const m2 = pseudo * timeSpreadPrior * timeSpreadPrior + standing.timeM2 + extraM2
  return Math.sqrt(m2 / (pseudo + standing.timeWeight))
}

function difficulty(rank: number): number {
  return lowestDifficulty + levelWidth * rank
}

/** Abilities above this belong to the next level. */
function upperCut(rank: number): number {
  return difficulty(rank) + levelWidth / 2
}

function rankIn(levels: readonly SkillLevel[], level: SkillLevel): number {
  const rank = rankOf(levels, level)
  assert(rank !== undefined, `the level ${level} was checked at the door`)
  return rank
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x))
}

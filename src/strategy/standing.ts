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
import { updatePace, updateTime } from './duration.ts'
import { claimedFits, isExample, nextRank, updateFits } from './level.ts'
import { defaultPrior, type Prior } from './population.ts'

export const standingStrategy: string = 'beta-bayes-cusum@3'

/** Evidence loses half of its weight in this time, or with this many newer outcomes, whichever is sooner. */
const successHalfLifeMs = 180 * 24 * 3_600_000
const successHalfLifeTasks = 200
/** Five outcomes, less what fades between them. */
export const provenEvidence: number = 4.9

/** Deviations below this are chance, and so many of them together are not. In outcomes. */
const driftSlack = 0.1
const driftAlarm = 4
/** What an alarm leaves of the evidence from before. */
const keptAfterAlarm = 0.25

/** One outcome of one assignment, as far as this skill is concerned. */
export interface Verdict {
  readonly success: boolean
  /** 1 for a verdict about this member alone; a share of it when a whole group is judged (see `blame`). */
  readonly weight: number
  /** Rank of the level that the task asked for. */
  readonly requiredRank: number
  /** How long it took; of a failure, how long it had been at work. */
  readonly tookMs?: Millis | undefined
  /** How long the initiator said that it would take. */
  readonly statedMs?: Millis | undefined
}

/** What was known before the outcome: of all agents of the level that the task asked for, and of this agent's pace. */
export interface Background {
  readonly prior: Prior
  readonly expectedMs?: Millis | undefined
}

const unknown: Background = { prior: defaultPrior }

/** The standing of an agent that was never seen at work: its claim decides the level, and nothing else. */
export function newStanding(claim: Pick<Skill, 'name' | 'level'>, now: Millis): SkillStanding {
  return {
    skill: claim.name,
    level: claim.level,
    successes: 0,
    failures: 0,
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
  background: Background = unknown,
): SkillStanding {
  if (!(seen.weight > 0)) return standing
  const { prior, expectedMs } = background
  const halvings = Math.max(
    Math.max(0, now - standing.updatedAt) / successHalfLifeMs,
    seen.weight / successHalfLifeTasks,
  )
  const better = (seen.success ? 1 : 0) - expectedSuccess(standing, prior)
  const worse = driftAfter(standing.drift?.[0], -better, seen.weight)
  const rising = driftAfter(standing.drift?.[1], better, seen.weight)
  const alarm = worse > driftAlarm || rising > driftAlarm
  const kept = 2 ** -halvings * (alarm ? keptAfterAlarm : 1)
  const successes = standing.successes * kept + (seen.success ? seen.weight : 0)
  const failures = standing.failures * kept + (seen.success ? 0 : seen.weight)
  const rank = rankIn(levels, standing.level)
  const before = standing.fits ?? claimedFits(rank, levels.length)
  const fits = updateFits(before, seen, prior.usual, kept)
  const next = nextRank(rank, fits, seen, successes + failures)
  const own = next === rank ? ownAfter(standing, seen, before, rank, kept) : undefined
  const { success, weight, tookMs } = seen
  const duration = tookMs === undefined ? undefined : { success, weight, tookMs, expectedMs }
  const time = duration === undefined ? standing : updateTime(standing, duration)
  const pace = duration === undefined ? standing.pace : updatePace(standing.pace, duration, seen.statedMs)
  const after: Draft = {
    skill: standing.skill,
    level: levels[next] ?? standing.level,
    successes: round(successes),
    failures: round(failures),
    fits,
    timeWeight: time.timeWeight,
    timeMean: time.timeMean,
    timeM2: time.timeM2,
    updatedAt: Math.max(now, standing.updatedAt),
  }
  if (own !== undefined) after.own = own
  if (pace !== undefined) after.pace = pace
  if (!alarm && (worse > 0 || rising > 0)) after.drift = [worse, rising]
  return after
}

type Draft = { -readonly [Key in keyof SkillStanding]: SkillStanding[Key] }

/**
 * An agent that was not seen to work, because it died or fell silent: it is less to be relied on, and nothing is known
 * of its level.
 */
export function withoutLevel(after: SkillStanding, before: SkillStanding): SkillStanding {
  const { skill, level: _level, successes, failures, fits: _fits, own: _own, ...others } = after
  const { pace, drift, ...time } = others
  const { level, fits, own } = before
  return {
    skill,
    level,
    successes,
    failures,
    ...(fits === undefined ? {} : { fits }),
    ...time,
    ...(own === undefined ? {} : { own }),
    ...(pace === undefined ? {} : { pace }),
    ...(drift === undefined ? {} : { drift }),
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

function expectedSuccess({ successes, failures }: SkillStanding, { mean, strength }: Prior): number {
  return (mean * strength + successes) / (strength + successes + failures)
}

/**
 * The sum of how much worse, or how much better, it was than expected, never below 0.
 * Source: two-sided CUSUM (E. S. Page 1954).
 */
function driftAfter(before: number | undefined, deviation: number, weight: number): number {
  return round(Math.max(0, (before ?? 0) + weight * (deviation - driftSlack)))
}

/** Only who is beyond doubt at its level is an example of how agents of that level do. */
function ownAfter(
  { own }: SkillStanding,
  seen: Verdict,
  fits: readonly number[],
  rank: number,
  kept: number,
): [number, number] | undefined {
  const successes = own?.[0] ?? 0
  const outcomes = own?.[1] ?? 0
  if (seen.requiredRank === rank && isExample(fits, rank)) {
    const success = seen.success ? seen.weight : 0
    return [round(successes * kept + success), round(outcomes * kept + seen.weight)]
  }
  return own === undefined ? undefined : [round(successes * kept), round(outcomes * kept)]
}

/** Written into the journal with every outcome: what lies behind the sixth place is not known anyway. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

function rankIn(levels: readonly SkillLevel[], level: SkillLevel): number {
  const rank = rankOf(levels, level)
  assert(rank !== undefined, `the level ${level} was checked at the door`)
  return rank
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x))
}

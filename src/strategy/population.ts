/**
 * What is usual among the agents with one skill at one level, as far as their work was seen: what is expected of a
 * stranger who claims the same. Sums over standings, moved by one step with every outcome and never by a look at
 * everybody; they are whole numbers, so that the order of the outcomes, and a restart, leave no trace in them.
 * Must never happen here: an agent counted twice.
 */
import type { SkillName } from '../protocol/id.ts'
import type { SkillLevel } from '../protocol/skill.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { timePriorWeight, timeSpreadPrior } from './duration.ts'

/** What is expected before anything was seen of an agent itself. */
export interface Prior {
  /** Probability of success with the work that agents of this level are given. */
  readonly mean: number
  /** As many outcomes does the prior weigh: many where agents are alike, few where they differ. */
  readonly strength: number
  /** Share of successes of agents of this level with work of this level. */
  readonly usual: number
  /** Median duration; undefined while none was seen. */
  readonly medianMs: Millis | undefined
  /** Standard deviation of the logarithm of the duration, among agents and from task to task. */
  readonly timeSpread: number
  /** No other has taken its place since. False of the one that no skill and level has for its own. */
  isCurrent: boolean
}

const usualMean = 0.7
const usualStrength = 6

export const defaultPrior: Prior = {
  mean: usualMean,
  strength: usualStrength,
  usual: usualMean,
  medianMs: undefined,
  timeSpread: timeSpreadPrior,
  isCurrent: false,
}

/** As if so many ordinary agents, and outcomes of them, had been seen before the first. */
const agentsAssumed = 4
const outcomesAssumed = 20
/** The strength is believed as far as it rests on more agents than this. */
const strengthAgents = 20
const strengthMin = 2
const strengthMax = 20

/** Sums are kept in steps of this, which makes them exact. */
const unit = 4096
/** A prior moves in steps, so that it seldom changes and estimates made with it stay good. */
const shareStep = 1 / 64
const timeStep = 1 / 20

/** Each sum has its place in the table of a cell. */
const sum = {
  agents: 0,
  /** Outcomes as n / (n + 6): who has done much says little more of the others than who has done some. */
  share: 1,
  shareSuccess: 2,
  outcomes: 3,
  outcomesSquared: 4,
  successes: 5,
  successesSquared: 6,
  ownSuccesses: 7,
  ownOutcomes: 8,
  timeShare: 9,
  timeMean: 10,
  timeSquared: 11,
  timeWithin: 12,
} as const
const sumCount = 13

interface Cell {
  readonly level: SkillLevel
  readonly sums: Float64Array
  prior: Prior
}

export class Population {
  /** Of each skill one for each level of which something was seen: few, so that a list is quicker than a map. */
  readonly #cells = new Map<SkillName, Cell[]>()

  /** An agent's standing in a skill has changed from `before`, which is undefined for its first outcome. */
  move(before: SkillStanding | undefined, after: SkillStanding): void {
    const cell = this.#cellOf(after)
    if (before !== undefined) {
      const earlier = before.level === after.level ? cell : this.#cellOf(before)
      add(earlier.sums, before, -1)
      if (earlier !== cell) settle(earlier)
    }
    add(cell.sums, after, 1)
    settle(cell)
  }

  priorOf(skill: SkillName, level: SkillLevel): Prior {
    const cells = this.#cells.get(skill)
    return (cells && cellAt(cells, level))?.prior ?? defaultPrior
  }

  #cellOf({ skill, level }: SkillStanding): Cell {
    let cells = this.#cells.get(skill)
    if (cells === undefined) {
      cells = []
      this.#cells.set(skill, cells)
    }
    const known = cellAt(cells, level)
    if (known !== undefined) return known
    const fresh = { level, sums: new Float64Array(sumCount), prior: defaultPrior }
    cells.push(fresh)
    return fresh
  }
}

function cellAt(cells: readonly Cell[], level: SkillLevel): Cell | undefined {
  for (const cell of cells) if (cell.level === level) return cell
  return undefined
}

/** Counts a standing in, `sign` 1, or out. */
function add(sums: Float64Array, standing: SkillStanding, sign: 1 | -1): void {
  const { successes, failures, own, timeWeight, timeMean, timeM2 } = standing
  const outcomes = successes + failures
  if (outcomes > 0) {
    step(sums, sum.agents, sign, 1)
    step(sums, sum.share, sign, outcomes / (outcomes + usualStrength))
    step(sums, sum.shareSuccess, sign, successes / (outcomes + usualStrength))
    step(sums, sum.outcomes, sign, outcomes)
    step(sums, sum.outcomesSquared, sign, outcomes * outcomes)
    step(sums, sum.successes, sign, successes)
    step(sums, sum.successesSquared, sign, (successes * successes) / outcomes)
  }
  if (own !== undefined) {
    step(sums, sum.ownSuccesses, sign, own[0])
    step(sums, sum.ownOutcomes, sign, own[1])
  }
  if (timeWeight > 0) {
    const share = timeWeight / (timeWeight + timePriorWeight)
    step(sums, sum.timeShare, sign, share)
    step(sums, sum.timeMean, sign, share * timeMean)
    step(sums, sum.timeSquared, sign, share * timeMean * timeMean)
    step(sums, sum.timeWithin, sign, share * (timeM2 / timeWeight))
  }
}

function step(sums: Float64Array, place: number, sign: 1 | -1, value: number): void {
  sums[place] = (sums[place] ?? 0) + sign * Math.round(value * unit)
}

/** States the prior anew when it has moved by a step. */
function settle(cell: Cell): void {
  const { sums, prior } = cell
  const of = (place: number): number => (sums[place] ?? 0) / unit
  const share = (usualMean * agentsAssumed + of(sum.shareSuccess)) / (agentsAssumed + of(sum.share))
  const own = (usualMean * outcomesAssumed + of(sum.ownSuccesses)) / (outcomesAssumed + of(sum.ownOutcomes))
  const timeShare = of(sum.timeShare)
  const timeMean = timeShare > 0 ? of(sum.timeMean) / timeShare : 0
  const between = of(sum.timeSquared) - timeShare * timeMean * timeMean
  const variance =
    (agentsAssumed * timeSpreadPrior ** 2 + Math.max(0, between) + of(sum.timeWithin)) /
    (agentsAssumed + timeShare)
  const mean = stepped(share, shareStep)
  const strength = Math.round(strengthFrom(sums))
  const usual = stepped(own, shareStep)
  const medianMs = timeShare > 0 ? Math.exp(stepped(timeMean, timeStep)) : undefined
  const timeSpread = stepped(Math.sqrt(variance), timeStep)
  const isSame = prior.mean === mean && prior.strength === strength && prior.usual === usual
  if (isSame && prior.medianMs === medianMs && prior.timeSpread === timeSpread) return
  // The one that all begin with is not of one cell.
  if (prior !== defaultPrior) prior.isCurrent = false
  cell.prior = { mean, strength, usual, medianMs, timeSpread, isCurrent: true }
}

function stepped(value: number, step: number): number {
  return Math.round(value / step) * step
}

/**
 * How many outcomes the prior is worth, from how much agents differ beyond chance.
 * Source: moments of the beta-binomial distribution (J. C. Kleinman 1973), drawn towards 6 while agents are few.
 */
function strengthFrom(sums: Float64Array): number {
  const of = (place: number): number => (sums[place] ?? 0) / unit
  const agents = of(sum.agents)
  const outcomes = of(sum.outcomes)
  const rate = outcomes > 0 ? of(sum.successes) / outcomes : 0
  const variance = rate * (1 - rate)
  const room = outcomes > 0 ? outcomes - of(sum.outcomesSquared) / outcomes - (agents - 1) : 0
  if (!(variance > 0.001) || !(room > 1)) return usualStrength
  const spread = of(sum.successesSquared) - outcomes * rate * rate
  const alike = (spread / variance - (agents - 1)) / room
  const seen = alike > 0 ? 1 / alike - 1 : strengthMax
  const bounded = Math.min(strengthMax, Math.max(strengthMin, seen))
  const known = agents / (agents + strengthAgents)
  return Math.exp((1 - known) * Math.log(usualStrength) + known * Math.log(bounded))
}

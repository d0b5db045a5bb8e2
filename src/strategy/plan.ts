/**
 * Look-ahead: the shortest schedule for a project that can be found in a stated number of steps.
 * Must never happen here: a look at a clock. The shell counts what it costs.
 */
import { upwardRank } from './order.ts'
import { Builder } from './plan/builder.ts'
import type { PlanProblem, Schedule } from './plan/problem.ts'

export type { PlanAgent, PlanNeed, PlanProblem, PlanTask, Schedule } from './plan/problem.ts'

export const planStrategy: string = 'restarts-fbi@1'

/** How far a restart bends the ranks and the weights, as shares of their values. */
const rankBend = 0.17
const weightBend = 0.3
/** The share of restarts that bend the upward ranks; the others shift the starts of the best schedule so far. */
const freshShare = 0.5
/** How far those are shifted, as a share of its length. */
const shift = 0.1
/** A schedule this much longer than the best one is not worth improving. */
const promising = 1.03
const improvementsMax = 4
/** So many restarts for every task without a shorter schedule, and the search ends. */
const restartsInVain = 25

/**
 * Searches in pieces, so that whoever runs it can do other things between them. The same problem and random numbers
 * give the same schedule, whatever the pieces.
 *
 * Source: biased random sampling around the upward rank (regret-free form of Kolisch and Drexl 1996) with
 * forward-backward improvement (Tormos and Lova 2001) of what is promising.
 */
export class Planner {
  readonly #builder: Builder
  readonly #random: () => number
  readonly #stepsMax: number
  /** No schedule is shorter. */
  readonly #bound: number
  readonly #ranks: Float64Array
  readonly #weights: Float64Array
  /** Of the schedule at hand, and of the best one. */
  readonly #rank: Float64Array
  readonly #weight: Float64Array
  readonly #bestStart: Float64Array
  readonly #bestWeight: Float64Array
  #best: Schedule | undefined
  #restarts = 0
  /** The restart that found the best schedule. */
  #bestAt = 0

  constructor(problem: PlanProblem, random: () => number, stepsMax: number) {
    this.#builder = new Builder(problem)
    this.#random = random
    this.#stepsMax = stepsMax
    this.#ranks = ranksOf(problem, sharesOf(problem))
    const scarcity = scarcityOf(problem)
    const tails = ranksOf(problem, new Float64Array(problem.tasks.length))
    this.#bound = Math.max(0, ...tails, ...scarcity)
    this.#weights = Float64Array.from(problem.agents, ({ types }) =>
      types.reduce((sum, type) => sum + (scarcity[type] ?? 0), 0),
    )
    this.#rank = new Float64Array(problem.tasks.length)
    this.#weight = new Float64Array(problem.agents.length)
    this.#bestStart = new Float64Array(problem.tasks.length)
    this.#bestWeight = new Float64Array(problem.agents.length)
  }

  /** Tasks tried and agents looked at so far. */
  get steps(): number {
    return this.#builder.steps
  }

  /** The budget is used up, or nothing better can be, or will be, found. */
  get done(): boolean {
    if (this.#best === undefined) return false
    if (this.#best.lengthMs <= this.#bound || !Number.isFinite(this.#best.lengthMs)) return true
    if (this.#restarts - this.#bestAt > restartsInVain * this.#rank.length) return true
    return this.steps >= this.#stepsMax
  }

  /** Goes on for about so many steps: at least one schedule, and one improvement too many at most. */
  work(steps: number): void {
    const until = this.steps + steps
    do this.#restart()
    while (!this.done && this.steps < until)
  }

  /** The shortest so far; its length is infinite when the tasks cannot be done by these agents. Work first. */
  best(): Schedule {
    return this.#best ?? { lengthMs: Number.POSITIVE_INFINITY, startMs: [], endMs: [], teams: [] }
  }

  #restart(): void {
    this.#bend()
    this.#restarts += 1
    let length = this.#builder.build(this.#rank, this.#weight, false)
    this.#keep()
    if (length > this.best().lengthMs * promising) return
    for (let i = 0; i < improvementsMax; i++) {
      // Who ends last begins first on the way back, and the other way round on the way forth again.
      this.#rankByEnds()
      this.#builder.build(this.#rank, this.#weight, true)
      this.#rankByEnds()
      const improved = this.#builder.build(this.#rank, this.#weight, false)
      this.#keep()
      if (improved >= length) return
      length = improved
    }
  }

  /** Ranks and weights of the next schedule; of the very first one, as they are. */
  #bend(): void {
    const first = this.#restarts === 0
    const fresh = first || this.#random() < freshShare
    const reach = shift * this.best().lengthMs
    for (let j = 0; j < this.#rank.length; j++) {
      const swing = first ? 0 : 2 * this.#random() - 1
      this.#rank[j] = fresh
        ? -(this.#ranks[j] ?? 0) * (1 + rankBend * swing)
        : (this.#bestStart[j] ?? 0) + reach * swing
    }
    const weights = fresh ? this.#weights : this.#bestWeight
    for (let a = 0; a < this.#weight.length; a++) {
      const swing = first ? 0 : 2 * this.#random() - 1
      this.#weight[a] = (weights[a] ?? 0) * (1 + weightBend * swing)
    }
  }

  #rankByEnds(): void {
    for (let j = 0; j < this.#rank.length; j++) this.#rank[j] = -(this.#builder.end[j] ?? 0)
  }

  /** Keeps the schedule at hand when none was shorter. */
  #keep(): void {
    const { length, start, end, team, teamAt, teamSize } = this.#builder
    const known = this.#best
    if (known !== undefined && length > known.lengthMs) return
    this.#bestStart.set(start)
    this.#bestWeight.set(this.#weight)
    if (known?.lengthMs === length) return
    this.#bestAt = this.#restarts
    const teams = Array.from(teamAt, (from, j) => [...team.subarray(from, from + (teamSize[j] ?? 0))])
    this.#best = { lengthMs: length, startMs: [...start], endMs: [...end], teams }
  }
}

/** Upward ranks, with the share of the able agents that each task takes. */
function ranksOf({ tasks }: PlanProblem, shares: Float64Array): Float64Array {
  const ranks = new Float64Array(tasks.length)
  const behind: number[][] = tasks.map(() => [])
  const waits = new Int32Array(tasks.length)
  tasks.forEach(({ after }, j) => {
    for (const before of after) {
      behind[before]?.push(j)
      waits[before] = (waits[before] ?? 0) + 1
    }
  })
  // From the end: a task is counted once all that wait for it are.
  const ready = tasks.flatMap((_, j) => (waits[j] === 0 ? [j] : []))
  for (let j = ready.pop(); j !== undefined; j = ready.pop()) {
    const later = (behind[j] ?? []).map((next) => ranks[next] ?? 0)
    ranks[j] = upwardRank(tasks[j]?.durationMs, shares[j] ?? 0, later)
    for (const before of tasks[j]?.after ?? []) {
      const left = (waits[before] ?? 0) - 1
      waits[before] = left
      if (left === 0) ready.push(before)
    }
  }
  return ranks
}

function sharesOf({ tasks, agents, types }: PlanProblem): Float64Array {
  const able = new Float64Array(types)
  for (const agent of agents) for (const type of agent.types) able[type] = (able[type] ?? 0) + 1
  return Float64Array.from(tasks, ({ needs }) =>
    Math.max(0, ...needs.map(({ type, count }) => count / Math.max(count, able[type] ?? 0))),
  )
}

/** For each kind of place, the work that asks for it, by the slots that can do it: no schedule is shorter. */
function scarcityOf({ tasks, agents, types }: PlanProblem): Float64Array {
  const demand = new Float64Array(types)
  const supply = new Float64Array(types)
  for (const { durationMs, needs } of tasks) {
    for (const { type, count } of needs) demand[type] = (demand[type] ?? 0) + count * durationMs
  }
  for (const { types: own, freeInMs } of agents) {
    for (const type of own) supply[type] = (supply[type] ?? 0) + freeInMs.length
  }
  return demand.map((asked, type) => asked / Math.max(1, supply[type] ?? 0))
}

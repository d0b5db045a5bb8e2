/**
 * The best team for many needs with many places: a weighted set multi-cover, by Lagrangian bounds and branch and
 * bound.
 *
 * Each place has a price. Against given prices a candidate is worth taking when what it brings is more than it
 * costs, each for itself: that gives a bound for all teams at once, and tells which candidates can be in no better
 * team, or must be in every one. The prices are moved until the bound is high; what is left undecided is tried
 * both ways.
 * Sources: Beasley 1990 (Lagrangian heuristic for set covering); Caprara, Fischetti and Toth 1999; Polyak's step.
 * Must never happen here: a claim of proof when the work allowed was used up.
 */
import { Tree } from './cover-tree.ts'
import type { Block, Candidate, Need, Options } from './team.ts'

/** Looks at a pair of candidate and need, each of a few nanoseconds. */
export const coverStepsMax = 60_000_000

export interface Covering {
  readonly blocks: readonly Block[] | undefined
  /** No team is better; or, without blocks, there is none. */
  readonly proven: boolean
}

/**
 * The cheapest team without regard to a smallest size, a budget and who must be included. `proven: false` when the work
 * allowed is used up: then the team is the best that was found.
 */
export function cover(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Options,
  stepsMax: number = coverStepsMax,
): Covering {
  const problem = new Covers(needs, candidates, options.sizeMax)
  const tree = new Tree(problem, stepsMax)
  tree.explore()
  return { blocks: tree.best === undefined ? undefined : problem.divide(tree.best), proven: !tree.exhausted }
}

/** The instance in flat tables. Losses are values with the sign turned, so that everything is a cost to be kept low. */
export class Covers {
  readonly candidates: number
  readonly needs: number
  readonly sizeMax: number
  /** Where the pairs of a candidate begin, in `need` and `loss`. */
  readonly first: Int32Array
  readonly need: Int32Array
  readonly loss: Float64Array
  readonly cost: Float64Array
  readonly demand: Int32Array
  /** What an empty place costs; infinite where it may not stay empty. */
  readonly skip: Float64Array
  /** For each need its candidates, the smallest loss first. */
  readonly holders: readonly Int32Array[]
  readonly holderLoss: readonly Float64Array[]
  /** Sums of costs are whole numbers, so that a better team is better by 1. */
  readonly whole: boolean
  /** More than any team costs. */
  readonly ceiling: number

  constructor(needs: readonly Need[], candidates: readonly Candidate[], sizeMax: number) {
    this.candidates = candidates.length
    this.needs = needs.length
    this.sizeMax = Math.max(0, sizeMax)
    this.first = new Int32Array(candidates.length + 1)
    const pairs: { candidate: number; need: number; loss: number }[] = []
    candidates.forEach(({ values }, candidate) => {
      for (let need = 0; need < needs.length; need++) {
        const value = values[need]
        if (value !== undefined) pairs.push({ candidate, need, loss: -value })
      }
      this.first[candidate + 1] = pairs.length
    })
    this.need = Int32Array.from(pairs, (pair) => pair.need)
    this.loss = Float64Array.from(pairs, (pair) => pair.loss)
    this.cost = Float64Array.from(candidates, (candidate) => candidate.cost)
    this.demand = Int32Array.from(needs, (need) => need.count)
    this.skip = Float64Array.from(needs, (need) => need.skipPrice ?? Infinity)
    const byNeed = needs.map((): typeof pairs => [])
    for (const pair of pairs) byNeed[pair.need]?.push(pair)
    for (const list of byNeed) list.sort((a, b) => a.loss - b.loss || a.candidate - b.candidate)
    this.holders = byNeed.map((list) => Int32Array.from(list, (pair) => pair.candidate))
    this.holderLoss = byNeed.map((list) => Float64Array.from(list, (pair) => pair.loss))
    const isWhole = (amount: number): boolean => amount === Infinity || Number.isSafeInteger(amount)
    this.whole = [this.loss, this.cost, this.skip].every((table) => table.every(isWhole))
    this.ceiling = 1 + this.#most(needs)
  }

  #most(needs: readonly Need[]): number {
    let most = 0
    for (const cost of this.cost) most += cost
    needs.forEach(({ count }, need) => {
      const worst = Math.max(0, ...(this.holderLoss[need] ?? []))
      const skip = this.skip[need] ?? 0
      most += count * Math.max(worst, skip === Infinity ? 0 : skip)
    })
    return most
  }

  /** What a set of candidates costs when the work is divided as well as can be. Infinite when it covers too little. */
  priceOf(members: Uint8Array): number {
    let price = 0
    for (let c = 0; c < members.length; c++) if (members[c] === 1) price += this.cost[c] ?? 0
    for (let need = 0; need < this.needs; need++) {
      const holders = this.holders[need]
      const losses = this.holderLoss[need]
      const skip = this.skip[need] ?? Infinity
      let open = this.demand[need] ?? 0
      if (holders === undefined || losses === undefined) continue
      for (let i = 0; i < holders.length && open > 0; i++) {
        if (members[holders[i] ?? 0] !== 1) continue
        const loss = losses[i] ?? 0
        if (loss >= skip) break
        price += loss
        open--
      }
      if (open > 0) price += open * skip
    }
    return price
  }

  /** Who does what. A member for whom nothing is left is left out. */
  divide(members: Uint8Array): Block[] {
    const own = new Map<number, number[]>()
    for (let need = 0; need < this.needs; need++) {
      let open = this.demand[need] ?? 0
      this.holders[need]?.forEach((candidate, i) => {
        if (open === 0 || members[candidate] !== 1) return
        if ((this.holderLoss[need]?.[i] ?? 0) >= (this.skip[need] ?? Infinity)) return
        open--
        const known = own.get(candidate)
        if (known === undefined) own.set(candidate, [need])
        else known.push(need)
      })
    }
    return [...own].map(([candidate, needs]) => ({ candidate, needs }))
  }
}

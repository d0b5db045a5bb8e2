/**
 * Branch and bound for `cover`: prices of places that give a bound, teams built along them, and what neither decides
 * tried both ways, depth first.
 * Must never happen here: a decision by the bound that a later, better team could make wrong.
 */
import type { Covers } from './cover.ts'

const rootRounds = 400
const nodeRounds = 40
/** A team is built every so many rounds. */
const buildEvery = 8
const slack = 1e-9

const undecided = 0
const taken = 1
const left = 2

export class Tree {
  best: Uint8Array | undefined
  /** The work allowed was used up. */
  exhausted = false
  readonly #covers: Covers
  #steps: number
  #bestPrice: number
  readonly #state: Uint8Array
  #takenCount = 0
  /** Decisions in their order, so that they can be taken back. */
  readonly #trail: number[] = []
  /** Of each place, by need; never above what leaving it empty costs. */
  readonly #price: Float64Array
  /** What taking a candidate costs at these prices; below 0 it is worth it. */
  readonly #reduced: Float64Array
  /** From here on it is not worth it: 0, or less where more are worth it than there is room for. */
  #threshold = 0
  readonly #chosen: Uint8Array
  /** How often each was chosen of late: near the share that it has in a fractional best team. */
  readonly #share: Float64Array
  /** Empty places, by need, when the chosen ones are the team; negative: too many. */
  readonly #lack: Float64Array

  constructor(covers: Covers, stepsMax: number) {
    this.#covers = covers
    this.#steps = stepsMax
    this.#bestPrice = covers.ceiling
    this.#state = new Uint8Array(covers.candidates)
    this.#price = new Float64Array(covers.needs)
    this.#reduced = new Float64Array(covers.candidates)
    this.#chosen = new Uint8Array(covers.candidates)
    this.#share = new Float64Array(covers.candidates)
    this.#lack = new Float64Array(covers.needs)
  }

  explore(): void {
    const { needs, demand, skip, holderLoss } = this.#covers
    for (let need = 0; need < needs; need++) {
      const losses = holderLoss[need]
      const last = losses?.[Math.min(losses.length, demand[need] ?? 1) - 1] ?? 0
      this.#price[need] = Math.min(last, skip[need] ?? Infinity)
    }
    this.#visit(rootRounds)
  }

  #visit(rounds: number): void {
    const mark = this.#trail.length
    if (!this.#raise(rounds)) {
      const branch = this.#branch()
      if (branch === undefined) this.#offer(this.#state.map((state) => (state === taken ? 1 : 0)))
      else this.#split(branch)
    }
    this.#undo(mark)
  }

  #split(branch: number): void {
    const price = this.#price.slice()
    const share = this.#share.slice()
    const first = (share[branch] ?? 0) >= 0.4 ? taken : left
    for (const way of [first, first === taken ? left : taken]) {
      if (this.exhausted) return
      const mark = this.#trail.length
      this.#decide(branch, way)
      this.#visit(nodeRounds)
      this.#undo(mark)
      this.#price.set(price)
      this.#share.set(share)
    }
  }

  #decide(candidate: number, way: number): void {
    this.#state[candidate] = way
    if (way === taken) this.#takenCount++
    this.#trail.push(candidate)
  }

  #undo(mark: number): void {
    while (this.#trail.length > mark) {
      const candidate = this.#trail.pop() ?? 0
      if (this.#state[candidate] === taken) this.#takenCount--
      this.#state[candidate] = undecided
    }
  }

  /** The undecided candidate about which the prices say least. */
  #branch(): number | undefined {
    let branch: number | undefined
    let doubt = -Infinity
    for (let c = 0; c < this.#covers.candidates; c++) {
      if (this.#state[c] !== undecided) continue
      const own = -Math.abs(0.5 - (this.#share[c] ?? 0)) - 1e-6 * Math.abs(this.#reduced[c] ?? 0)
      if (own > doubt) {
        branch = c
        doubt = own
      }
    }
    return branch
  }

  /** Whether a team at this price would be no better than the best one known. */
  #isBeaten(price: number): boolean {
    return this.#covers.whole ? Math.ceil(price - 1e-6) >= this.#bestPrice : price >= this.#bestPrice - slack
  }

  /**
   * Moves the prices so that the bound rises, builds teams on the way, and decides what the bound decides. True when no
   * better team is left below.
   */
  #raise(rounds: number): boolean {
    const best = this.#price.slice()
    let bestBound = -Infinity
    let scale = rounds === rootRounds ? 1.5 : 0.8
    let stalled = 0
    for (let round = 0; round < rounds; round++) {
      const bound = this.#bound()
      if (this.exhausted || this.#isBeaten(bound)) return true
      if (bound > bestBound + 1e-5 * Math.abs(bound)) stalled = 0
      else stalled++
      if (bound > bestBound) {
        bestBound = bound
        best.set(this.#price)
      }
      if (round % buildEvery === buildEvery - 1 || round === rounds - 1) this.#build()
      if (this.#isBeaten(bestBound)) return true
      this.#settle(bound)
      if (this.#takenCount > this.#covers.sizeMax) return true
      if (stalled > 8) {
        scale /= 2
        stalled = 0
      }
      if (scale < 0.002 || !this.#step(bound, scale)) break
    }
    this.#price.set(best)
    return this.#isBeaten(this.#bound())
  }

  /** Scarce places become dearer, those with too many holders cheaper. False when there is nothing to move. */
  #step(bound: number, scale: number): boolean {
    const { needs, skip } = this.#covers
    let norm = 0
    for (let need = 0; need < needs; need++) norm += (this.#lack[need] ?? 0) ** 2
    if (norm < 1e-12) return false
    const gap = this.best === undefined ? 0.05 * Math.abs(bound) + 1 : this.#bestPrice - bound
    const step = (scale * Math.max(gap, 1e-6)) / norm
    for (let need = 0; need < needs; need++) {
      const next = (this.#price[need] ?? 0) + step * (this.#lack[need] ?? 0)
      this.#price[need] = Math.min(next, skip[need] ?? Infinity)
    }
    return true
  }

  /** No team below costs less than this. Sets what is chosen at these prices. */
  #bound(): number {
    const { candidates, needs, demand, first, need, loss, cost, sizeMax } = this.#covers
    let bound = 0
    for (let t = 0; t < needs; t++) {
      bound += (demand[t] ?? 0) * (this.#price[t] ?? 0)
      this.#lack[t] = demand[t] ?? 0
    }
    const worth: number[] = []
    for (let c = 0; c < candidates; c++) {
      const state = this.#state[c]
      if (state === left) continue
      const end = first[c + 1] ?? 0
      let reduced = cost[c] ?? 0
      for (let i = first[c] ?? 0; i < end; i++) {
        const gain = (this.#price[need[i] ?? 0] ?? 0) - (loss[i] ?? 0)
        if (gain > 0) reduced -= gain
      }
      this.#reduced[c] = reduced
      this.#steps -= end - (first[c] ?? 0) + 1
      this.#chosen[c] = 0
      if (state === taken) bound += this.#choose(c)
      else if (reduced < 0) worth.push(c)
    }
    if (this.#steps < 0) this.exhausted = true
    const room = Math.max(0, sizeMax - this.#takenCount)
    this.#threshold = 0
    if (worth.length > room) {
      worth.sort((a, b) => (this.#reduced[a] ?? 0) - (this.#reduced[b] ?? 0) || a - b)
      this.#threshold = this.#reduced[worth[room - 1] ?? 0] ?? 0
      worth.length = room
    }
    for (const c of worth) bound += this.#choose(c)
    for (let c = 0; c < candidates; c++) {
      this.#share[c] = 0.9 * (this.#share[c] ?? 0) + 0.1 * (this.#chosen[c] ?? 0)
    }
    return bound
  }

  #choose(candidate: number): number {
    const { first, need, loss } = this.#covers
    this.#chosen[candidate] = 1
    const end = first[candidate + 1] ?? 0
    for (let i = first[candidate] ?? 0; i < end; i++) {
      const t = need[i] ?? 0
      if ((this.#price[t] ?? 0) > (loss[i] ?? 0)) this.#lack[t] = (this.#lack[t] ?? 0) - 1
    }
    return this.#reduced[candidate] ?? 0
  }

  /** Decides for whom the opposite would make the bound no better than the best team. */
  #settle(bound: number): void {
    for (let c = 0; c < this.#covers.candidates; c++) {
      if (this.#state[c] !== undecided) continue
      const apart = (this.#reduced[c] ?? 0) - this.#threshold
      if (this.#chosen[c] === 1) {
        if (this.#isBeaten(bound - apart)) this.#decide(c, taken)
      } else if (this.#isBeaten(bound + apart)) this.#decide(c, left)
    }
  }

  /** A team around the chosen ones: who brings most for its cost is added, who is not needed leaves. */
  #build(): void {
    const { candidates, needs, demand, skip, sizeMax } = this.#covers
    const members = new Uint8Array(candidates)
    const open = demand.slice()
    let size = 0
    let required = 0
    const add = (c: number, by: number): void => {
      members[c] = by > 0 ? 1 : 0
      size += by
      this.#eachNeed(c, (need) => {
        const before = open[need] ?? 0
        open[need] = before - by
        if (skip[need] === Infinity) required += Math.max(0, before - by) - Math.max(0, before)
      })
    }
    for (let need = 0; need < needs; need++) if (skip[need] === Infinity) required += demand[need] ?? 0
    for (let c = 0; c < candidates; c++) {
      if (this.#state[c] === taken || (this.#state[c] === undecided && this.#chosen[c] === 1)) add(c, 1)
    }
    while (required > 0) {
      const next = size < sizeMax ? this.#bestFor(open, members) : undefined
      if (next === undefined) return
      add(next, 1)
    }
    const byCost = [...members.keys()].filter((c) => members[c] === 1 && this.#state[c] !== taken)
    byCost.sort((a, b) => (this.#covers.cost[b] ?? 0) - (this.#covers.cost[a] ?? 0) || b - a)
    let price = this.#covers.priceOf(members)
    for (const c of byCost) {
      let needed = false
      this.#eachNeed(c, (need) => {
        if (skip[need] === Infinity && (open[need] ?? 0) >= 0) needed = true
      })
      if (needed) continue
      members[c] = 0
      const without = this.#covers.priceOf(members)
      members[c] = 1
      if (without > price) continue
      add(c, -1)
      price = without
    }
    this.#offer(members)
  }

  /** Whose cost is smallest for the worth of the required places that it fills. */
  #bestFor(open: Int32Array, members: Uint8Array): number | undefined {
    const { candidates, cost, skip } = this.#covers
    let best: number | undefined
    let bestRate = Infinity
    for (let c = 0; c < candidates; c++) {
      if (members[c] === 1 || this.#state[c] === left) continue
      let worth = 0
      this.#eachNeed(c, (need, loss) => {
        if ((open[need] ?? 0) > 0 && skip[need] === Infinity) {
          worth += Math.max(1e-3, (this.#price[need] ?? 0) - loss)
        }
      })
      if (worth === 0) continue
      const rate = (cost[c] ?? 0) / worth - 1e-9 * worth
      if (rate < bestRate) {
        best = c
        bestRate = rate
      }
    }
    return best
  }

  #eachNeed(candidate: number, visit: (need: number, loss: number) => void): void {
    const { first, need, loss } = this.#covers
    const begin = first[candidate] ?? 0
    const end = first[candidate + 1] ?? 0
    this.#steps -= end - begin
    for (let i = begin; i < end; i++) visit(need[i] ?? 0, loss[i] ?? 0)
  }

  #offer(members: Uint8Array): void {
    const price = this.#covers.priceOf(members)
    if (price >= this.#bestPrice) return
    this.#bestPrice = price
    this.best = members.slice()
  }
}

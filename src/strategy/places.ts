/**
 * The best team in general: needs with several places, a smallest size, members who must be included, a
 * budget. Exact, by dynamic programming over candidates: each is left out or takes one set of needs that
 * still have an empty place.
 *
 * A state is how many places of each need are filled and how many members there are. It keeps only its best
 * label, or, under a budget, all labels of which none is both cheaper and better than another.
 */
import {
  type Candidate,
  descend,
  type Found,
  lowest,
  maskOf,
  type Need,
  needsOf,
  type Options,
  spendable,
} from './team.ts'

export const placesNeedsMax = 16
const statesMax = 1 << 18
/** Steps, each of some ten nanoseconds. */
const stepsMax = 3_000_000
const slack = 1e-9

/** One thing that a candidate can do: cover these needs. */
interface Choice {
  readonly candidate: number
  readonly mask: number
  /** Less its cost. */
  readonly value: number
  readonly price: number
}

/** With fewer states than this a bound costs more than it saves. */
const boundedFrom = 256

export function fillPlaces(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Options,
): Found {
  const grid = gridOf(needs, options.sizeMax)
  if (grid === undefined) return 'too much'
  const choices = choicesOf(needs.length, candidates, options, grid.sizeMax)
  if (choices === 'too much') return choices
  const must: (readonly Choice[])[] = []
  const may: (readonly Choice[])[] = []
  candidates.forEach((candidate, c) => {
    const own = choices[c] ?? []
    if (candidate.mustInclude === true) must.push(own)
    else if (own.length > 0) may.push(own)
  })
  if (must.length > grid.sizeMax) return undefined
  const limits = limitsOf(needs, choices.flat(), grid, spendable(options.budget))
  const attempt = (floor: number): Found => {
    const table = new Table(grid, limits, floor)
    // The i-th of those who must be included joins teams of i members only: these have all before it.
    for (let i = 0; i < must.length; i++) if (!table.offer(must[i] ?? [], i, i)) return 'too much'
    for (const own of may) if (!table.offer(own, must.length, grid.sizeMax - 1)) return 'too much'
    return table.best(needs, Math.max(options.sizeMin, must.length))
  }
  const small = grid.codes * (grid.sizeMax + 1) < boundedFrom
  return small ? attempt(-Infinity) : descend(limits.most[0] ?? 0, attempt)
}

/** The states without members: mixed-radix numbers of places filled. */
interface Grid {
  readonly codes: number
  readonly sizeMax: number
  /** What a set of needs adds to a code. */
  readonly stride: Int32Array
  /** The needs that still have an empty place, for every code. */
  readonly open: Int32Array
  readonly radix: readonly number[]
}

function gridOf(needs: readonly Need[], sizeMax: number): Grid | undefined {
  if (needs.length > placesNeedsMax) return undefined
  const places = needs.reduce((sum, need) => sum + need.count, 0)
  const size = Math.max(0, Math.min(sizeMax, places))
  const codes = needs.reduce((product, need) => product * (need.count + 1), 1)
  if (codes * (size + 1) > statesMax) return undefined
  const weights: number[] = []
  let weight = 1
  for (const need of needs) {
    weights.push(weight)
    weight *= need.count + 1
  }
  const stride = new Int32Array(1 << needs.length)
  for (let t = 1; t < stride.length; t++) stride[t] = (stride[t & (t - 1)] ?? 0) + (weights[lowest(t)] ?? 0)
  const open = new Int32Array(codes)
  for (let code = 0; code < codes; code++) {
    let rest = code
    for (let i = 0; i < needs.length; i++) {
      const radix = (needs[i]?.count ?? 0) + 1
      if (rest % radix < radix - 1) open[code] = (open[code] ?? 0) | (1 << i)
      rest = Math.floor(rest / radix)
    }
  }
  return { codes, sizeMax: size, stride, open, radix: needs.map((need) => need.count + 1) }
}

/**
 * What each candidate can do, less what is never needed: for one set of needs, a candidate that `sizeMax`
 * others beat in value and in price. At most `sizeMax − 1` of those are in a team already, so one could
 * take its place.
 */
function choicesOf(
  s: number,
  candidates: readonly Candidate[],
  options: Options,
  sizeMax: number,
): Choice[][] | 'too much' {
  const byMask = new Map<number, Choice[]>()
  const kept: Choice[][] = candidates.map(() => [])
  let steps = 0
  for (let c = 0; c < candidates.length; c++) {
    const candidate = candidates[c]
    if (candidate === undefined) continue
    const all = maskOf(candidate, s)
    for (let mask = -all & all; mask !== 0; mask = (mask - all) & all) {
      if (++steps > stepsMax / 10) return 'too much'
      const value = needsOf(mask).reduce((sum, i) => sum + (candidate.values[i] ?? 0), -candidate.cost)
      const price = options.budget === undefined ? 0 : (candidate.price ?? 0)
      const choice = { candidate: c, mask, value, price }
      if (candidate.mustInclude === true) kept[c]?.push(choice)
      else if (byMask.has(mask)) byMask.get(mask)?.push(choice)
      else byMask.set(mask, [choice])
    }
  }
  for (const rivals of byMask.values()) {
    rivals.sort((a, b) => b.value - a.value || a.price - b.price || a.candidate - b.candidate)
    for (let i = 0; i < rivals.length; i++) {
      const choice = rivals[i]
      if (choice !== undefined && !beaten(choice, rivals, i, sizeMax)) kept[choice.candidate]?.push(choice)
    }
  }
  return kept
}

/** Whether `times` of those before it in the order are also no dearer. */
function beaten(choice: Choice, rivals: readonly Choice[], position: number, times: number): boolean {
  let count = 0
  for (let i = 0; i < position && count < times; i++) {
    if ((rivals[i]?.price ?? 0) <= choice.price) count++
  }
  return count >= times
}

/** For every code, what its empty places can still bring and what they must still cost. */
interface Limits {
  readonly most: Float64Array
  /** The most that the places filled may have cost already. */
  readonly dearest: Float64Array
}

/** The value and the price of a choice are shared equally by the needs it covers. */
function limitsOf(needs: readonly Need[], choices: readonly Choice[], grid: Grid, budget: number): Limits {
  const value = needs.map((need) => (need.skipPrice === undefined ? -Infinity : -need.skipPrice))
  const price = needs.map((need) => (need.skipPrice === undefined ? Infinity : 0))
  for (const choice of choices) {
    const covered = needsOf(choice.mask)
    for (const i of covered) {
      value[i] = Math.max(value[i] ?? 0, choice.value / covered.length)
      price[i] = Math.min(price[i] ?? 0, choice.price / covered.length)
    }
  }
  const most = new Float64Array(grid.codes)
  const dearest = new Float64Array(grid.codes)
  for (let code = 0; code < grid.codes; code++) {
    let left = budget
    eachEmpty(grid, code, (need, empty) => {
      most[code] = (most[code] ?? 0) + empty * (value[need] ?? 0)
      left -= empty * (price[need] ?? 0)
    })
    dearest[code] = left
  }
  return { most, dearest }
}

function eachEmpty(grid: Grid, code: number, visit: (need: number, empty: number) => void): void {
  let rest = code
  for (let i = 0; i < grid.radix.length; i++) {
    const radix = grid.radix[i] ?? 1
    const empty = radix - 1 - (rest % radix)
    if (empty > 0) visit(i, empty)
    rest = Math.floor(rest / radix)
  }
}

const nothing = -1

/** The labels. A label never changes, so the way back from it stays true while its state goes on improving. */
class Table {
  readonly #grid: Grid
  readonly #limits: Limits
  readonly #floor: number
  /** First label of each state `members · codes + code`. */
  readonly #first: Int32Array
  readonly #next: number[] = [nothing]
  readonly #value: number[] = [0]
  readonly #price: number[] = [0]
  readonly #from: number[] = [nothing]
  readonly #choice: (Choice | undefined)[] = [undefined]
  #steps = 0

  constructor(grid: Grid, limits: Limits, floor: number) {
    this.#grid = grid
    this.#limits = limits
    this.#floor = floor
    this.#first = new Int32Array((grid.sizeMax + 1) * grid.codes).fill(nothing)
    this.#first[0] = 0
  }

  /**
   * Lets one candidate join every team of `low` to `high` members. Largest teams first, so that it never
   * joins twice. False when the work allowed is used up.
   */
  offer(choices: readonly Choice[], low: number, high: number): boolean {
    if (choices.length === 0) return true
    const { codes, open } = this.#grid
    for (let members = high; members >= low; members--) {
      for (let code = 0; code < codes; code++) {
        let label = this.#first[members * codes + code] ?? nothing
        for (; label !== nothing; label = this.#next[label] ?? nothing) {
          this.#steps += choices.length
          for (const choice of choices) {
            if ((choice.mask & ~(open[code] ?? 0)) === 0) this.#extend(label, choice, members + 1, code)
          }
        }
        if (this.#steps > stepsMax) return false
      }
    }
    return true
  }

  best(needs: readonly Need[], sizeMin: number): Found {
    const { codes, sizeMax } = this.#grid
    let best = nothing
    let bestValue = -Infinity
    for (let state = Math.max(0, sizeMin) * codes; state < (sizeMax + 1) * codes; state++) {
      let label = this.#first[state] ?? nothing
      if (label === nothing) continue
      let skipped = 0
      eachEmpty(this.#grid, state % codes, (need, empty) => {
        skipped += empty * (needs[need]?.skipPrice ?? Infinity)
      })
      for (; label !== nothing; label = this.#next[label] ?? nothing) {
        const value = (this.#value[label] ?? 0) - skipped
        if (value > bestValue) {
          best = label
          bestValue = value
        }
      }
    }
    return bestValue < this.#floor - slack || best === nothing ? undefined : this.#trace(best)
  }

  #extend(label: number, choice: Choice, members: number, from: number): void {
    const value = (this.#value[label] ?? 0) + choice.value
    const price = (this.#price[label] ?? 0) + choice.price
    const code = from + (this.#grid.stride[choice.mask] ?? 0)
    if (price > (this.#limits.dearest[code] ?? 0)) return
    if (value + (this.#limits.most[code] ?? 0) < this.#floor - slack) return
    const state = members * this.#grid.codes + code
    let before = nothing
    for (let other = this.#first[state] ?? nothing; other !== nothing; ) {
      const otherValue = this.#value[other] ?? 0
      const otherPrice = this.#price[other] ?? 0
      if (otherValue >= value && otherPrice <= price) return
      const next = this.#next[other] ?? nothing
      if (otherValue <= value && otherPrice >= price) this.#link(state, before, next)
      else before = other
      other = next
    }
    this.#next.push(this.#first[state] ?? nothing)
    this.#first[state] = this.#value.length
    this.#value.push(value)
    this.#price.push(price)
    this.#from.push(label)
    this.#choice.push(choice)
  }

  #link(state: number, before: number, next: number): void {
    if (before === nothing) this.#first[state] = next
    else this.#next[before] = next
  }

  #trace(label: number): Found {
    const found: { candidate: number; needs: number[] }[] = []
    for (let at = label; at !== nothing; at = this.#from[at] ?? nothing) {
      const choice = this.#choice[at]
      if (choice !== undefined) found.push({ candidate: choice.candidate, needs: needsOf(choice.mask) })
    }
    return found
  }
}

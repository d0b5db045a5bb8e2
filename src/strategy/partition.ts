/**
 * The best team when every need has one place: exact, by dynamic programming over sets of needs (bits of a
 * number).
 *
 * A team divides the needs into blocks, one for each member. The best member for a block is found once for
 * every block; then blocks are put together, always around the lowest need that is still open, which
 * forbids permutations. No candidate comes twice in a best team: covering both blocks as one has the same
 * value and saves its cost, which is not negative. That argument needs the freedom to have fewer members,
 * so a smallest size is not for this method.
 */
import {
  type Block,
  type Candidate,
  descend,
  type Found,
  lowest,
  maskOf,
  type Need,
  needsOf,
  sizeOf,
} from './team.ts'

/** More needs than this and the tables outgrow their use. */
export const partitionNeedsMax = 16
/** Steps, each about a nanosecond. */
const stepsMax = 20_000_000
/** With fewer needs a bound costs more than it saves. */
const boundedFrom = 6
const slack = 1e-9

export function partition(needs: readonly Need[], candidates: readonly Candidate[], sizeMax: number): Found {
  const s = needs.length
  const blocks = bestBlocks(s, candidates)
  if (blocks === 'too much') return blocks
  const groups = byLowestNeed(s, blocks.value)
  const size = Math.max(0, Math.min(sizeMax, s))
  const table: Table = { needs, blocks, groups, sizeMax: size, bound: undefined, states: new States(s) }
  if (s < boundedFrom) return combine(table, -Infinity)
  const bound = upperBound(needs, groups, blocks.value, size)
  const most = (bound.most[bound.most.length - 1] ?? 0) + size * bound.perMember
  const bounded = { ...table, bound }
  return descend(most, (floor) => combine(bounded, floor))
}

interface Blocks {
  /** For every set of needs, the value of the candidate that covers it best. */
  readonly value: Float64Array
  readonly who: Int32Array
}

function bestBlocks(s: number, candidates: readonly Candidate[]): Blocks | 'too much' {
  const value = new Float64Array(1 << s).fill(-Infinity)
  const who = new Int32Array(1 << s)
  const sum = new Float64Array(1 << s)
  let steps = 0
  for (let c = 0; c < candidates.length; c++) {
    const candidate = candidates[c]
    if (candidate === undefined) continue
    const mask = maskOf(candidate, s)
    // Every subset of the mask, smallest number first, so that the sum without its lowest bit is already there.
    for (let t = -mask & mask; t !== 0; t = (t - mask) & mask) {
      const all = (sum[t & (t - 1)] ?? 0) + (candidate.values[lowest(t)] ?? 0)
      sum[t] = all
      if (all - candidate.cost > (value[t] ?? 0)) {
        value[t] = all - candidate.cost
        who[t] = c
      }
      steps++
    }
    if (steps > stepsMax) return 'too much'
  }
  return { value, who }
}

type Groups = readonly (readonly number[])[]

/** The blocks that somebody can cover, by their lowest need. */
function byLowestNeed(s: number, value: Float64Array): Groups {
  const groups: number[][] = []
  for (let i = 0; i < s; i++) groups.push([])
  for (let t = 1; t < value.length; t++) if ((value[t] ?? 0) > -Infinity) groups[lowest(t)]?.push(t)
  return groups
}

/** The most that teams can reach. */
interface Bound {
  /** What a set of needs can add, with any number of members, each of which has to bring `perMember` first. */
  readonly most: Float64Array
  /** With this for every place in the team on top, `most` bounds teams of the size allowed. */
  readonly perMember: number
}

/** How often the price of a place in the team is improved. */
const priceRounds = 10
const golden = (Math.sqrt(5) - 1) / 2

/**
 * Each block's value, less the price of its member's place, is shared by its needs; a need has the best share of all
 * blocks with it. That holds at any price from 0 on, so the lowest bound is looked for: it is convex in the price.
 * Where
 * the size is no obstacle that is at 0.
 */
function upperBound(needs: readonly Need[], groups: Groups, value: Float64Array, size: number): Bound {
  const share = new Float64Array(needs.length)
  const total = (perMember: number): number => {
    shares(share, needs, groups, value, perMember)
    let sum = size * perMember
    for (const own of share) sum += own
    return sum
  }
  const perMember = lowestAt(total, spread(groups, value))
  shares(share, needs, groups, value, perMember)
  const most = new Float64Array(value.length)
  for (let m = 1; m < most.length; m++) most[m] = (most[m & (m - 1)] ?? 0) + (share[lowest(m)] ?? 0)
  return { most, perMember }
}

/** Where a convex function is lowest, between 0 and `high`, about; 0 where that is as low (Kiefer 1953). */
function lowestAt(of: (x: number) => number, high: number): number {
  let begin = 0
  let end = high
  let left = end - golden * (end - begin)
  let right = begin + golden * (end - begin)
  let atLeft = of(left)
  let atRight = of(right)
  for (let round = 0; round < priceRounds; round++) {
    if (atLeft <= atRight) {
      end = right
      right = left
      atRight = atLeft
      left = end - golden * (end - begin)
      atLeft = of(left)
    } else {
      begin = left
      left = right
      atLeft = atRight
      right = begin + golden * (end - begin)
      atRight = of(right)
    }
  }
  return of(0) <= Math.min(atLeft, atRight) ? 0 : atLeft <= atRight ? left : right
}

/** Between the best and the worst block: no place in a team is worth more. */
function spread(groups: Groups, value: Float64Array): number {
  let least = 0
  let most = 0
  for (const group of groups) {
    for (let i = 0; i < group.length; i++) {
      const own = value[group[i] ?? 0] ?? 0
      if (own < least) least = own
      if (own > most) most = own
    }
  }
  return most - least + 1
}

function shares(
  share: Float64Array,
  needs: readonly Need[],
  groups: Groups,
  value: Float64Array,
  perMember: number,
): void {
  for (let i = 0; i < needs.length; i++) share[i] = -(needs[i]?.skipPrice ?? Infinity)
  for (const group of groups) {
    for (let i = 0; i < group.length; i++) {
      const t = group[i] ?? 0
      const each = ((value[t] ?? 0) - perMember) / sizeOf(t)
      for (let rest = t; rest !== 0; rest &= rest - 1) {
        const need = lowest(rest)
        if (each > (share[need] ?? 0)) share[need] = each
      }
    }
  }
}

interface Table {
  readonly needs: readonly Need[]
  readonly blocks: Blocks
  readonly groups: Groups
  readonly sizeMax: number
  readonly bound: Bound | undefined
  /** Used again for every floor. */
  readonly states: States
}

/**
 * Layer by layer: the best value with exactly `members` members, for every set of needs dealt with. Leaves
 * out what cannot reach `floor`: when there is a team that good, the best one is found, otherwise none.
 */
function combine(table: Table, floor: number): Found {
  const { needs, blocks, groups, sizeMax, bound, states } = table
  states.begin()
  const full = (1 << needs.length) - 1
  let steps = 0
  for (let members = 0; members <= sizeMax; members++) {
    const perMember = (sizeMax - members - 1) * (bound?.perMember ?? 0)
    for (let m = states.next(0); m >= 0; m = states.next(m + 1)) {
      const from = states.at(m)
      const now = states.value[from] ?? 0
      const least = Math.max(floor, states.best) - slack
      if (bound !== undefined && now + (bound.most[full ^ m] ?? 0) + perMember + bound.perMember < least)
        continue
      const low = ~m & (m + 1)
      const need = lowest(low)
      const skipPrice = needs[need]?.skipPrice
      if (skipPrice !== undefined) states.reach(m | low, now - skipPrice, from, -low, false)
      const group = groups[need]
      if (members === sizeMax || group === undefined) continue
      steps += group.length
      for (let i = 0; i < group.length; i++) {
        const t = group[i] ?? 0
        if ((t & m) !== 0) continue
        const next = now + (blocks.value[t] ?? 0)
        if (bound !== undefined && next + (bound.most[full ^ m ^ t] ?? 0) + perMember < least) continue
        states.reach(m | t, next, from, t, true)
      }
    }
    if (steps > stepsMax) return 'too much'
    states.turn()
  }
  if (states.best === -Infinity || states.best < floor - slack) return undefined
  return states.trace(blocks.who)
}

/**
 * The sets of needs that are dealt with, of one layer and of the next. Only few of all sets are reached, so that
 * whoever walks over them walks over the bits of those that were, lowest set first.
 */
class States {
  /** By state; number 0 is the beginning, where nothing is dealt with. */
  readonly value: number[] = []
  readonly #from: number[] = []
  /** The block that was added last; negative: the need that was skipped. */
  readonly #last: number[] = []
  /** The best value with which all needs are dealt with. */
  best: number = -Infinity
  #bestFrom = 0
  #bestLast = 0
  readonly #full: number
  /** Which sets are reached, as bits, and their states: of this layer, and of the next. */
  #now: Int32Array
  #next: Int32Array
  #stateNow: Int32Array
  #stateNext: Int32Array

  constructor(needs: number) {
    const sets = 1 << needs
    const words = (sets + 31) >>> 5
    this.#full = sets - 1
    this.#now = new Int32Array(words)
    this.#next = new Int32Array(words)
    this.#stateNow = new Int32Array(sets)
    this.#stateNext = new Int32Array(sets)
  }

  /** From nothing dealt with. What was reached before has been left by `turn`. */
  begin(): void {
    this.value.length = 0
    this.#from.length = 0
    this.#last.length = 0
    this.best = -Infinity
    this.reach(0, 0, 0, 0, false)
  }

  /** The first set of this layer from `set` on, or -1. */
  next(set: number): number {
    let word = set >>> 5
    let bits = (this.#now[word] ?? 0) & (-1 << set)
    while (bits === 0) {
      if (++word >= this.#now.length) return -1
      bits = this.#now[word] ?? 0
    }
    return (word << 5) + lowest(bits)
  }

  at(set: number): number {
    return this.#stateNow[set] ?? 0
  }

  /** A set can be dealt with at this value: in the next layer, or in this one, behind the set that it came from. */
  reach(set: number, value: number, from: number, last: number, inNext: boolean): void {
    if (set === this.#full) {
      if (value <= this.best) return
      this.best = value
      this.#bestFrom = from
      this.#bestLast = last
      return
    }
    const bits = inNext ? this.#next : this.#now
    const states = inNext ? this.#stateNext : this.#stateNow
    const word = set >>> 5
    const bit = 1 << set
    if (((bits[word] ?? 0) & bit) === 0) {
      bits[word] = (bits[word] ?? 0) | bit
      states[set] = this.value.length
      this.value.push(value)
      this.#from.push(from)
      this.#last.push(last)
      return
    }
    const state = states[set] ?? 0
    if (value <= (this.value[state] ?? 0)) return
    this.value[state] = value
    this.#from[state] = from
    this.#last[state] = last
  }

  /** Goes on to the next layer. */
  turn(): void {
    const bits = this.#now
    const states = this.#stateNow
    this.#now = this.#next
    this.#stateNow = this.#stateNext
    this.#next = bits.fill(0)
    this.#stateNext = states
  }

  /** The blocks of the best team. */
  trace(who: Int32Array): Block[] {
    const found: { readonly candidate: number; needs: number[] }[] = []
    let last = this.#bestLast
    for (let at = this.#bestFrom; last !== 0; last = this.#last[at] ?? 0, at = this.#from[at] ?? 0) {
      if (last < 0) continue
      const candidate = who[last] ?? 0
      const known = found.find((block) => block.candidate === candidate)
      // Where its cost is nothing, rounding may prefer a candidate twice over once: it is one member all the same.
      if (known === undefined) found.push({ candidate, needs: needsOf(last) })
      else known.needs = [...known.needs, ...needsOf(last)].sort((a, b) => a - b)
    }
    return found
  }
}

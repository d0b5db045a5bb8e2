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
import { type Candidate, descend, type Found, lowest, maskOf, type Need, needsOf, sizeOf } from './team.ts'

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
  const bound = s < boundedFrom ? undefined : upperBound(needs, groups, blocks.value, size)
  const cells = (size + 1) << s
  const table: Table = {
    needs,
    blocks,
    groups,
    sizeMax: size,
    bound,
    best: new Float64Array(cells),
    last: new Int32Array(cells),
  }
  if (bound === undefined) return combine(table, -Infinity)
  const most = (bound.most[bound.most.length - 1] ?? 0) + size * bound.perMember
  return descend(most, (floor) => combine(table, floor))
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
const priceRounds = 12

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
  let low = 0
  let high = spread(value)
  for (let round = 0; round < priceRounds; round++) {
    const left = low + (high - low) / 3
    const right = high - (high - low) / 3
    if (total(left) <= total(right)) high = right
    else low = left
  }
  const perMember = total(0) <= total(low) ? 0 : low
  shares(share, needs, groups, value, perMember)
  const most = new Float64Array(value.length)
  for (let m = 1; m < most.length; m++) most[m] = (most[m & (m - 1)] ?? 0) + (share[lowest(m)] ?? 0)
  return { most, perMember }
}

/** Between the best and the worst block: no place in a team is worth more. */
function spread(value: Float64Array): number {
  let least = 0
  let most = 0
  for (const own of value) {
    if (own === -Infinity) continue
    if (own < least) least = own
    if (own > most) most = own
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
  /** For every number of members and every set of needs. Used again for every floor. */
  readonly best: Float64Array
  /** The block that was added last; negative: the need that was skipped. */
  readonly last: Int32Array
}

/**
 * Layer by layer: the best value with exactly `members` members, for every set of needs dealt with. Leaves
 * out what cannot reach `floor`: when there is a team that good, the best one is found, otherwise none.
 */
function combine(table: Table, floor: number): Found {
  const { needs, blocks, groups, sizeMax, bound, best, last } = table
  const size = 1 << needs.length
  const full = size - 1
  best.fill(-Infinity)
  best[0] = 0
  let steps = 0
  for (let members = 0; members <= sizeMax; members++) {
    const row = members * size
    const places = (sizeMax - members - 1) * (bound?.perMember ?? 0)
    for (let m = 0; m < full; m++) {
      const now = best[row + m] ?? 0
      if (now === -Infinity) continue
      const low = ~m & (m + 1)
      const need = lowest(low)
      const skipPrice = needs[need]?.skipPrice
      if (skipPrice !== undefined && now - skipPrice > (best[row + (m | low)] ?? 0)) {
        best[row + (m | low)] = now - skipPrice
        last[row + (m | low)] = -low
      }
      const group = groups[need]
      if (members === sizeMax || group === undefined) continue
      steps += group.length
      for (let i = 0; i < group.length; i++) {
        const t = group[i] ?? 0
        if ((t & m) !== 0) continue
        const to = row + size + (m | t)
        const next = now + (blocks.value[t] ?? 0)
        if (next <= (best[to] ?? 0)) continue
        if (bound !== undefined && next + (bound.most[full ^ m ^ t] ?? 0) + places < floor - slack) continue
        best[to] = next
        last[to] = t
      }
    }
    if (steps > stepsMax) return 'too much'
  }
  return trace(best, last, blocks.who, size, floor)
}

function trace(best: Float64Array, last: Int32Array, who: Int32Array, size: number, floor: number): Found {
  let at = size - 1
  for (let i = at; i < best.length; i += size) if ((best[i] ?? 0) > (best[at] ?? 0)) at = i
  const value = best[at] ?? 0
  if (value === -Infinity || value < floor - slack) return undefined
  const found: { readonly candidate: number; needs: number[] }[] = []
  // Until no need is dealt with: the first cell of row 0.
  while (at !== 0) {
    const t = last[at] ?? 0
    if (t < 0) at += t
    else {
      const candidate = who[t] ?? 0
      const known = found.find((block) => block.candidate === candidate)
      // Where its cost is nothing, rounding may prefer a candidate twice over once: it is one member all the same.
      if (known === undefined) found.push({ candidate, needs: needsOf(t) })
      else known.needs = [...known.needs, ...needsOf(t)].sort((a, b) => a - b)
      at -= size + t
    }
  }
  return found
}

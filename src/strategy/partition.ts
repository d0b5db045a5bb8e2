/**
 * The best team when every need has one place: exact, by dynamic programming over sets of needs (bits of a number).
 *
 * A team divides the needs into blocks, one for each member. The best member for a block is found once for every block;
 * then blocks are put together, always around the lowest need that is still open, which forbids permutations. No
 * candidate comes twice in a best team: covering both blocks as one has the same value and saves its cost, which is not
 * negative. That argument needs the freedom to have fewer members, so a smallest size is not for this method.
 */
import { type Candidate, type Found, lowest, maskOf, type Need, needsOf } from './team.ts'

/** More needs than this and the tables outgrow their use. */
export const partitionNeedsMax = 16
/** Steps, each a few nanoseconds. */
const stepsMax = 10_000_000
/** With fewer needs a bound costs more than it saves. */
const boundedFrom = 7
const slack = 1e-9

export function partition(needs: readonly Need[], candidates: readonly Candidate[], sizeMax: number): Found {
  const s = needs.length
  const blocks = bestBlocks(s, candidates)
  if (blocks === 'too much') return blocks
  const groups = byLowestNeed(s, blocks.value)
  const bound = s < boundedFrom ? undefined : boundOf(needs, groups, blocks.value, sizeMax)
  return combine(needs, blocks, groups, Math.min(sizeMax, s), bound)
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

/** The blocks that somebody can cover, by their lowest need. */
function byLowestNeed(s: number, value: Float64Array): number[][] {
  const groups: number[][] = []
  for (let i = 0; i < s; i++) groups.push([])
  for (let t = 1; t < value.length; t++) if ((value[t] ?? 0) > -Infinity) groups[lowest(t)]?.push(t)
  return groups
}

interface Bound {
  /** The most that a set of needs can still add: each block's value is shared equally by its needs. */
  readonly rest: Float64Array
  /** Value of a team that exists. */
  readonly floor: number
}

function boundOf(
  needs: readonly Need[],
  groups: readonly (readonly number[])[],
  value: Float64Array,
  sizeMax: number,
): Bound {
  const share = needs.map((need) => (need.skipPrice === undefined ? -Infinity : -need.skipPrice))
  for (const group of groups) {
    for (const t of group) {
      const members = needsOf(t)
      const each = (value[t] ?? 0) / members.length
      for (const i of members) if (each > (share[i] ?? 0)) share[i] = each
    }
  }
  const rest = new Float64Array(value.length)
  for (let m = 1; m < rest.length; m++) rest[m] = (rest[m & (m - 1)] ?? 0) + (share[lowest(m)] ?? 0)
  const all = groups.flat()
  const size = (t: number): number => needsOf(t).length
  const each = (t: number): number => (value[t] ?? 0) / size(t)
  const dense = [...all].sort((a, b) => each(b) - each(a))
  const large = [...all].sort((a, b) => size(b) - size(a) || (value[b] ?? 0) - (value[a] ?? 0))
  const floor = Math.max(greedy(needs, dense, value, sizeMax), greedy(needs, large, value, sizeMax))
  return { rest, floor }
}

/** Takes blocks in the order given wherever they fit. −∞ when that does not lead to a team. */
function greedy(
  needs: readonly Need[],
  order: readonly number[],
  value: Float64Array,
  sizeMax: number,
): number {
  let covered = 0
  let members = 0
  let total = 0
  for (const t of order) {
    if (members === sizeMax) break
    if ((t & covered) !== 0) continue
    covered |= t
    total += value[t] ?? 0
    members++
  }
  for (let i = 0; i < needs.length; i++) {
    if ((covered & (1 << i)) === 0) total -= needs[i]?.skipPrice ?? Infinity
  }
  return total
}

/** Layer by layer: the best value with exactly `members` members, for every set of needs dealt with. */
function combine(
  needs: readonly Need[],
  blocks: Blocks,
  groups: readonly (readonly number[])[],
  sizeMax: number,
  bound: Bound | undefined,
): Found {
  const size = 1 << needs.length
  const full = size - 1
  const best = new Float64Array((sizeMax + 1) * size).fill(-Infinity)
  /** The block that was added last; negative: the need that was skipped. */
  const last = new Int32Array((sizeMax + 1) * size)
  best[0] = 0
  let steps = 0
  for (let members = 0; members <= sizeMax; members++) {
    const row = members * size
    for (let m = 0; m < full; m++) {
      const now = best[row + m] ?? 0
      if (now === -Infinity) continue
      if (bound !== undefined && now + (bound.rest[full ^ m] ?? 0) < bound.floor - slack) continue
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
        if (next > (best[to] ?? 0)) {
          best[to] = next
          last[to] = t
        }
      }
    }
    if (steps > stepsMax) return 'too much'
  }
  return trace(best, last, blocks.who, size)
}

function trace(best: Float64Array, last: Int32Array, who: Int32Array, size: number): Found {
  let at = size - 1
  for (let i = at; i < best.length; i += size) if ((best[i] ?? 0) > (best[at] ?? 0)) at = i
  if (best[at] === -Infinity) return undefined
  const found: { candidate: number; needs: number[] }[] = []
  // Until no need is dealt with: the first cell of row 0.
  while (at !== 0) {
    const t = last[at] ?? 0
    if (t < 0) at += t
    else {
      found.push({ candidate: who[t] ?? 0, needs: needsOf(t) })
      at -= size + t
    }
  }
  return found
}

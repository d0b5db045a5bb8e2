/**
 * Which candidates make the best team: who covers what, for all needs at once, or why there is no team.
 *
 * Exact wherever it can be (see `partition` and `places`): greedy choice loses some 10 % of the value, and
 * calls one in twenty-five feasible tasks infeasible. What is too large is searched without proof and says
 * so (`exact: false`).
 * Must never happen here: a team over budget or over size, and a guess that pretends to be exact.
 */
import { longer } from '../protocol/longer.ts'
import { assign } from './assign.ts'
import { cover } from './cover.ts'
import { partition, partitionNeedsMax } from './partition.ts'
import { fillPlaces } from './places.ts'
import { search } from './search.ts'
import {
  type Block,
  type Candidate,
  type Found,
  type Need,
  type NoTeam,
  type Options,
  priceOf,
  spendable,
  type Team,
  teamOf,
} from './team.ts'

export type { Candidate, Need, NoTeam, Team } from './team.ts'

export const formStrategy: string = 'partition-dp@1'

/**
 * The team of the highest value: sum of the members' values, less their costs, less the prices of what is
 * skipped. Ties go to fewer members, then to the earlier candidates. An optional place that nobody fills
 * costs its `skipPrice`.
 *
 * Exact for up to 16 needs as long as the tables and the work stay small, which they do for every call up
 * to 12 needs with one place each; under a budget and with several places it depends on the numbers.
 */
export function form(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: { readonly sizeMax: number; readonly sizeMin: number; readonly budget?: number },
): Team | NoTeam {
  const missing = missingNeeds(needs, candidates)
  if (missing.length > 0) return { kind: 'none', why: 'missing', needs: missing }
  const found = solve(needs, candidates, options)
  if (found.blocks !== undefined) return teamOf(needs, candidates, found.blocks, found.exact)
  return explain(needs, candidates, options, found.exact)
}

interface Solution {
  readonly blocks: readonly Block[] | undefined
  readonly exact: boolean
}

function solve(needs: readonly Need[], candidates: readonly Candidate[], options: Options): Solution {
  const simple = solveSimple(needs, candidates, options)
  if (simple === undefined) return { blocks: undefined, exact: true }
  if (simple !== 'too much' && allows(candidates, options, simple)) return { blocks: simple, exact: true }
  if (isOnePlaceEach(needs, candidates, options)) {
    const assigned = assign(needs, candidates)
    if (assigned === undefined) return { blocks: undefined, exact: true }
    if (allows(candidates, options, assigned)) return { blocks: assigned, exact: true }
  }
  const general = fillPlaces(needs, candidates, options)
  if (general !== 'too much') return { blocks: general, exact: true }
  return solveLarge(needs, candidates, options)
}

/** Beyond the tables: with a bound and branching; without proof where that comes to no end or breaks a limit. */
function solveLarge(needs: readonly Need[], candidates: readonly Candidate[], options: Options): Solution {
  const covering = cover(needs, candidates, options)
  const { blocks } = covering
  if (blocks === undefined) {
    if (covering.proven) return { blocks, exact: true }
    return { blocks: search(needs, candidates, options), exact: false }
  }
  const isAllowed = allows(candidates, options, blocks)
  if (isAllowed && covering.proven) return { blocks, exact: true }
  const found = search(needs, candidates, options)
  if (!isAllowed) return { blocks: found, exact: false }
  const value = (of: readonly Block[]): number => teamOf(needs, candidates, of, false).value
  return { blocks: found !== undefined && value(found) > value(blocks) ? found : blocks, exact: false }
}

/** With as many members as places, each takes one. */
function isOnePlaceEach(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  { sizeMin, sizeMax }: Options,
): boolean {
  const places = needs.reduce((sum, { count }) => sum + count, 0)
  if (sizeMin < places || sizeMax < places || needs.some(({ skipPrice }) => skipPrice !== undefined))
    return false
  return candidates.every(({ mustInclude }) => mustInclude !== true)
}

/** Without regard to a smallest size and to the budget; where both are kept by chance, nothing better exists. */
function solveSimple(needs: readonly Need[], candidates: readonly Candidate[], options: Options): Found {
  if (candidates.some((candidate) => candidate.mustInclude === true)) return 'too much'
  const only = needs[0]
  if (needs.length === 1 && only !== undefined) return fillOne(only, candidates, options.sizeMax)
  if (needs.length > partitionNeedsMax || needs.some((need) => need.count !== 1)) return 'too much'
  if (options.sizeMax >= needs.length && candidates.every(isSpecialist)) return fillEach(needs, candidates)
  return partition(needs, candidates, options.sizeMax)
}

/** Whether the candidate can cover one need at the most. */
function isSpecialist({ values }: Candidate): boolean {
  let can = 0
  for (const value of values) if (value !== undefined) can++
  return can <= 1
}

/** Among specialists, with room for all, the needs have nothing to do with each other: the best one for each. */
function fillEach(needs: readonly Need[], candidates: readonly Candidate[]): readonly Block[] {
  let blocks: readonly Block[] = none
  for (let i = 0; i < needs.length; i++) {
    let best = -1
    let bestNet = -(needs[i]?.skipPrice ?? Infinity)
    for (let c = 0; c < candidates.length; c++) {
      const value = candidates[c]?.values[i]
      if (value === undefined) continue
      const net = value - (candidates[c]?.cost ?? 0)
      if (net > bestNet) {
        best = c
        bestNet = net
      }
    }
    if (best >= 0) blocks = longer(blocks, { candidate: best, needs: [i] })
  }
  return blocks
}

function allows(candidates: readonly Candidate[], options: Options, blocks: readonly Block[]): boolean {
  if (blocks.length < options.sizeMin) return false
  const isIn = (c: number): boolean => blocks.some(({ candidate }) => candidate === c)
  if (candidates.some(({ mustInclude }, c) => mustInclude === true && !isIn(c))) return false
  return options.budget === undefined || priceOf(candidates, blocks) <= spendable(options.budget)
}

/** One need: the best few candidates. */
function fillOne(need: Need, candidates: readonly Candidate[], sizeMax: number): Found {
  const optional = need.skipPrice !== undefined
  if (!optional && need.count > sizeMax) return undefined
  let blocks: readonly Block[] = none
  // Mostly one is enough, and nobody is taken before.
  const taken = need.count > 1 ? new Set<number>() : undefined
  while (blocks.length < need.count && blocks.length < sizeMax) {
    let best = -1
    let bestValue = need.skipPrice === undefined ? -Infinity : -need.skipPrice
    for (let c = 0; c < candidates.length; c++) {
      const value = candidates[c]?.values[0]
      if (value === undefined || taken?.has(c)) continue
      const net = value - (candidates[c]?.cost ?? 0)
      if (net > bestValue) {
        best = c
        bestValue = net
      }
    }
    if (best < 0) break
    taken?.add(best)
    blocks = longer(blocks, { candidate: best, needs: [0] })
  }
  return optional || blocks.length === need.count ? blocks : undefined
}

/** Required needs that have fewer capable candidates than places. */
function missingNeeds(needs: readonly Need[], candidates: readonly Candidate[]): readonly number[] {
  let missing: readonly number[] = none
  for (let i = 0; i < needs.length; i++) {
    const need = needs[i]
    if (need === undefined || need.skipPrice !== undefined) continue
    let capable = 0
    for (const candidate of candidates) {
      if (candidate.values[i] !== undefined) capable++
      if (capable >= need.count) break
    }
    if (capable < need.count) missing = longer(missing, i)
  }
  return missing
}

function explain(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Options,
  exact: boolean,
): NoTeam {
  const all = needs.map((_, i) => i)
  const { sizeMax, sizeMin } = options
  if (options.budget !== undefined) {
    // The same question with money as the only value.
    const priced = candidates.map((candidate) => ({
      values: candidate.values.map((value) => (value === undefined ? undefined : 0)),
      cost: candidate.price ?? 0,
      price: candidate.price ?? 0,
      ...(candidate.mustInclude === true ? { mustInclude: true } : {}),
    }))
    const free = needs.map((need) => (need.skipPrice === undefined ? need : { ...need, skipPrice: 0 }))
    const cheapest = solve(free, priced, { sizeMax, sizeMin })
    if (cheapest.blocks !== undefined) {
      const proven = exact && cheapest.exact
      return noTeam('budget', all, proven, priceOf(candidates, cheapest.blocks))
    }
  }
  return noTeam('size', exact ? core(needs, candidates, sizeMax) : all, exact)
}

const none: readonly never[] = []

function noTeam(why: NoTeam['why'], needs: readonly number[], exact: boolean, cheapest?: number): NoTeam {
  return {
    kind: 'none',
    why,
    needs,
    ...(cheapest === undefined ? {} : { cheapest }),
    ...(exact ? {} : { exact: false as const }),
  }
}

/** Sets of needs that are tried in the search for a smallest one, each a choice of a team. */
const coreLooksMax = 2_000

/**
 * Required needs that do not fit into `sizeMax` members, none of which could be left out: leaving out any
 * one, the others would fit. As few as there can be, where there are not too many sets to try. All needs, when
 * the reason is another: the smallest size, or who must be included.
 */
function core(needs: readonly Need[], candidates: readonly Candidate[], sizeMax: number): readonly number[] {
  const all = needs.map((_, i) => i)
  let kept = all.filter((i) => needs[i]?.skipPrice === undefined)
  if (fits(kept, needs, candidates, sizeMax)) return all
  for (const need of [...kept]) {
    const others = kept.filter((i) => i !== need)
    if (!fits(others, needs, candidates, sizeMax)) kept = others
  }
  const required = all.filter((i) => needs[i]?.skipPrice === undefined)
  return (
    smallest(required, needs, kept.length, (set) => fits(set, needs, candidates, sizeMax), sizeMax) ?? kept
  )
}

/** The first smallest set of fewer than `below` needs that does not fit. */
function smallest(
  required: readonly number[],
  needs: readonly Need[],
  below: number,
  fit: (set: readonly number[]) => boolean,
  sizeMax: number,
): readonly number[] | undefined {
  let looks = 0
  const grow = (set: readonly number[], places: number, from: number, size: number): number[] | undefined => {
    if (looks > coreLooksMax) return undefined
    if (set.length === size) {
      // One member for each place is room enough: every need has as many candidates as places.
      if (places <= sizeMax) return undefined
      looks++
      return fit(set) ? undefined : [...set]
    }
    for (let i = from; i < required.length; i++) {
      const need = required[i] ?? 0
      const found = grow([...set, need], places + (needs[need]?.count ?? 0), i + 1, size)
      if (found !== undefined) return found
    }
    return undefined
  }
  for (let size = 1; size < below; size++) {
    const found = grow([], 0, 0, size)
    if (found !== undefined) return found
  }
  return undefined
}

function fits(
  chosen: readonly number[],
  needs: readonly Need[],
  candidates: readonly Candidate[],
  sizeMax: number,
): boolean {
  const fewer = chosen.map((i) => ({ count: needs[i]?.count ?? 0 }))
  const bare = candidates.map((candidate) => ({
    values: chosen.map((i) => (candidate.values[i] === undefined ? undefined : 0)),
    cost: 0,
  }))
  const found = solve(fewer, bare, { sizeMax, sizeMin: 0 })
  // Not proven either way counts as fitting, so that a core never names too little.
  return found.blocks !== undefined || !found.exact
}

/**
 * The words of team formation, shared by the methods that find a team.
 */
import { longer } from '../protocol/longer.ts'
import { sortShort } from './sorting.ts'

/** `count` different members are needed. A number of places, each of which one member fills. */
export interface Need {
  readonly count: number
  /** Present: optional. Each place of it may stay empty at this price, in the unit of the values. At least 0. */
  readonly skipPrice?: number
}

export interface Candidate {
  /** The value for each need, or undefined where the candidate cannot cover it. */
  readonly values: readonly (number | undefined)[]
  /** Paid once, whatever number of needs it covers. At least 0. */
  readonly cost: number
  /** In the unit of the budget; 0 when absent. At least 0. */
  readonly price?: number
  /** Only teams with this candidate are asked for. */
  readonly mustInclude?: boolean
}

export interface Options {
  readonly sizeMax: number
  readonly sizeMin: number
  /** Highest sum of the members' prices. */
  readonly budget?: number
}

export interface Team {
  readonly kind: 'team'
  /** By candidate. Every member covers at least one need, and no need twice. */
  readonly members: readonly { readonly candidate: number; readonly needs: readonly number[] }[]
  /** Sum of the values, less the members' costs and the prices of what was skipped. */
  readonly value: number
  /** Optional needs with an empty place. */
  readonly uncovered: readonly number[]
  /** Present when the problem was too large for a proof that no team is better. */
  readonly exact?: false
}

export interface NoTeam {
  readonly kind: 'none'
  /**
   * `missing`: these needs have fewer capable candidates than places. `size`: covering these needs takes
   * more members than allowed, or the smallest size, or who must be included, cannot be had. `budget`: the
   * cheapest team costs more.
   */
  readonly why: 'missing' | 'size' | 'budget'
  readonly needs: readonly number[]
  /** With `budget`: the least sum of prices of any team. */
  readonly cheapest?: number
  /** Present when the problem was too large for a proof that there is none. */
  readonly exact?: false
}

/** One member with the needs it covers. */
export interface Block {
  readonly candidate: number
  readonly needs: readonly number[]
}

/** `undefined`: there is no team, which is proven. `too much`: given up after the work allowed. */
export type Found = readonly Block[] | undefined | 'too much'

/**
 * Supposes that the best team is almost as good as an upper bound, which leaves little to look at. When it
 * is not, there is no team that good, and the supposition is lowered; at last nothing is supposed. What is
 * found is always the best, because `attempt` finds the best of all teams of at least the value it is
 * given.
 */
export function descend(bound: number, attempt: (floor: number) => Found): Found {
  let gap = Math.max(0.01, Math.abs(bound) / 4)
  for (let round = 0; round < 4; round++) {
    const found = attempt(bound - gap)
    if (found !== undefined) return found
    gap *= 2
  }
  return attempt(-Infinity)
}

export function needsOf(mask: number): number[] {
  const needs: number[] = []
  for (let rest = mask; rest !== 0; rest &= rest - 1) needs.push(lowest(rest))
  return needs
}

/** The number of the lowest bit that is set. */
export function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/** How many bits are set. */
export function sizeOf(mask: number): number {
  let size = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) size++
  return size
}

/** The needs that a candidate can cover, as bits. For at most 31 needs. */
export function maskOf(candidate: Candidate, needCount: number): number {
  let mask = 0
  for (let i = 0; i < needCount; i++) if (candidate.values[i] !== undefined) mask |= 1 << i
  return mask
}

export function priceOf(candidates: readonly Candidate[], blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + (candidates[block.candidate]?.price ?? 0), 0)
}

/** The budget with room for rounding: three prices of 0.1 are no more than 0.3. */
export function spendable(budget: number | undefined): number {
  return budget === undefined ? Infinity : budget + 1e-9 * Math.max(1, Math.abs(budget))
}

export function teamOf(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  blocks: readonly Block[],
  exact: boolean,
): Team {
  const open = needs.map(countOf)
  let value = 0
  for (const block of blocks) {
    const candidate = candidates[block.candidate]
    value -= candidate?.cost ?? 0
    for (const need of block.needs) {
      value += candidate?.values[need] ?? 0
      open[need] = (open[need] ?? 0) - 1
    }
  }
  let uncovered: readonly number[] = none
  for (let i = 0; i < needs.length; i++) {
    const left = open[i] ?? 0
    if (left === 0) continue
    uncovered = longer(uncovered, i)
    value -= left * (needs[i]?.skipPrice ?? 0)
  }
  const members = blocks.length === 1 ? blocks : sortShort([...blocks], byCandidate)
  const team: Team = { kind: 'team', members, value, uncovered }
  return exact ? team : { ...team, exact: false }
}

const none: readonly never[] = []

function countOf({ count }: Need): number {
  return count
}

function byCandidate(a: Block, b: Block): number {
  return a.candidate - b.candidate
}

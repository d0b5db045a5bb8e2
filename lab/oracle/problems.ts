/**
 * Random problems of team formation, for tests and benchmarks.
 */
import type { Candidate, Need } from '../../src/strategy/form.ts'
import type { Sizes } from './milp.ts'

export interface Shape {
  readonly counts?: boolean
  readonly optional?: boolean
  readonly must?: boolean
  readonly sizeMin?: boolean
  readonly budget?: boolean
  /** Nobody can cover two needs. */
  readonly specialists?: boolean
  /** Values and prices from a few whole numbers, so that ties are common. */
  readonly coarse?: boolean
}

export interface Problem {
  readonly needs: readonly Need[]
  readonly candidates: readonly Candidate[]
  readonly sizes: Sizes
}

export function randomProblem(
  random: () => number,
  shape: Shape,
  needMax: number,
  candidateMax: number,
): Problem {
  const up = (n: number): number => Math.floor(random() * n)
  const amount = (scale: number): number => (shape.coarse ? up(3) : random() * scale)
  const needs: Need[] = Array.from({ length: 1 + up(needMax) }, () => ({
    count: shape.counts ? 1 + up(3) : 1,
    ...(shape.optional && random() < 0.4 ? { skipPrice: amount(2) } : {}),
  }))
  const coverage = 0.25 + 0.6 * random()
  const covers = (): readonly boolean[] => {
    const only = up(needs.length)
    return needs.map((_, i) => (shape.specialists ? i === only : random() < coverage))
  }
  const candidates: Candidate[] = Array.from({ length: 1 + up(candidateMax) }, () => ({
    values: covers().map((can) => (can ? -amount(2) : undefined)),
    cost: amount(1),
    ...(shape.budget ? { price: amount(5) } : {}),
    ...(shape.must && random() < 0.15 ? { mustInclude: true } : {}),
  }))
  const sizes = {
    sizeMax: 1 + up(needs.length + 1),
    sizeMin: shape.sizeMin ? 1 + up(3) : 1,
    ...(shape.budget ? { budget: amount(12) } : {}),
  }
  return { needs, candidates, sizes }
}

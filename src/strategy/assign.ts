/**
 * Teams in which every place has a member of its own: the assignment problem, exact whatever the number of places.
 */
import type { Block, Candidate, Need } from './team.ts'

/**
 * The best choice of different candidates for all places, or `undefined` when there is none. All needs are required,
 * and nobody must be included.
 *
 * Source: the Hungarian method with potentials (Kuhn 1955, Jonker and Volgenant 1987); places² × candidates steps.
 */
export function assign(
  needs: readonly Need[],
  candidates: readonly Candidate[],
): readonly Block[] | undefined {
  const places = needs.flatMap(({ count }, need) => Array.from({ length: count }, () => need))
  const matching = new Assignment(places.length, candidates.length, (place, c) => {
    const candidate = candidates[c]
    const value = candidate?.values[places[place] ?? -1]
    return value === undefined ? Number.POSITIVE_INFINITY : (candidate?.cost ?? 0) - value
  })
  for (let place = 0; place < places.length; place++) if (!matching.add(place)) return undefined
  return candidates.flatMap((_, c) => {
    const place = matching.placeOf(c)
    return place < 0 ? [] : [{ candidate: c, needs: [places[place] ?? 0] }]
  })
}

/** The cheapest assignment of the places added so far. */
class Assignment {
  readonly #columns: number
  readonly #cost: (place: number, column: number) => number
  readonly #rowPrice: Float64Array
  readonly #columnPrice: Float64Array
  /** The place of every column, or -1. */
  readonly #taken: Int32Array

  constructor(rows: number, columns: number, cost: (place: number, column: number) => number) {
    this.#columns = columns
    this.#cost = cost
    this.#rowPrice = new Float64Array(rows)
    this.#columnPrice = new Float64Array(columns)
    this.#taken = new Int32Array(columns).fill(-1)
  }

  placeOf(column: number): number {
    return this.#taken[column] ?? -1
  }

  /** Gives one more place a column, along the cheapest path over those that have one. Answers false without a path. */
  add(place: number): boolean {
    const far = new Float64Array(this.#columns).fill(Number.POSITIVE_INFINITY)
    const from = new Int32Array(this.#columns).fill(-1)
    const seen = new Uint8Array(this.#columns)
    let row = place
    let column = -1
    let distance = 0
    do {
      const next = this.#nearest(row, column, distance, { far, from, seen })
      if (next < 0) return false
      distance = far[next] ?? 0
      seen[next] = 1
      column = next
      row = this.placeOf(next)
    } while (row >= 0)
    this.#reprice(place, distance, far, seen)
    while (column >= 0) {
      const before = from[column] ?? -1
      this.#taken[column] = before < 0 ? place : this.placeOf(before)
      column = before
    }
    return true
  }

  /** Looks on from one row, and answers the nearest column that was not seen yet, or -1. */
  #nearest(row: number, column: number, distance: number, paths: Paths): number {
    const { far, from, seen } = paths
    let nearest = -1
    for (let c = 0; c < this.#columns; c++) {
      if (seen[c] === 1) continue
      const reduced = this.#cost(row, c) - (this.#rowPrice[row] ?? 0) - (this.#columnPrice[c] ?? 0)
      if (distance + reduced < (far[c] ?? 0)) {
        far[c] = distance + reduced
        from[c] = column
      }
      if ((far[c] ?? 0) < (nearest < 0 ? Number.POSITIVE_INFINITY : (far[nearest] ?? 0))) nearest = c
    }
    return nearest
  }

  #reprice(place: number, distance: number, far: Float64Array, seen: Uint8Array): void {
    this.#rowPrice[place] = (this.#rowPrice[place] ?? 0) + distance
    for (let c = 0; c < this.#columns; c++) {
      if (seen[c] === 0) continue
      const gap = distance - (far[c] ?? 0)
      this.#columnPrice[c] = (this.#columnPrice[c] ?? 0) - gap
      const row = this.placeOf(c)
      if (row >= 0) this.#rowPrice[row] = (this.#rowPrice[row] ?? 0) + gap
    }
  }
}

/** The cheapest ways found from one place: how far each column is, from which, and whether it is final. */
interface Paths {
  readonly far: Float64Array
  readonly from: Int32Array
  readonly seen: Uint8Array
}

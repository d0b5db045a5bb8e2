/**
 * Which numbers stand under a hash: rows of typed arrays, chained by hash. Some 14 bytes for a row, with its share
 * of the heads of the chains. Rows with the same hash and the same number are one as good as the other.
 * Must never happen here: a decision that depends on the order of a chain.
 */
import { grown } from './ladder.ts'

const none = -1
const rowsAtFirst = 16
/** Chains are this long on average when the heads double. */
const rowsPerHead = 2

/** A row is three numbers side by side, so that one look at memory brings all: the hash, the number, the next row. */
const width = 3
const numberAt = 1
const nextAt = 2

export class HashRows {
  #heads = new Int32Array(rowsAtFirst).fill(none)
  #rows = new Int32Array(rowsAtFirst * width)
  #count = 0
  /** Rows that are free again, chained. */
  #vacant = none

  add(hash: number, number: number): number {
    let row = this.#vacant
    if (row === none) row = this.#newRow()
    else this.#vacant = this.#next(row)
    this.#rows[row * width] = hash
    this.#rows[row * width + numberAt] = number
    this.#link(row)
    return row
  }

  remove(row: number): void {
    const chain = this.#chainOf(this.#hash(row))
    let before = none
    for (let at = this.#heads[chain] ?? none; at !== row; at = this.#next(at)) before = at
    if (before === none) this.#heads[chain] = this.#next(row)
    else this.#rows[before * width + nextAt] = this.#next(row)
    this.#rows[row * width + nextAt] = this.#vacant
    this.#vacant = row
  }

  /** The first row under this hash, or -1. */
  first(hash: number): number {
    return this.#seek(this.#heads[this.#chainOf(hash)] ?? none, hash)
  }

  /** The next row under the same hash, or -1. */
  after(row: number): number {
    return this.#seek(this.#next(row), this.#hash(row))
  }

  numberOf(row: number): number {
    return this.#rows[row * width + numberAt] ?? none
  }

  setNumber(row: number, number: number): void {
    this.#rows[row * width + numberAt] = number
  }

  get bytes(): number {
    return this.#heads.byteLength + this.#rows.byteLength
  }

  #hash(row: number): number {
    return this.#rows[row * width] ?? 0
  }

  #next(row: number): number {
    return this.#rows[row * width + nextAt] ?? none
  }

  #seek(from: number, hash: number): number {
    let row = from
    while (row !== none && this.#hash(row) !== hash) row = this.#next(row)
    return row
  }

  #chainOf(hash: number): number {
    return hash & (this.#heads.length - 1)
  }

  #link(row: number): void {
    const chain = this.#chainOf(this.#hash(row))
    this.#rows[row * width + nextAt] = this.#heads[chain] ?? none
    this.#heads[chain] = row
  }

  #newRow(): number {
    if (this.#count * width === this.#rows.length) this.#grow()
    return this.#count++
  }

  #grow(): void {
    const length = roomFor(this.#count)
    this.#rows = grown(this.#rows, length * width)
    if (length <= rowsPerHead * this.#heads.length) return
    // There is no room, so all rows are in use: each goes to the head of its new chain.
    this.#heads = new Int32Array(2 * this.#heads.length).fill(none)
    for (let row = 0; row < this.#count; row++) this.#link(row)
  }
}

/** A table that doubles has room for a second million that may never come; an eighth more is enough. */
export function roomFor(count: number): number {
  return count + Math.max(rowsAtFirst, count >>> 3)
}

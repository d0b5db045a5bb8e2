/**
 * The ladder of a pair of skills with many agents: as `ladder`, but of agents and not of offers, and with the places in
 * the rows of the index. An agent has many pairs, so that every byte counts here.
 */
import type { HashRows } from './hash-rows.ts'
import { busyBucket, grown, scoreBuckets } from './ladder.ts'
import { mixed } from './pairs.ts'

const none = -1
/** Where the agents begin in the table. */
const slotsAt = scoreBuckets + 1

export class PairLadder {
  readonly #hash: number
  readonly #rows: HashRows
  /** Where each bucket ends; it begins where the one before ends. Behind that, the agents. */
  #table = new Int32Array(slotsAt + 8)

  constructor(hash: number, rows: HashRows) {
    this.#hash = hash
    this.#rows = rows
  }

  get size(): number {
    return this.#table[busyBucket] ?? 0
  }

  get free(): number {
    return this.#table[busyBucket - 1] ?? 0
  }

  get bytes(): number {
    return this.#table.byteLength
  }

  at(position: number): number {
    return this.#table[slotsAt + position] ?? none
  }

  bucketAt(position: number): number {
    let low = 0
    let high = busyBucket
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#table[middle] ?? 0) > position) high = middle
      else low = middle + 1
    }
    return low
  }

  insert(slot: number, bucket: number): void {
    const last = this.size
    if (slotsAt + last === this.#table.length)
      this.#table = grown(this.#table, slotsAt + last + Math.max(8, last >>> 3))
    this.#table[slotsAt + last] = slot
    this.#table[busyBucket] = last + 1
    this.#shift(this.#rows.add(this.#hashOf(slot), last), slot, last, busyBucket, bucket)
  }

  remove(slot: number): void {
    this.move(slot, busyBucket)
    const row = this.#rowOf(slot)
    const last = this.size - 1
    this.#put(this.#rowOf(this.at(last)), this.at(last), this.#rows.numberOf(row))
    this.#table[busyBucket] = last
    this.#rows.remove(row)
  }

  move(slot: number, to: number): void {
    const row = this.#rowOf(slot)
    const position = this.#rows.numberOf(row)
    const from = this.bucketAt(position)
    if (from !== to) this.#shift(row, slot, position, from, to)
  }

  endOf(bucket: number): number {
    return this.#table[bucket] ?? 0
  }

  /** The place is a hole that wanders to the other bucket; at every border one agent steps into it. */
  #shift(row: number, slot: number, position: number, from: number, to: number): void {
    const ends = this.#table
    let hole = position
    for (let bucket = from; bucket > to; bucket--) {
      const first = ends[bucket - 1] ?? 0
      if (first !== hole) this.#put(this.#rowOf(this.at(first)), this.at(first), hole)
      hole = first
      ends[bucket - 1] = first + 1
    }
    for (let bucket = from; bucket < to; bucket++) {
      const last = (ends[bucket] ?? 0) - 1
      if (last !== hole) this.#put(this.#rowOf(this.at(last)), this.at(last), hole)
      hole = last
      ends[bucket] = last
    }
    this.#put(row, slot, hole)
  }

  #put(row: number, slot: number, position: number): void {
    this.#table[slotsAt + position] = slot
    this.#rows.setNumber(row, position)
  }

  /** Under its hash, the row whose place is this agent's. An agent's old place still names it until it has moved. */
  #rowOf(slot: number): number {
    let row = this.#rows.first(this.#hashOf(slot))
    while (row !== none && this.at(this.#rows.numberOf(row)) !== slot) row = this.#rows.after(row)
    return row
  }

  #hashOf(slot: number): number {
    return mixed(this.#hash ^ Math.imul(slot + 1, 0xc2b2ae35))
  }
}

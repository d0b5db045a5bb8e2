/**
 * Who has two skills at once: for every pair of skills of every agent, where to find the agent. The winner of a place
 * for two skills is hardly ever among the best few for either of them.
 *
 * Most pairs of skills have few agents. These stand together under the hash of the pair, in no order. A pair with more
 * than `largeFrom` agents has a ladder of its own, best sum of scores first; where an agent stands on it is found under
 * the hash of pair and agent.
 * Must never happen here: trust in a hash. Other pairs may have the same, so whoever reads looks at the agent.
 */
import { HashRows } from './hash-rows.ts'
import { busyBucket } from './ladder.ts'
import { PairLadder } from './pair-ladder.ts'

/** With more agents than this a pair has a ladder, and with fewer than `largeUntil` it has none again. */
const largeFrom = 64
const largeUntil = 24
/** An agent with more skills than this is looked at for every question instead: its pairs would be too many. */
export const pairSkillsMax = 32

const none = -1

/** A skill of one agent: its number, and the bucket in which the agent stands, `busyBucket` without a free slot. */
export interface Standing {
  readonly skill: number
  readonly bucket: number
}

export class PairIndex {
  /** Under the hash of a small pair its agents; under the hash of a large pair and an agent, the agent's place. */
  readonly #rows = new HashRows()
  readonly #large = new Map<number, PairLadder>()
  readonly #overfull = new Set<number>()
  readonly #bucketOf: (slot: number, skill: number) => number

  /**
   * @param bucketOf The bucket of an agent in a skill, or -1 when it does not have it, or when there is no such
   * agent.
   */
  constructor(bucketOf: (slot: number, skill: number) => number) {
    this.#bucketOf = bucketOf
  }

  add(slot: number, own: readonly Standing[]): void {
    if (own.length > pairSkillsMax) this.#overfull.add(slot)
    else eachPair(own, (a, b) => this.#enter(slot, a, b))
  }

  remove(slot: number, own: readonly Standing[]): void {
    if (!this.#overfull.delete(slot)) eachPair(own, (a, b) => this.#leave(slot, a.skill, b.skill))
  }

  /** The agent's bucket in a pair may have changed. */
  move(slot: number, a: number, b: number, bucket: number): void {
    this.#large.get(keyOf(a, b))?.move(slot, bucket)
  }

  /** Whether anything has to be moved at all when scores change. */
  get hasLarge(): boolean {
    return this.#large.size > 0
  }

  /** Agents with so many skills that they stand under no pair. */
  get overfull(): ReadonlySet<number> {
    return this.#overfull
  }

  /**
   * Shows agents of a pair until `enough` of them were taken: all of a small pair, in no order; of a large one the best
   * first, equals in random order. Returns the bucket of the next one that was not shown, or -1 when all were. What is
   * shown may be no agent of the pair, and no agent at all.
   */
  visit(
    a: number,
    b: number,
    enough: number,
    busyToo: boolean,
    random: () => number,
    take: (slot: number) => boolean,
  ): number {
    const ladder = this.#large.get(keyOf(a, b))
    if (ladder === undefined) {
      const rows = this.#rows
      for (let row = rows.first(hashOf(a, b)); row !== none; row = rows.after(row)) take(rows.numberOf(row))
      return none
    }
    return visitLadder(ladder, enough, busyToo ? ladder.size : ladder.free, random, take)
  }

  get bytes(): number {
    let bytes = this.#rows.bytes
    for (const ladder of this.#large.values()) bytes += ladder.bytes
    return bytes
  }

  #enter(slot: number, a: Standing, b: Standing): void {
    const ladder = this.#large.get(keyOf(a.skill, b.skill))
    if (ladder !== undefined) {
      ladder.insert(slot, pairBucket(a.bucket, b.bucket))
      return
    }
    const hash = hashOf(a.skill, b.skill)
    this.#rows.add(hash, slot)
    let count = 0
    for (let row = this.#rows.first(hash); row !== none; row = this.#rows.after(row)) count++
    if (count > largeFrom) this.#enlarge(hash, a.skill, b.skill)
  }

  #leave(slot: number, a: number, b: number): void {
    const hash = hashOf(a, b)
    const ladder = this.#large.get(keyOf(a, b))
    if (ladder === undefined) {
      let row = this.#rows.first(hash)
      while (row !== none && this.#rows.numberOf(row) !== slot) row = this.#rows.after(row)
      if (row !== none) this.#rows.remove(row)
      return
    }
    ladder.remove(slot)
    if (ladder.size < largeUntil) this.#shrink(hash, ladder, a, b)
  }

  /** Gives a pair a ladder. What stands under the same hash for another pair stays where it is. */
  #enlarge(hash: number, a: number, b: number): void {
    const own: number[] = []
    for (let row = this.#rows.first(hash); row !== none; row = this.#rows.after(row)) {
      const slot = this.#rows.numberOf(row)
      if (this.#bucketOf(slot, a) >= 0 && this.#bucketOf(slot, b) >= 0) own.push(row)
    }
    if (own.length <= largeFrom) return
    const ladder = new PairLadder(hash, this.#rows)
    this.#large.set(keyOf(a, b), ladder)
    for (const row of own) {
      const slot = this.#rows.numberOf(row)
      this.#rows.remove(row)
      ladder.insert(slot, pairBucket(this.#bucketOf(slot, a), this.#bucketOf(slot, b)))
    }
  }

  #shrink(hash: number, ladder: PairLadder, a: number, b: number): void {
    this.#large.delete(keyOf(a, b))
    for (let size = ladder.size; size > 0; size--) {
      const slot = ladder.at(size - 1)
      ladder.remove(slot)
      this.#rows.add(hash, slot)
    }
  }
}

/** Bucket by bucket; in each from a random place on and around, so that nobody is always first. */
function visitLadder(
  ladder: PairLadder,
  enough: number,
  end: number,
  random: () => number,
  take: (slot: number) => boolean,
): number {
  // Who is barred, or too low in level, costs a look, and there may be no end of those.
  let looks = 8 * enough + largeFrom
  let taken = 0
  for (let begin = 0; begin < end; ) {
    const bucket = ladder.bucketAt(begin)
    const border = Math.min(end, ladder.endOf(bucket))
    const size = border - begin
    const start = Math.floor(random() * size)
    for (let i = 0; i < size; i++) {
      if (taken === enough || looks-- === 0) return bucket
      const at = start + i
      if (take(ladder.at(begin + (at < size ? at : at - size)))) taken++
    }
    begin = border
  }
  return none
}

/** Half the sum, so that a pair has as many buckets as a skill; the sum is at least twice as much. */
export function pairBucket(a: number, b: number): number {
  return a >= busyBucket || b >= busyBucket ? busyBucket : (a + b) >> 1
}

function eachPair(own: readonly Standing[], visit: (a: Standing, b: Standing) => void): void {
  for (let i = 1; i < own.length; i++) {
    const a = own[i]
    if (a === undefined) continue
    for (let j = 0; j < i; j++) {
      const b = own[j]
      if (b !== undefined) visit(a, b)
    }
  }
}

function keyOf(a: number, b: number): number {
  return a < b ? a * 2 ** 26 + b : b * 2 ** 26 + a
}

function hashOf(a: number, b: number): number {
  const low = Math.min(a, b)
  const high = Math.max(a, b)
  return mixed(Math.imul(low + 1, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca6b))
}

/** Spreads the bits (the finish of MurmurHash3, public domain). */
export function mixed(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

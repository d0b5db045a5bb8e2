/**
 * One ordered shelf of the catalog: numbers of offers in an array, sorted by bucket, best bucket first, the
 * busy ones in a last bucket of their own. A change of bucket walks over the borders of the buckets
 * between, with one swap each: constant work, as a linked list would give, but a bucket is a range of the
 * array, so that a fair random choice inside it takes one step. (In a list of a million equals a random one
 * cannot be had cheaply, and a fixed order sends everybody to the same agent.)
 */
import type { Offers } from './offers.ts'

/** Differences of score below 1/64 are smaller than the uncertainty of any estimate. */
export const scoreBuckets = 64
/** After the last score: capable, but without a free slot. */
export const busyBucket: number = scoreBuckets

/** Where the offers begin in the table of a ladder. */
const offersAt = scoreBuckets + 1

/** 0 for the best score. */
export function bucketOf(score: number): number {
  return score > 0
    ? scoreBuckets - 1 - Math.min(scoreBuckets - 1, Math.floor(score * scoreBuckets))
    : scoreBuckets - 1
}

export class Ladder {
  readonly number: number
  readonly rank: number
  readonly proven: boolean
  /** Where each bucket ends; it begins where the one before ends. Behind that, the offers. */
  #table = new Int32Array(offersAt + 4)

  constructor(number: number, rank: number, proven: boolean) {
    this.number = number
    this.rank = rank
    this.proven = proven
  }

  get size(): number {
    return this.endOf(busyBucket)
  }

  get free(): number {
    return this.endOf(busyBucket - 1)
  }

  get bytes(): number {
    return this.#table.byteLength
  }

  /** The offer at a position; positions below `free` are free agents, best bucket first. */
  at(position: number): number {
    return this.#table[offersAt + position] ?? -1
  }

  endOf(bucket: number): number {
    return this.#table[bucket] ?? 0
  }

  insert(offer: number, bucket: number, offers: Offers): void {
    const last = this.size
    if (offersAt + last === this.#table.length)
      this.#table = grown(this.#table, offersAt + last + Math.max(4, last >>> 3))
    this.#put(offer, last, offers)
    this.#table[busyBucket] = last + 1
    offers.setBucket(offer, busyBucket)
    this.move(offer, bucket, offers)
  }

  remove(offer: number, offers: Offers): void {
    this.move(offer, busyBucket, offers)
    const last = this.size - 1
    this.swap(offers.position(offer), last, offers)
    this.#table[busyBucket] = last
  }

  /** The offer's place is a hole that wanders to the other bucket; at every border one offer steps into it. */
  move(offer: number, to: number, offers: Offers): void {
    const ends = this.#table
    let bucket = offers.bucket(offer)
    let hole = offers.position(offer)
    for (; bucket > to; bucket--) {
      const first = ends[bucket - 1] ?? 0
      if (first !== hole) this.#put(this.at(first), hole, offers)
      hole = first
      ends[bucket - 1] = first + 1
    }
    for (; bucket < to; bucket++) {
      const last = (ends[bucket] ?? 0) - 1
      if (last !== hole) this.#put(this.at(last), hole, offers)
      hole = last
      ends[bucket] = last
    }
    this.#put(offer, hole, offers)
    offers.setBucket(offer, to)
  }

  /** Exchanges two offers. Only inside one bucket does this keep the order. */
  swap(a: number, b: number, offers: Offers): void {
    if (a === b) return
    const offer = this.at(a)
    this.#put(this.at(b), a, offers)
    this.#put(offer, b, offers)
  }

  #put(offer: number, position: number, offers: Offers): void {
    this.#table[offersAt + position] = offer
    offers.setPosition(offer, position)
  }
}

/** A copy with room for `length` values. */
export function grown<Values extends Int32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  values: Values,
  length: number,
): Values {
  const larger = (values instanceof Int32Array ? new Int32Array(length) : new Uint16Array(length)) as Values
  larger.set(values)
  return larger
}

/**
 * Which ladder gives the next offer: the one whose front stands in the best bucket, then that of the lowest
 * rank; the proven and the unproven of one rank in proportion to how many of them stand in that bucket. -1
 * when all are used up.
 */
export function nextLadder(
  ladders: readonly Ladder[],
  taken: readonly number[],
  offers: Offers,
  random: () => number,
  busyToo = false,
): number {
  let best = -1
  let bestBucket = busyBucket + 1
  let bestWidth = 0
  for (let i = 0; i < ladders.length; i++) {
    const ladder = ladders[i]
    const front = taken[i] ?? 0
    if (ladder === undefined || front >= (busyToo ? ladder.size : ladder.free)) continue
    const bucket = offers.bucket(ladder.at(front))
    if (bucket > bestBucket) continue
    const width = ladder.endOf(bucket) - front
    if (bucket < bestBucket) {
      best = i
      bestBucket = bucket
      bestWidth = width
    } else if (ladder.rank === ladders[best]?.rank) {
      if (random() * (bestWidth + width) >= bestWidth) best = i
      bestWidth += width
    }
  }
  return best
}

/** The offer at a position among the free ones of all these ladders, or -1. */
export function freeAt(ladders: readonly Ladder[], position: number): number {
  let left = position
  for (const ladder of ladders) {
    if (left < ladder.free) return ladder.at(left)
    left -= ladder.free
  }
  return -1
}

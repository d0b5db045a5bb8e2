/**
 * The offers of a catalog: one skill of one agent is a row of four numbers, 16 bytes, side by side, so that one look at
 * memory brings all that is known of it.
 * Must never happen here: a score or a place that is worked out; that is for whoever keeps the catalog.
 */
import { roomFor } from './hash-rows.ts'
import { grown } from './ladder.ts'

const none = -1
const rowsAtFirst = 16

const width = 4
const ladderAt = 1
const positionAt = 2
/** The bucket in 7 bits, the slots in 12, the score in 13. */
const marksAt = 3
const bucketMask = 0x7f
const slotsShift = 7
const slotsMost = 0xfff
const scoreShift = 19
const scoreUnit = 0x2000

export class Offers {
  #rows = new Int32Array(rowsAtFirst * width)
  #count = 0
  /** Rows that are free again, chained. */
  #vacant = none

  /** @param next Another offer of the same agent; or for the first one `~slot`, the complement of the agent's slot. */
  add(next: number): number {
    let offer = this.#vacant
    if (offer === none) offer = this.#newRow()
    else this.#vacant = this.next(offer)
    this.#rows[offer * width] = next
    return offer
  }

  drop(offer: number): void {
    this.#rows[offer * width] = this.#vacant
    this.#vacant = offer
  }

  /** The next offer of the same agent; a negative number, the complement of the agent's slot, after the last one. */
  next(offer: number): number {
    return this.#rows[offer * width] ?? none
  }

  /** The slot of the agent: at the end of the chain, whose rows mostly lie side by side. */
  owner(offer: number): number {
    let at = offer
    while (at >= 0) at = this.next(at)
    return ~at
  }

  /** The number of the ladder on which it stands. */
  ladder(offer: number): number {
    return this.#rows[offer * width + ladderAt] ?? none
  }

  setLadder(offer: number, ladder: number): void {
    this.#rows[offer * width + ladderAt] = ladder
  }

  /** Where on its ladder. */
  position(offer: number): number {
    return this.#rows[offer * width + positionAt] ?? none
  }

  setPosition(offer: number, position: number): void {
    this.#rows[offer * width + positionAt] = position
  }

  /** In which bucket of its ladder. */
  bucket(offer: number): number {
    return this.#marks(offer) & bucketMask
  }

  setBucket(offer: number, bucket: number): void {
    this.#rows[offer * width + marksAt] = (this.#marks(offer) & ~bucketMask) | bucket
  }

  /** How many assignments at once the agent has earned, up to 4,095. */
  slots(offer: number): number {
    return (this.#marks(offer) >>> slotsShift) & slotsMost
  }

  /** What is expected of the agent when it has nothing else to do, in steps of 1/8,192. */
  score(offer: number): number {
    return (this.#marks(offer) >>> scoreShift) / scoreUnit
  }

  setScore(offer: number, score: number, slots: number): void {
    const steps = Math.max(0, Math.min(scoreUnit - 1, Math.round(score * scoreUnit)))
    const places = Math.max(1, Math.min(slotsMost, slots))
    this.#rows[offer * width + marksAt] = (steps << scoreShift) | (places << slotsShift) | this.bucket(offer)
  }

  get bytes(): number {
    return this.#rows.byteLength
  }

  #marks(offer: number): number {
    return this.#rows[offer * width + marksAt] ?? 0
  }

  #newRow(): number {
    if (this.#count * width === this.#rows.length)
      this.#rows = grown(this.#rows, roomFor(this.#count) * width)
    return this.#count++
  }
}

/**
 * Who has which skill, sub-linear: the best few free agents at a level, without a look at the others.
 *
 * One ladder for each (skill, rank), and in it one for proven and one for unproven agents. An offer is one
 * skill of one agent; offers and agents are rows of typed arrays. Beside the ladders stands an index over pairs
 * of skills (`pairs`); both together take some 130 bytes for an agent with three skills.
 * Must never happen here: a choice that depends on anything but the calls made before and the generator
 * passed in.
 */
import type { SkillName } from '../protocol/id.ts'
import { assert } from '../protocol/machine.ts'
import { roomFor } from './hash-rows.ts'
import { bucketOf, busyBucket, freeAt, grown, type Ladder, nextLadder } from './ladder.ts'
import { PairIndex, pairBucket, type Standing } from './pairs.ts'
import { Shelves } from './shelves.ts'

const none = -1
const vacant = -2
const rowsAtFirst = 16

export interface Listing {
  readonly skill: SkillName
  readonly rank: number
  /** See `rankScore`. */
  readonly score: number
}

export class Catalog {
  readonly #shelves: Shelves
  // by slot
  #firstOffer = new Int32Array(rowsAtFirst).fill(vacant)
  #slotFree = new Uint8Array(rowsAtFirst)
  #slotCount = 0
  readonly #vacantSlots: number[] = []
  // by offer
  #owner = new Int32Array(rowsAtFirst)
  #nextOffer = new Int32Array(rowsAtFirst)
  #ladderNumber = new Int32Array(rowsAtFirst)
  #scoreBucket = new Uint8Array(rowsAtFirst)
  #places = { position: new Int32Array(rowsAtFirst), bucket: new Uint8Array(rowsAtFirst) }
  #offerCount = 0
  readonly #vacantOffers: number[] = []
  readonly pairs: PairIndex = new PairIndex((slot, skill) => this.#standingOf(slot, skill))

  constructor(levelCount: number) {
    this.#shelves = new Shelves(levelCount)
  }

  /** Lists an agent: free, and unproven in every skill. The slot is a small number, used again after `remove`. */
  add(skills: readonly Listing[]): number {
    const slot = this.#vacantSlots.pop() ?? this.#newSlot()
    this.#slotFree[slot] = 1
    let first = none
    for (const { skill, rank, score } of skills) {
      const offer = this.#vacantOffers.pop() ?? this.#newOffer()
      this.#owner[offer] = slot
      this.#nextOffer[offer] = first
      this.#scoreBucket[offer] = bucketOf(score)
      this.#list(offer, this.#shelves.ladder(skill, rank, false), bucketOf(score))
      first = offer
    }
    this.#firstOffer[slot] = first
    this.pairs.add(slot, this.#standings(slot))
    return slot
  }

  remove(slot: number): void {
    this.pairs.remove(slot, this.#standings(slot))
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      this.#unlist(offer)
      this.#vacantOffers.push(offer)
      this.#shelves.dropEmpty(this.#ladderNumber[offer] ?? none)
    }
    this.#firstOffer[slot] = vacant
    this.#vacantSlots.push(slot)
  }

  rescore(slot: number, skill: SkillName, rank: number, score: number): void {
    const offer = this.#find(slot, skill)
    const bucket = bucketOf(score)
    this.#scoreBucket[offer] = bucket
    const ladder = this.#ladderOf(offer)
    const effective = this.#slotFree[slot] === 1 ? bucket : busyBucket
    if (ladder.rank !== rank) {
      this.#unlist(offer)
      this.#list(offer, this.#shelves.ladder(skill, rank, ladder.proven), effective)
    } else if (this.#places.bucket[offer] !== effective) this.#place(offer, effective)
    else return
    if (this.pairs.hasLarge) this.#movePairs(slot, offer)
  }

  /** An agent without a free slot stays capable, but is on no shortlist. */
  setFree(slot: number, free: boolean): void {
    const first = this.#first(slot)
    if ((this.#slotFree[slot] === 1) === free) return
    this.#slotFree[slot] = free ? 1 : 0
    for (let offer = first; offer !== none; offer = this.#next(offer)) {
      this.#place(offer, free ? (this.#scoreBucket[offer] ?? 0) : busyBucket)
    }
    if (!this.pairs.hasLarge) return
    for (let offer = first; offer !== none; offer = this.#next(offer)) this.#movePairs(slot, offer)
  }

  /** The agent has had enough outcomes in this skill; it no longer takes the newcomers' place on a shortlist. */
  markProven(slot: number, skill: SkillName): void {
    const offer = this.#find(slot, skill)
    const ladder = this.#ladderOf(offer)
    if (ladder.proven) return
    const bucket = this.#places.bucket[offer] ?? 0
    this.#unlist(offer)
    this.#list(offer, this.#shelves.ladder(skill, ladder.rank, true), bucket)
  }

  /**
   * Slots of up to `count` free agents with the skill at this rank or above: best bucket first; in a bucket
   * the least overqualified first, so that experts stay free for what needs them; otherwise in random
   * order. When `count` is at least 2 and a newcomer is free, the last place is its.
   */
  shortlist(
    skill: SkillName,
    rank: number,
    count: number,
    random: () => number,
    except: (slot: number) => boolean = () => false,
  ): number[] {
    const ladders = this.#shelves.from(skill, rank)
    const taken = ladders.map(() => 0)
    const slots: number[] = []
    let newcomers = 0
    while (slots.length < count) {
      const which = nextLadder(ladders, taken, this.#places.bucket, random)
      const ladder = ladders[which]
      if (ladder === undefined) return slots
      const slot = this.#draw(ladder, taken[which] ?? 0, random)
      taken[which] = (taken[which] ?? 0) + 1
      if (except(slot)) continue
      slots.push(slot)
      if (!ladder.proven) newcomers++
    }
    if (newcomers > 0 || count < 2) return slots
    const newcomer = this.#newcomer(ladders, random, except)
    if (newcomer !== undefined) slots[slots.length - 1] = newcomer
    return slots
  }

  /**
   * The best `count` agents with the skill at this rank or above, and the bucket of the next one, -1 when there
   * is none. A shortlist without the newcomer's place; with `busyToo` also those without a free slot.
   */
  best(
    skill: SkillName,
    rank: number,
    count: number,
    busyToo: boolean,
    random: () => number,
    except: (slot: number) => boolean,
  ): { readonly slots: readonly number[]; readonly next: number } {
    const ladders = this.#shelves.from(skill, rank)
    const taken = ladders.map(() => 0)
    const slots: number[] = []
    for (;;) {
      const which = nextLadder(ladders, taken, this.#places.bucket, random, busyToo)
      const ladder = ladders[which]
      const at = taken[which] ?? 0
      if (ladder === undefined) return { slots, next: none }
      if (slots.length === count) return { slots, next: this.#places.bucket[ladder.at(at)] ?? 0 }
      const slot = this.#draw(ladder, at, random)
      taken[which] = at + 1
      if (!except(slot)) slots.push(slot)
    }
  }

  /** The small number of a skill that somebody has, or -1. */
  numberOf(skill: SkillName): number {
    return this.#shelves.numberOf(skill)
  }

  /** Numbers of skills are below this. */
  get numbers(): number {
    return this.#shelves.numbers
  }

  has(slot: number): boolean {
    return slot >= 0 && slot < this.#slotCount && this.#firstOffer[slot] !== vacant
  }

  isFree(slot: number): boolean {
    return this.#slotFree[slot] === 1
  }

  /**
   * Which of some needs an agent can cover, as bits, with the buckets of its scores, free or not, by need.
   *
   * @param needOf The need by the number of its skill, -1 for a skill that is not asked for.
   */
  reach(slot: number, needOf: Int8Array, ranks: Uint8Array, buckets: Uint8Array): number {
    let mask = 0
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      const number = this.#ladderNumber[offer] ?? none
      const need = needOf[this.#shelves.skillOf(number)] ?? none
      if (need < 0 || this.#shelves.rankOf(number) < (ranks[need] ?? 0)) continue
      mask |= 1 << need
      buckets[need] = this.#scoreBucket[offer] ?? 0
    }
    return mask
  }

  /** How many agents have the skill at this rank or above, free or not. */
  capable(skill: SkillName, rank: number): number {
    return this.#shelves.from(skill, rank).reduce((sum, ladder) => sum + ladder.size, 0)
  }

  free(skill: SkillName, rank: number): number {
    return this.#shelves.from(skill, rank).reduce((sum, ladder) => sum + ladder.free, 0)
  }

  /** Slots of all capable agents, free or not. The catalog must not change while this is read. */
  *agentsWith(skill: SkillName, rank: number): Iterable<number> {
    for (const ladder of this.#shelves.from(skill, rank)) {
      for (let i = 0; i < ladder.size; i++) yield this.#owner[ladder.at(i)] ?? none
    }
  }

  /** What all tables take, in bytes. */
  get bytes(): number {
    const tables = [this.#firstOffer, this.#slotFree, this.#owner, this.#nextOffer, this.#ladderNumber]
    const more = [this.#scoreBucket, this.#places.position, this.#places.bucket]
    const own = [...tables, ...more].reduce((sum, table) => sum + table.byteLength, 0)
    return own + this.#shelves.bytes + this.pairs.bytes
  }

  /** All skills of an agent, with the buckets in which it stands. */
  #standings(slot: number): Standing[] {
    const own: Standing[] = []
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      const skill = this.#skillNumber(offer)
      own.push({ skill, bucket: this.#places.bucket[offer] ?? 0 })
    }
    return own
  }

  /** The bucket in which an agent stands for a skill, or -1. */
  #standingOf(slot: number, skill: number): number {
    if (!this.has(slot)) return none
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      if (this.#skillNumber(offer) === skill) return this.#places.bucket[offer] ?? 0
    }
    return none
  }

  #skillNumber(offer: number): number {
    return this.#shelves.skillOf(this.#ladderNumber[offer] ?? none)
  }

  /** An offer stands in another bucket now; so does the agent in every pair with that skill. */
  #movePairs(slot: number, moved: number): void {
    const skill = this.#skillNumber(moved)
    const bucket = this.#places.bucket[moved] ?? 0
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      if (offer === moved) continue
      const other = this.#places.bucket[offer] ?? 0
      this.pairs.move(slot, skill, this.#skillNumber(offer), pairBucket(bucket, other))
    }
  }

  /** A random offer of the best bucket that is not yet taken; it changes places with the first one there. */
  #draw(ladder: Ladder, taken: number, random: () => number): number {
    const end = ladder.endOf(this.#places.bucket[ladder.at(taken)] ?? 0)
    ladder.swap(taken, taken + Math.floor(random() * (end - taken)), this.#places)
    return this.#owner[ladder.at(taken)] ?? none
  }

  /** Any free unproven agent, whatever its score: all of them shall get their chance. */
  #newcomer(
    ladders: readonly Ladder[],
    random: () => number,
    except: (slot: number) => boolean,
  ): number | undefined {
    const unproven = ladders.filter((ladder) => !ladder.proven)
    const total = unproven.reduce((sum, ladder) => sum + ladder.free, 0)
    const start = Math.floor(random() * total)
    for (let i = 0; i < total; i++) {
      const slot = this.#owner[freeAt(unproven, (start + i) % total)] ?? none
      if (!except(slot)) return slot
    }
    return undefined
  }

  #list(offer: number, ladder: Ladder, bucket: number): void {
    this.#ladderNumber[offer] = ladder.number
    ladder.insert(offer, bucket, this.#places)
  }

  #unlist(offer: number): void {
    this.#ladderOf(offer).remove(offer, this.#places)
  }

  #place(offer: number, bucket: number): void {
    this.#ladderOf(offer).move(offer, bucket, this.#places)
  }

  #ladderOf(offer: number): Ladder {
    return this.#shelves.at(this.#ladderNumber[offer] ?? none)
  }

  #find(slot: number, skill: SkillName): number {
    const number = this.#shelves.numberOf(skill)
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      if (this.#skillNumber(offer) === number) return offer
    }
    assert(false, `the agent in slot ${slot} is listed with the skill ${skill}`)
  }

  #first(slot: number): number {
    assert(this.has(slot), `slot ${slot} is taken`)
    return this.#firstOffer[slot] ?? none
  }

  #next(offer: number): number {
    return this.#nextOffer[offer] ?? none
  }

  #newSlot(): number {
    if (this.#slotCount === this.#firstOffer.length) {
      const length = roomFor(this.#slotCount)
      this.#firstOffer = grown(this.#firstOffer, length)
      this.#slotFree = grown(this.#slotFree, length)
    }
    return this.#slotCount++
  }

  #newOffer(): number {
    if (this.#offerCount === this.#owner.length) {
      const length = roomFor(this.#offerCount)
      this.#owner = grown(this.#owner, length)
      this.#nextOffer = grown(this.#nextOffer, length)
      this.#ladderNumber = grown(this.#ladderNumber, length)
      this.#scoreBucket = grown(this.#scoreBucket, length)
      this.#places = {
        position: grown(this.#places.position, length),
        bucket: grown(this.#places.bucket, length),
      }
    }
    return this.#offerCount++
  }
}

/**
 * Who has which skill, sub-linear: the best few free agents at a level, without a look at the others.
 *
 * One ladder for each (skill, rank), and in it one for proven and one for unproven agents. An offer is one skill of one
 * agent (`offers`); offers and agents are rows of typed arrays. Beside the ladders stands an index over pairs of skills
 * (`pairs`); both together take some 120 bytes for an agent with three skills.
 * Must never happen here: a choice that depends on anything but the calls made before and the generator
 * passed in.
 */
import type { SkillName } from '../protocol/id.ts'
import { assert } from '../protocol/machine.ts'
import { roomFor } from './hash-rows.ts'
import { bucketOf, busyBucket, freeAt, grown, type Ladder, nextLadder } from './ladder.ts'
import { Offers } from './offers.ts'
import { PairIndex, pairBucket, type Standing } from './pairs.ts'
import { rankScore } from './score.ts'
import { Shelves } from './shelves.ts'

const none = -1
const vacant = -2
const slotsAtFirst = 16
/** Of an agent's load: one bit for a free slot, and above it how many slots are in use, up to this. */
const isFreeBit = 1
const busyMost = 0x7fff

export interface Listing {
  readonly skill: SkillName
  readonly rank: number
  /** What is expected of the agent, 0 to 1, when it has nothing else to do. */
  readonly score: number
  /** How many assignments at once it has earned in this skill; 1 when left out. See `slotsOf`. */
  readonly slots?: number
}

export class Catalog {
  readonly #shelves: Shelves
  // by slot
  #firstOffer = new Int32Array(slotsAtFirst).fill(vacant)
  #load = new Uint16Array(slotsAtFirst)
  #slotCount = 0
  readonly #vacantSlots: number[] = []
  readonly #offers = new Offers()
  readonly pairs: PairIndex = new PairIndex((slot, skill) => this.#standingOf(slot, skill))

  constructor(levelCount: number) {
    this.#shelves = new Shelves(levelCount)
  }

  /**
   * Lists an agent: free, without work, and unproven in every skill. The slot is a small number, used again after
   * `remove`.
   */
  add(skills: readonly Listing[]): number {
    const slot = this.#vacantSlots.pop() ?? this.#newSlot()
    this.#load[slot] = isFreeBit
    let first = ~slot
    for (const { skill, rank, score, slots } of skills) {
      const offer = this.#offers.add(first)
      this.#offers.setScore(offer, score, slots ?? 1)
      this.#list(offer, this.#shelves.ladder(skill, rank, false), this.#placeOf(slot, offer))
      first = offer
    }
    this.#firstOffer[slot] = Math.max(none, first)
    this.pairs.add(slot, this.#standings(slot))
    return slot
  }

  remove(slot: number): void {
    this.pairs.remove(slot, this.#standings(slot))
    let offer = this.#first(slot)
    while (offer >= 0) {
      const next = this.#offers.next(offer)
      this.#unlist(offer)
      this.#shelves.dropEmpty(this.#offers.ladder(offer))
      this.#offers.drop(offer)
      offer = next
    }
    this.#firstOffer[slot] = vacant
    this.#vacantSlots.push(slot)
  }

  /** Something else is expected of the agent in this skill. */
  rescore(slot: number, { skill, rank, score, slots }: Listing): void {
    const offers = this.#offers
    const offer = this.#find(slot, skill)
    const idle = this.#idleBucket(slot, offer)
    offers.setScore(offer, score, slots ?? 1)
    const place = this.#placeOf(slot, offer)
    const ladder = this.#ladderOf(offer)
    if (ladder.rank !== rank) {
      this.#unlist(offer)
      this.#list(offer, this.#shelves.ladder(skill, rank, ladder.proven), place)
    } else if (offers.bucket(offer) !== place) this.#place(offer, place)
    if (this.pairs.hasLarge && this.#idleBucket(slot, offer) !== idle) this.#movePairs(slot, offer)
  }

  /**
   * How much the agent has to do: `busy` slots are in use, and it has a free one or not. One without stays capable, but
   * is on no shortlist. In every skill its place follows; under pairs of skills only whether it is free.
   */
  setLoad(slot: number, busy: number, free: boolean): void {
    const first = this.#first(slot)
    const load = (Math.min(busy, busyMost) << 1) | (free ? isFreeBit : 0)
    const before = this.#load[slot] ?? 0
    if (load === before) return
    this.#load[slot] = load
    for (let offer = first; offer >= 0; offer = this.#offers.next(offer)) {
      const place = this.#placeOf(slot, offer)
      if (place !== this.#offers.bucket(offer)) this.#place(offer, place)
    }
    if (!this.pairs.hasLarge || (load & isFreeBit) === (before & isFreeBit)) return
    for (let offer = first; offer >= 0; offer = this.#offers.next(offer)) this.#movePairs(slot, offer)
  }

  /** The agent has had enough outcomes in this skill; it no longer takes the newcomers' place on a shortlist. */
  markProven(slot: number, skill: SkillName): void {
    const offer = this.#find(slot, skill)
    const ladder = this.#ladderOf(offer)
    if (ladder.proven) return
    const bucket = this.#offers.bucket(offer)
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
    const slots = new Array<number>(count)
    let found = 0
    let newcomers = 0
    while (found < count) {
      const which = nextLadder(ladders, taken, this.#offers, random)
      const ladder = ladders[which]
      if (ladder === undefined) {
        slots.length = found
        return slots
      }
      const slot = this.#draw(ladder, taken[which] ?? 0, random)
      taken[which] = (taken[which] ?? 0) + 1
      if (except(slot)) continue
      slots[found++] = slot
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
      const which = nextLadder(ladders, taken, this.#offers, random, busyToo)
      const ladder = ladders[which]
      const at = taken[which] ?? 0
      if (ladder === undefined) return { slots, next: none }
      if (slots.length === count) return { slots, next: this.#offers.bucket(ladder.at(at)) }
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

  /**
   * Which of some needs an agent can cover, as bits, with the buckets of its scores, by need. One without a free slot
   * covers nothing, unless `busyToo`.
   *
   * @param needOf The need by the number of its skill, -1 for a skill that is not asked for.
   */
  reach(slot: number, needOf: Int8Array, ranks: Uint8Array, buckets: Uint8Array, busyToo: boolean): number {
    let mask = 0
    for (let offer = this.#first(slot); offer >= 0; offer = this.#offers.next(offer)) {
      const number = this.#offers.ladder(offer)
      const need = needOf[this.#shelves.skillOf(number)] ?? none
      if (need < 0 || this.#shelves.rankOf(number) < (ranks[need] ?? 0)) continue
      const bucket = this.#offers.bucket(offer)
      if (bucket === busyBucket && !busyToo) return 0
      mask |= 1 << need
      buckets[need] = bucket === busyBucket ? this.#scoreBucket(slot, offer) : bucket
    }
    return mask
  }

  /** How many agents have the skill at this rank or above, free or not. */
  capable(skill: SkillName, rank: number): number {
    return this.#shelves.capable(skill, rank)
  }

  free(skill: SkillName, rank: number): number {
    return this.#shelves.free(skill, rank)
  }

  /** Slots of all capable agents, free or not. The catalog must not change while this is read. */
  *agentsWith(skill: SkillName, rank: number): Iterable<number> {
    for (const ladder of this.#shelves.from(skill, rank)) {
      for (let i = 0; i < ladder.size; i++) yield this.#offers.owner(ladder.at(i))
    }
  }

  /** What all tables take, in bytes. */
  get bytes(): number {
    const own = this.#firstOffer.byteLength + this.#load.byteLength
    return own + this.#offers.bytes + this.#shelves.bytes + this.pairs.bytes
  }

  #isFree(slot: number): boolean {
    return ((this.#load[slot] ?? 0) & isFreeBit) === 1
  }

  /** The bucket of an offer by its score and by the agent's work. */
  #scoreBucket(slot: number, offer: number): number {
    const busy = (this.#load[slot] ?? 0) >>> 1
    return bucketOf(rankScore(this.#offers.score(offer), busy, this.#offers.slots(offer)))
  }

  /** The same, and the last one for an agent without a free slot: where the offer belongs. */
  #placeOf(slot: number, offer: number): number {
    return this.#isFree(slot) ? this.#scoreBucket(slot, offer) : busyBucket
  }

  /**
   * Where the agent stands under its pairs: as if it had nothing else to do. It is never better than that, which is all
   * that a proof needs, and a change of its load has no pair to move.
   */
  #idleBucket(slot: number, offer: number): number {
    return this.#isFree(slot) ? bucketOf(this.#offers.score(offer)) : busyBucket
  }

  /** All skills of an agent, with the buckets in which it stands under its pairs. */
  #standings(slot: number): Standing[] {
    const own: Standing[] = []
    for (let offer = this.#first(slot); offer >= 0; offer = this.#offers.next(offer)) {
      own.push({ skill: this.#skillNumber(offer), bucket: this.#idleBucket(slot, offer) })
    }
    return own
  }

  /** The bucket in which an agent stands for a skill under its pairs, or -1. */
  #standingOf(slot: number, skill: number): number {
    if (!this.has(slot)) return none
    for (let offer = this.#first(slot); offer >= 0; offer = this.#offers.next(offer)) {
      if (this.#skillNumber(offer) === skill) return this.#idleBucket(slot, offer)
    }
    return none
  }

  #skillNumber(offer: number): number {
    return this.#shelves.skillOf(this.#offers.ladder(offer))
  }

  /** In every pair with this skill the agent may stand in another bucket now. */
  #movePairs(slot: number, moved: number): void {
    const skill = this.#skillNumber(moved)
    const bucket = this.#idleBucket(slot, moved)
    for (let offer = this.#first(slot); offer >= 0; offer = this.#offers.next(offer)) {
      if (offer === moved) continue
      const other = this.#idleBucket(slot, offer)
      this.pairs.move(slot, skill, this.#skillNumber(offer), pairBucket(bucket, other))
    }
  }

  /** A random offer of the best bucket that is not yet taken; it changes places with the first one there. */
  #draw(ladder: Ladder, taken: number, random: () => number): number {
    const end = ladder.endOf(this.#offers.bucket(ladder.at(taken)))
    ladder.swap(taken, taken + Math.floor(random() * (end - taken)), this.#offers)
    return this.#offers.owner(ladder.at(taken))
  }

  /** Any free unproven agent, whatever its score: all of them shall get their chance. */
  #newcomer(
    ladders: readonly Ladder[],
    random: () => number,
    except: (slot: number) => boolean,
  ): number | undefined {
    let total = 0
    for (const ladder of ladders) if (!ladder.proven) total += ladder.free
    // Drawn whether there is one or not, so that the same choices follow.
    const start = Math.floor(random() * total)
    if (total === 0) return undefined
    const unproven = ladders.filter((ladder) => !ladder.proven)
    for (let i = 0; i < total; i++) {
      const slot = this.#offers.owner(freeAt(unproven, (start + i) % total))
      if (!except(slot)) return slot
    }
    return undefined
  }

  #list(offer: number, ladder: Ladder, bucket: number): void {
    this.#offers.setLadder(offer, ladder.number)
    ladder.insert(offer, bucket, this.#offers)
  }

  #unlist(offer: number): void {
    this.#ladderOf(offer).remove(offer, this.#offers)
  }

  #place(offer: number, bucket: number): void {
    this.#ladderOf(offer).move(offer, bucket, this.#offers)
  }

  #ladderOf(offer: number): Ladder {
    return this.#shelves.at(this.#offers.ladder(offer))
  }

  #find(slot: number, skill: SkillName): number {
    for (let offer = this.#first(slot); offer >= 0; offer = this.#offers.next(offer)) {
      if (this.#shelves.nameOf(this.#skillNumber(offer)) === skill) return offer
    }
    assert(false, `the agent in slot ${slot} is listed with the skill ${skill}`)
  }

  #first(slot: number): number {
    if (!this.has(slot)) assert(false, `slot ${slot} is taken`)
    return this.#firstOffer[slot] ?? none
  }

  #newSlot(): number {
    if (this.#slotCount === this.#firstOffer.length) {
      const length = roomFor(this.#slotCount)
      this.#firstOffer = grown(this.#firstOffer, length)
      this.#load = grown(this.#load, length)
    }
    return this.#slotCount++
  }
}

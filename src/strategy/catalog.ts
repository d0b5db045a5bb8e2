/**
 * Who has which skill, sub-linear: the best few free agents at a level, without a look at the others.
 *
 * One ladder for each (skill, rank), and in it one for proven and one for unproven agents. An offer is one
 * skill of one agent; offers and agents are rows of typed arrays. About 100 bytes for an agent with three
 * skills. An index over pairs of skills belongs beside the ladders: `#list`, `#unlist` and `#place` are all
 * it must follow.
 * Must never happen here: a choice that depends on anything but the calls made before and the generator
 * passed in.
 */
import type { SkillName } from '../protocol/id.ts'
import { assert } from '../protocol/machine.ts'
import { bucketOf, busyBucket, grown, Ladder } from './ladder.ts'

/** All ladders of one skill, at `2 · rank + (proven ? 1 : 0)`; absent until somebody stands there. */
type Shelf = (Ladder | undefined)[]

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
  readonly #levelCount: number
  readonly #shelves = new Map<SkillName, Shelf>()
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
  // by ladder number
  readonly #ladders: Ladder[] = []
  readonly #ladderSkill: SkillName[] = []
  readonly #vacantLadders: number[] = []

  constructor(levelCount: number) {
    assert(levelCount > 0, 'a network has levels')
    this.#levelCount = levelCount
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
      this.#list(offer, this.#ladder(skill, rank, false), bucketOf(score))
      first = offer
    }
    this.#firstOffer[slot] = first
    return slot
  }

  remove(slot: number): void {
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      this.#unlist(offer)
      this.#vacantOffers.push(offer)
      this.#dropEmptyShelf(this.#ladderSkill[this.#ladderNumber[offer] ?? none])
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
      this.#list(offer, this.#ladder(skill, rank, ladder.proven), effective)
    } else if (this.#places.bucket[offer] !== effective) this.#place(offer, effective)
  }

  /** An agent without a free slot stays capable, but is on no shortlist. */
  setFree(slot: number, free: boolean): void {
    const first = this.#first(slot)
    if ((this.#slotFree[slot] === 1) === free) return
    this.#slotFree[slot] = free ? 1 : 0
    for (let offer = first; offer !== none; offer = this.#next(offer)) {
      this.#place(offer, free ? (this.#scoreBucket[offer] ?? 0) : busyBucket)
    }
  }

  /** The agent has had enough outcomes in this skill; it no longer takes the newcomers' place on a shortlist. */
  markProven(slot: number, skill: SkillName): void {
    const offer = this.#find(slot, skill)
    const ladder = this.#ladderOf(offer)
    if (ladder.proven) return
    const bucket = this.#places.bucket[offer] ?? 0
    this.#unlist(offer)
    this.#list(offer, this.#ladder(skill, ladder.rank, true), bucket)
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
    const ladders = this.#from(skill, rank)
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

  /** How many agents have the skill at this rank or above, free or not. */
  capable(skill: SkillName, rank: number): number {
    return this.#from(skill, rank).reduce((sum, ladder) => sum + ladder.size, 0)
  }

  free(skill: SkillName, rank: number): number {
    return this.#from(skill, rank).reduce((sum, ladder) => sum + ladder.free, 0)
  }

  /** Slots of all capable agents, free or not. The catalog must not change while this is read. */
  *agentsWith(skill: SkillName, rank: number): Iterable<number> {
    for (const ladder of this.#from(skill, rank)) {
      for (let i = 0; i < ladder.size; i++) yield this.#owner[ladder.at(i)] ?? none
    }
  }

  /** What all tables take, in bytes. */
  get bytes(): number {
    const tables = [this.#firstOffer, this.#slotFree, this.#owner, this.#nextOffer, this.#ladderNumber]
    const more = [this.#scoreBucket, this.#places.position, this.#places.bucket]
    const own = [...tables, ...more].reduce((sum, table) => sum + table.byteLength, 0)
    return this.#ladders.reduce((sum, ladder) => sum + ladder.bytes, own)
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
      let position = (start + i) % total
      for (const ladder of unproven) {
        if (position < ladder.free) {
          const slot = this.#owner[ladder.at(position)] ?? none
          if (!except(slot)) return slot
          break
        }
        position -= ladder.free
      }
    }
    return undefined
  }

  /** The ladders at this rank and above, lowest rank first. */
  #from(skill: SkillName, rank: number): Ladder[] {
    const shelf = this.#shelves.get(skill)
    const ladders: Ladder[] = []
    if (shelf === undefined) return ladders
    for (let i = 2 * rank; i < shelf.length; i++) {
      const ladder = shelf[i]
      if (ladder !== undefined && ladder.size > 0) ladders.push(ladder)
    }
    return ladders
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
    const ladder = this.#ladders[this.#ladderNumber[offer] ?? none]
    assert(ladder !== undefined, 'every offer stands on a ladder')
    return ladder
  }

  #ladder(skill: SkillName, rank: number, proven: boolean): Ladder {
    assert(rank >= 0 && rank < this.#levelCount, 'a rank is one of the levels')
    let shelf = this.#shelves.get(skill)
    if (shelf === undefined) {
      shelf = new Array<Ladder | undefined>(2 * this.#levelCount).fill(undefined)
      this.#shelves.set(skill, shelf)
    }
    const at = 2 * rank + (proven ? 1 : 0)
    const existing = shelf[at]
    if (existing !== undefined) return existing
    const ladder = new Ladder(this.#vacantLadders.pop() ?? this.#ladders.length, rank, proven)
    shelf[at] = ladder
    this.#ladders[ladder.number] = ladder
    this.#ladderSkill[ladder.number] = skill
    return ladder
  }

  /** A skill that nobody has any more takes no memory, however many names were made up. */
  #dropEmptyShelf(skill: SkillName | undefined): void {
    const shelf = skill === undefined ? undefined : this.#shelves.get(skill)
    if (skill === undefined || shelf === undefined) return
    if (shelf.some((ladder) => ladder !== undefined && ladder.size > 0)) return
    for (const ladder of shelf) if (ladder !== undefined) this.#vacantLadders.push(ladder.number)
    this.#shelves.delete(skill)
  }

  #find(slot: number, skill: SkillName): number {
    for (let offer = this.#first(slot); offer !== none; offer = this.#next(offer)) {
      if (this.#ladderSkill[this.#ladderNumber[offer] ?? none] === skill) return offer
    }
    assert(false, `the agent in slot ${slot} is listed with the skill ${skill}`)
  }

  #first(slot: number): number {
    const offer = this.#firstOffer[slot] ?? vacant
    assert(offer !== vacant, `slot ${slot} is taken`)
    return offer
  }

  #next(offer: number): number {
    return this.#nextOffer[offer] ?? none
  }

  #newSlot(): number {
    if (this.#slotCount === this.#firstOffer.length) {
      const length = 2 * this.#slotCount
      this.#firstOffer = grown(this.#firstOffer, length)
      this.#slotFree = grown(this.#slotFree, length)
    }
    return this.#slotCount++
  }

  #newOffer(): number {
    if (this.#offerCount === this.#owner.length) {
      const length = 2 * this.#offerCount
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

/**
 * Which ladder gives the next offer: the one whose front stands in the best bucket, then that of the lowest
 * rank; the proven and the unproven of one rank in proportion to how many of them stand in that bucket. -1
 * when all are used up.
 */
function nextLadder(
  ladders: readonly Ladder[],
  taken: readonly number[],
  bucketOfOffer: Uint8Array,
  random: () => number,
): number {
  let best = -1
  let bestBucket = busyBucket
  let bestWidth = 0
  for (let i = 0; i < ladders.length; i++) {
    const ladder = ladders[i]
    const front = taken[i] ?? 0
    if (ladder === undefined || front >= ladder.free) continue
    const bucket = bucketOfOffer[ladder.at(front)] ?? busyBucket
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

/**
 * All ladders of a catalog, by skill: a shelf for each skill that somebody has, a ladder for each rank on it, one for
 * proven and one for unproven agents. Shelves and ladders have small numbers, used again, for tables of numbers.
 * Must never happen here: memory for a skill that nobody has, however many names are made up.
 */
import type { SkillName } from '../protocol/id.ts'
import { assert } from '../protocol/machine.ts'
import { roomFor } from './hash-rows.ts'
import { grown, Ladder } from './ladder.ts'

interface Shelf {
  readonly skill: SkillName
  readonly number: number
  /** At `2 · rank + (proven ? 1 : 0)`; absent until somebody stands there. */
  readonly ladders: (Ladder | undefined)[]
}

const none = -1

export class Shelves {
  readonly #levelCount: number
  readonly #bySkill = new Map<SkillName, Shelf>()
  #count = 0
  readonly #vacant: number[] = []
  // by ladder number
  readonly #ladders: Ladder[] = []
  readonly #shelfOf: Shelf[] = []
  readonly #vacantLadders: number[] = []
  #skillOf = new Int32Array(16)
  #rankOf = new Uint8Array(16)

  constructor(levelCount: number) {
    assert(levelCount > 0, 'a network has levels')
    this.#levelCount = levelCount
  }

  /** The small number of a skill that somebody has, or -1. */
  numberOf(skill: SkillName): number {
    return this.#bySkill.get(skill)?.number ?? none
  }

  /** Numbers of skills are below this. */
  get numbers(): number {
    return this.#count
  }

  /** The number of a ladder's skill. */
  skillOf(ladder: number): number {
    return this.#skillOf[ladder] ?? none
  }

  rankOf(ladder: number): number {
    return this.#rankOf[ladder] ?? 0
  }

  at(ladder: number): Ladder {
    const found = this.#ladders[ladder]
    assert(found !== undefined, 'every offer stands on a ladder')
    return found
  }

  /** The ladders of a skill at this rank and above, lowest rank first, without empty ones. */
  from(skill: SkillName, rank: number): Ladder[] {
    const all = this.#bySkill.get(skill)?.ladders
    const ladders: Ladder[] = []
    if (all === undefined) return ladders
    for (let i = 2 * rank; i < all.length; i++) {
      const ladder = all[i]
      if (ladder !== undefined && ladder.size > 0) ladders.push(ladder)
    }
    return ladders
  }

  ladder(skill: SkillName, rank: number, proven: boolean): Ladder {
    assert(rank >= 0 && rank < this.#levelCount, 'a rank is one of the levels')
    let shelf = this.#bySkill.get(skill)
    if (shelf === undefined) {
      const ladders = new Array<Ladder | undefined>(2 * this.#levelCount).fill(undefined)
      shelf = { skill, number: this.#vacant.pop() ?? this.#count++, ladders }
      this.#bySkill.set(skill, shelf)
    }
    const at = 2 * rank + (proven ? 1 : 0)
    const existing = shelf.ladders[at]
    if (existing !== undefined) return existing
    const ladder = new Ladder(this.#vacantLadders.pop() ?? this.#ladders.length, rank, proven)
    shelf.ladders[at] = ladder
    this.#register(ladder, shelf)
    return ladder
  }

  #register(ladder: Ladder, shelf: Shelf): void {
    const { number } = ladder
    if (number >= this.#rankOf.length) {
      this.#skillOf = grown(this.#skillOf, roomFor(number))
      this.#rankOf = grown(this.#rankOf, roomFor(number))
    }
    this.#ladders[number] = ladder
    this.#shelfOf[number] = shelf
    this.#skillOf[number] = shelf.number
    this.#rankOf[number] = ladder.rank
  }

  /** Lets a shelf go when nobody stands on it any more. */
  dropEmpty(ladder: number): void {
    const shelf = this.#shelfOf[ladder]
    if (shelf === undefined || this.#bySkill.get(shelf.skill) !== shelf) return
    if (shelf.ladders.some((own) => own !== undefined && own.size > 0)) return
    for (const own of shelf.ladders) if (own !== undefined) this.#vacantLadders.push(own.number)
    this.#vacant.push(shelf.number)
    this.#bySkill.delete(shelf.skill)
  }

  get bytes(): number {
    const own = this.#skillOf.byteLength + this.#rankOf.byteLength
    return this.#ladders.reduce((sum, ladder) => sum + ladder.bytes, own)
  }
}

/**
 * All ladders of a catalog, by skill: a shelf for each skill that somebody has, a ladder for each rank on it, one for
 * proven and one for unproven agents. The number of a ladder says which it is, so that an offer needs to keep no more.
 * Must never happen here: memory for a skill that nobody has, however many names are made up.
 */
import type { SkillName } from '../protocol/id.ts'
import { assert } from '../protocol/machine.ts'
import { Ladder } from './ladder.ts'

const none = -1

export class Shelves {
  readonly #levelCount: number
  /** A ladder's number is that of its skill, the rank and one bit for proven; so many bits are for the last two. */
  readonly #bits: number
  readonly #numbers = new Map<SkillName, number>()
  readonly #names: (SkillName | undefined)[] = []
  readonly #vacant: number[] = []
  /** By number; absent until somebody stands there. */
  readonly #ladders: (Ladder | undefined)[] = []

  constructor(levelCount: number) {
    assert(levelCount > 0, 'a network has levels')
    this.#levelCount = levelCount
    this.#bits = 32 - Math.clz32(2 * levelCount - 1)
  }

  /** The small number of a skill that somebody has, or -1. */
  numberOf(skill: SkillName): number {
    return this.#numbers.get(skill) ?? none
  }

  /** The skill with a number; undefined when nobody has it. */
  nameOf(skill: number): SkillName | undefined {
    return this.#names[skill]
  }

  /** Numbers of skills are below this. */
  get numbers(): number {
    return this.#names.length
  }

  /** The number of a ladder's skill. */
  skillOf(ladder: number): number {
    return ladder >> this.#bits
  }

  rankOf(ladder: number): number {
    return (ladder & ((1 << this.#bits) - 1)) >> 1
  }

  at(ladder: number): Ladder {
    const found = this.#ladders[ladder]
    assert(found !== undefined, 'every offer stands on a ladder')
    return found
  }

  /** The ladders of a skill at this rank and above, lowest rank first, without empty ones. */
  from(skill: SkillName, rank: number): Ladder[] {
    const end = this.#endOf(skill)
    const begin = end - 2 * (this.#levelCount - rank)
    let count = 0
    for (let i = begin; i < end; i++) if ((this.#ladders[i]?.size ?? 0) > 0) count++
    // Mostly one or two; a list that grows by `push` would begin with room for 17.
    const ladders = new Array<Ladder>(count)
    let at = 0
    for (let i = begin; i < end; i++) {
      const ladder = this.#ladders[i]
      if (ladder !== undefined && ladder.size > 0) ladders[at++] = ladder
    }
    return ladders
  }

  /** How many agents stand on those ladders. */
  capable(skill: SkillName, rank: number): number {
    let count = 0
    const end = this.#endOf(skill)
    for (let i = end - 2 * (this.#levelCount - rank); i < end; i++) count += this.#ladders[i]?.size ?? 0
    return count
  }

  /** How many of them are free. */
  free(skill: SkillName, rank: number): number {
    let count = 0
    const end = this.#endOf(skill)
    for (let i = end - 2 * (this.#levelCount - rank); i < end; i++) count += this.#ladders[i]?.free ?? 0
    return count
  }

  ladder(skill: SkillName, rank: number, proven: boolean): Ladder {
    assert(rank >= 0 && rank < this.#levelCount, 'a rank is one of the levels')
    const shelf = this.#numbers.get(skill) ?? this.#newShelf(skill)
    const number = (shelf << this.#bits) + 2 * rank + (proven ? 1 : 0)
    const existing = this.#ladders[number]
    if (existing !== undefined) return existing
    const ladder = new Ladder(number, rank, proven)
    this.#ladders[number] = ladder
    return ladder
  }

  /** Lets the shelf of a ladder go when nobody stands on it any more. */
  dropEmpty(ladder: number): void {
    const number = this.skillOf(ladder)
    const name = this.nameOf(number)
    if (name === undefined) return
    const begin = number << this.#bits
    const end = begin + 2 * this.#levelCount
    for (let i = begin; i < end; i++) if ((this.#ladders[i]?.size ?? 0) > 0) return
    this.#ladders.fill(undefined, begin, end)
    this.#numbers.delete(name)
    this.#names[number] = undefined
    this.#vacant.push(number)
  }

  get bytes(): number {
    let bytes = 0
    for (const ladder of this.#ladders) if (ladder !== undefined) bytes += ladder.bytes
    return bytes
  }

  /** Where the ladders of a skill end; 0, before all of them, when nobody has it. */
  #endOf(skill: SkillName): number {
    const number = this.#numbers.get(skill)
    return number === undefined ? 0 : (number << this.#bits) + 2 * this.#levelCount
  }

  #newShelf(skill: SkillName): number {
    const number = this.#vacant.pop() ?? this.#names.length
    this.#numbers.set(skill, number)
    this.#names[number] = skill
    // Filled in order, so that the table stays dense.
    while (this.#ladders.length < (number + 1) << this.#bits) this.#ladders.push(undefined)
    return number
  }
}

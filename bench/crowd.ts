/**
 * A crowd of agents for measuring the catalog: skills of very different popularity (Zipf, exponent 0.8), levels and
 * scores at random. Made by a seed.
 */
import type { SkillName } from '../src/protocol/id.ts'
import { Catalog } from '../src/strategy/catalog.ts'

export const levelCount = 4

export interface Member {
  readonly slot: number
  readonly skills: readonly { readonly skill: number; readonly rank: number; readonly score: number }[]
  /** Assignments at once that it has earned, 1 to 5. */
  readonly slots: number
}

export interface Crowd {
  readonly catalog: Catalog
  readonly members: readonly Member[]
}

export function nameOf(skill: number): SkillName {
  return `skill-${skill}` as SkillName
}

/** Draws skills from 0 (the most popular) to `skillCount − 1`. */
export function popularity(skillCount: number, random: () => number): () => number {
  const sums: number[] = []
  let sum = 0
  for (let skill = 1; skill <= skillCount; skill++) {
    sum += skill ** -0.8
    sums.push(sum)
  }
  return () => {
    const aim = random() * sum
    let low = 0
    let high = skillCount - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? 0) < aim) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function crowd(agents: number, skillsEach: number, skillCount: number, random: () => number): Crowd {
  const catalog = new Catalog(levelCount)
  const draw = popularity(skillCount, random)
  const members = Array.from({ length: agents }, (_, agent): Member => {
    const own = new Set<number>()
    while (own.size < skillsEach) own.add(draw())
    const skills = [...own].map((skill) => ({
      skill,
      rank: Math.floor(random() * levelCount),
      score: 0.3 + 0.7 * random(),
    }))
    const slots = 1 + (agent % 5)
    const listings = skills.map(({ skill, rank, score }) => ({ skill: nameOf(skill), rank, score, slots }))
    return { slot: catalog.add(listings), skills, slots }
  })
  return { catalog, members }
}

/**
 * The catalog at 10,000 and at 1,000,000 agents with three skills each: a shortlist, a change of an agent's load,
 * memory.
 */
import type { Progress } from '../lab/experiment.ts'
import type { SkillName } from '../src/protocol/id.ts'
import type { Listing } from '../src/strategy/catalog.ts'
import { seeded } from '../src/strategy/random.ts'
import { atMost, type Benchmark, type Measured } from './benchmark.ts'
import { type Crowd, crowd, type Member, nameOf } from './crowd.ts'
import { percentile } from './percentile.ts'

const skillCount = 2_000
const skillsEach = 3
const few = 10_000
const many = 1_000_000
/** Skills that are asked for: so popular that also a small catalog has 16 agents for each. */
const askedSkills = 200
const length = 16
const batch = 5_000
const batches = 15

export const matching: Benchmark = {
  about: 'a shortlist of 16, an update and the memory of the catalog, at 10,000 and 1,000,000 agents',
  needs: { kind: 'nothing' },
  options: {},
  examples: [['matching --json', 'all figures in one line']],
  run: async (_given, progress) => measure(progress),
}

function measure(progress: Progress): Measured {
  progress(`a catalog of ${few} agents …`)
  const small = timesOf(crowd(few, skillsEach, skillCount, seeded(1)))
  progress(`a catalog of ${many} agents …`)
  const large = timesOf(crowd(many, skillsEach, skillCount, seeded(1)))
  const report = {
    agents: many,
    skillsEach,
    skills: skillCount,
    ...large,
    growth: round(large.top16Us / small.top16Us),
    few: { agents: few, ...small },
  }
  const rows = [
    { figure: 'shortlist of 16 of 1,000,000 agents', value: report.top16Us, unit: 'µs', target: atMost(5) },
    { figure: 'change of one agent’s load', value: report.updateUs, unit: 'µs', target: atMost(2) },
    { figure: 'new score of one skill of an agent', value: report.rescoreUs, unit: 'µs' },
    { figure: 'index of one agent', value: report.bytesPerAgent, unit: 'B', target: atMost(150) },
    { figure: 'shortlist, 1,000,000 over 10,000 agents', value: report.growth, unit: '×', target: atMost(2) },
  ]
  return { report, rows }
}

/**
 * Medians of batches. An update is that of the hub when an agent gets work or has done it: the load changes, and with
 * it the agent's place for each skill. A new score is rarer: it follows an outcome, and moves one skill and its pairs.
 */
function timesOf({ catalog, members }: Crowd): {
  readonly top16Us: number
  readonly updateUs: number
  readonly rescoreUs: number
  readonly bytesPerAgent: number
} {
  const bytesPerAgent = Math.round(catalog.bytes / members.length)
  const random = seeded(2)
  const names = Array.from({ length: askedSkills }, (_, skill) => nameOf(skill))
  const asked = (): SkillName[] =>
    Array.from({ length: batch }, () => names[Math.floor(random() * askedSkills)] ?? nameOf(0))
  let found = 0
  const top16Us = perCall(asked, (skill) => {
    found += catalog.shortlist(skill, 0, length, random).length
  })
  if (found === 0) throw new Error('the catalog found nobody')
  // Whom it is about is drawn before the clock runs; every call changes something, at random places of all memory.
  const drawn = (): Member[] =>
    Array.from({ length: batch }, () => members[Math.floor(random() * members.length)] as Member)
  const isBusy = new Uint8Array(members.length)
  const updateUs = perCall(drawn, ({ slot }) => {
    isBusy[slot] = 1 - (isBusy[slot] ?? 0)
    catalog.setLoad(slot, isBusy[slot] ?? 0, true)
  })
  const rescored = (): { readonly slot: number; readonly listing: Listing }[] =>
    drawn().map(({ slot, skills, slots }) => {
      const { skill, rank } = skills[0] ?? { skill: 0, rank: 0 }
      return { slot, listing: { skill: nameOf(skill), rank, score: 0.3 + 0.7 * random(), slots } }
    })
  const rescoreUs = perCall(rescored, ({ slot, listing }) => catalog.rescore(slot, listing))
  return { top16Us: round(top16Us), updateUs: round(updateUs), rescoreUs: round(rescoreUs), bytesPerAgent }
}

function perCall<Subject>(draw: () => readonly Subject[], call: (subject: Subject) => void): number {
  const times: number[] = []
  for (let i = 0; i < batches; i++) {
    const subjects = draw()
    const started = performance.now()
    for (const subject of subjects) call(subject)
    times.push((1_000 * (performance.now() - started)) / batch)
  }
  return percentile(times, 0.5)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

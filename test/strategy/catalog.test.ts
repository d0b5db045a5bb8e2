import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SkillName } from '../../src/protocol/id.ts'
import { Catalog } from '../../src/strategy/catalog.ts'
import { bucketOf } from '../../src/strategy/ladder.ts'
import { seeded } from '../../src/strategy/random.ts'
import { rankScore } from '../../src/strategy/score.ts'

const names = ['welding', 'painting', 'driving'] as SkillName[]
const levelCount = 4

/** The same catalog, as simple as possible. */
interface Row {
  free: boolean
  busy: number
  readonly skills: Map<SkillName, { rank: number; score: number; slots: number; proven: boolean }>
}

type Step =
  | { kind: 'add'; skills: { skill: number; rank: number; score: number; slots: number }[] }
  | { kind: 'remove'; which: number }
  | { kind: 'rescore'; which: number; skill: number; rank: number; score: number; slots: number }
  | { kind: 'setLoad'; which: number; busy: number; free: boolean }
  | { kind: 'markProven'; which: number; skill: number }

const natural = fc.nat({ max: 1000 })
const offer = fc.record({
  skill: fc.nat({ max: names.length - 1 }),
  rank: fc.nat({ max: levelCount - 1 }),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  slots: fc.integer({ min: 1, max: 9 }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      skills: fc.uniqueArray(offer, { selector: (o) => o.skill }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: natural }) },
  {
    weight: 3,
    arbitrary: fc
      .record({ which: natural, to: offer })
      .map(({ which, to }) => ({ kind: 'rescore' as const, which, ...to })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('setLoad' as const),
      which: natural,
      busy: fc.nat({ max: 9 }),
      free: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('markProven' as const), which: natural, skill: natural }),
  },
)

function apply(catalog: Catalog, model: Map<number, Row>, step: Step): void {
  if (step.kind === 'add') {
    const skills = step.skills.map((o) => ({ ...o, skill: names[o.skill] ?? ('none' as SkillName) }))
    const slot = catalog.add(skills)
    assert.ok(!model.has(slot), 'a slot is used once at a time')
    model.set(slot, {
      free: true,
      busy: 0,
      skills: new Map(skills.map(({ skill, ...own }) => [skill, { ...own, proven: false }])),
    })
    return
  }
  const slot = [...model.keys()][step.which % Math.max(1, model.size)]
  const row = slot === undefined ? undefined : model.get(slot)
  if (slot === undefined || row === undefined) return
  if (step.kind === 'remove') {
    catalog.remove(slot)
    model.delete(slot)
  } else if (step.kind === 'setLoad') {
    catalog.setLoad(slot, step.busy, step.free)
    row.free = step.free
    row.busy = step.busy
  } else {
    const skill = [...row.skills.keys()][step.skill % Math.max(1, row.skills.size)]
    const held = skill === undefined ? undefined : row.skills.get(skill)
    if (skill === undefined || held === undefined) return
    if (step.kind === 'markProven') {
      catalog.markProven(slot, skill)
      row.skills.set(skill, { ...held, proven: true })
    } else {
      const { rank, score, slots } = step
      catalog.rescore(slot, { skill, rank, score, slots })
      row.skills.set(skill, { ...held, rank, score, slots })
    }
  }
}

function check(catalog: Catalog, model: ReadonlyMap<number, Row>, random: () => number): void {
  for (const skill of names) {
    for (let rank = 0; rank < levelCount; rank++) {
      const capable = [...model].filter(([, row]) => (row.skills.get(skill)?.rank ?? -1) >= rank)
      const free = capable.filter(([, row]) => row.free)
      assert.equal(catalog.capable(skill, rank), capable.length)
      assert.equal(catalog.free(skill, rank), free.length)
      const listed = [...catalog.agentsWith(skill, rank)].sort((a, b) => a - b)
      assert.deepEqual(
        listed,
        capable.map(([slot]) => slot).sort((a, b) => a - b),
      )
      const except = (slot: number): boolean => slot % 5 === 0
      for (const count of [1, 3, 100]) checkShortlist(catalog, skill, rank, count, free, except, random)
    }
  }
}

function checkShortlist(
  catalog: Catalog,
  skill: SkillName,
  rank: number,
  count: number,
  free: readonly (readonly [number, Row])[],
  except: (slot: number) => boolean,
  random: () => number,
): void {
  const held = new Map(
    free.filter(([slot]) => !except(slot)).map(([slot, row]) => [slot, { ...row, ...row.skills.get(skill) }]),
  )
  const got = catalog.shortlist(skill, rank, count, random, except)
  assert.equal(got.length, Math.min(count, held.size))
  assert.equal(new Set(got).size, got.length)
  // The catalog knows scores in steps of 1/8,192.
  const bucket = (slot: number): number => {
    const { score = -1, busy = 0, slots = 1 } = held.get(slot) ?? {}
    return bucketOf(rankScore(Math.min(8191, Math.round(score * 8192)) / 8192, busy, slots))
  }
  for (const slot of got) assert.ok(held.has(slot), 'free, capable and not excepted')
  const best = [...held.keys()].map(bucket).sort((a, b) => a - b)
  const isNew = (slot: number): boolean => held.get(slot)?.proven === false
  const replaced = count >= 2 && got.filter(isNew).length === 1 && isNew(got[got.length - 1] ?? -1)
  const judged = replaced ? got.slice(0, -1) : got
  assert.deepEqual(judged.map(bucket), best.slice(0, judged.length), 'best buckets first')
  if (count >= 2 && [...held.keys()].some(isNew) && got.length > 0)
    assert.ok(got.some(isNew), 'a newcomer has a place')
}

test('CATALOG-1 after any calls it lists what a simple model lists, best buckets first, a newcomer among them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
      const catalog = new Catalog(levelCount)
      const model = new Map<number, Row>()
      const random = seeded(seed)
      for (const one of steps) {
        apply(catalog, model, one)
        if (random() < 0.1) check(catalog, model, random)
      }
      check(catalog, model, random)
    }),
    { numRuns: 300 },
  )
})

const skill = names[0] ?? ('none' as SkillName)

test('CATALOG-2 inside a bucket every agent is equally likely, so that nobody is crowded', () => {
  const catalog = new Catalog(1)
  for (let i = 0; i < 50; i++) catalog.add([{ skill, rank: 0, score: 0.7 }])
  const random = seeded(2)
  const counts = new Array<number>(50).fill(0)
  for (let i = 0; i < 5000; i++) {
    for (const slot of catalog.shortlist(skill, 0, 4, random)) counts[slot] = (counts[slot] ?? 0) + 1
  }
  const chi = counts.reduce((sum, n) => sum + (n - 400) ** 2 / 400, 0)
  // 49 degrees of freedom: the 99.99 % point is 94.
  assert.ok(chi < 94, `${chi}`)
})

test('CATALOG-3 every free newcomer gets the reserved place sooner or later, however low its score', () => {
  const catalog = new Catalog(1)
  for (let i = 0; i < 100; i++) catalog.markProven(catalog.add([{ skill, rank: 0, score: 0.95 }]), skill)
  const newcomers = Array.from({ length: 20 }, (_, i) => catalog.add([{ skill, rank: 0, score: i / 40 }]))
  const random = seeded(7)
  const seen = new Set<number>()
  for (let i = 0; i < 200; i++) {
    const list = catalog.shortlist(skill, 0, 4, random)
    assert.equal(list.filter((slot) => newcomers.includes(slot)).length, 1)
    for (const slot of list) seen.add(slot)
  }
  for (const slot of newcomers) assert.ok(seen.has(slot))
})

test('CATALOG-4 of equals the least overqualified is asked first', () => {
  const catalog = new Catalog(4)
  const expert = catalog.add([{ skill, rank: 3, score: 0.8 }])
  const novice = catalog.add([{ skill, rank: 0, score: 0.8 }])
  const advanced = catalog.add([{ skill, rank: 2, score: 0.8 }])
  assert.deepEqual(catalog.shortlist(skill, 0, 3, seeded(1)), [novice, advanced, expert])
  assert.deepEqual(catalog.shortlist(skill, 1, 3, seeded(1)), [advanced, expert])
  assert.deepEqual(catalog.shortlist('nothing' as SkillName, 0, 3, seeded(1)), [])
})

test('CATALOG-5 the same calls and the same seed give the same lists', () => {
  const run = (): number[][] => {
    const catalog = new Catalog(4)
    const random = seeded(9)
    const lists: number[][] = []
    for (let i = 0; i < 300; i++) {
      const slot = catalog.add([{ skill, rank: Math.floor(random() * 4), score: random() }])
      if (i % 3 === 0) catalog.setLoad(slot, 1, false)
      if (i % 7 === 0) catalog.remove(slot)
      lists.push(catalog.shortlist(skill, 1, 5, random))
    }
    return lists
  }
  assert.deepEqual(run(), run())
})

test('CATALOG-6 a vacant slot, a skill that is not listed and a rank that is no level are mistakes of ours', () => {
  const catalog = new Catalog(2)
  const slot = catalog.add([{ skill, rank: 0, score: 0.5 }])
  assert.throws(
    () => catalog.rescore(slot, { skill: names[1] ?? skill, rank: 0, score: 0.5 }),
    /listed with the skill/,
  )
  assert.throws(() => catalog.add([{ skill, rank: 2, score: 0.5 }]), /rank is one of the levels/)
  catalog.remove(slot)
  assert.throws(() => catalog.remove(slot), /slot 0 is taken/)
  assert.throws(() => catalog.setLoad(77, 0, false), /slot 77 is taken/)
})

test('CATALOG-7 an agent with three skills takes at most 150 bytes', () => {
  const random = seeded(1)
  const catalog = new Catalog(4)
  const skills = Array.from({ length: 500 }, (_, i) => `s${i}` as SkillName)
  const at = (i: number): SkillName => skills[i % 500] ?? skill
  const count = 100_000
  for (let i = 0; i < count; i++) {
    const first = Math.floor(random() * 500)
    const rank = Math.floor(random() * 4)
    catalog.add([first, first + 1, first + 7].map((s) => ({ skill: at(s), rank, score: random() })))
  }
  assert.ok(catalog.bytes / count < 150, `${catalog.bytes / count} bytes per agent`)
})

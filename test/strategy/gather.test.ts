/**
 * The index of pairs against a simple model, and teams out of the catalog against teams out of everybody.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SkillName } from '../../src/protocol/id.ts'
import { Catalog } from '../../src/strategy/catalog.ts'
import { type Candidate, form } from '../../src/strategy/form.ts'
import { type GatherOptions, gather, type Wanted } from '../../src/strategy/gather.ts'
import { bucketOf } from '../../src/strategy/ladder.ts'
import { seeded } from '../../src/strategy/random.ts'
import { rankScore } from '../../src/strategy/score.ts'

interface Row {
  free: boolean
  busy: number
  readonly skills: Map<number, { rank: number; score: number }>
}

/** A catalog with its model, changed at random: agents come, go, are busy, and are scored anew. */
class Village {
  readonly catalog = new Catalog(3)
  readonly rows = new Map<number, Row>()
  readonly #random: () => number
  readonly #skillCount: number

  constructor(random: () => number, skillCount: number) {
    this.#random = random
    this.#skillCount = skillCount
  }

  up(n: number): number {
    return Math.floor(this.#random() * n)
  }

  /** In steps that the catalog knows. */
  #score(): number {
    return this.up(8192) / 8192
  }

  join(skillsMax: number): void {
    const skills: Row['skills'] = new Map()
    const count = 1 + this.up(skillsMax)
    while (skills.size < count)
      skills.set(this.up(this.#skillCount), { rank: this.up(3), score: this.#score() })
    const listings = [...skills].map(([skill, own]) => ({ skill: nameOf(skill), ...own }))
    this.rows.set(this.catalog.add(listings), { free: true, busy: 0, skills })
  }

  change(): void {
    const [slot, row] = [...this.rows][this.up(this.rows.size)] ?? []
    if (slot === undefined || row === undefined) return
    const way = this.up(4)
    if (way === 0) {
      this.catalog.remove(slot)
      this.rows.delete(slot)
    } else if (way === 1) {
      row.free = !row.free
      row.busy = this.up(3)
      this.catalog.setLoad(slot, row.busy, row.free)
    } else {
      const [skill] = [...row.skills.keys()]
      if (skill === undefined) return
      const own = { rank: this.up(3), score: this.#score() }
      row.skills.set(skill, own)
      this.catalog.rescore(slot, { skill: nameOf(skill), ...own })
    }
  }
}

function nameOf(skill: number): SkillName {
  return `s${skill}` as SkillName
}

test('CATALOG-8 every agent is found under every pair of its skills; of many the best first', () => {
  const random = seeded(5)
  const village = new Village(random, 5)
  const { catalog, rows } = village
  let large = false
  for (let step = 0; step < 6000; step++) {
    // The village grows, shrinks, and grows again, so that pairs become large and small.
    if (village.up(10) < (step % 2500 < 1500 ? 5 : 1)) village.join(4)
    else village.change()
    if (step % 250 !== 0) continue
    large ||= catalog.pairs.hasLarge
    for (let a = 1; a < 5; a++) for (let b = 0; b < a; b++) checkPair(village, a, b, random)
  }
  assert.ok(large && rows.size > 500)
})

function checkPair({ catalog, rows }: Village, a: number, b: number, random: () => number): void {
  const [first, second] = [catalog.numberOf(nameOf(a)), catalog.numberOf(nameOf(b))]
  if (first < 0 || second < 0) return
  for (const busyToo of [false, true]) {
    const able = [...rows].filter(
      ([, { free, skills }]) => (free || busyToo) && skills.has(a) && skills.has(b),
    )
    const shown: number[] = []
    const show = (slot: number): boolean => shown.push(slot) > 0
    assert.equal(catalog.pairs.visit(first, second, Infinity, busyToo, random, show), -1)
    for (const [slot] of able) assert.ok(shown.includes(slot), `slot ${slot} has both`)
    assert.equal(new Set(shown).size, shown.length, 'each once')
    const bucket = (slot: number): number => {
      const skills = rows.get(slot)?.skills
      return (bucketOf(skills?.get(a)?.score ?? 0) + bucketOf(skills?.get(b)?.score ?? 0)) >> 1
    }
    const some: number[] = []
    const next = catalog.pairs.visit(first, second, 5, false, random, (slot) => some.push(slot) > 0)
    if (next < 0) continue
    for (const [slot, row] of able) {
      if (row.free && !some.includes(slot))
        assert.ok(bucket(slot) >= next, 'whoever was not shown is no better')
    }
  }
}

/** The best value over everybody, by the scores of the catalog. */
function bestOfAll(village: Village, wanted: readonly Wanted[], options: GatherOptions): number | undefined {
  const candidates: Candidate[] = []
  for (const [slot, { free, busy, skills }] of village.rows) {
    const mustInclude = options.include.includes(slot)
    if (!mustInclude && ((!free && !options.busyToo) || options.except(slot))) continue
    const values = wanted.map(({ skill, rank }) => {
      const own = skills.get(Number(skill.slice(1)))
      return own === undefined || own.rank < rank ? undefined : worthAt(own.score, busy)
    })
    const cost = 0.1 + (options.costOf?.(slot) ?? 0)
    candidates.push({ values, cost, ...(mustInclude ? { mustInclude } : {}) })
  }
  const team = form(wanted, candidates, options)
  return team.kind === 'team' ? team.value : undefined
}

function worthAt(score: number, busy: number): number {
  return Math.log((64 - bucketOf(rankScore(score, busy, 1))) / 64)
}

function worthOf(
  village: Village,
  wanted: readonly Wanted[],
  team: ReturnType<typeof gather>,
  costOf?: GatherOptions['costOf'],
): number {
  if (team.kind === 'none') return Number.NaN
  let worth = 0
  const open = wanted.map(({ count }) => count)
  for (const { slot, needs } of team.members) {
    worth -= 0.1 + (costOf?.(slot) ?? 0)
    for (const need of needs) {
      open[need] = (open[need] ?? 0) - 1
      const { busy = 0, skills } = village.rows.get(slot) ?? {}
      const own = skills?.get(Number(wanted[need]?.skill.slice(1)))
      assert.ok(own !== undefined && own.rank >= (wanted[need]?.rank ?? 0), 'covers only what it can')
      worth += worthAt(own.score, busy)
    }
  }
  open.forEach((left, need) => {
    worth -= left === 0 ? 0 : left * (wanted[need]?.skipPrice ?? Infinity)
  })
  return worth
}

test('GATHER-1 the team is as good as the best one out of everybody, or nobody can: 400 catalogs', () => {
  const random = seeded(8)
  let none = 0
  for (let i = 0; i < 400; i++) {
    const village = new Village(random, 8)
    const size = i % 8 === 0 ? 900 : 40
    while (village.rows.size < size) village.join(i % 3 === 0 ? 2 : 4)
    for (let j = 0; j < size; j++) village.change()
    const wanted: Wanted[] = [0, 1, 2, 3, 4].slice(0, 2 + village.up(4)).map((skill) => ({
      skill: nameOf(skill),
      rank: village.up(3),
      count: i % 5 === 0 ? 1 + village.up(2) : 1,
      ...(i % 7 === 0 && skill > 1 ? { skipPrice: 0.3 } : {}),
    }))
    const slots = [...village.rows.keys()]
    const options: GatherOptions = {
      sizeMax: 1 + village.up(3),
      sizeMin: i % 11 === 0 ? 2 : 1,
      include: i % 6 === 0 ? slots.slice(0, 1) : [],
      except: (slot) => slot % 7 === 3,
      busyToo: i % 4 === 0,
      random,
    }
    const expected = bestOfAll(village, wanted, options)
    const found = gather(village.catalog, wanted, options)
    if (found.kind === 'none') {
      none++
      assert.equal(expected, undefined)
      continue
    }
    assert.ok(found.proven)
    assert.ok(found.members.length <= options.sizeMax && found.members.length >= options.sizeMin)
    const ids = found.members.map(({ slot }) => slot)
    for (const slot of options.include) assert.ok(ids.includes(slot))
    const worth = worthOf(village, wanted, found)
    if (options.busyToo) assert.ok(expected !== undefined && worth > -Infinity)
    else assert.ok(Math.abs(worth - (expected ?? NaN)) < 1e-9, `${i}`)
  }
  assert.ok(none > 30 && none < 300, `${none}`)
})

test('GATHER-5 with costs of which the catalog knows nothing the team is the best of all, of not too many', () => {
  const random = seeded(9)
  let none = 0
  let cheaper = 0
  for (let i = 0; i < 150; i++) {
    const village = new Village(random, 6)
    while (village.rows.size < 60) village.join(4)
    const wanted: Wanted[] = [0, 1, 2, 3].slice(0, 2 + village.up(3)).map((skill) => ({
      skill: nameOf(skill),
      rank: village.up(2),
      count: i % 5 === 0 ? 1 + village.up(2) : 1,
    }))
    const costOf = (slot: number): number => ((slot * 7) % 11) / 5
    const bare = {
      sizeMax: 1 + village.up(3),
      sizeMin: 1,
      include: [],
      except: () => false,
      busyToo: false,
      random,
    }
    const expected = bestOfAll(village, wanted, { ...bare, costOf })
    const found = gather(village.catalog, wanted, { ...bare, costOf })
    if (found.kind === 'none') {
      none++
      assert.equal(expected, undefined)
      continue
    }
    assert.ok(!found.proven)
    assert.ok(Math.abs(worthOf(village, wanted, found, costOf) - (expected ?? NaN)) < 1e-9, `${i}`)
    if (worthOf(village, wanted, gather(village.catalog, wanted, bare), costOf) < (expected ?? NaN) - 0.1)
      cheaper++
  }
  assert.ok(none > 5 && none < 120 && cheaper > 20, `${none} without a team, ${cheaper} better for it`)
})

test('GATHER-2 the only two who can do it together are found among thousands that are better at one thing', () => {
  const catalog = new Catalog(1)
  const random = seeded(1)
  const skills = ['a', 'b', 'c', 'd'] as SkillName[]
  for (let i = 0; i < 4000; i++) {
    const skill = skills[i % 4]
    if (skill !== undefined) catalog.add([{ skill, rank: 0, score: 0.9 + 0.1 * random() }])
  }
  const pair = (...names: readonly number[]): number =>
    catalog.add(
      names.flatMap((i) => (skills[i] === undefined ? [] : [{ skill: skills[i], rank: 0, score: 0.4 }])),
    )
  const left = pair(0, 1)
  const right = pair(2, 3)
  const wanted = skills.map((skill) => ({ skill, rank: 0, count: 1 }))
  const options = { sizeMax: 2, sizeMin: 1, include: [], except: () => false, busyToo: false, random }
  const found = gather(catalog, wanted, options)
  assert.equal(found.kind, 'team')
  if (found.kind !== 'team') return
  assert.deepEqual(
    found.members.map(({ slot }) => slot),
    [left, right],
  )
  assert.ok(found.proven && found.looks < 100, `${found.looks} of 4002 were looked at`)
  catalog.setLoad(left, 1, false)
  assert.equal(gather(catalog, wanted, options).kind, 'none')
  assert.equal(gather(catalog, wanted, { ...options, busyToo: true }).kind, 'team')
})

test('GATHER-3 where the best of a pair do not show it, more are looked at until they do', () => {
  const catalog = new Catalog(2)
  const random = seeded(4)
  const [a, b] = ['a', 'b'] as [SkillName, SkillName]
  // Hundreds have both, good at one level or the other; one has both at the level asked for, and is not as good.
  for (let i = 0; i < 600; i++) {
    catalog.add([
      { skill: a, rank: i % 2, score: 0.95 },
      { skill: b, rank: 1 - (i % 2), score: 0.95 },
    ])
  }
  const both = [a, b].map((skill) => ({ skill, rank: 1, score: 0.5 }))
  const only = catalog.add(both)
  const wanted = [a, b].map((skill) => ({ skill, rank: 1, count: 1 }))
  const options = { sizeMax: 1, sizeMin: 1, include: [], except: () => false, busyToo: false, random }
  const found = gather(catalog, wanted, options)
  assert.deepEqual(found.kind === 'team' && found.members, [{ slot: only, needs: [0, 1] }])
})

test('GATHER-4 the same calls with the same seed give the same team, and equals have equal chances', () => {
  const run = (seed: number): number[] => {
    const catalog = new Catalog(1)
    for (let i = 0; i < 300; i++) {
      const names = ['a', 'b', i % 2 === 0 ? 'c' : 'd'] as SkillName[]
      catalog.add(names.map((skill) => ({ skill, rank: 0, score: 0.8 })))
    }
    const random = seeded(seed)
    const wanted = (['a', 'b', 'c'] as SkillName[]).map((skill) => ({ skill, rank: 0, count: 1 }))
    return Array.from({ length: 200 }, () => {
      const options = { sizeMax: 1, sizeMin: 1, include: [], except: () => false, busyToo: false, random }
      const found = gather(catalog, wanted, options)
      return found.kind === 'team' ? (found.members[0]?.slot ?? -1) : -1
    })
  }
  const first = run(3)
  assert.deepEqual(run(3), first)
  assert.ok(new Set(first).size > 60, `${new Set(first).size} different members in 200 teams`)
})

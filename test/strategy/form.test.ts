/**
 * Team formation against a judge that tries everything.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidate, form, type Need, type NoTeam, type Team } from '../../src/strategy/form.ts'
import { fillPlaces } from '../../src/strategy/places.ts'
import { seeded } from '../../src/strategy/random.ts'
import { search } from '../../src/strategy/search.ts'

interface Options {
  readonly sizeMax: number
  readonly sizeMin: number
  readonly budget?: number
}

/** The best value over every division of the needs among every set of candidates, or undefined. */
function bruteForce(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Options,
): number | undefined {
  let best: number | undefined
  const open = needs.map((need) => need.count)
  const visit = (c: number, members: number, value: number, price: number): void => {
    if (members > options.sizeMax || price > (options.budget ?? Infinity) + 1e-9) return
    const candidate = candidates[c]
    if (candidate === undefined) {
      if (members < options.sizeMin) return
      let total = value
      needs.forEach((need, i) => {
        total -= (open[i] ?? 0) === 0 ? 0 : (open[i] ?? 0) * (need.skipPrice ?? Infinity)
      })
      if (total > -Infinity && (best === undefined || total > best)) best = total
      return
    }
    if (candidate.mustInclude !== true) visit(c + 1, members, value, price)
    for (let mask = 1; mask < 1 << needs.length; mask++) {
      const taken = needs.flatMap((_, i) => ((mask >> i) & 1 ? [i] : []))
      if (taken.some((i) => open[i] === 0 || candidate.values[i] === undefined)) continue
      let more = value - candidate.cost
      for (const i of taken) {
        open[i] = (open[i] ?? 0) - 1
        more += candidate.values[i] ?? 0
      }
      visit(c + 1, members + 1, more, price + (candidate.price ?? 0))
      for (const i of taken) open[i] = (open[i] ?? 0) + 1
    }
  }
  visit(0, 0, 0, 0)
  return best
}

/** Checks that a team keeps every promise, whatever its value. */
function checkTeam(
  team: Team,
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Options,
): void {
  const filled = needs.map(() => 0)
  let value = 0
  let price = 0
  for (const member of team.members) {
    const candidate = candidates[member.candidate]
    assert.ok(candidate !== undefined && member.needs.length > 0)
    assert.equal(new Set(member.needs).size, member.needs.length, 'no need twice')
    value -= candidate.cost
    price += candidate.price ?? 0
    for (const need of member.needs) {
      const own = candidate.values[need]
      assert.ok(own !== undefined, 'covers only what it can')
      value += own
      filled[need] = (filled[need] ?? 0) + 1
    }
  }
  const ids = team.members.map((member) => member.candidate)
  assert.equal(new Set(ids).size, ids.length, 'no candidate twice')
  candidates.forEach((candidate, c) => {
    if (candidate.mustInclude === true) assert.ok(ids.includes(c), 'who must be included is')
  })
  assert.ok(ids.length <= options.sizeMax && ids.length >= options.sizeMin, 'size')
  assert.ok(price <= (options.budget ?? Infinity) + 1e-9, 'budget')
  const uncovered: number[] = []
  needs.forEach((need, i) => {
    const left = need.count - (filled[i] ?? 0)
    assert.ok(left >= 0, 'no place twice')
    if (left === 0) return
    assert.ok(need.skipPrice !== undefined, 'required needs are covered')
    uncovered.push(i)
    value -= left * need.skipPrice
  })
  assert.deepEqual(team.uncovered, uncovered)
  assert.ok(Math.abs(team.value - value) < 1e-9, 'states its value')
}

interface Shape {
  readonly counts?: boolean
  readonly optional?: boolean
  readonly must?: boolean
  readonly sizeMin?: boolean
  readonly budget?: boolean
  /** Values and prices from a few whole numbers, so that ties are common. */
  readonly coarse?: boolean
}

function instance(random: () => number, shape: Shape, needMax: number, candidateMax: number) {
  const up = (n: number): number => Math.floor(random() * n)
  const amount = (scale: number): number => (shape.coarse ? up(3) : random() * scale)
  const needs: Need[] = Array.from({ length: 1 + up(needMax) }, () => ({
    count: shape.counts ? 1 + up(3) : 1,
    ...(shape.optional && random() < 0.4 ? { skipPrice: amount(2) } : {}),
  }))
  const coverage = 0.25 + 0.6 * random()
  const candidates: Candidate[] = Array.from({ length: 1 + up(candidateMax) }, () => ({
    values: needs.map(() => (random() < coverage ? -amount(2) : undefined)),
    cost: amount(1),
    ...(shape.budget ? { price: amount(5) } : {}),
    ...(shape.must && random() < 0.15 ? { mustInclude: true } : {}),
  }))
  const options: Options = {
    sizeMax: 1 + up(needs.length + 1),
    sizeMin: shape.sizeMin ? 1 + up(3) : 1,
    ...(shape.budget ? { budget: amount(12) } : {}),
  }
  return { needs, candidates, options }
}

const shapes: Record<string, Shape> = {
  plain: {},
  ties: { coarse: true },
  headcounts: { counts: true },
  optional: { optional: true },
  'must include': { must: true },
  'smallest size': { sizeMin: true },
  budget: { budget: true },
  everything: { counts: true, optional: true, must: true, sizeMin: true, budget: true },
  'everything with ties': {
    counts: true,
    optional: true,
    must: true,
    sizeMin: true,
    budget: true,
    coarse: true,
  },
}

for (const [name, shape] of Object.entries(shapes)) {
  test(`FORM-1 equals brute force on 1500 random instances: ${name}`, () => {
    const random = seeded(name.length * 7919)
    let teams = 0
    for (let i = 0; i < 1500; i++) {
      const { needs, candidates, options } = instance(random, shape, shape.counts ? 3 : 4, 7)
      const expected = bruteForce(needs, candidates, options)
      const found = form(needs, candidates, options)
      const what = JSON.stringify({ needs, candidates, options, found, expected })
      assert.equal(found.exact, undefined, what)
      assert.equal(found.kind === 'team', expected !== undefined, what)
      if (found.kind !== 'team') continue
      teams++
      checkTeam(found, needs, candidates, options)
      assert.ok(Math.abs(found.value - (expected ?? NaN)) < 1e-9, what)
    }
    assert.ok(teams > 150 && teams < 1500, `${teams} of 1500 are feasible: both answers are tested`)
  })
}

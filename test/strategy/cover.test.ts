/**
 * The method for large problems, against trying everything and against a MILP solver; and `form` against the latter.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milpOracle } from '../../lab/oracle/milp.ts'
import { randomProblem, type Shape } from '../../lab/oracle/problems.ts'
import { cover } from '../../src/strategy/cover.ts'
import { form, type Need } from '../../src/strategy/form.ts'
import { seeded } from '../../src/strategy/random.ts'
import { teamOf } from '../../src/strategy/team.ts'

test('FORM-11 the bound with branching finds teams of the same value as the tables: 2000 random problems', () => {
  const random = seeded(41)
  let teams = 0
  for (let i = 0; i < 2000; i++) {
    const shape: Shape = { counts: i % 2 === 0, optional: i % 3 === 0, coarse: i % 5 === 0 }
    const { needs, candidates, sizes } = randomProblem(random, shape, 5, 14)
    const expected = form(needs, candidates, { ...sizes, sizeMin: 0 })
    const found = cover(needs, candidates, { ...sizes, sizeMin: 0 })
    const what = JSON.stringify({ needs, candidates, sizes, found, expected })
    assert.ok(found.proven, what)
    assert.equal(found.blocks !== undefined, expected.kind === 'team', what)
    if (found.blocks === undefined || expected.kind !== 'team') continue
    teams++
    const team = teamOf(needs, candidates, found.blocks, true)
    assert.ok(team.members.length <= sizes.sizeMax, what)
    assert.ok(Math.abs(team.value - expected.value) < 1e-7, what)
  }
  assert.ok(teams > 500 && teams < 2000, `${teams} of 2000 are feasible: both answers are tested`)
})

test('FORM-11 what stays without proof says so, and its team covers everything', () => {
  const random = seeded(3)
  const needs: Need[] = Array.from({ length: 40 }, () => ({ count: 2 }))
  const candidates = Array.from({ length: 120 }, () => ({
    values: needs.map(() => (random() < 0.12 ? -random() : undefined)),
    cost: random(),
  }))
  const stopped = cover(needs, candidates, { sizeMax: 120, sizeMin: 0 }, 20_000)
  const proven = cover(needs, candidates, { sizeMax: 120, sizeMin: 0 }, 1_000_000_000)
  assert.equal(stopped.proven, false)
  assert.equal(proven.proven, true)
  assert.ok(stopped.blocks !== undefined && proven.blocks !== undefined)
  const filled = needs.map((_, t) => stopped.blocks?.filter((block) => block.needs.includes(t)).length)
  assert.deepEqual(
    filled,
    needs.map(() => 2),
  )
  const best = teamOf(needs, candidates, proven.blocks, true).value
  assert.ok(best >= teamOf(needs, candidates, stopped.blocks, false).value - 1e-9)
})

const shapes: readonly Shape[] = [
  {},
  { counts: true },
  { optional: true },
  { counts: true, optional: true, must: true, sizeMin: true, budget: true },
]

test('FORM-1 equals a MILP solver on 240 random problems, headcounts and infeasible ones among them', async () => {
  const oracle = await milpOracle()
  const random = seeded(1)
  let infeasible = 0
  for (let i = 0; i < 240; i++) {
    const { needs, candidates, sizes } = randomProblem(random, shapes[i % shapes.length] ?? {}, 7, 20)
    const expected = oracle(needs, candidates, sizes)
    const found = form(needs, candidates, sizes)
    const what = JSON.stringify({ needs, candidates, sizes, found, expected })
    assert.equal(found.kind === 'team', expected !== undefined, what)
    if (found.kind === 'team') assert.ok(Math.abs(found.value - (expected ?? NaN)) < 1e-6, what)
    else infeasible++
  }
  assert.ok(infeasible > 20 && infeasible < 200, `${infeasible}`)
})

test('FORM-11 equals a MILP solver where the tables are too small: 12 teams of which members may be lost', async () => {
  const oracle = await milpOracle()
  const random = seeded(17)
  for (let i = 0; i < 12; i++) {
    const needs: Need[] = Array.from({ length: 17 + (i % 4) }, () => ({ count: 1 + (i % 3) }))
    const candidates = Array.from({ length: 28 }, () => ({
      values: needs.map(() => (random() < 0.35 ? -0.2 * random() * (i % 2) : undefined)),
      cost: Math.ceil(20 * random()),
    }))
    const sizes = { sizeMax: i % 4 === 0 ? 6 + 3 * (i % 3) : 40, sizeMin: 0 }
    const expected = oracle(needs, candidates, sizes)
    const found = form(needs, candidates, sizes)
    const what = JSON.stringify({ i, found, expected })
    assert.equal(found.exact, undefined, what)
    assert.equal(found.kind === 'team', expected !== undefined, what)
    if (found.kind === 'team') assert.ok(Math.abs(found.value - (expected ?? NaN)) < 1e-6, what)
  }
})

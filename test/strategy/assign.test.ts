import assert from 'node:assert/strict'
import { test } from 'node:test'
import { form } from '../../src/strategy/form.ts'
import { seeded } from '../../src/strategy/random.ts'
import type { Candidate, Need } from '../../src/strategy/team.ts'

/** The best sum of values less costs, each place with a candidate of its own; -Infinity when there is no such team. */
function best(
  places: readonly number[],
  candidates: readonly Candidate[],
  taken: ReadonlySet<number>,
): number {
  const [need, ...rest] = places
  if (need === undefined) return 0
  let most = Number.NEGATIVE_INFINITY
  candidates.forEach(({ values, cost }, c) => {
    const value = values[need]
    if (value === undefined || taken.has(c)) return
    most = Math.max(most, value - cost + best(rest, candidates, new Set([...taken, c])))
  })
  return most
}

test('FORM-12 with as many members as places each takes one, and no team is better', () => {
  let none = 0
  for (let seed = 0; seed < 400; seed++) {
    const random = seeded(seed)
    const needs: Need[] = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      return { count: 1 + Math.floor(random() * 2) }
    })
    const candidates = Array.from({ length: 3 + Math.floor(random() * 4) }, (): Candidate => {
      const values = needs.map(() => (random() < 0.6 ? -random() : undefined))
      return { values, cost: random() }
    })
    const places = needs.flatMap(({ count }, need) => Array.from({ length: count }, () => need))
    const team = form(needs, candidates, { sizeMin: places.length, sizeMax: places.length })
    const most = best(places, candidates, new Set())
    if (team.kind === 'none') {
      none += 1
      assert.equal(most, Number.NEGATIVE_INFINITY, `seed ${seed}: there is a team`)
      continue
    }
    assert.equal(team.members.length, places.length)
    for (const member of team.members) assert.equal(member.needs.length, 1)
    assert.ok(Math.abs(team.value - most) < 1e-9, `seed ${seed}: ${team.value} instead of ${most}`)
    assert.equal(team.exact, undefined)
  }
  assert.ok(none > 20 && none < 300, `${none} of 400 had no team`)
})

test('FORM-12 a team of many places is exact, and found at once', () => {
  const random = seeded(1)
  const needs: Need[] = Array.from({ length: 12 }, () => ({ count: 4 }))
  const candidates = Array.from({ length: 90 }, (): Candidate => {
    return { values: needs.map(() => (random() < 0.3 ? -random() : undefined)), cost: random() }
  })
  const team = form(needs, candidates, { sizeMin: 48, sizeMax: 48 })
  assert.equal(team.kind, 'team')
  assert.ok(team.kind === 'team' && team.exact === undefined && team.members.length === 48)
})

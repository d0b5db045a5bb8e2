import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { form } from '../../src/strategy/form.ts'
import { formWithOneNewcomer } from '../../src/strategy/newcomers.ts'

const sizes = { sizeMax: 3, sizeMin: 1 }
const needs = [{ count: 1 }, { count: 1 }]

function candidate(...values: (number | undefined)[]): { values: (number | undefined)[]; cost: number } {
  return { values, cost: 0 }
}

test('FORM-13 of two newcomers that would make the best team the better one stays, the other gives way', () => {
  const candidates = [
    candidate(-0.1, undefined),
    candidate(undefined, -0.2),
    candidate(-0.4, undefined),
    candidate(undefined, -0.5),
  ]
  const unproven = [true, true, false, false]
  const chosen = (taken: boolean): number[] => {
    const team = formWithOneNewcomer(needs, candidates, sizes, (i) => unproven[i] ?? false, taken)
    assert.equal(team.kind, 'team')
    return team.kind === 'team' ? team.members.map(({ candidate }) => candidate) : []
  }
  assert.deepEqual(chosen(false).sort(), [0, 3])
  assert.deepEqual(chosen(true).sort(), [2, 3])
})

test('FORM-13 there is a team whenever there is one, and never two newcomers where one or none is possible', () => {
  const value = fc.option(fc.double({ min: -3, max: 0, noNaN: true }), { nil: undefined })
  const agent = fc.record({ values: fc.tuple(value, value), cost: fc.constant(0.1), isNew: fc.boolean() })
  fc.assert(
    fc.property(fc.array(agent, { minLength: 1, maxLength: 6 }), (agents) => {
      const unproven = agents.map(({ isNew }) => isNew)
      const team = formWithOneNewcomer(needs, agents, sizes, (i) => unproven[i] ?? false, false)
      assert.equal(team.kind, form(needs, agents, sizes).kind)
      if (team.kind === 'none') return
      const strangers = team.members.filter(({ candidate }) => unproven[candidate]).length
      if (strangers < 2) return
      // Then no team with fewer exists: with only the proven, and with any single newcomer beside them.
      for (let keeper = -1; keeper < agents.length; keeper++) {
        const others = agents.filter((_, i) => !unproven[i] || i === keeper)
        const isSingle = keeper < 0 || unproven[keeper]
        const found = isSingle ? form(needs, others, sizes).kind : 'none'
        if (keeper < 0) assert.equal(found, 'none')
      }
    }),
  )
})

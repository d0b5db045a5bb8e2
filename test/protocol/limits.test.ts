/**
 * The limits: listed in SPEC.md with their defaults, and checked when a network is set up.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkLimits, defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import { isRefusal, type Refusal } from '../../src/protocol/refusal.ts'

function refused(given: Readonly<Record<string, unknown>>): Refusal {
  const refusal = checkLimits(given as Partial<Limits>)
  assert.ok(isRefusal(refusal), Object.entries(given).join())
  return refusal
}

test('LIMIT-1 the table of limits is complete and up to date', () => {
  const specification = readFileSync(new URL('../../SPEC.md', import.meta.url), 'utf8')
  const section = specification.split(/^## /m).find((part) => part.startsWith('LIMIT')) ?? ''
  const rows = [...section.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, value]) => [
    name,
    Number(value),
  ])
  assert.deepEqual(Object.fromEntries(rows), defaultLimits)
  assert.equal(rows.length, Object.keys(defaultLimits).length)
})

test('LIMIT-2 what is left out has its default, what is given is kept', () => {
  assert.deepEqual(checkLimits({}), defaultLimits)
  assert.deepEqual(checkLimits({ depthMax: 0, holdMs: 7 }), { ...defaultLimits, depthMax: 0, holdMs: 7 })
})

test('LIMIT-2 a limit of undefined is one that was left out', () => {
  const given = { holdMs: undefined } as unknown as Partial<Limits>
  assert.deepEqual(checkLimits(given), defaultLimits)
})

test('LIMIT-2 a value that is no positive whole number is refused for every limit', () => {
  for (const name of Object.keys(defaultLimits)) {
    for (const value of [
      -1,
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      '5',
      null,
      {},
      5n,
      () => 1,
    ]) {
      const refusal = refused({ [name]: value })
      assert.equal(refusal.code, 'E_RANGE')
      assert.equal(refusal.field, name)
    }
    const mayBeNone = [
      'shortlistSpare',
      'endedKept',
      'depthMax',
      'batchWindowMs',
      'workSpread',
      'planStepsMax',
    ].includes(name)
    assert.equal(isRefusal(checkLimits({ [name]: 0 })), !mayBeNone, name)
  }
})

test('LIMIT-2 a name that is no limit is refused', () => {
  assert.equal(refused({ groupTimeout: 5 }).code, 'E_UNKNOWN_FIELD')
  assert.equal(refused({ groupTimeout: 5 }).field, 'groupTimeout')
  assert.equal(refused({ groupTimeout: 5 }).hint, 'Did you mean "groupTimeoutMs"?')
  assert.equal(refused({ toString: 5 }).code, 'E_UNKNOWN_FIELD')
  assert.equal(refused(JSON.parse('{"__proto__":5}') as Record<string, unknown>).code, 'E_UNKNOWN_FIELD')
})

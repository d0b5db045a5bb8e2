/**
 * The door for agents: what may join, and what is refused with which code.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkAgent } from '../../src/protocol/join.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import { isRefusal, type Refusal } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'

const good = { id: 'ada', skills: [{ name: 'cleaning', level: 'expert' }] }

function refused(given: unknown): Refusal {
  const refusal = checkAgent(given, defaultLimits, defaultLevels)
  assert.ok(isRefusal(refusal), `accepted: ${JSON.stringify(refusal)}`)
  return refusal
}

test('JOIN-1 what is left out has a default, what is said is kept', () => {
  assert.deepEqual(checkAgent({ id: 'ada', skills: [{ name: 'a' }] }, defaultLimits, defaultLevels), {
    id: 'ada',
    skills: [{ name: 'a', level: 'novice' }],
    capacity: defaultLimits.maxConcurrentTasks,
  })
  const full = {
    id: 'ada',
    skills: [{ name: 'a', level: 'expert', successRate: 1, meanTimeMs: 0.5 }],
    capacity: 7,
  }
  assert.deepEqual(checkAgent(full, defaultLimits, defaultLevels), full)
})

const skill = (claim: object): object => ({ skills: [{ name: 'a', ...claim }] })

const bad: readonly (readonly [change: object, code: string, field: string])[] = [
  [{ id: undefined }, 'E_BAD_ID', 'id'],
  [{ id: '' }, 'E_BAD_ID', 'id'],
  [{ id: 5 }, 'E_BAD_ID', 'id'],
  [{ id: 'a.b' }, 'E_BAD_ID', 'id'],
  [{ id: 'a b' }, 'E_BAD_ID', 'id'],
  [{ id: '*' }, 'E_BAD_ID', 'id'],
  [{ id: '..' }, 'E_BAD_ID', 'id'],
  [{ id: '__proto__' }, 'E_BAD_ID', 'id'],
  [{ id: 'x'.repeat(5000) }, 'E_BAD_ID', 'id'],
  [{ id: 'агент' }, 'E_BAD_ID', 'id'],
  [{ skills: undefined }, 'E_MISSING_FIELD', 'skills'],
  [{ skills: [] }, 'E_MISSING_FIELD', 'skills'],
  [{ skills: 'cleaning' }, 'E_TYPE', 'skills'],
  [{ skills: ['cleaning'] }, 'E_TYPE', 'skills[0]'],
  [{ skills: [{}] }, 'E_MISSING_FIELD', 'skills[0].name'],
  [{ skills: [{ name: 'a b' }] }, 'E_BAD_ID', 'skills[0].name'],
  [{ skills: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] }, 'E_DUPLICATE_SKILL', 'skills'],
  [{ skills: Array.from({ length: 33 }, (_, n) => ({ name: `s${n}` })) }, 'E_RANGE', 'skills'],
  [skill({ level: 'guru' }), 'E_BAD_LEVEL', 'skills[0].level'],
  [skill({ level: 5 }), 'E_TYPE', 'skills[0].level'],
  [skill({ successRate: 1.01 }), 'E_RANGE', 'skills[0].successRate'],
  [skill({ successRate: -0.1 }), 'E_RANGE', 'skills[0].successRate'],
  [skill({ successRate: Number.NaN }), 'E_RANGE', 'skills[0].successRate'],
  [skill({ successRate: '1' }), 'E_TYPE', 'skills[0].successRate'],
  [skill({ meanTimeMs: 0 }), 'E_RANGE', 'skills[0].meanTimeMs'],
  [skill({ meanTimeMs: Number.POSITIVE_INFINITY }), 'E_RANGE', 'skills[0].meanTimeMs'],
  [skill({ sucessRate: 1 }), 'E_UNKNOWN_FIELD', 'skills[0].sucessRate'],
  [{ capacity: 0 }, 'E_RANGE', 'capacity'],
  [{ capacity: 1.5 }, 'E_RANGE', 'capacity'],
  [{ capacity: 1001 }, 'E_RANGE', 'capacity'],
  [{ capacity: Number.NaN }, 'E_RANGE', 'capacity'],
  [{ capcity: 3 }, 'E_UNKNOWN_FIELD', 'capcity'],
]

test('JOIN-2 each mistake is refused with its code and its field', () => {
  for (const [change, code, field] of bad) {
    const refusal = refused({ ...good, ...change })
    assert.equal(refusal.code, code, `${JSON.stringify(change)} → ${refusal.message}`)
    assert.equal(refusal.field, field, refusal.message)
    assert.ok(refusal.message.length < 300)
  }
  assert.equal(refused({ ...good, capcity: 3 }).hint, 'Did you mean "capacity"?')
  for (const given of [undefined, null, 5, []]) refused(given)
})

test('JOIN-2 no value at all makes the door throw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('id', 'skills', 'capacity', 'x'),
      fc.anything({ withBigInt: true }),
      (key, value) => {
        checkAgent({ ...good, [key]: value }, defaultLimits, defaultLevels)
        checkAgent(
          { ...good, skills: [{ name: 'a', level: value, successRate: value }] },
          defaultLimits,
          defaultLevels,
        )
      },
    ),
    { numRuns: 2000 },
  )
})

/**
 * A memory of what happened last: how much of it is known.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newRecent, recall, remember, remembered } from '../../src/protocol/recent.ts'

test('of the keys that came last enough are known, not many more, and each by its latest value', () => {
  const key = fc.integer({ min: 0, max: 30 }).map((number) => `task-${number}`)
  fc.assert(
    fc.property(fc.nat(12), fc.integer({ min: 1, max: 8 }), fc.array(key), (keptLeast, generations, keys) => {
      const recent = newRecent<string, number>(keptLeast, generations)
      const latest = new Map<string, number>()
      for (const [i, key] of keys.entries()) {
        remember(recent, key, i)
        latest.set(key, i)
        for (const key of keys.slice(Math.max(0, i + 1 - keptLeast), i + 1))
          assert.equal(recall(recent, key), latest.get(key))
        const generation = Math.ceil(keptLeast / generations)
        const most = keptLeast % generations === 0 ? keptLeast + generation : keptLeast + 2 * generation - 2
        assert.ok(remembered(recent).length <= most, `${remembered(recent).length}`)
      }
      assert.equal(recall(recent, 'never'), undefined)
    }),
    // Three to a generation, and two of these before the last: nine of five.
    { examples: [[5, 2, [0, 1, 2, 1, 2, 0, 0, 1, 2].map((number) => `task-${number}`)]], numRuns: 300 },
  )
})

test('what is kept without end is all known', () => {
  const recent = newRecent<string, number>(Number.POSITIVE_INFINITY, 8)
  const keys = Array.from({ length: 5_000 }, (_, i) => `${i}`)
  for (const [i, key] of keys.entries()) remember(recent, key, i)
  for (const [i, key] of keys.entries()) assert.equal(recall(recent, key), i)
  assert.deepEqual(
    remembered(recent),
    keys.map((_, i) => i),
  )
})

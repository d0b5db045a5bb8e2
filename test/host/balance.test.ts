/**
 * Which process is the hub of which partition: shared out evenly, moved one at a time, and at rest when it is even.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { heirs, nextMove } from '../../src/host/nats/balance.ts'

const names = ['a', 'b', 'c', 'd', 'e']

/** Some who live, and partitions of theirs, of others, and of nobody. */
const balances = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }).chain((live) =>
  fc.record({
    live: fc.constant(live),
    owners: fc.array(fc.constantFrom(...names, undefined), { minLength: 1, maxLength: 16 }),
  }),
)

function spread(live: readonly string[], owners: readonly (string | undefined)[]): number {
  const loads = live.map((name) => owners.filter((owner) => owner === name).length)
  return Math.max(...loads) - Math.min(...loads)
}

test('NATS-22 whoever owns a partition and lives keeps it, and the others are shared out', () => {
  assert.deepEqual(heirs({ live: ['b', 'a'], owners: [undefined, undefined, undefined] }), ['a', 'b', 'a'])
  assert.deepEqual(heirs({ live: ['a', 'b'], owners: ['a', 'a', 'dead', 'dead'] }), ['a', 'a', 'b', 'b'])
  assert.deepEqual(heirs({ live: [], owners: ['a', undefined] }), [undefined, undefined])
  fc.assert(
    fc.property(balances, ({ live, owners }) => {
      const next = heirs({ live, owners })
      for (const [i, owner] of owners.entries()) {
        if (owner !== undefined && live.includes(owner)) assert.equal(next[i], owner)
        else assert.ok(live.includes(next[i] ?? ''))
      }
      assert.deepEqual(next, heirs({ live: [...live].reverse(), owners }), 'the order is not looked at')
      const kept = owners.map((owner) => (live.includes(owner ?? '') ? owner : undefined))
      assert.ok(spread(live, next) <= Math.max(1, spread(live, kept)), 'no more uneven than what is kept')
    }),
  )
})

test('NATS-22 of two that have the same the first by name moves, and nobody where none has two more', () => {
  const all = new Set(names)
  assert.deepEqual(nextMove({ live: ['a', 'b'], owners: ['b', 'b', 'a', 'b', 'b'] }, all), {
    from: 'b',
    to: 'a',
  })
  assert.deepEqual(nextMove({ live: ['b', 'a', 'c'], owners: ['a', 'b', 'a', 'b'] }, all), {
    from: 'a',
    to: 'c',
  })
  assert.equal(nextMove({ live: ['a', 'b'], owners: ['a', 'a', 'b'] }, all), undefined)
  assert.equal(nextMove({ live: ['a', 'b'], owners: ['a', 'a', 'a'] }, new Set(['a'])), undefined, 'b is new')
  assert.equal(
    nextMove({ live: ['a', 'b'], owners: ['a', 'a', undefined] }, all),
    undefined,
    'one has no hub',
  )
  assert.equal(nextMove({ live: ['a', 'b'], owners: ['a', 'a', 'dead'] }, all), undefined)
})

test('NATS-22 moves come to an end, as few as can be, and leave an even share', () => {
  fc.assert(
    fc.property(balances, ({ live, owners: before }) => {
      const owners = [...heirs({ live, owners: before })]
      const target = Math.floor(owners.length / live.length)
      const above = live.reduce((sum, name) => {
        const load = owners.filter((owner) => owner === name).length
        return sum + Math.max(0, load - target)
      }, 0)
      let moves = 0
      for (;;) {
        const move = nextMove({ live, owners }, new Set(live))
        if (move === undefined) break
        owners[owners.indexOf(move.from)] = move.to
        moves += 1
        assert.ok(moves <= above, 'nothing moves twice')
      }
      assert.ok(spread(live, owners) <= 1)
    }),
  )
})

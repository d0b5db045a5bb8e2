/**
 * A map that is used as the built-in one is.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Table } from '../../src/protocol/table.ts'

const key = fc.integer({ min: 0, max: 12 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('clear' as const), key }),
)

test('a table holds what the built-in map would hold, in the same order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new Table<number, object>()
      const map = new Map<number, object>()
      for (const { kind, key } of steps) {
        if (kind === 'clear') {
          // Else nothing would ever grow.
          if (key > 0) continue
          table.clear()
          map.clear()
        } else if (kind === 'delete') {
          table.delete(key)
          map.delete(key)
        } else {
          const value = { key }
          table.set(key, value)
          map.set(key, value)
        }
        assert.equal(table.get(key), map.get(key))
        assert.equal(table.has(key), map.has(key))
        assert.equal(table.size, map.size)
        assert.deepEqual([...table.keys()], [...map.keys()])
        assert.deepEqual(table.values(), [...map.values()])
      }
    }),
  )
})

test('what is taken from a table while it is walked through is still seen by who walks', () => {
  const table = new Table<string, { readonly name: string }>()
  for (const name of ['a', 'b', 'c']) table.set(name, { name })
  const seen: string[] = []
  for (const { name } of table.values()) {
    seen.push(name)
    table.delete('b')
  }
  assert.deepEqual(seen, ['a', 'b', 'c'])
  assert.equal(table.size, 2)
})

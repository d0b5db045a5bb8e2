/**
 * The look over a frame before it is parsed, against what a parser says of the same text.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scan } from '../../src/protocol/codec/scan.ts'

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) ? [] : Object.keys(value)
  return [...own, ...Object.values(value).flatMap(keysOf)]
}

const key = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('__proto__', '{', '"', '\\', ',', 'a:b', ']'),
)
const { tree } = fc.letrec<{ tree: unknown; leaf: unknown; object: unknown; list: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true }),
    fc.constantFrom(null, true, '"]}', '\\'),
  ),
  list: fc.array(tie('tree'), { maxLength: 3 }),
  object: fc.dictionary(key, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  tree: fc.oneof({ depthSize: 'medium', withCrossShrink: true }, tie('leaf'), tie('list'), tie('object')),
}))

test('CODEC-4 a text is refused exactly when it nests too deep or has a key that is never ours', () => {
  const told = { fine: 0, deep: 0, key: 0 }
  const layouts = fc.constantFrom(undefined, 1, '\t')
  fc.assert(
    fc.property(tree, layouts, fc.integer({ min: 0, max: 4 }), (value, layout, depthMax) => {
      const text = JSON.stringify(value, undefined, layout)
      const strange = keysOf(value).some(
        (name) => name === '__proto__' || JSON.stringify(name).includes('\\'),
      )
      const deep = depthOf(value) > depthMax
      const code = scan(text, depthMax)?.code
      if (!deep && !strange) told.fine += 1
      else if (code === 'E_DEPTH') told.deep += 1
      else if (code === 'E_UNKNOWN_FIELD') told.key += 1
      assert.equal(code !== undefined, deep || strange, text)
      assert.ok(code !== 'E_DEPTH' || deep)
      assert.ok(code !== 'E_UNKNOWN_FIELD' || strange)
    }),
    { numRuns: 5000 },
  )
  assert.ok(Math.min(told.fine, told.deep, told.key) > 50, JSON.stringify(told))
})

test('CODEC-3 a key twice in one object is found wherever it stands, and not in two objects', () => {
  const plain = fc.stringMatching(/^[a-z{}[\],:]{1,4}$/)
  fc.assert(
    fc.property(fc.uniqueArray(plain, { minLength: 1, maxLength: 5 }), tree, (names, value) => {
      const text = JSON.stringify(value)
      fc.pre(scan(text, 100) === undefined)
      const members = names.map((name) => `${JSON.stringify(name)} : ${text}`)
      assert.equal(scan(`[{${members.join(',')}},{${members.join(',')}}]`, 100), undefined)
      assert.equal(scan(`[{${members.join(',')},${members[0]}}]`, 100)?.code, 'E_JSON')
    }),
    { numRuns: 1000 },
  )
})

test('CODEC-3 half a character is found in any string, and a whole one is not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary' }), (before, after) => {
      for (const half of ['\ud800', '\udfff']) {
        assert.equal(scan(JSON.stringify(before + half), 1)?.code, 'E_JSON')
        assert.equal(scan(JSON.stringify([before + half, after]), 1)?.code, 'E_JSON')
      }
      const whole = JSON.stringify(`${before}\ud83d\ude00${after}`)
      assert.equal(scan(whole, 1), undefined)
      const escaped = [...whole].map((char) => (char > '\u007f' ? escape16(char) : char)).join('')
      assert.equal(scan(escaped, 1), undefined)
    }),
  )
})

function escape16(char: string): string {
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

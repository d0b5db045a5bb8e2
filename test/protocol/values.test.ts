/**
 * The two ways in which a stranger's value leaves its place: as a quotation in a message, and as JSON text.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isId, quote } from '../../src/protocol/id.ts'
import { toJsonText } from '../../src/protocol/json.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'

const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })

/** Controls (line ends among them), format characters such as bidirectional marks, and separators but the space. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}]|[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u

test('VALUE-1 any value is quoted on one short line that a terminal prints and does not obey', () => {
  fc.assert(
    fc.property(fc.oneof(anything, fc.string({ unit: 'binary', maxLength: 200 })), (value) => {
      const text = quote(value)
      assert.ok(text.length <= 80 * 6 + 2, text)
      assert.doesNotMatch(text, unprintable)
      assert.ok(text.isWellFormed())
    }),
    { numRuns: 3000 },
  )
})

test('VALUE-1 what JSON cannot carry is named by its type', () => {
  const cycle = {}
  Object.assign(cycle, { itself: cycle })
  assert.equal(quote(cycle), 'object')
  assert.equal(quote(5n), 'bigint')
  assert.equal(quote(undefined), 'undefined')
  assert.equal(quote(Symbol('x')), 'symbol')
  assert.equal(quote('a"b'), '"a\\"b"')
  assert.equal(quote(Number.NaN), 'NaN')
  assert.equal(quote('x'.repeat(1_000_000)).length, 80)
  assert.equal(quote('\u001b[31m\u202eabc\r\n'), '"\\u001b[31m\\u202eabc\\r\\n"')
})

test('VALUE-2 what JSON can carry comes back, within the limit', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = toJsonText(value, 'payload', 1_000_000)
      assert.ok(!isRefusal(text))
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      assert.equal(toJsonText(value, 'payload', text.length), text)
      const refusal = toJsonText(value, 'payload', text.length - 1)
      assert.ok(isRefusal(refusal) && refusal.code === 'E_TOO_LARGE' && refusal.field === 'payload')
    }),
  )
})

test('VALUE-2 what JSON cannot carry is refused and never thrown', () => {
  fc.assert(
    fc.property(anything, (value) => {
      const text = toJsonText(value, 'result', 10_000)
      if (isRefusal(text)) assert.ok(['E_NOT_SERIALISABLE', 'E_TOO_LARGE'].includes(text.code))
      else JSON.parse(text)
    }),
    { numRuns: 2000 },
  )
  const hostile = {
    toJSON(): never {
      throw new Error('first line\nsecond line')
    },
  }
  const refusal = toJsonText(hostile, 'result', 10)
  assert.ok(isRefusal(refusal))
  assert.equal(refusal.code, 'E_NOT_SERIALISABLE')
  assert.ok(!refusal.message.includes('\n'))
  let deep: unknown = null
  for (let level = 0; level < 100_000; level++) deep = [deep]
  const tooDeep = toJsonText(deep, 'result', 1_000_000)
  assert.ok(isRefusal(tooDeep) && tooDeep.code === 'E_NOT_SERIALISABLE')
})

test('VALUE-2 undefined is null', () => {
  assert.equal(toJsonText(undefined, 'payload', 4), 'null')
})

test('ANN-3 an id is its pattern and no name of a prototype', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]{0,66}$/)), (text) => {
      const reaches = ['__proto__', 'constructor', 'prototype'].includes(text)
      assert.equal(isId(text), /^[A-Za-z0-9_-]{1,64}$/.test(text) && !reaches && !text.includes('\n'))
    }),
  )
})

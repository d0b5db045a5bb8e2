/**
 * A frame that is as we would write it is read by a shorter way than any other; what comes of it is the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { envelope } from '../../lab/arbitrary.ts'
import { decode, wireVersion } from '../../src/protocol/codec.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'

test('CODEC-3 what is written as we would, and what is written otherwise, is read in the same way', () => {
  const frame = envelope.map((sent) => JSON.stringify({ v: wireVersion, ...sent }))
  const damaged = fc
    .tuple(frame, fc.nat(), fc.constantFrom('[', '"', '1', ',"v":1', '__proto__', '\\ud800', '-0'))
    .map(([text, place, piece]) => {
      const at = place % text.length
      return text.slice(0, at) + piece + text.slice(at + 1)
    })
  fc.assert(
    fc.property(fc.oneof(fc.json(), frame, damaged), (text) => {
      // A space behind the first bracket changes nothing but the way.
      const [plain, other] = [text, text.replace(/^[[{]/, '$& ')].map((one) => decode(one, defaultLimits))
      if (isRefusal(plain) && isRefusal(other)) {
        assert.deepEqual([plain.code, plain.field], [other.code, other.field])
      } else assert.deepEqual(plain, other)
    }),
    { numRuns: 2_000 },
  )
})

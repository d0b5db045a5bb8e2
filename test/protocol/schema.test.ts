/**
 * The JSON Schema of the wire is that of the codec. `node test/protocol/schema.test.ts --rewrite` writes it anew.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import { envelope } from '../../lab/arbitrary.ts'
import { frameSchema, schemaText } from '../../lab/schema.ts'
import { encode } from '../../src/protocol/index.ts'
import { root } from '../tidy/source.ts'

const file = join(root, 'docs/protocol.schema.json')

test('PROTO-2 the schema in the documents is the one of the codec', () => {
  if (process.argv.includes('--rewrite')) writeFileSync(file, schemaText())
  assert.equal(readFileSync(file, 'utf8'), schemaText(), 'the wire has changed; see the head of this test')
})

test('PROTO-2 every frame that is written passes the schema, and with an unknown field or kind none does', () => {
  const schema = z.fromJSONSchema(frameSchema() as z.core.JSONSchema.JSONSchema)
  fc.assert(
    fc.property(envelope, (sent) => {
      const frame = JSON.parse(encode(sent))
      const result = schema.safeParse(frame)
      assert.ok(result.success, `${sent.message.kind}: ${result.error?.message}`)
      const { message } = frame
      assert.ok(!schema.safeParse({ ...frame, message: { ...message, extra: 1 } }).success)
      assert.ok(!schema.safeParse({ ...frame, message: { ...message, kind: 'TASK_ELSE' } }).success)
      assert.ok(!schema.safeParse({ ...frame, v: 2 }).success)
    }),
    { numRuns: 300 },
  )
})

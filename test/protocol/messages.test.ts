/**
 * The table of messages in SPEC.md and the kinds in the code are the same.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { messageKinds } from '../../src/protocol/codec/messages.ts'

const specification = readFileSync(new URL('../../SPEC.md', import.meta.url), 'utf8')

test('MSG-1 the table of messages is complete', () => {
  const section = specification.split(/^## /m).find((part) => part.startsWith('MSG')) ?? ''
  const rows = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, kind]) => kind)
  assert.deepEqual(rows.toSorted(), [...messageKinds].sort())
})

test('MSG-1 the table answers with messages that exist', () => {
  const section = specification.split(/^## /m).find((part) => part.startsWith('MSG')) ?? ''
  const named = [...section.matchAll(/`([A-Z_]+)`/g)].map(([, kind]) => kind)
  const kinds: ReadonlySet<string | undefined> = new Set(messageKinds)
  assert.deepEqual(
    named.filter((kind) => !kinds.has(kind)),
    [],
  )
})

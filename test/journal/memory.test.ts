/**
 * What a journal in memory keeps and what it forgets.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, formed, life, started } from '../../lab/conformance/facts.ts'
import { openMemoryJournal } from '../../src/host/journal/memory.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'

test('JOURNAL-9 the tasks that ended first are forgotten, open ones never', async () => {
  const journal = openMemoryJournal({ endedKept: 2 })
  await journal.append([accepted('open'), ...life('a'), ...life('b')])
  assert.deepEqual(await journal.history('a' as TaskId), life('a'))
  await journal.append([...life('c'), formed('open')])
  assert.deepEqual(await journal.history('a' as TaskId), [])
  assert.deepEqual(await journal.history('b' as TaskId), life('b'))
  assert.deepEqual(await journal.history('c' as TaskId), life('c'))
  assert.deepEqual(await journal.history('open' as TaskId), [accepted('open'), formed('open')])
  const positions: number[] = []
  for await (const { position } of journal.read(0)) positions.push(position)
  assert.deepEqual(positions, [1, 6, 7, 8, 9, 10, 11, 12, 13, 14])
})

test('JOURNAL-9 with endedKept 0 the end of a task is the end of its facts', async () => {
  const journal = openMemoryJournal({ endedKept: 0 })
  await journal.append(life('a'))
  assert.deepEqual(await journal.history('a' as TaskId), [])
  assert.equal(await journal.append([started(2)]), 5)
})

test('JOURNAL-9 what comes late about a forgotten task does not bring it back', async () => {
  const journal = openMemoryJournal({ endedKept: 1 })
  await journal.append([...life('a'), ...life('b')])
  const late: Fact = { kind: 'standing.changed', task: 'a' as TaskId, at: 1, evidence: [], strategy: 's' }
  await journal.append([late])
  assert.deepEqual(await journal.history('a' as TaskId), [])
})

test('JOURNAL-9 facts without a task are bounded too', async () => {
  const journal = openMemoryJournal({ endedKept: 100 })
  for (let i = 0; i < 50; i++) await journal.append(Array.from({ length: 100 }, () => started(i)))
  let kept = 0
  let last = 0
  for await (const { position } of journal.read(0)) {
    kept += 1
    last = position
  }
  assert.equal(last, 5_000)
  assert.ok(kept >= 100 && kept <= 1_200, `${kept}`)
})

/**
 * How facts lie in a journal: packed, and as JSON text in the journals of before.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { accepted, life, started } from '../../lab/conformance/facts.ts'
import type { FaultCode } from '../../src/host/fault.ts'
import { auditJournal } from '../../src/host/journal/audit.ts'
import { chain, decodeFacts, encodeFacts, origin } from '../../src/host/journal/batch.ts'
import { Packer } from '../../src/host/journal/packing.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import { readSqliteJournal } from '../../src/host/journal/sqlite-reader.ts'
import { unpack } from '../../src/host/journal/unpacking.ts'
import type { Journal, JournalReader } from '../../src/host/ports.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { directoryFor } from './place.ts'

const any = fc.anything({
  values: [
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.integer().map((millionths) => millionths / 1e6),
    fc.boolean(),
    fc.constant(null),
  ],
  key: fc.string().filter((key) => key !== '__proto__'),
  maxDepth: 5,
})

/** What is equal to what was packed: -0 is 0. */
const zero = (value: unknown): unknown => (Object.is(value, -0) ? 0 : value)
const withoutMinus = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutMinus)
  if (typeof value !== 'object' || value === null) return zero(value)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutMinus(field)]))
}

test('JOURNAL-24 whatever is packed comes back, block after block from one packer', () => {
  const packer = new Packer()
  fc.assert(
    fc.property(any, (value) => {
      assert.deepEqual(unpack(packer.pack(value)), withoutMinus(value))
    }),
    { numRuns: 2_000 },
  )
})

test('JOURNAL-24 texts, numbers and lists at the edges of what a byte can say come back', () => {
  const packer = new Packer()
  const edges: readonly unknown[] = [
    [0, 63, 64, -1, -64, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, 1 - 2 ** 53],
    [1_795_657_706_470, 1_795_657_706_471, 5, 1_795_657_706_469, 1_795_657_706_469 + 2 ** 31, 1],
    [0.000001, -0.5, 2147.483647, 2147.483648, 0.1 + 0.2, 1e300, 5e-324, Number.NaN, -Infinity],
    ['', 'x'.repeat(47), 'x'.repeat(48), 'x'.repeat(49), 'ä'.repeat(48), '\ud83d\udc1d', '\ud800', '\udc00x'],
    [[], {}, [[]], [{}], Array.from({ length: 15 }, () => 0), Array.from({ length: 16 }, () => [])],
    Array.from({ length: 300 }, (_, i) => `text ${i}`),
    Array.from({ length: 300 }, (_, i) => ({ [`key ${i}`]: i })),
    'x'.repeat(3_000_000),
    Array.from({ length: 400_000 }, (_, i) => i * 1.1),
  ]
  for (const value of edges) assert.deepEqual(unpack(packer.pack(value)), value)
  assert.deepEqual(unpack(packer.pack({ a: undefined, b: [undefined] })), { b: [null] })
})

test('JOURNAL-24 a block that was cut off or changed is an error or another value, and nothing else', () => {
  const packer = new Packer()
  const block = packer.pack([started(1), ...life('a'), ...life('b')])
  for (let length = 0; length < block.length; length++) assert.throws(() => unpack(block.slice(0, length)))
  for (let at = 0; at < block.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = block.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      try {
        unpack(changed)
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error))
      }
    }
  }
  assert.throws(() => packer.pack(JSON.parse('{ "__proto__": 1 }')), /__proto__/)
})

test('JOURNAL-24 a batch of facts takes less than a third of what it takes as text', () => {
  const facts = Array.from({ length: 30 }, (_, i) => life(`t${i}`)).flat()
  const block = encodeFacts(facts, new Packer())
  assert.deepEqual(decodeFacts(block), facts)
  assert.ok(3 * block.length < JSON.stringify(facts).length)
})

/** A file as version 1 was written: the same tables with text in them. */
function writeVersion1(file: string, batches: readonly (readonly Fact[])[]): void {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE log(seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE about(task TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(task, seq)) STRICT, WITHOUT ROWID;
    CREATE TABLE snapshot(position INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA application_id = ${0x636f6e76};
    PRAGMA user_version = 1;
  `)
  let [position, hash] = [0, origin]
  for (const facts of batches) {
    const [first, last, body] = [position + 1, position + facts.length, JSON.stringify(facts)]
    hash = chain(hash, first, last, body)
    db.prepare('INSERT INTO log(seq, first, body, hash) VALUES (?, ?, ?, ?)').run(last, first, body, hash)
    for (const task of new Set(facts.flatMap((fact) => ('task' in fact ? [String(fact.task)] : [])))) {
      db.prepare('INSERT INTO about(task, seq) VALUES (?, ?)').run(task, last)
    }
    position = last
  }
  db.close()
}

async function factsOf(journal: JournalReader): Promise<Fact[]> {
  const facts: Fact[] = []
  await journal.replay((fact) => facts.push(fact))
  return facts
}

test('JOURNAL-25 a file of version 1 is read, continued and audited, and stays one', async (t) => {
  const file = join(directoryFor(t), 'before.db')
  writeVersion1(file, [[started(1), ...life('a')], life('b')])
  const open = (): Promise<Journal> => openSqliteJournal(file, { durability: 'full' })
  let journal = await open()
  assert.deepEqual(await factsOf(journal), [started(1), ...life('a'), ...life('b')])
  assert.equal(await journal.append(life('c')), 13)
  await journal.snapshot([started(1), accepted('x')])
  assert.equal(await journal.append(life('d')), 17)
  await journal.close()
  journal = await open()
  assert.deepEqual(await factsOf(journal), [started(1), accepted('x'), ...life('d')])
  for (const name of ['a', 'c', 'd']) assert.deepEqual(await journal.history(name as TaskId), life(name))
  await journal.close()
  const reader = await readSqliteJournal(file)
  const read: Fact[] = []
  for await (const { fact } of reader.read(0)) read.push(fact)
  await reader.close()
  assert.deepEqual(read, [started(1), ...['a', 'b', 'c', 'd'].flatMap(life)])
  assert.deepEqual((await auditJournal(file)).problems, [])
  const db = new DatabaseSync(file)
  assert.equal(db.prepare('PRAGMA user_version').get()?.user_version, 1)
  db.exec(`UPDATE log SET body = replace(body, '"d"', '"D"') WHERE seq = 17`)
  db.close()
  await assert.rejects(open(), { code: 'E_LOG_CORRUPT' satisfies FaultCode, message: /at position 14$/ })
  assert.equal((await auditJournal(file)).problems[0]?.problem, 'the batch up to position 17 is damaged')
})

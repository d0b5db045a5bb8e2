/**
 * Files that are not as we left them. Each is refused with its own code, in one sentence that names the file, and is
 * left as it is.
 */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { accepted, life } from '../../lab/conformance/facts.ts'
import { Fault, type FaultCode } from '../../src/host/fault.ts'
import { auditJournal } from '../../src/host/journal/audit.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import { readSqliteJournal } from '../../src/host/journal/sqlite-reader.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { directoryFor } from './place.ts'

/** A closed journal of `tasks` lives, one append each. */
async function written(t: TestContext, tasks: number): Promise<string> {
  const file = join(directoryFor(t), 'log.db')
  await extend(file, 0, tasks)
  return file
}

async function extend(file: string, from: number, to: number): Promise<void> {
  const journal = await openSqliteJournal(file, { durability: 'full' })
  for (let i = from; i < to; i++) await journal.append(life(`t${i}`))
  await journal.close()
}

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

/** Puts a word of the same length in place of another, in the facts of one row; the rest stays as it is. */
function reword(file: string, table: 'log' | 'snapshot', row: number, word: string, other: string): void {
  const db = new DatabaseSync(file)
  const key = table === 'log' ? 'seq' : 'position'
  const found = db.prepare(`SELECT body FROM ${table} WHERE ${key} = ?`).get(row)
  const body = Buffer.from(found?.body as Uint8Array)
  const place = body.indexOf(word)
  assert.ok(place > 0 && word.length === other.length)
  body.write(other, place)
  db.prepare(`UPDATE ${table} SET body = ? WHERE ${key} = ?`).run(body, row)
  db.close()
}

/** Writer and reader refuse alike, and the file is the same afterwards. */
async function refused(file: string, code: FaultCode, message: RegExp): Promise<void> {
  const before = readFileSync(file)
  for (const open of [() => openSqliteJournal(file, { durability: 'full' }), () => readSqliteJournal(file)]) {
    await assert.rejects(open, (fault) => {
      assert.ok(fault instanceof Fault)
      assert.equal(fault.code, code, fault.message)
      assert.match(fault.message, message)
      assert.ok(fault.message.includes(file), 'the message names the file')
      assert.ok(!fault.message.includes('\n'), 'the message is one line')
      assert.ok(fault.hint !== undefined && fault.hint.length > 0, 'the fault says what to do')
      return true
    })
  }
  assert.ok(readFileSync(file).equals(before), 'the file is left as it is')
}

test('JOURNAL-14 one changed byte in a fact is found, with its position', async (t) => {
  const file = await written(t, 5)
  const bytes = readFileSync(file)
  // SQLite may have left an older copy of the row in a free corner; the last one in the file is alive.
  const place = bytes.lastIndexOf('\u0004t3')
  assert.ok(place > 0)
  bytes.write('8', place + '\u0004t'.length)
  writeFileSync(file, bytes)
  await refused(file, 'E_LOG_CORRUPT', /damaged at position 13$/)
})

test('JOURNAL-14 a changed byte anywhere is refused or changes no fact', async (t) => {
  const file = await written(t, 12)
  const bytes = readFileSync(file)
  const facts = Array.from({ length: 12 }, (_, i) => life(`t${i}`)).flat()
  let refusals = 0
  for (let place = 0; place < bytes.length; place += 97) {
    const damaged = Buffer.from(bytes)
    damaged[place] = (damaged[place] ?? 0) ^ (1 << (place % 8))
    writeFileSync(file, damaged)
    try {
      const reader = await readSqliteJournal(file)
      const found: Fact[] = []
      await reader.replay((fact) => found.push(fact))
      await reader.close()
      assert.deepEqual(found, facts, `the byte at ${place}`)
    } catch (fault) {
      assert.ok(fault instanceof Fault, String(fault))
      refusals += 1
    }
  }
  assert.ok(refusals > 20, `${refusals} of ${Math.ceil(bytes.length / 97)} were refused`)
})

test('JOURNAL-14 a batch that was removed, moved or renumbered is found', async (t) => {
  const cases: readonly [sql: string, position: number][] = [
    ['DELETE FROM log WHERE seq = 8', 5],
    ['DELETE FROM log WHERE seq = 4', 1],
    [`UPDATE log SET (body, hash) = (SELECT body, hash FROM log WHERE seq = 12) WHERE seq = 8`, 5],
    ['UPDATE log SET seq = 7 WHERE seq = 8', 5],
    ['UPDATE log SET first = 6 WHERE seq = 8', 5],
    [`UPDATE log SET hash = zeroblob(32) WHERE seq = 20`, 17],
  ]
  const file = await written(t, 5)
  copyFileSync(file, `${file}.sound`)
  for (const [sql, position] of cases) {
    copyFileSync(`${file}.sound`, file)
    change(file, sql)
    await refused(file, 'E_LOG_CORRUPT', new RegExp(`damaged at position ${position}$`))
  }
})

test('JOURNAL-14 a changed snapshot is found', async (t) => {
  const file = await written(t, 2)
  const journal = await openSqliteJournal(file, { durability: 'full' })
  await journal.snapshot([accepted('x')])
  await journal.close()
  reword(file, 'snapshot', 8, '\u0002x', '\u0002y')
  await refused(file, 'E_LOG_CORRUPT', /damaged in the snapshot at position 8$/)
})

test('JOURNAL-15 a start examines what it reads, not the history before the snapshot', async (t) => {
  const file = await written(t, 3)
  const journal = await openSqliteJournal(file, { durability: 'full' })
  await journal.snapshot([])
  await journal.append(life('t3'))
  await journal.close()
  reword(file, 'log', 8, 't1', 'tx')
  const again = await openSqliteJournal(file, { durability: 'full' })
  assert.equal(await again.replay(() => {}), 16)
  await again.close()
  const { problems } = await auditJournal(file)
  assert.deepEqual(problems, [
    { position: 5, problem: 'the batch up to position 8 is damaged' },
    { position: 5, problem: 'the index lacks task tx' },
  ])
})

test('JOURNAL-16 a log that is shorter than its high-water mark is refused', async (t) => {
  const file = await written(t, 3)
  copyFileSync(file, `${file}.backup`)
  await extend(file, 3, 5)
  copyFileSync(`${file}.backup`, file)
  await refused(file, 'E_LOG_TRUNCATED', /expected >= 20 facts, found 12$/)
  change(file, 'DELETE FROM log WHERE seq = 12')
  await refused(file, 'E_LOG_TRUNCATED', /expected >= 20 facts, found 8$/)
})

test('JOURNAL-16 a log that was emptied is refused, and one without a mark is believed', async (t) => {
  const file = await written(t, 3)
  truncateSync(file, 0)
  const open = (): Promise<unknown> => openSqliteJournal(file, { durability: 'full' })
  await assert.rejects(open, { code: 'E_LOG_TRUNCATED', message: /expected >= 12 facts, found 0$/ })
  assert.equal(readFileSync(file).length, 0)
  copyFileSync(await written(t, 2), file)
  await assert.rejects(open, { code: 'E_LOG_TRUNCATED' })
  writeFileSync(`${file}-mark`, '')
  await assert.rejects(open, { code: 'E_LOG_CORRUPT', message: /high-water mark .* is damaged/ })
})

test('JOURNAL-16 another log of the same length is refused', async (t) => {
  const file = await written(t, 2)
  const other = join(directoryFor(t), 'log.db')
  await extend(other, 2, 4)
  copyFileSync(other, file)
  await refused(file, 'E_LOG_CORRUPT', /at position 8, where it differs from its high-water mark$/)
})

test('JOURNAL-16 the mark follows within two seconds while the journal is open', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const journal = await openSqliteJournal(file, { durability: 'normal' })
  assert.equal(existsSync(`${file}-mark`), false)
  await journal.append(life('a'))
  await sleep(2_000)
  assert.match(readFileSync(`${file}-mark`, 'utf8'), /^4 [0-9a-f]{64}\n$/)
  await journal.append(life('b'))
  await journal.close()
  assert.match(readFileSync(`${file}-mark`, 'utf8'), /^8 /)
})

test('JOURNAL-17 a file of another kind is refused and left as it is', async (t) => {
  const directory = directoryFor(t)
  for (const text of ['x', 'not a database\n'.repeat(1_000)]) {
    const file = join(directory, `text-${text.length}`)
    writeFileSync(file, text)
    await refused(file, 'E_NOT_A_STORE', /is not a convoke file/)
  }
  const foreign = join(directory, 'foreign.db')
  change(foreign, 'CREATE TABLE log(a); INSERT INTO log VALUES (1)')
  await refused(foreign, 'E_NOT_A_STORE', /is not a convoke file$/)
  assert.deepEqual(readdirSync(directory).sort(), ['foreign.db', 'text-1', 'text-15000'])
})

test('JOURNAL-17 a file that was cut off is refused', async (t) => {
  const file = await written(t, 40)
  truncateSync(file, Math.floor(readFileSync(file).length / 2))
  await refused(file, 'E_LOG_CORRUPT', /damaged/)
})

test('JOURNAL-18 a file from a newer version is refused, and opens again where it belongs', async (t) => {
  const file = await written(t, 1)
  change(file, 'PRAGMA user_version = 3')
  await refused(file, 'E_STORE_VERSION', /has format version 3; this convoke knows versions up to 2$/)
  change(file, 'PRAGMA user_version = 2')
  await extend(file, 1, 2)
})

test('FAULT-8 a reader says that a file whose making was interrupted is not set up', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const db = new DatabaseSync(file)
  // A transaction that is larger than the cache is in the file, and in a rollback journal, before it is committed.
  db.exec(`PRAGMA cache_size = 1; CREATE TABLE a(x); INSERT INTO a VALUES (1); BEGIN;
    UPDATE a SET x = zeroblob(1000000)`)
  copyFileSync(file, `${file}.cut`)
  copyFileSync(`${file}-journal`, `${file}.cut-journal`)
  db.close()
  await assert.rejects(readSqliteJournal(`${file}.cut`), {
    code: 'E_NOT_A_STORE',
    message: /is not set up: whoever made it was interrupted$/,
  })
})

test('FAULT-15 damage before the newest snapshot is a fault with its position for whoever reads it', async (t) => {
  const file = await written(t, 3)
  const journal = await openSqliteJournal(file, { durability: 'full' })
  await journal.snapshot([])
  await journal.close()
  change(file, `UPDATE log SET body = substr(body, 1, 20) WHERE seq = 8`)
  const wrong = { name: 'Fault', code: 'E_LOG_CORRUPT', message: /log\.db" is damaged at position 5$/ }
  const readAll = async (reader: { read(after: number): AsyncIterable<unknown> }): Promise<void> => {
    for await (const _ of reader.read(0));
  }
  for (const open of [() => openSqliteJournal(file, { durability: 'full' }), () => readSqliteJournal(file)]) {
    const reader = await open()
    await assert.rejects(readAll(reader), wrong)
    await assert.rejects(reader.history('t1' as TaskId), wrong)
    assert.deepEqual(await reader.history('t2' as TaskId), life('t2'))
    await reader.close()
  }
})

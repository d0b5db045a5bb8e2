/**
 * The disk says no: there is no such place, it may not be written, it is full.
 */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { life } from '../../lab/conformance/facts.ts'
import { Fault, type FaultCode } from '../../src/host/fault.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import { readSqliteJournal } from '../../src/host/journal/sqlite-reader.ts'
import { storeFault } from '../../src/host/journal/store-fault.ts'
import type { Journal } from '../../src/host/ports.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { directoryFor, smallDiskFor } from './place.ts'

async function refused(opening: Promise<unknown>, code: FaultCode, file: string): Promise<void> {
  await assert.rejects(opening, (fault) => {
    assert.ok(fault instanceof Fault)
    assert.equal(fault.code, code, fault.message)
    assert.ok(fault.message.includes(file), fault.message)
    assert.ok(!fault.message.includes('\n'))
    assert.ok(fault.hint !== undefined)
    return true
  })
}

test('JOURNAL-19 a place that cannot hold a file is refused', async (t) => {
  const directory = directoryFor(t)
  writeFileSync(join(directory, 'file'), 'x')
  for (const file of [join(directory, 'none', 'log.db'), directory, join(directory, 'file', 'log.db')]) {
    await refused(openSqliteJournal(file, { durability: 'full' }), 'E_STORE_OPEN', file)
    await refused(readSqliteJournal(file), 'E_STORE_OPEN', file)
  }
  const none = join(directory, 'none.db')
  await refused(readSqliteJournal(none), 'E_STORE_OPEN', none)
})

/** A directory in which nothing can be written: read-only for root, without the right for others. */
function readOnlyAfter(
  t: TestContext,
  directory: string,
  remount: ((options: string) => void) | undefined,
): void {
  if (remount !== undefined) {
    remount('ro')
    return
  }
  chmodSync(directory, 0o555)
  t.after(() => chmodSync(directory, 0o755))
}

test('JOURNAL-19 a place that may not be written is refused for writing and read all the same', async (t) => {
  const isRoot = process.getuid?.() === 0
  const disk = isRoot ? smallDiskFor(t, '4m') : { directory: directoryFor(t), remount: undefined }
  if (typeof disk === 'string') return t.skip(disk)
  const file = join(disk.directory, 'log.db')
  const journal = await openSqliteJournal(file, { durability: 'full' })
  await journal.append(life('a'))
  await journal.close()
  readOnlyAfter(t, disk.directory, disk.remount)
  await refused(openSqliteJournal(file, { durability: 'full' }), 'E_STORE_READ_ONLY', file)
  const other = join(disk.directory, 'new.db')
  await refused(openSqliteJournal(other, { durability: 'full' }), 'E_STORE_READ_ONLY', other)
  const reader = await readSqliteJournal(file)
  assert.deepEqual(await reader.history('a' as TaskId), life('a'))
  await reader.close()
})

async function fill(journal: Journal): Promise<{ tasks: number; fault: Fault }> {
  for (let tasks = 0; ; tasks++) {
    try {
      await journal.append(life(`t${tasks}`))
    } catch (fault) {
      assert.ok(fault instanceof Fault)
      return { tasks, fault }
    }
  }
}

test('JOURNAL-20 a full disk loses nothing that was acknowledged, and stops the journal', async (t) => {
  const disk = smallDiskFor(t, '1m')
  if (typeof disk === 'string') return t.skip(disk)
  const file = join(disk.directory, 'log.db')
  const journal = await openSqliteJournal(file, { durability: 'full' })
  const { tasks, fault } = await fill(journal)
  assert.equal(fault.code, 'E_STORE_FULL')
  assert.ok(fault.message.includes(file))
  assert.ok(fault.cause instanceof Error && 'errcode' in fault.cause && fault.cause.errcode === 13)
  assert.ok(tasks > 10, `${tasks}`)

  disk.remount('size=8m')
  await assert.rejects(journal.append(life('more')), { code: 'E_STORE_FULL' })
  await assert.rejects(journal.snapshot([]), { code: 'E_STORE_FULL' })
  assert.deepEqual(await journal.history('t0' as TaskId), life('t0'))
  await journal.close()

  const again = await openSqliteJournal(file, { durability: 'full' })
  const facts: Fact[] = []
  await again.replay((each) => facts.push(each))
  assert.deepEqual(facts, Array.from({ length: tasks }, (_, i) => life(`t${i}`)).flat())
  assert.equal(await again.append(life('more')), 4 * (tasks + 1))
  await again.close()
})

test('JOURNAL-20 a new file on a full disk is refused', async (t) => {
  const disk = smallDiskFor(t, '64k')
  if (typeof disk === 'string') return t.skip(disk)
  assert.throws(() => writeFileSync(join(disk.directory, 'ballast'), Buffer.alloc(1 << 20)), {
    code: 'ENOSPC',
  })
  const file = join(disk.directory, 'log.db')
  await refused(openSqliteJournal(file, { durability: 'full' }), 'E_STORE_FULL', file)
})

test('JOURNAL-21 what SQLite and the system report has one code each, and stays the cause', () => {
  const sqlite: readonly [errcode: number, code: FaultCode][] = [
    [5, 'E_STORE_LOCKED'],
    [261, 'E_STORE_LOCKED'],
    [8, 'E_STORE_READ_ONLY'],
    [1032, 'E_STORE_READ_ONLY'],
    [10, 'E_STORE_IO'],
    [778, 'E_STORE_IO'],
    [1034, 'E_STORE_IO'],
    [11, 'E_LOG_CORRUPT'],
    [267, 'E_LOG_CORRUPT'],
    [13, 'E_STORE_FULL'],
    [14, 'E_STORE_OPEN'],
    [26, 'E_NOT_A_STORE'],
    [1, 'E_STORE_IO'],
  ]
  for (const [errcode, code] of sqlite) {
    const cause = Object.assign(new Error('as SQLite says'), { code: 'ERR_SQLITE_ERROR', errcode })
    const fault = storeFault(cause, 'a.db')
    assert.equal(fault.code, code, `${errcode}`)
    assert.equal(fault.cause, cause)
    assert.match(fault.message, /^"a\.db" .*: as SQLite says$/)
  }
  const system = {
    ENOSPC: 'E_STORE_FULL',
    EROFS: 'E_STORE_READ_ONLY',
    ENOENT: 'E_STORE_OPEN',
    EIO: 'E_STORE_IO',
  }
  for (const [code, expected] of Object.entries(system)) {
    assert.equal(storeFault(Object.assign(new Error('no'), { code }), 'a.db').code, expected)
  }
})

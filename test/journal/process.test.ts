/**
 * Real processes: one is killed in the middle of its work, one is kept out, one only reads, one goes home by itself.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { life } from '../../lab/conformance/facts.ts'
import { auditJournal } from '../../src/host/journal/audit.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import { readSqliteJournal } from '../../src/host/journal/sqlite-reader.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { directoryFor, writerOn } from './place.ts'

for (const durability of ['full', 'normal'] as const) {
  test(`JOURNAL-10 SIGKILL takes nothing that was acknowledged (${durability})`, async (t) => {
    const file = join(directoryFor(t), 'log.db')
    let kept = 0
    for (let round = 1; round <= 3; round++) {
      const writer = writerOn(t, file, durability)
      await writer.until(kept + 10 * round)
      await writer.kill()
      const journal = await openSqliteJournal(file, { durability })
      const facts: Fact[] = []
      const end = await journal.replay((fact) => facts.push(fact))
      await journal.close()
      // What was under way, or was acknowledged into a pipe that died, may be there too: as a whole or not at all.
      assert.ok(end / 4 >= writer.acknowledged(), `acknowledged ${writer.acknowledged()}, found ${end / 4}`)
      kept = end / 4
      assert.deepEqual(facts, Array.from({ length: kept }, (_, i) => life(`t${i}`)).flat())
    }
    assert.deepEqual((await auditJournal(file)).problems, [])
  })
}

test('JOURNAL-11 a second writer is refused with the first one named; a killed one holds nothing', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const writer = writerOn(t, file, 'normal')
  await writer.until(1)
  await assert.rejects(openSqliteJournal(file, { durability: 'full' }), (fault) => {
    assert.ok(fault instanceof Error && 'code' in fault)
    assert.equal(fault.code, 'E_STORE_LOCKED')
    assert.match(
      fault.message,
      new RegExp(`log\\.db" is in use by process ${writer.process.pid} since 20\\d\\d-`),
    )
    assert.match(String(fault.cause), /locked/)
    return true
  })
  await writer.until(writer.acknowledged() + 3)
  await writer.kill()
  await (await openSqliteJournal(file, { durability: 'full' })).close()
})

test('JOURNAL-11 a second writer is refused in the same process too, and harms nothing', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const journal = await openSqliteJournal(file, { durability: 'full' })
  await journal.append(life('a'))
  for (let i = 0; i < 3; i++) {
    await assert.rejects(openSqliteJournal(file, { durability: 'full' }), {
      code: 'E_STORE_LOCKED',
      message: new RegExp(`process ${process.pid} since`),
    })
  }
  assert.equal(await journal.append(life('b')), 8)
  await journal.close()
  const again = await openSqliteJournal(file, { durability: 'full' })
  assert.deepEqual(await again.history('b' as TaskId), life('b'))
  await again.close()
})

test('JOURNAL-12 a reader follows a file that another process writes', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const writer = writerOn(t, file, 'normal')
  await writer.until(5)
  const reader = await readSqliteJournal(file)
  assert.deepEqual(await reader.history('t4' as TaskId), life('t4'))
  const before = writer.acknowledged()
  await writer.until(before + 20)
  const facts: Fact[] = []
  const end = await reader.replay((fact) => facts.push(fact))
  assert.ok(end / 4 >= before + 20)
  assert.equal(facts.length, end)
  let last = 0
  for await (const { position } of reader.read(end - 2)) last = position
  assert.ok(last >= end)
  await reader.close()
  await reader.close()
  await assert.rejects(
    reader.replay(() => {}),
    { code: 'E_CLOSED' },
  )
  await assert.rejects(reader.history('t1' as TaskId), { code: 'E_CLOSED' })
  await writer.kill()
  const afterwards = await readSqliteJournal(file)
  assert.ok((await afterwards.replay(() => {})) / 4 >= writer.acknowledged())
  await afterwards.close()
})

test('JOURNAL-13 an idle journal does not keep its process alive, an append under way does', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
  const program = `
    const { openSqliteJournal } = await import(${module('../../src/host/journal/sqlite.ts')})
    const { life } = await import(${module('../../lab/conformance/facts.ts')})
    const journal = await openSqliteJournal(${JSON.stringify(file)}, { durability: 'full' })
    journal.append(life('a')).then((position) => console.log(position))`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { timeout: 10_000 })
  assert.equal(stdout, '4\n')
})

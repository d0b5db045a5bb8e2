/**
 * The audit of a journal file: what a sound one amounts to, and every kind of damage by its position.
 */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { accepted, ended, finished, formed, life, started } from '../../lab/conformance/facts.ts'
import { auditJournal } from '../../src/host/journal/audit.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import type { Fact } from '../../src/protocol/index.ts'
import { directoryFor, writerOn } from './place.ts'

async function written(t: TestContext, batches: readonly (readonly Fact[])[]): Promise<string> {
  const file = join(directoryFor(t), 'log.db')
  const journal = await openSqliteJournal(file, { durability: 'full' })
  for (const batch of batches) await journal.append(batch)
  await journal.close()
  return file
}

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

const lives = ['a', 'b', 'c'].map(life)

test('JOURNAL-22 the audit of a sound log counts what is in it', async (t) => {
  const cancelled = { ...ended('e', 0), status: 'cancelled' } as Fact
  const file = await written(t, [
    [started(1), ...life('a')],
    [accepted('d'), formed('d')],
    [accepted('e'), cancelled],
  ])
  assert.deepEqual(await auditJournal(file), {
    facts: 9,
    tasks: 3,
    open: 1,
    ended: { completed: 1, failed: 0, cancelled: 1, expired: 0 },
    problems: [],
  })
})

test('JOURNAL-22 the audit of an empty log finds nothing', async (t) => {
  const { facts, tasks, problems } = await auditJournal(await written(t, []))
  assert.deepEqual({ facts, tasks, problems }, { facts: 0, tasks: 0, problems: [] })
})

test('JOURNAL-22 the audit names broken rules with task, position and rule', async (t) => {
  const batches = [
    [accepted('a'), formed('a', 2)],
    [finished('a', 2), ended('a', 2)],
    [started(2), started(1)],
  ]
  const { problems } = await auditJournal(await written(t, batches))
  assert.deepEqual(problems, [
    { position: 2, rule: 'LOG-3', problem: 'task a: epoch 2 follows 0' },
    { position: 6, rule: 'LOG-10', problem: 'incarnation 1 of hub "hub" follows 2' },
  ])
})

test('JOURNAL-22 the audit names facts that have not the shape of a fact', async (t) => {
  const strange: readonly unknown[] = [
    accepted('a'),
    { kind: 'task.vanished', task: 'a' },
    null,
    { ...formed('a'), epoch: -1 },
    { ...ended('a'), task: 'no id' },
    { ...formed('a'), members: undefined },
    { ...ended('a', 0), status: 'failed', reason: { code: 'E_BUSY', message: 'busy' } },
  ]
  const file = await written(t, [strange.map((fact) => fact ?? {}) as Fact[]])
  const { facts, ended: counts, problems } = await auditJournal(file)
  assert.deepEqual({ facts, failed: counts.failed }, { facts: 7, failed: 1 })
  assert.deepEqual(problems, [
    { position: 2, problem: 'unknown kind of fact "task.vanished"' },
    { position: 3, problem: 'unknown kind of fact undefined' },
    { position: 4, problem: 'group.formed with epoch -1' },
    { position: 5, problem: 'task.ended with task "no id"' },
    { position: 6, problem: 'group.formed with members undefined' },
  ])
})

const damages: readonly (readonly [name: string, sql: string, problems: readonly [number, RegExp][]])[] = [
  [
    'a changed fact',
    `UPDATE log SET body = CAST(replace(CAST(body AS TEXT), char(2) || 'b', char(2) || 'B') AS BLOB) WHERE seq = 8`,
    [
      [5, /^the batch up to position 8 is damaged$/],
      [5, /^the index lacks task B$/],
    ],
  ],
  ['a missing batch', 'DELETE FROM log WHERE seq = 8', [[5, /^missing up to position 8$/]]],
  ['a missing first batch', 'DELETE FROM log WHERE seq = 4', [[1, /^missing up to position 4$/]]],
  [
    'facts that are cut off',
    'UPDATE log SET body = substr(body, 1, 20) WHERE seq = 12',
    [
      [9, /^the batch up to position 12 is damaged$/],
      [9, /^the facts of the batch cannot be read$/],
      [9, /^0 facts, where 4 are expected$/],
    ],
  ],
  [
    'a changed hash',
    'UPDATE log SET hash = zeroblob(32) WHERE seq = 4',
    [
      [1, /^the batch up to position 4 is damaged$/],
      [5, /^the batch up to position 8 is damaged$/],
    ],
  ],
  ['an index without a task', `DELETE FROM about WHERE task = 'c'`, [[9, /^the index lacks task c$/]]],
  ['a lost tail', 'DELETE FROM log WHERE seq = 12', [[12, /expected >= 12 facts, found 8$/]]],
  [
    'a snapshot out of nowhere',
    `INSERT INTO snapshot VALUES (6, x'5b5d', zeroblob(32))`,
    [[6, /^the snapshot is damaged$/]],
  ],
]

for (const [name, sql, expected] of damages) {
  test(`JOURNAL-22 the audit finds ${name} and goes on`, async (t) => {
    const file = await written(t, lives)
    change(file, sql)
    const { problems } = await auditJournal(file)
    assert.deepEqual(
      problems.map(({ position }) => position),
      expected.map(([position]) => position),
      JSON.stringify(problems),
    )
    for (const [i, [, pattern]] of expected.entries()) assert.match(problems[i]?.problem ?? '', pattern)
  })
}

test('JOURNAL-22 the audit finds pages that SQLite cannot read', async (t) => {
  const file = await written(
    t,
    Array.from({ length: 60 }, (_, i) => life(`t${i}`)),
  )
  const bytes = readFileSync(file)
  bytes.fill(0xff, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 4_096)
  writeFileSync(file, bytes)
  const { problems } = await auditJournal(file)
  assert.ok(problems.length > 0)
  assert.match(problems[0]?.problem ?? '', /SQLite|damaged/)
})

test('JOURNAL-22 the audit does not change the file, and refuses what is no journal', async (t) => {
  const file = await written(t, lives)
  copyFileSync(file, `${file}.copy`)
  await auditJournal(file)
  assert.ok(readFileSync(file).equals(readFileSync(`${file}.copy`)))
  await assert.rejects(auditJournal(`${file}.none`), { code: 'E_STORE_OPEN' })
  await assert.rejects(auditJournal(`${file}-mark`), { code: 'E_NOT_A_STORE' })
})

test('JOURNAL-22 a file is audited while another process writes it', async (t) => {
  const file = join(directoryFor(t), 'log.db')
  const writer = writerOn(t, file, 'normal')
  await writer.until(20)
  const before = writer.acknowledged()
  const { facts, problems } = await auditJournal(file)
  assert.ok(facts >= 4 * before)
  assert.deepEqual(problems, [])
  await writer.kill()
})

/**
 * Every journal that we ship passes the examination.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examineJournal } from '../../lab/conformance/journal.ts'
import { openMemoryJournal } from '../../src/host/journal/memory.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'

examineJournal('memory', async () => {
  // What is in memory cannot be opened again; a new hub finds it as it is.
  const journal = openMemoryJournal()
  return { journal, reopen: async () => journal, end: () => journal.close() }
})

// The other durability differs in one setting of SQLite; `process.test.ts` kills writers of both.
examineJournal('sqlite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'))
  const file = join(directory, 'log.db')
  let journal = await openSqliteJournal(file, { durability: 'full' })
  return {
    journal,
    async reopen() {
      await journal.close()
      journal = await openSqliteJournal(file, { durability: 'full' })
      return journal
    },
    async end() {
      await journal.close()
      rmSync(directory, { recursive: true })
    },
  }
})

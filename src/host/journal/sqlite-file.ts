/**
 * The file format of the SQLite journal: the tables, whose file it is, and how it is read. In version 2 facts lie
 * packed; in a file of version 1 they are JSON text, and it stays one. One row of `log` is one append, so a batch is
 * whole or absent.
 * Must never happen here: a write, except for the schema of a new file.
 */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { quote } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { Position } from '../ports.ts'
import type { Body } from './batch.ts'

/** What a new file is, and what files may be. */
export const formatVersion = 2
export type FormatVersion = 1 | typeof formatVersion

/** The application id in the header of the file: "conv". */
const applicationId = 0x636f6e76

/**
 * `log.seq` is the position of the last fact of the batch, `log.first` of the first. `about` finds the batches of one
 * task; ids that are minted by time keep its growth at the right edge.
 */
export const schema: string = `
  CREATE TABLE log(seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
  CREATE TABLE about(task TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(task, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE snapshot(position INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
  CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
`

/** The WAL of an older SQLite can lose committed rows, https://sqlite.org/wal.html#walresetbug. */
const sqliteLeast = [3, 51, 3] as const

export function checkSqliteVersion(db: DatabaseSync): void {
  const version = String(value(db, 'SELECT sqlite_version()'))
  const parts = version.split('.').map(Number)
  for (const [i, least] of sqliteLeast.entries()) {
    const part = parts[i] ?? 0
    if (part > least) return
    if (part < least) {
      throw new Fault(
        'E_RUNTIME',
        `this Node.js contains SQLite ${version}, which can lose committed writes`,
        {
          hint: `Use the newest Node.js 24; it has to contain SQLite ${sqliteLeast.join('.')} or newer.`,
        },
      )
    }
  }
}

/**
 * The version of a file; undefined when it has yet to be set up. Errors: not ours (E_NOT_A_STORE), from a newer convoke
 * (E_STORE_VERSION).
 */
export function formatOf(db: DatabaseSync, file: string): FormatVersion | undefined {
  const owner = value(db, 'PRAGMA application_id')
  if (owner !== applicationId) {
    const tables = value(db, 'SELECT count(*) FROM sqlite_schema')
    // SQLite takes the few bytes of a very small file for no database at all, and would write over them.
    const unread = value(db, 'PRAGMA page_count') === 0 && statSync(file).size > 0
    if (owner === 0 && tables === 0 && !unread) return undefined
    throw new Fault('E_NOT_A_STORE', `${quote(file)} is not a convoke file`, {
      hint: 'Name another file; this one is left as it is.',
    })
  }
  const version = value(db, 'PRAGMA user_version')
  if (version === 1 || version === formatVersion) return version
  throw new Fault(
    'E_STORE_VERSION',
    `${quote(file)} has format version ${version}; this convoke knows versions up to ${formatVersion}`,
    { hint: 'Use the version of convoke that wrote the file, or a newer one.' },
  )
}

/** A run of facts as written, and the position of the first (of a snapshot: of the last fact that it stands for). */
export interface Written {
  readonly position: Position
  readonly body: Body
}

/** Rows are handed over in pieces of about this size, so that an append need not wait for a long reading. */
const pieceLength = 1024 * 1024

/** The newest snapshot, or nothing. */
export function newestWritten(db: DatabaseSync): Written[] {
  return db
    .prepare('SELECT position, body FROM snapshot ORDER BY position DESC LIMIT 1')
    .all() as unknown as Written[]
}

/** The batches that hold positions after `after` and up to `upTo`: at least one, unless there is none. */
export function writtenAfter(db: DatabaseSync, after: Position, upTo: Position): Written[] {
  const found = db.prepare('SELECT first AS position, body FROM log WHERE seq > ? AND seq <= ? ORDER BY seq')
  const all: Written[] = []
  let length = 0
  for (const row of found.iterate(after, upTo)) {
    const written = row as unknown as Written
    all.push(written)
    length += written.body.length
    if (length >= pieceLength) break
  }
  return all
}

/** The batches in which a task occurs. */
export function writtenAbout(db: DatabaseSync, task: string): Written[] {
  const found = db.prepare(
    'SELECT first AS position, body FROM about JOIN log USING (seq) WHERE task = ? ORDER BY seq',
  )
  return found.all(task) as unknown as Written[]
}

/** The one value that a statement answers with. */
export function value(db: DatabaseSync, statement: string): unknown {
  const row = db.prepare(statement).get()
  return row === undefined ? undefined : Object.values(row)[0]
}

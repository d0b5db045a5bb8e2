/**
 * The one writer of a SQLite journal. It is synchronous and waits for the disk, so it lives in a thread of its own
 * (`sqlite-thread`).
 * Must never happen here: an answer before the commit, or a write after a failed one.
 */
import { accessSync, closeSync, constants, existsSync, fsyncSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { quote } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { Position } from '../ports.ts'
import { type Body, chain } from './batch.ts'
import { checkMark, checkTail, type End, start } from './integrity.ts'
import { type Lock, takeLock } from './lock.ts'
import { readMark, writeMark } from './mark.ts'
import {
  checkSqliteVersion,
  type FormatVersion,
  formatOf,
  formatVersion,
  schema,
  value,
} from './sqlite-file.ts'
import { notAFile, storeFault } from './store-fault.ts'

/**
 * What survives a power cut: with `full` all that was acknowledged; with `normal` all that is older than the last
 * high-water mark, about a second. A killed process loses nothing with either.
 */
export type Durability = 'full' | 'normal'

/** A WAL larger than this is emptied as soon as no reader needs it. */
const walBytesMax = 64 * 1024 * 1024
/**
 * Pages (of 4 KiB) after which a commit also moves the WAL into the database. Measured with 500 facts an append: fewer
 * cost throughput, more only make the slowest commit slower (14 ms at 1,000 pages, 68 ms at 4,000).
 */
const checkpointPages = 1_000

export class SqliteWriter {
  readonly db: DatabaseSync
  readonly format: FormatVersion
  readonly #file: string
  readonly #durability: Durability
  readonly #lock: Lock
  readonly #statements: Statements
  #end: End
  /** What the mark of this run says; the one found at the start is renewed at the first occasion. */
  #marked: Position = 0
  /** Why a write failed. What is on the disk since then is not known, so nothing more is written. */
  #broken: Fault | undefined

  /** `file` is absolute. Errors: any `Fault` of a store; then nothing is held and nothing was changed. */
  constructor(file: string, durability: Durability) {
    this.#file = file
    this.#durability = durability
    checkPlace(file)
    checkKind(file)
    this.#lock = takeLock(file)
    let db: DatabaseSync | undefined
    try {
      db = new DatabaseSync(file, { timeout: 5_000 })
      const { end, format } = open(db, file, durability)
      this.#end = end
      this.format = format
      this.#statements = prepare(db)
      this.db = db
    } catch (cause) {
      db?.close()
      this.#lock.release()
      throw storeFault(cause, file)
    }
  }

  get position(): Position {
    return this.#end.position
  }

  /** Writes one batch of `count` facts, as the format asks for; `tasks` is a JSON array of the tasks it is about. */
  append(body: Body, count: number, tasks: string): Position {
    if (count === 0) return this.position
    const first = this.#end.position + 1
    const last = this.#end.position + count
    const hash = chain(this.#end.hash, first, last, body)
    const { log, about } = this.#statements
    this.#transact(() => {
      log.run(last, first, body, hash)
      about.run(last, tasks)
    })
    this.#end = { position: last, hash }
    return last
  }

  /** Keeps the newest two: the one before is a way back for whoever repairs a file by hand. */
  snapshot(body: Body): void {
    const { position, hash } = this.#end
    const { snapshot, oldSnapshots } = this.#statements
    this.#transact(() => {
      snapshot.run(position, body, chain(hash, position, position, body))
      oldSnapshots.run()
    })
  }

  /** Writes the high-water mark. A mark that cannot be written is left: the old one is lower, but still true. */
  mark(): void {
    const { position, hash } = this.#end
    if (position === this.#marked) return
    try {
      if (this.#durability === 'normal') syncWal(this.#file)
      writeMark(this.#file, { position, hash: Buffer.from(hash).toString('hex') })
      this.#marked = position
    } catch {
      // An append that the disk cannot take will say so itself.
    }
  }

  /** Moves the WAL into the database, for a quiet moment. Readers that stand in the way are not waited for. */
  checkpoint(): void {
    const large = (statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > walBytesMax
    this.db.exec('PRAGMA busy_timeout = 0')
    try {
      this.db.exec(`PRAGMA wal_checkpoint(${large ? 'TRUNCATE' : 'PASSIVE'})`)
    } catch {
      // The commits are safe in the WAL; the next checkpoint or the next start moves them.
    }
    this.db.exec('PRAGMA busy_timeout = 5000')
  }

  close(): void {
    this.mark()
    try {
      this.db.close()
    } finally {
      this.#lock.release()
    }
  }

  #transact(write: () => void): void {
    if (this.#broken !== undefined) throw this.#broken
    const { begin, commit, rollback } = this.#statements
    try {
      begin.run()
      write()
      commit.run()
    } catch (cause) {
      this.#broken = storeFault(cause, this.#file)
      try {
        if (this.db.isTransaction) rollback.run()
      } catch {
        // What went wrong first is what counts; closing takes the transaction back.
      }
      throw this.#broken
    }
  }
}

type Statements = Readonly<
  Record<'begin' | 'commit' | 'rollback' | 'log' | 'about' | 'snapshot' | 'oldSnapshots', StatementSync>
>

function prepare(db: DatabaseSync): Statements {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    log: db.prepare('INSERT INTO log(seq, first, body, hash) VALUES (?, ?, ?, ?)'),
    about: db.prepare('INSERT INTO about(seq, task) SELECT ?, value FROM json_each(?)'),
    snapshot: db.prepare('INSERT OR REPLACE INTO snapshot(position, body, hash) VALUES (?, ?, ?)'),
    oldSnapshots: db.prepare(
      'DELETE FROM snapshot WHERE position NOT IN (SELECT position FROM snapshot ORDER BY position DESC LIMIT 2)',
    ),
  }
}

/** A file of another kind is refused before anything is laid beside it. */
function checkKind(file: string): void {
  if (!existsSync(file)) return
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    formatOf(db, file)
  } catch (cause) {
    const fault = storeFault(cause, file)
    if (fault.code === 'E_NOT_A_STORE' || fault.code === 'E_STORE_VERSION') throw fault
    // Everything else is judged under the lock, where nobody else writes.
  } finally {
    db?.close()
  }
}

function checkPlace(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK)
    const found = statSync(file, { throwIfNoEntry: false })
    if (found === undefined) return
    if (!found.isFile()) throw notAFile(file)
    accessSync(file, constants.W_OK)
  } catch (cause) {
    throw storeFault(cause, file)
  }
}

/** Checks everything before it changes anything, and finds the end of the log. */
function open(db: DatabaseSync, file: string, durability: Durability): { end: End; format: FormatVersion } {
  checkSqliteVersion(db)
  const format = formatOf(db, file)
  const blank = format === undefined
  const end = blank ? start : checkTail(db, file)
  checkMark(db, end.position, readMark(file), file)
  tune(db, file, durability)
  db.exec('BEGIN IMMEDIATE')
  if (blank) db.exec(schema)
  const meta = db.prepare('INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)')
  const now = new Date().toISOString()
  if (blank) meta.run('created', now)
  meta.run('owner.pid', `${process.pid}`)
  meta.run('owner.since', now)
  db.exec('COMMIT')
  return { end, format: format ?? formatVersion }
}

/** What was asked for is read back: a setting that SQLite ignores would be a promise that is not kept. */
function tune(db: DatabaseSync, file: string, durability: Durability): void {
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
    PRAGMA fullfsync = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = ${walBytesMax};
  `)
  const mode = value(db, 'PRAGMA journal_mode')
  const synchronous = value(db, 'PRAGMA synchronous')
  if (mode === 'wal' && synchronous === (durability === 'full' ? 2 : 1)) return
  throw new Fault(
    'E_STORE_OPEN',
    `${quote(file)} cannot be made durable: SQLite answers journal_mode ${mode}, synchronous ${synchronous}`,
    { hint: 'Use a local file system; a network share cannot hold a write-ahead log.' },
  )
}

/** With `normal` SQLite leaves the WAL to the operating system; the mark may only name what is on the disk. */
function syncWal(file: string): void {
  const wal = openSync(`${file}-wal`, 'r')
  try {
    fsyncSync(wal)
  } finally {
    closeSync(wal)
  }
}

/**
 * Reading a journal file from outside, also while another process writes it.
 * Must never happen here: a write, or a transaction that stays open and keeps the writer's WAL from shrinking.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { quote } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { JournalReader } from '../ports.ts'
import { checkMark, checkTail } from './integrity.ts'
import { readMark } from './mark.ts'
import {
  checkSqliteVersion,
  formatOf,
  newestWritten,
  value,
  writtenAbout,
  writtenAfter,
} from './sqlite-file.ts'
import { factsAbout, readSource, replaySource, type Source } from './sqlite-reading.ts'
import { notAFile, storeFault } from './store-fault.ts'

/**
 * Opens a journal file for reading. Every call sees all that is durable at its time.
 * Errors: a `Fault` with E_STORE_OPEN (no such file), E_NOT_A_STORE, E_STORE_VERSION, E_LOG_CORRUPT, E_LOG_TRUNCATED,
 * E_STORE_IO or E_RUNTIME.
 */
export async function readSqliteJournal(file: string): Promise<JournalReader> {
  const path = resolve(file)
  const db = openForReading(path)
  try {
    // The mark is read first: the log may grow meanwhile, and must not look shorter than it is.
    const mark = readMark(path)
    const { position } = checkTail(db, path)
    checkMark(db, position, mark, path)
  } catch (cause) {
    db.close()
    throw storeFault(cause, path)
  }
  return reader(db, path)
}

/** A read-only connection to a file that is ours. The caller closes it. */
export function openForReading(path: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    if (!statSync(path).isFile()) throw notAFile(path)
    db = new DatabaseSync(address(path), { readOnly: true, timeout: 5_000 })
    checkSqliteVersion(db)
    if (formatOf(db, path) !== undefined) return db
    throw new Fault('E_NOT_A_STORE', `${quote(path)} is empty`, {
      hint: 'No network has been opened on it yet.',
    })
  } catch (cause) {
    db?.close()
    throw isHalfMade(cause) ? halfMade(path, cause) : storeFault(cause, path)
  }
}

/** SQLITE_READONLY_ROLLBACK: something was begun before the file had its WAL, and only a writer may take it back. */
function isHalfMade(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === 776
}

function halfMade(path: string, cause: unknown): Fault {
  return new Fault('E_NOT_A_STORE', `${quote(path)} is not set up: whoever made it was interrupted`, {
    hint: 'Open a network on it, which completes it.',
    cause,
  })
}

/**
 * To read a WAL database SQLite wants to write a shared memory file beside it. Where that is not allowed and nobody
 * has left a WAL, nobody writes, and it may be told so.
 */
function address(path: string): string | URL {
  if (mayWrite(dirname(path)) || existsSync(`${path}-wal`)) return path
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function reader(db: DatabaseSync, path: string): JournalReader {
  let open = true

  async function ask<T>(question: () => T): Promise<T> {
    if (!open) throw new Fault('E_CLOSED', `${quote(path)} is closed`)
    try {
      return question()
    } catch (cause) {
      throw storeFault(cause, path)
    }
  }

  const source: Source = {
    file: path,
    newest: () => ask(() => newestWritten(db)),
    rows: (after, upTo) => ask(() => writtenAfter(db, after, upTo)),
    history: (task) => ask(() => writtenAbout(db, task)),
    end: () => Number(value(db, 'SELECT coalesce(max(seq), 0) FROM log')),
  }
  return {
    replay: (apply) => replaySource(source, apply),
    history: (task) => factsAbout(source, task),
    read: (after) => readSource(source, after, open ? source.end() : Number.POSITIVE_INFINITY),
    async close() {
      if (open) db.close()
      open = false
    },
  }
}

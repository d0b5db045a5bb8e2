/**
 * One writer per file. The lock is an exclusive transaction on a database of its own beside the log, so the operating
 * system releases it however the process ends, and readers of the log are not disturbed.
 * Must never happen here: opening the log or the lock with anything but SQLite, for closing such a descriptor would
 * release the locks of this process.
 */
import { DatabaseSync } from 'node:sqlite'
import { quote } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import { storeFault } from './store-fault.ts'

export interface Lock {
  release(): void
}

/** Errors: E_STORE_LOCKED, naming the process that writes and since when; any fault of the file system. */
export function takeLock(file: string): Lock {
  const path = `${file}-lock`
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { timeout: 0 })
    db.exec('BEGIN EXCLUSIVE')
    const held = db
    return { release: () => held.close() }
  } catch (cause) {
    db?.close()
    const fault = storeFault(cause, path)
    throw fault.code === 'E_STORE_LOCKED' ? lockedBy(owner(file), file, cause) : fault
  }
}

function lockedBy(writer: string, file: string, cause: unknown): Fault {
  return new Fault('E_STORE_LOCKED', `${quote(file)} is in use by ${writer}`, {
    hint: 'Stop that process, or name another file. Reading is possible meanwhile: `convoke tasks --network FILE`.',
    cause,
  })
}

/** Written by the owner after it took the lock; in the moment between the two it is not known yet. */
function owner(file: string): string {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 })
    const found = db.prepare('SELECT value FROM meta WHERE key = ?')
    const pid = found.get('owner.pid')?.value
    const since = found.get('owner.since')?.value
    if (pid !== undefined && since !== undefined) return `process ${pid} since ${since}`
  } catch {
    // The lock is certain, its owner is a courtesy: without it the message says what is certain.
  } finally {
    db?.close()
  }
  return 'another process'
}

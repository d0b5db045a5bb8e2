/**
 * Turns what SQLite and the file system report into a `Fault` that names the file and the way out.
 * Must never happen here: a cause that gets lost.
 */
import { quote } from '../../protocol/id.ts'
import { Fault, type FaultCode } from '../fault.ts'

interface Meaning {
  readonly code: FaultCode
  readonly what: string
  readonly hint: string
}

const full: Meaning = {
  code: 'E_STORE_FULL',
  what: 'has no space left on its disk',
  hint: 'Free some space and start again; everything that was acknowledged is kept.',
}
const readOnly: Meaning = {
  code: 'E_STORE_READ_ONLY',
  what: 'cannot be written to',
  hint: 'Give this user the right to write the file and its directory, or name another file.',
}
const unopened: Meaning = {
  code: 'E_STORE_OPEN',
  what: 'cannot be opened',
  hint: 'Check that the path names a file in a directory that exists.',
}
const broken: Meaning = {
  code: 'E_STORE_IO',
  what: 'could not be read or written',
  hint: 'Look at the disk and the kernel log, then start again; what is on the disk is checked at the start.',
}
const corrupt: Meaning = {
  code: 'E_LOG_CORRUPT',
  what: 'is damaged',
  hint: 'Restore the file from a backup; `convoke audit FILE` names the damage.',
}
const foreign: Meaning = {
  code: 'E_NOT_A_STORE',
  what: 'is not a convoke file',
  hint: 'Name another file; this one is left as it is.',
}
const busy: Meaning = {
  code: 'E_STORE_LOCKED',
  what: 'is in use by another process',
  hint: 'Stop the other process, or name another file.',
}

/** Primary result codes of SQLite, https://sqlite.org/rescode.html. */
const bySqlite: ReadonlyMap<number, Meaning> = new Map([
  [5, busy],
  [6, busy],
  [8, readOnly],
  [10, broken],
  [11, corrupt],
  [13, full],
  [14, unopened],
  [26, foreign],
])

const bySystem: ReadonlyMap<string, Meaning> = new Map([
  ['ENOSPC', full],
  ['EDQUOT', full],
  ['EROFS', readOnly],
  ['EACCES', readOnly],
  ['EPERM', readOnly],
  ['ENOENT', unopened],
  ['ENOTDIR', unopened],
  ['EISDIR', unopened],
  ['ENAMETOOLONG', unopened],
  ['ELOOP', unopened],
])

/** The fault for an error of SQLite or of the file system. A fault stays what it is. */
export function storeFault(cause: unknown, file: string): Fault {
  if (cause instanceof Fault) return cause
  const { code, what, hint } = meaningOf(cause)
  const said = cause instanceof Error ? cause.message : String(cause)
  return new Fault(code, `${quote(file)} ${what}: ${said}`, { hint, cause })
}

/** For a directory, a device or a pipe where a file is expected. */
export function notAFile(path: string): Fault {
  return new Fault('E_STORE_OPEN', `${quote(path)} is not a file`, { hint: unopened.hint })
}

function meaningOf(cause: unknown): Meaning {
  if (typeof cause !== 'object' || cause === null) return broken
  if ('errcode' in cause && typeof cause.errcode === 'number') {
    return bySqlite.get(cause.errcode & 0xff) ?? broken
  }
  if ('code' in cause && typeof cause.code === 'string') return bySystem.get(cause.code) ?? broken
  return broken
}

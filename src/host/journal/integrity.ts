/**
 * Whether a log is what was written: the chain of its batches, its snapshots, and its high-water mark. SQLite's own
 * checks see a broken page, but neither a changed fact nor a tail that is gone.
 * Must never happen here: a repair.
 */
import type { DatabaseSync } from 'node:sqlite'
import { quote } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { Position } from '../ports.ts'
import { type Body, chain, origin } from './batch.ts'
import { type Mark, markFile } from './mark.ts'

/** Where the log ends, or a part of it that was examined. */
export interface End {
  readonly position: Position
  readonly hash: Uint8Array
}

export const start: End = { position: 0, hash: origin }

/** One append, as it lies in the file. */
export interface Row {
  readonly seq: Position
  readonly first: Position
  readonly body: Body
  readonly hash: Uint8Array
}

/** The batches after a position, one at a time. */
export function rowsFrom(db: DatabaseSync, after: Position): Iterable<Row> {
  const found = db.prepare('SELECT seq, first, body, hash FROM log WHERE seq > ? ORDER BY seq')
  return found.iterate(after) as unknown as Iterable<Row>
}

/** Whether `row` is what was appended after `end`. */
export function isNext(end: End, row: Row): boolean {
  return row.first === end.position + 1 && sameHash(chain(end.hash, row.first, row.seq, row.body), row.hash)
}

/**
 * Examines the newest snapshot and every batch after it, and finds the end of the log.
 * Errors: E_LOG_CORRUPT with the first position that is wrong.
 */
export function checkTail(db: DatabaseSync, file: string): End {
  const [newest] = snapshotsOf(db)
  if (newest !== undefined && !isSound(db, newest)) {
    throw corrupt(file, `in the snapshot at position ${newest.position}`)
  }
  let end = newest === undefined ? start : (endAt(db, newest.position) ?? start)
  for (const row of rowsFrom(db, end.position)) {
    if (!isNext(end, row)) throw corrupt(file, `at position ${end.position + 1}`)
    end = { position: row.seq, hash: row.hash }
  }
  return end
}

/** The positions of the snapshots that are not what was written. */
export function unsoundSnapshots(db: DatabaseSync): Position[] {
  return snapshotsOf(db).flatMap((snapshot) => (isSound(db, snapshot) ? [] : [snapshot.position]))
}

interface SnapshotRow {
  readonly position: Position
  readonly body: Body
  readonly hash: Uint8Array
}

/** The newest first. */
function snapshotsOf(db: DatabaseSync): SnapshotRow[] {
  const found = db.prepare('SELECT position, body, hash FROM snapshot ORDER BY position DESC')
  return found.all() as unknown as SnapshotRow[]
}

/** A snapshot is chained to the batch at whose end it was made. */
function isSound(db: DatabaseSync, { position, body, hash }: SnapshotRow): boolean {
  const end = endAt(db, position)
  return end !== undefined && sameHash(chain(end.hash, position, position, body), hash)
}

/** Errors: E_LOG_TRUNCATED when the log is shorter than it was, E_LOG_CORRUPT when it is another log. */
export function checkMark(db: DatabaseSync, end: Position, mark: Mark | undefined, file: string): void {
  if (mark === undefined) return
  if (end < mark.position) {
    throw new Fault(
      'E_LOG_TRUNCATED',
      `${quote(file)} has lost its tail: expected >= ${mark.position} facts, found ${end}`,
      { hint: `Restore the file from a backup, or accept the loss by removing ${quote(markFile(file))}.` },
    )
  }
  const link = endAt(db, mark.position)?.hash
  if (link !== undefined && Buffer.from(link).toString('hex') === mark.hash) return
  throw corrupt(file, `at position ${mark.position}, where it differs from its high-water mark`)
}

function endAt(db: DatabaseSync, position: Position): End | undefined {
  if (position === 0) return start
  const row = db.prepare('SELECT hash FROM log WHERE seq = ?').get(position)
  return row === undefined ? undefined : { position, hash: row.hash as Uint8Array }
}

function corrupt(file: string, where: string): Fault {
  return new Fault('E_LOG_CORRUPT', `${quote(file)} is damaged ${where}`, {
    hint: 'Restore the file from a backup; `convoke audit FILE` lists all that is damaged.',
  })
}

function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

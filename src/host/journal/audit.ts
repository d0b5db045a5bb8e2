/**
 * Examines a journal file from its first fact to its last, without a hub and without changing it.
 * Must never happen here: an end at the first problem, as long as there is something left to read.
 */
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Fact } from '../../protocol/fact.ts'
import type { Position } from '../ports.ts'
import { tasksOf } from './batch.ts'
import { type AuditReport, Findings } from './findings.ts'
import { checkMark, type End, isNext, type Row, rowsFrom, start, unsoundSnapshots } from './integrity.ts'
import { type Mark, readMark } from './mark.ts'
import { value } from './sqlite-file.ts'
import { openForReading } from './sqlite-reader.ts'
import { storeFault } from './store-fault.ts'

/**
 * Checks the pages of the file, the chain of all batches, the snapshots, the high-water mark, the shape of every fact,
 * and the invariants of the log (`hub/invariants`). Also works while another process writes the file.
 * Errors: a `Fault` when there is nothing to examine: E_STORE_OPEN, E_NOT_A_STORE, E_STORE_VERSION, E_RUNTIME.
 */
export async function auditJournal(file: string): Promise<AuditReport> {
  const path = resolve(file)
  const db = openForReading(path)
  try {
    return new Audit(db, path).run()
  } finally {
    db.close()
  }
}

class Audit {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #findings = new Findings()

  constructor(db: DatabaseSync, file: string) {
    this.#db = db
    this.#file = file
  }

  run(): AuditReport {
    // The mark is read before the log is fixed at its present end: it may lag behind, and never run ahead.
    let mark: Mark | undefined
    this.#attempt(0, () => {
      mark = readMark(this.#file)
    })
    let end = start
    this.#attempt(0, () => {
      this.#db.exec('BEGIN')
      this.#pages()
      for (const row of rowsFrom(this.#db, 0)) end = this.#row(end, row)
    })
    this.#attempt(end.position, () => {
      for (const position of unsoundSnapshots(this.#db)) {
        this.#findings.found(position, 'the snapshot is damaged')
      }
    })
    this.#attempt(mark?.position ?? 0, () => checkMark(this.#db, end.position, mark, this.#file))
    return this.#findings.report()
  }

  #pages(): void {
    const answer = value(this.#db, 'PRAGMA quick_check(1)')
    if (answer === 'ok') return
    this.#findings.found(0, `SQLite finds the file damaged: ${String(answer).replaceAll('\n', ' ')}`)
  }

  /** Examines one batch. After a damaged one the chain is taken up again from what the row says of itself. */
  #row(end: End, row: Row): End {
    const expected = end.position + 1
    if (row.first > expected) this.#findings.found(expected, `missing up to position ${row.first - 1}`)
    else if (!isNext(end, row)) {
      this.#findings.found(expected, `the batch up to position ${row.seq} is damaged`)
    }
    this.#index(row, this.#findings.batch(row.body, row.first, row.seq))
    return { position: row.seq, hash: row.hash }
  }

  /** A batch that the index does not name would be missing in the history of its tasks. */
  #index(row: Row, facts: readonly Fact[]): void {
    const named = this.#db.prepare('SELECT count(*) AS n FROM about WHERE task = ? AND seq = ?')
    for (const task of tasksOf(facts)) {
      if (named.get(task, row.seq)?.n === 1) continue
      this.#findings.found(row.first, `the index lacks task ${task}`)
    }
  }

  /** What cannot be read at all is one problem, and the audit goes on with the next thing. */
  #attempt(position: Position, step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#findings.found(position, storeFault(cause, this.#file).message)
    }
  }
}

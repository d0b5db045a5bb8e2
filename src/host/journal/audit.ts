/**
 * Examines a journal file from its first fact to its last, without a hub and without changing it.
 * Must never happen here: an end at the first problem, as long as there is something left to read.
 */
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type InvariantRule, Invariants, type TaskCounts } from '../../hub/invariants.ts'
import type { Fact } from '../../protocol/fact.ts'
import type { Position } from '../ports.ts'
import { tasksOf } from './batch.ts'
import { factFault } from './fact-shape.ts'
import { checkMark, type End, isNext, type Row, rowsFrom, start, unsoundSnapshots } from './integrity.ts'
import { type Mark, readMark } from './mark.ts'
import { value } from './sqlite-file.ts'
import { openForReading } from './sqlite-reader.ts'
import { storeFault } from './store-fault.ts'

export interface Problem {
  /** Of the fact, or of the first fact that is damaged or missing. */
  readonly position: Position
  readonly problem: string
  /** The rule that the facts break; absent when the file is damaged. */
  readonly rule?: InvariantRule
}

/** `tasks` are all that were ever accepted; `open` and `ended` say what became of them. */
export interface AuditReport extends TaskCounts {
  readonly facts: number
  /** In the order of their positions. Empty for a sound log. */
  readonly problems: readonly Problem[]
}

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
  readonly #invariants = new Invariants()
  readonly #problems: Problem[] = []
  #facts = 0

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
      for (const position of unsoundSnapshots(this.#db)) this.#found(position, 'the snapshot is damaged')
    })
    this.#attempt(mark?.position ?? 0, () => checkMark(this.#db, end.position, mark, this.#file))
    for (const { position, what, task, rule } of this.#invariants.violations()) {
      this.#problems.push({ position, rule, problem: task === undefined ? what : `task ${task}: ${what}` })
    }
    const problems = this.#problems.sort((a, b) => a.position - b.position)
    return { facts: this.#facts, ...this.#invariants.counts(), problems }
  }

  #pages(): void {
    const answer = value(this.#db, 'PRAGMA quick_check(1)')
    if (answer !== 'ok')
      this.#found(0, `SQLite finds the file damaged: ${String(answer).replaceAll('\n', ' ')}`)
  }

  /** Examines one batch. After a damaged one the chain is taken up again from what the row says of itself. */
  #row(end: End, row: Row): End {
    const expected = end.position + 1
    if (row.first > expected) this.#found(expected, `missing up to position ${row.first - 1}`)
    else if (!isNext(end, row)) this.#found(expected, `the batch up to position ${row.seq} is damaged`)
    const facts = this.#decode(row)
    if (row.first + facts.length !== row.seq + 1) {
      this.#found(row.first, `${facts.length} facts, where ${row.seq - row.first + 1} are expected`)
    }
    const sound: Fact[] = []
    for (const [i, fact] of facts.entries()) {
      const fault = factFault(fact)
      if (fault !== undefined) this.#found(row.first + i, fault)
      else {
        sound.push(fact as Fact)
        this.#invariants.observe(fact as Fact, row.first + i)
      }
    }
    this.#facts += facts.length
    this.#index(row, sound)
    return { position: row.seq, hash: row.hash }
  }

  #decode(row: Row): readonly unknown[] {
    try {
      const facts: unknown = JSON.parse(row.body)
      if (Array.isArray(facts)) return facts
    } catch {
      // Said below, with the position.
    }
    this.#found(row.first, 'the text of the batch cannot be read')
    return []
  }

  /** A batch that the index does not name would be missing in the history of its tasks. */
  #index(row: Row, facts: readonly Fact[]): void {
    const named = this.#db.prepare('SELECT count(*) AS n FROM about WHERE task = ? AND seq = ?')
    for (const task of tasksOf(facts)) {
      if (named.get(task, row.seq)?.n !== 1) this.#found(row.first, `the index lacks task ${task}`)
    }
  }

  /** What cannot be read at all is one problem, and the audit goes on with the next thing. */
  #attempt(position: Position, step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#found(position, storeFault(cause, this.#file).message)
    }
  }

  #found(position: Position, problem: string): void {
    this.#problems.push({ position, problem })
  }
}

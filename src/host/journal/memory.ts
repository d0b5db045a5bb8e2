/**
 * The journal of a network that lives as long as its process. It keeps what readers ask for: the facts of open tasks
 * and of the tasks that ended last.
 * Must never happen here: waiting, copying or encoding on the way of an append.
 */

import type { Fact } from '../../protocol/fact.ts'
import type { TaskId } from '../../protocol/id.ts'
import { Table } from '../../protocol/table.ts'
import { Fault } from '../fault.ts'
import type { Journal, Position, Recorded } from '../ports.ts'
import { taskOf } from './batch.ts'

export interface MemoryJournalOptions {
  /**
   * Ended tasks whose facts are kept, and as many facts without a task (default 10,000). What is forgotten is not
   * replayed either: pass `Infinity` where a hub is to be started again on the same journal.
   */
  readonly endedKept?: number
}

/** Opens an empty journal in memory. Nothing in it survives the process, and no method rejects before `close`. */
export function openMemoryJournal(options: MemoryJournalOptions = {}): Journal {
  return new MemoryJournal(options.endedKept ?? 10_000)
}

/** Names of forgotten tasks that may stand before the others. */
const goneMax = 1_000

class MemoryJournal implements Journal {
  readonly takesTime = false
  readonly #endedKept: number
  /** The facts of every task that is still kept, in order. Only an acceptance makes an entry. */
  readonly #tasks = new Table<TaskId, Recorded[]>()
  /** Tasks that have ended, in that order; those before `#gone` are forgotten. */
  #ended: TaskId[] = []
  #gone = 0
  /** Facts without a task, or about a task that is kept no longer. */
  #loose: Recorded[] = []
  #snapshot: { readonly position: Position; readonly facts: readonly Fact[] } | undefined
  #position: Position = 0
  #closed = false

  constructor(endedKept: number) {
    this.#endedKept = endedKept
  }

  append(facts: readonly Fact[]): Promise<Position> {
    if (this.#closed) return Promise.reject(closed())
    for (const fact of facts) this.#keep({ position: ++this.#position, fact })
    return Promise.resolve(this.#position)
  }

  replay(apply: (fact: Fact) => void): Promise<Position> {
    if (this.#closed) return Promise.reject(closed())
    for (const fact of this.#snapshot?.facts ?? []) apply(fact)
    for (const { fact } of this.#after(this.#snapshot?.position ?? 0)) apply(fact)
    return Promise.resolve(this.#position)
  }

  snapshot(facts: readonly Fact[]): Promise<void> {
    if (this.#closed) return Promise.reject(closed())
    this.#snapshot = { position: this.#position, facts: [...facts] }
    return Promise.resolve()
  }

  history(task: TaskId): Promise<readonly Fact[]> {
    if (this.#closed) return Promise.reject(closed())
    return Promise.resolve((this.#tasks.get(task) ?? []).map(({ fact }) => fact))
  }

  read(after: Position): AsyncIterable<Recorded> {
    // The end is the one at the time of this call, not of the first step of the iteration.
    return iterate(this.#closed ? closed() : this.#after(after))
  }

  close(): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  #keep(recorded: Recorded): void {
    const { fact } = recorded
    const task = taskOf(fact)
    const known = task === undefined ? undefined : this.#tasks.get(task)
    if (known !== undefined) known.push(recorded)
    else if (fact.kind === 'task.accepted') this.#tasks.set(fact.task, [recorded])
    else this.#keepLoose(recorded)
    if (fact.kind === 'task.ended') this.#forget(fact.task)
  }

  /** Cut in large pieces, so that the cost of one fact is constant. */
  #keepLoose(recorded: Recorded): void {
    this.#loose.push(recorded)
    if (this.#loose.length > 2 * this.#endedKept + 1_000) this.#loose = this.#loose.slice(-this.#endedKept)
  }

  #forget(ended: TaskId): void {
    this.#ended.push(ended)
    const oldest = this.#ended[this.#gone]
    if (oldest === undefined || this.#ended.length - this.#gone <= this.#endedKept) return
    this.#tasks.delete(oldest)
    this.#gone += 1
    if (this.#gone < goneMax) return
    this.#ended = this.#ended.slice(this.#gone)
    this.#gone = 0
  }

  #after(position: Position): Recorded[] {
    const kept = this.#loose.filter((recorded) => recorded.position > position)
    for (const about of this.#tasks.values()) {
      for (const recorded of about) if (recorded.position > position) kept.push(recorded)
    }
    return kept.sort((a, b) => a.position - b.position)
  }
}

async function* iterate(recorded: readonly Recorded[] | Fault): AsyncGenerator<Recorded> {
  if (recorded instanceof Fault) throw recorded
  yield* recorded
}

function closed(): Fault {
  return new Fault('E_CLOSED', 'the journal in memory is closed')
}

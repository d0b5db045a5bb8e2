/**
 * The journal of a network that lives as long as its process. It keeps what readers ask for: the facts of open tasks
 * and of the tasks that ended last.
 * Must never happen here: waiting, or encoding, on the way of an append.
 */

import type { Fact } from '../../protocol/fact.ts'
import type { TaskId } from '../../protocol/id.ts'
import { newRecent, type Recent, recall, remember, remembered } from '../../protocol/recent.ts'
import { Table } from '../../protocol/table.ts'
import { Fault } from '../fault.ts'
import type { Journal, Position, Recorded } from '../ports.ts'
import { taskOf } from './batch.ts'
import type { Condensed, Kept } from './condensed.ts'
import { Condenser } from './condensing.ts'
import { restored, unfold } from './unfolding.ts'

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

/** Ended tasks are forgotten so many at once: as a share of those that are kept. */
const generations = 8

/** The facts of an open task, in order. */
interface Open {
  readonly facts: Kept[]
  readonly positions: Position[]
}

class MemoryJournal implements Journal {
  readonly takesTime = false
  readonly #endedKept: number
  /** Only an acceptance makes an entry. */
  readonly #open = new Table<TaskId, Open>()
  readonly #ended: Recent<TaskId, Condensed>
  readonly #condenser = new Condenser()
  /** Facts without a task, or about a task that is kept no longer. */
  #loose: Recorded[] = []
  #snapshot: { readonly position: Position; readonly facts: readonly Fact[] } | undefined
  #position: Position = 0
  #closed = false

  constructor(endedKept: number) {
    this.#endedKept = endedKept
    this.#ended = newRecent(endedKept, generations)
  }

  append(facts: readonly Fact[]): Promise<Position> {
    if (this.#closed) return Promise.reject(closed())
    for (const fact of facts) this.#keep(++this.#position, fact)
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
    const open = this.#open.get(task)
    if (open !== undefined) return Promise.resolve(open.facts.map(restored))
    const ended = recall(this.#ended, task)
    return Promise.resolve(ended === undefined ? [] : unfold(ended).map(({ fact }) => fact))
  }

  read(after: Position): AsyncIterable<Recorded> {
    // The end is the one at the time of this call, not of the first step of the iteration.
    return iterate(this.#closed ? closed() : this.#after(after))
  }

  close(): Promise<void> {
    this.#closed = true
    return Promise.resolve()
  }

  #keep(position: Position, fact: Fact): void {
    const task = taskOf(fact)
    const open = task === undefined ? undefined : this.#open.get(task)
    if (open !== undefined) {
      open.facts.push(this.#condenser.take(fact))
      open.positions.push(position)
      if (fact.kind === 'task.ended') this.#end(fact.task, open)
    } else if (fact.kind === 'task.accepted')
      this.#open.set(fact.task, { facts: [fact], positions: [position] })
    else this.#keepLate(task, { position, fact })
  }

  #end(task: TaskId, { facts, positions }: Open): void {
    this.#open.delete(task)
    if (this.#endedKept > 0) remember(this.#ended, task, this.#condenser.condense(task, facts, positions))
  }

  /** Without a task, or about one that has ended. */
  #keepLate(task: TaskId | undefined, recorded: Recorded): void {
    const ended = task === undefined ? undefined : recall(this.#ended, task)
    if (ended === undefined) {
      this.#keepLoose(recorded)
      return
    }
    const all = [...unfold(ended), recorded]
    const facts = all.map(({ fact }) => this.#condenser.take(fact))
    const positions = all.map(({ position }) => position)
    Object.assign(ended, this.#condenser.condense(ended.task, facts, positions))
  }

  /** Cut in large pieces, so that the cost of one fact is constant. */
  #keepLoose(recorded: Recorded): void {
    this.#loose.push(recorded)
    if (this.#loose.length > 2 * this.#endedKept + 1_000) this.#loose = this.#loose.slice(-this.#endedKept)
  }

  #after(position: Position): Recorded[] {
    const kept = [...this.#loose, ...remembered(this.#ended).flatMap(unfold)]
    for (const { facts, positions } of this.#open.values()) {
      for (const [i, fact] of facts.entries())
        kept.push({ position: positions[i] ?? 0, fact: restored(fact) })
    }
    return kept.filter((recorded) => recorded.position > position).sort((a, b) => a.position - b.position)
  }
}

async function* iterate(recorded: readonly Recorded[] | Fault): AsyncGenerator<Recorded> {
  if (recorded instanceof Fault) throw recorded
  yield* recorded
}

function closed(): Fault {
  return new Fault('E_CLOSED', 'the journal in memory is closed')
}

/**
 * Tasks that have ended, as far as others may still ask for them, in the order in which they did.
 * Must never happen here: a walk through a map from whose front the oldest is taken again and again. It would walk over
 * all the gaps that they have left.
 */
import type { NodeId, TaskId } from '../protocol/id.ts'
import { Table } from '../protocol/table.ts'
import type { Outcome, TaskAnnouncement } from '../protocol/task.ts'

/**
 * A task that has ended, as far as others may still ask for it. A class, so that it lies among what is young: see
 * `protocol/recent`.
 */
export class EndedTask {
  readonly announcement: TaskAnnouncement
  readonly initiator: NodeId
  readonly epoch: number
  readonly outcome: Outcome

  constructor(announcement: TaskAnnouncement, initiator: NodeId, epoch: number, outcome: Outcome) {
    this.announcement = announcement
    this.initiator = initiator
    this.epoch = epoch
    this.outcome = outcome
  }
}

export class Ended {
  readonly tasks: Table<TaskId, EndedTask> = new Table()
  /** The oldest first, from `#first` on. */
  readonly #order: TaskId[] = []
  #first = 0

  get size(): number {
    return this.tasks.size
  }

  has(id: TaskId): boolean {
    return this.tasks.has(id)
  }

  get(id: TaskId): EndedTask | undefined {
    return this.tasks.get(id)
  }

  /** One that was not there before. */
  add(id: TaskId, task: EndedTask): void {
    this.tasks.add(id, task)
    this.#order.push(id)
  }

  /** The one before which `at` others have ended. */
  oldest(at: number): TaskId | undefined {
    return this.#order[this.#first + at]
  }

  /** Forgets that one. Those before it move up: it is for a small number. */
  forget(at: number): void {
    const order = this.#order
    const place = this.#first + at
    const id = order[place]
    if (id === undefined) return
    this.tasks.delete(id)
    if (at > 0) order.copyWithin(this.#first + 1, this.#first, place)
    this.#first += 1
    if (2 * this.#first <= order.length) return
    order.copyWithin(0, this.#first)
    order.length -= this.#first
    this.#first = 0
  }
}

/**
 * Tasks that have ended, as far as others may still ask for them, in the order in which they did.
 * Must never happen here: a walk through a map from whose front the oldest is taken again and again. It would walk over
 * all the gaps that they have left.
 */
import type { NodeId, TaskId } from '../protocol/id.ts'
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

/** It lets go of what is forgotten, whatever else points to it: see `protocol/table`. */
class Place {
  readonly id: TaskId
  task: EndedTask | undefined

  constructor(id: TaskId, task: EndedTask) {
    this.id = id
    this.task = task
  }
}

export class Ended {
  /** There are many, and a look at one that was not touched for long takes as long as ten at others. */
  readonly places: Map<TaskId, Place> = new Map()
  /** The oldest first, from `#first` on. */
  readonly #order: Place[] = []
  #first = 0

  get size(): number {
    return this.places.size
  }

  has(id: TaskId): boolean {
    return this.places.has(id)
  }

  get(id: TaskId): EndedTask | undefined {
    return this.places.get(id)?.task
  }

  /** One that was not there before. */
  add(id: TaskId, task: EndedTask): void {
    const place = new Place(id, task)
    this.places.set(id, place)
    this.#order.push(place)
  }

  /** The one before which `at` others have ended. */
  oldest(at: number): TaskId | undefined {
    return this.#order[this.#first + at]?.id
  }

  /** Forgets that one. Those before it move up: it is for a small number. */
  forget(at: number): void {
    const order = this.#order
    const gone = order[this.#first + at]
    if (gone === undefined) return
    this.places.delete(gone.id)
    gone.task = undefined
    if (at > 0) order.copyWithin(this.#first + 1, this.#first, this.#first + at)
    this.#first += 1
    if (2 * this.#first <= order.length) return
    order.copyWithin(0, this.#first)
    order.length -= this.#first
    this.#first = 0
  }
}

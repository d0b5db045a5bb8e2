/**
 * An index of what is due next. The deadlines themselves are state of the tasks and agents; this only finds the
 * earliest.
 * Must never happen here: a deadline that exists only in the heap.
 */
import type { Millis } from '../protocol/time.ts'
import { Heap, type Placed } from './heap.ts'

export interface Due extends Placed {
  /** When the item wants to be looked at. */
  dueAt: Millis
}

export class Deadlines<Item extends Due> {
  readonly #heap = new Heap<Item>((a, b) => a.dueAt < b.dueAt)

  earliest(): Millis | undefined {
    return this.#heap.first()?.dueAt
  }

  /** Puts the item in, moves it, or with `undefined` takes it out. */
  set(item: Item, at: Millis | undefined): void {
    if (at === undefined) {
      this.#heap.remove(item)
    } else if (item.place < 0) {
      item.dueAt = at
      this.#heap.add(item)
    } else if (at !== item.dueAt) {
      item.dueAt = at
      this.#heap.moved(item)
    }
  }

  /** Takes out the earliest item that is due, or answers undefined. */
  takeDue(now: Millis): Item | undefined {
    const first = this.#heap.first()
    if (first === undefined || first.dueAt > now) return undefined
    this.#heap.remove(first)
    return first
  }
}

/**
 * What is to happen, the earliest first, and in the order in which it was said where it is at the same time.
 */
import { Heap, type Placed } from '../../src/hub/heap.ts'
import type { Millis } from '../../src/protocol/time.ts'

interface Item extends Placed {
  readonly at: Millis
  readonly order: number
  readonly act: () => void
}

export class Agenda {
  now: Millis = 0
  readonly #heap = new Heap<Item>((a, b) => (a.at === b.at ? a.order < b.order : a.at < b.at))
  /** What has happened. */
  steps = 0
  #order = 0

  at(at: Millis, act: () => void): void {
    this.#heap.add({ at: Math.max(at, this.now), order: this.#order++, act, place: -1 })
  }

  /** Lets the next thing happen; answers false when there is none up to an instant. */
  step(until: Millis): boolean {
    const first = this.#heap.first()
    if (first === undefined || first.at > until) return false
    this.#heap.remove(first)
    this.now = first.at
    this.steps += 1
    first.act()
    return true
  }
}

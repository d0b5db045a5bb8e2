/**
 * What is to happen when: a binary heap of actions, the earliest first, and of one instant in the order of adding.
 * Must never happen here: a clock.
 */
import type { Millis } from '../../src/protocol/time.ts'

export interface Entry {
  readonly at: Millis
  readonly order: number
  readonly action: () => void
}

export class Agenda {
  readonly #heap: Entry[] = []
  #added = 0

  add(at: Millis, action: () => void): void {
    const entry = { at, order: this.#added++, action }
    const heap = this.#heap
    let place = heap.length
    heap.push(entry)
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || before(parent, entry)) break
      heap[place] = parent
      place = above
    }
    heap[place] = entry
  }

  take(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      let child = heap[below]
      if (child === undefined) break
      const other = heap[below + 1]
      if (other !== undefined && before(other, child)) {
        child = other
        below += 1
      }
      if (before(last, child)) break
      heap[place] = child
      place = below
    }
    heap[place] = last
    return first
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order
}

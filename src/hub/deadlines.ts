/**
 * An index of what is due next: a binary heap in which every item knows its place, so that a deadline can be moved or
 * taken out. The deadlines themselves are state of the tasks and agents; this only finds the earliest.
 * Must never happen here: a deadline that exists only in the heap.
 */
import type { Millis } from '../protocol/time.ts'

export interface Due {
  /** When the item wants to be looked at. */
  dueAt: Millis
  /** Its place in the heap, -1 outside. */
  place: number
}

export class Deadlines<Item extends Due> {
  readonly #heap: Item[] = []

  earliest(): Millis | undefined {
    return this.#heap[0]?.dueAt
  }

  /** Puts the item in, moves it, or with `undefined` takes it out. */
  set(item: Item, at: Millis | undefined): void {
    if (at === undefined) {
      this.#remove(item)
      return
    }
    if (item.place < 0) {
      item.dueAt = at
      item.place = this.#heap.length
      this.#heap.push(item)
      this.#up(item)
    } else if (at !== item.dueAt) {
      const later = at > item.dueAt
      item.dueAt = at
      if (later) this.#down(item)
      else this.#up(item)
    }
  }

  /** Takes out the earliest item that is due, or answers undefined. */
  takeDue(now: Millis): Item | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.dueAt > now) return undefined
    this.#remove(first)
    return first
  }

  #remove(item: Item): void {
    const place = item.place
    if (place < 0) return
    item.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === item) return
    last.place = place
    this.#heap[place] = last
    this.#up(last)
    this.#down(last)
  }

  #up(item: Item): void {
    const heap = this.#heap
    let place = item.place
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || parent.dueAt <= item.dueAt) break
      heap[place] = parent
      parent.place = place
      place = above
    }
    heap[place] = item
    item.place = place
  }

  #down(item: Item): void {
    const heap = this.#heap
    let place = item.place
    for (;;) {
      let below = 2 * place + 1
      let child = heap[below]
      if (child === undefined) break
      const other = heap[below + 1]
      if (other !== undefined && other.dueAt < child.dueAt) {
        child = other
        below += 1
      }
      if (child.dueAt >= item.dueAt) break
      heap[place] = child
      child.place = place
      place = below
    }
    heap[place] = item
    item.place = place
  }
}

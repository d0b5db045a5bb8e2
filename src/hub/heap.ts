/**
 * A binary heap in which every item knows its place, so that one in the middle can be moved or taken out.
 * Must never happen here: an order that changes while an item lies in the heap and nobody says so (`moved`).
 */

export interface Placed {
  /** Its place in the heap, -1 outside. One item lies in one heap. */
  place: number
}

export class Heap<Item extends Placed> {
  readonly #items: Item[] = []
  readonly #isBefore: (a: Item, b: Item) => boolean

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  first(): Item | undefined {
    return this.#items[0]
  }

  some(test: (item: Item) => boolean): boolean {
    return this.#items.some(test)
  }

  add(item: Item): void {
    item.place = this.#items.length
    this.#items.push(item)
    this.#up(item)
  }

  /** Takes it out; what lies in no heap stays where it is. */
  remove(item: Item): void {
    const { place } = item
    if (place < 0) return
    item.place = -1
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    last.place = place
    this.#items[place] = last
    this.moved(last)
  }

  /** Its order has changed. */
  moved(item: Item): void {
    const { place } = item
    this.#up(item)
    if (item.place === place) this.#down(item)
  }

  #up(item: Item): void {
    const items = this.#items
    let { place } = item
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = items[above]
      if (parent === undefined || !this.#isBefore(item, parent)) break
      items[place] = parent
      parent.place = place
      place = above
    }
    items[place] = item
    item.place = place
  }

  #down(item: Item): void {
    const items = this.#items
    let { place } = item
    for (;;) {
      let below = 2 * place + 1
      let child = items[below]
      if (child === undefined) break
      const other = items[below + 1]
      if (other !== undefined && this.#isBefore(other, child)) {
        child = other
        below += 1
      }
      if (!this.#isBefore(child, item)) break
      items[place] = child
      child.place = place
      place = below
    }
    items[place] = item
    item.place = place
  }
}

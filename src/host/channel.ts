/**
 * A stream of values that one side pushes and the other iterates. Bounded: above the bound, values that may be lost
 * are lost, the rest is kept.
 */

export class Channel<Value> implements AsyncIterable<Value> {
  readonly #waiting: Value[] = []
  readonly #boundMax: number
  #take: ((result: IteratorResult<Value, undefined>) => void) | undefined
  #closed = false
  readonly #onClose: () => void

  constructor(boundMax: number, onClose: () => void = () => {}) {
    this.#boundMax = boundMax
    this.#onClose = onClose
  }

  /** `mayBeLost`: the value is left out when the reader is too far behind. */
  push(value: Value, mayBeLost: boolean): void {
    if (this.#closed) return
    if (this.#take !== undefined) {
      const take = this.#take
      this.#take = undefined
      take({ done: false, value })
    } else if (!mayBeLost || this.#waiting.length < this.#boundMax) this.#waiting.push(value)
  }

  /** What was pushed can still be read. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#take?.({ done: true, value: undefined })
    this.#onClose()
  }

  [Symbol.asyncIterator](): AsyncIterator<Value, undefined> {
    return {
      next: async () => {
        const [value] = this.#waiting.splice(0, 1)
        if (value !== undefined) return { done: false, value }
        if (this.#closed) return { done: true, value: undefined }
        return new Promise((resolve) => {
          this.#take = resolve
        })
      },
      return: async () => {
        this.close()
        return { done: true, value: undefined }
      },
    }
  }
}

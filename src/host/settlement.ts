/**
 * Something that happens once, and that somebody may wait for. The promise is made when it is asked for: a failure that
 * nobody waits for is not to end the process.
 */

type State<Value> =
  | { readonly kind: 'open' }
  | { readonly kind: 'resolved'; readonly value: Value }
  | { readonly kind: 'rejected'; readonly error: Error }

export class Settlement<Value> {
  #state: State<Value> = open
  #waiting: PromiseWithResolvers<Value> | undefined

  promise(): Promise<Value> {
    if (this.#state.kind === 'resolved') return Promise.resolve(this.#state.value)
    if (this.#state.kind === 'rejected') return Promise.reject(this.#state.error)
    this.#waiting ??= Promise.withResolvers<Value>()
    return this.#waiting.promise
  }

  /** The first word counts. */
  resolve(value: Value): void {
    if (this.#state.kind !== 'open') return
    this.#state = { kind: 'resolved', value }
    this.#waiting?.resolve(value)
  }

  reject(error: Error): void {
    if (this.#state.kind !== 'open') return
    this.#state = { kind: 'rejected', error }
    this.#waiting?.reject(error)
  }
}

const open = { kind: 'open' } as const

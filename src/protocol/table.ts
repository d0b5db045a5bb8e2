/**
 * A map for what comes and goes all the time. The built-in one lays out a new table whenever enough was taken out, and
 * the old table goes on pointing to the new one and to all that was in it: once one of them lies in the old generation,
 * the collector of the young one takes for alive, and copies, whatever was in any that followed. Here the map holds a
 * place for each entry, and the place lets go of what is taken out.
 */

class Place<Value> {
  value: Value | undefined

  constructor(value: Value) {
    this.value = value
  }
}

/** In the order in which the keys came, as the built-in map. */
export class Table<Key, Value extends object> {
  readonly #places = new Map<Key, Place<Value>>()

  get size(): number {
    return this.#places.size
  }

  has(key: Key): boolean {
    return this.#places.has(key)
  }

  get(key: Key): Value | undefined {
    return this.#places.get(key)?.value
  }

  set(key: Key, value: Value): void {
    const place = this.#places.get(key)
    if (place === undefined) this.#places.set(key, new Place(value))
    else place.value = value
  }

  /** One that is not there yet, for which there is no need to look. */
  add(key: Key, value: Value): void {
    this.#places.set(key, new Place(value))
  }

  delete(key: Key): void {
    const place = this.#places.get(key)
    if (place === undefined) return
    place.value = undefined
    this.#places.delete(key)
  }

  clear(): void {
    for (const key of this.#places.keys()) this.delete(key)
  }

  keys(): Iterable<Key> {
    return this.#places.keys()
  }

  /** As they are now: what comes and goes while they are walked through is not seen. */
  values(): readonly Value[] {
    if (this.#places.size === 0) return nothing
    // A list that grows by `push` would begin with room for 17.
    const all = new Array<Value>(this.#places.size)
    let at = 0
    for (const { value } of this.#places.values()) if (value !== undefined) all[at++] = value
    return all
  }
}

const nothing: readonly never[] = []

/**
 * A bounded memory of what happened last, in two generations: when the young one is full it becomes the old one, and
 * what was the old one is forgotten. Nothing is ever taken out singly: a map from whose front entries are taken again
 * and again walks over the gaps that they leave.
 */

export interface Recent<Key, Value> {
  /** Of the keys that were remembered last, at least so many are known, and at most twice as many. */
  readonly keptLeast: number
  young: Map<Key, Value>
  old: ReadonlyMap<Key, Value> | undefined
}

export function newRecent<Key, Value>(keptLeast: number): Recent<Key, Value> {
  return { keptLeast, young: new Map(), old: undefined }
}

export function remember<Key, Value>(recent: Recent<Key, Value>, key: Key, value: Value): void {
  if (recent.young.size >= recent.keptLeast) {
    recent.old = recent.young
    recent.young = new Map()
  }
  recent.young.set(key, value)
}

export function recall<Key, Value>({ young, old }: Recent<Key, Value>, key: Key): Value | undefined {
  return young.get(key) ?? old?.get(key)
}

/**
 * A bounded memory of what happened last, in generations: when the young one is full the oldest is forgotten as a
 * whole. Nothing is ever taken out singly: a map from whose front entries are taken again and again walks over the gaps
 * that they leave.
 */

export interface Recent<Key extends string, Value> {
  /** Entries of one generation. */
  readonly generationMax: number
  readonly olderMax: number
  young: Generation<Key, Value>
  /** The oldest first. */
  older: readonly Generation<Key, Value>[]
}

/**
 * A class, though it does nothing. Of objects that are written out as `{ … }` the engine counts how many outlive a
 * collection; when most do it lays out all that follow among what is old. There nothing is let go of before everything
 * is collected, and whatever they point to would be copied twice and kept until then.
 */
class Generation<Key extends string, Value> {
  readonly entries: Map<Key, Value> = new Map()
  /**
   * A bit for each key, and for a few that are not there. Nearly everybody who asks is asking for what never was, and
   * in a large map that takes a walk through memory; made for the first entry.
   * Source: B. H. Bloom 1970, with one bit.
   */
  marks: Uint32Array | undefined
}

/** A power of two. Of keys that are asked for in vain one in 32 has its bit set in a generation of 500. */
const marksMax = 1 << 14
/** Names that are made one after the other differ in their last characters. */
const charactersMarked = 8

/**
 * Of the keys that are remembered last, at least `keptLeast` are known, and fewer than two generations more, of which
 * each has `keptLeast / generations`; at most one where these divide it.
 */
export function newRecent<Key extends string, Value>(
  keptLeast: number,
  generations: number,
): Recent<Key, Value> {
  const generationMax = Math.ceil(keptLeast / generations)
  const olderMax = Number.isFinite(keptLeast) ? Math.ceil((keptLeast - 1) / generationMax) : 0
  return { generationMax, olderMax, young: new Generation(), older: [] }
}

export function remember<Key extends string, Value>(
  recent: Recent<Key, Value>,
  key: Key,
  value: Value,
): void {
  if (recent.generationMax === 0) return
  if (recent.young.entries.size >= recent.generationMax) {
    const older = [...recent.older, recent.young]
    recent.older = older.slice(Math.max(0, older.length - recent.olderMax))
    recent.young = new Generation()
  }
  const { young } = recent
  young.marks ??= new Uint32Array(marksMax / 32)
  const mark = markOf(key)
  young.marks[mark >>> 5] = (young.marks[mark >>> 5] ?? 0) | (1 << (mark & 31))
  young.entries.set(key, value)
}

export function recall<Key extends string, Value>(recent: Recent<Key, Value>, key: Key): Value | undefined {
  const { young, older } = recent
  if (young.marks === undefined) return undefined
  const mark = markOf(key)
  if (isMarked(young, mark)) {
    const known = young.entries.get(key)
    if (known !== undefined) return known
  }
  for (let i = older.length - 1; i >= 0; i--) {
    const generation = older[i]
    if (generation === undefined || !isMarked(generation, mark)) continue
    const known = generation.entries.get(key)
    if (known !== undefined) return known
  }
  return undefined
}

/** All that is known, the oldest first. */
export function remembered<Key extends string, Value>({ young, older }: Recent<Key, Value>): Value[] {
  return [...older, young].flatMap(({ entries }) => [...entries.values()])
}

function markOf(key: string): number {
  let mark = key.length
  for (let i = Math.max(0, key.length - charactersMarked); i < key.length; i++)
    mark = Math.imul(mark, 31) + key.charCodeAt(i)
  return mark & (marksMax - 1)
}

function isMarked({ marks }: Generation<string, unknown>, mark: number): boolean {
  return marks !== undefined && ((marks[mark >>> 5] ?? 0) & (1 << (mark & 31))) !== 0
}

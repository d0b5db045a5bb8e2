/**
 * Repeatable chance: the same seed gives the same split, the same sample and the same trees on every machine.
 */

/** A generator of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A shuffled copy (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [copy[i] as T, copy[j] as T]
    copy[i] = b
    copy[j] = a
  }
  return copy
}

/** Positions of the labels, shuffled within each class, so that a cut through the list keeps the share of classes. */
export function byClass(labels: readonly number[], random: () => number): number[][] {
  return [0, 1].map((label) => {
    const positions: number[] = []
    for (const [position, value] of labels.entries()) if (value === label) positions.push(position)
    return shuffled(positions, random)
  })
}

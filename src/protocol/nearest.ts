/**
 * "Did you mean …?": the nearest of a few known words, for an error that names a word nobody knows.
 * Must never happen here: a comparison that takes long because somebody sent a long word.
 */

/** The candidate with the fewest edits, if they are few enough to be a slip of the hand; the first of equals. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) return undefined
  let best: string | undefined
  let least = Math.floor(word.length / 3) + 1
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/** A hint for an unknown word: the nearest known one, or all of them. */
export function didYouMean(word: string, candidates: readonly string[], all: string): string {
  const guess = nearest(word, candidates)
  return guess === undefined ? `${all}: ${candidates.join(', ')}.` : `Did you mean "${guess}"?`
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours count one each. */
function distance(a: string, b: string): number {
  let [before, previous]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(before, j - 2) + 1)
      }
      row.push(cost)
    }
    ;[before, previous] = [previous, row]
  }
  return at(previous, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}

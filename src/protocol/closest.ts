/**
 * The word that was probably meant, for an error that names a word nobody knows.
 */

/** A longer word is no slip of the pen, and comparing it would cost. */
const lengthMax = 40

/** The nearest of `words` by edit distance, when it is near: at most a third of the letters differ. */
export function closest(word: string, words: readonly string[]): string | undefined {
  if (word.length > lengthMax) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** A hint for `refuse`, or nothing when no word is near. */
export function didYouMean(word: string, words: readonly string[]): string {
  const near = closest(word, words)
  return near === undefined ? `Known are: ${words.join(', ')}.` : `Did you mean "${near}"?`
}

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

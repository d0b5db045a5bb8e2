/**
 * How well probabilities and answers agree, in the usual measures.
 */

/**
 * Area under the ROC curve: the probability that a row with the answer yes has the higher score; ties count half
 * (Mann and Whitney). 0.5 when one class is missing.
 */
export function aucOf(scores: readonly number[], labels: readonly number[]): number {
  let rankSum = 0
  let yes = 0
  let from = 0
  const ordered = ascending(scores, labels)
  while (from < ordered.length) {
    const until = endOfTie(ordered, from)
    for (let at = from; at < until; at++) {
      if (ordered[at]?.label !== 1) continue
      rankSum += (from + 1 + until) / 2
      yes++
    }
    from = until
  }
  const no = ordered.length - yes
  return yes === 0 || no === 0 ? 0.5 : (rankSum - (yes * (yes + 1)) / 2) / (yes * no)
}

interface Scored {
  readonly score: number
  readonly label: number
}

function ascending(scores: readonly number[], labels: readonly number[]): Scored[] {
  return scores
    .map((score, row) => ({ score, label: labels[row] ?? 0 }))
    .sort((a, b) => (a.score < b.score ? -1 : a.score > b.score ? 1 : 0))
}

function endOfTie(ordered: readonly Scored[], from: number): number {
  let end = from
  while (end < ordered.length && ordered[end]?.score === ordered[from]?.score) end++
  return end
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** The ROC curve from (0, 0) to (1, 1): share of false alarms, share of hits. */
export function rocOf(scores: readonly number[], labels: readonly number[]): Point[] {
  const ordered = ascending(scores, labels).reverse()
  const yes = labels.filter((label) => label === 1).length
  const no = labels.length - yes
  const points: Point[] = [{ x: 0, y: 0 }]
  let hits = 0
  let from = 0
  while (from < ordered.length) {
    const until = endOfTie(ordered, from)
    for (let at = from; at < until; at++) hits += ordered[at]?.label ?? 0
    points.push({ x: (until - hits) / Math.max(no, 1), y: hits / Math.max(yes, 1) })
    from = until
  }
  return points
}

/** Mean squared distance between probability and answer (Brier 1950); smaller is better. */
export function brierOf(scores: readonly number[], labels: readonly number[]): number {
  const sum = scores.reduce((total, score, row) => total + (score - (labels[row] ?? 0)) ** 2, 0)
  return sum / Math.max(scores.length, 1)
}

export interface CalibrationBin {
  /** Mean predicted probability. */
  readonly predicted: number
  /** Share of yes that was seen. */
  readonly seen: number
  readonly rows: number
}

/** The rows in groups of equal size by predicted probability: what was said, and what was so. */
export function calibrationOf(
  scores: readonly number[],
  labels: readonly number[],
  bins = 10,
): CalibrationBin[] {
  const ordered = ascending(scores, labels)
  const result: CalibrationBin[] = []
  for (let bin = 0; bin < bins; bin++) {
    const part = ordered.slice(
      Math.floor((bin * ordered.length) / bins),
      Math.floor(((bin + 1) * ordered.length) / bins),
    )
    if (part.length === 0) continue
    const mean = (value: (row: Scored) => number): number =>
      part.reduce((sum, row) => sum + value(row), 0) / part.length
    result.push({ predicted: mean((row) => row.score), seen: mean((row) => row.label), rows: part.length })
  }
  return result
}

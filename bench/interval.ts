/**
 * A mean over seeds, and how far off it may be.
 */

export interface Interval {
  readonly mean: number
  /** The 95 % interval reaches so far to either side, by Student's distribution. */
  readonly plusMinus: number
}

export function intervalOf(values: readonly number[]): Interval {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n < 2) return { mean: rounded(mean), plusMinus: Number.POSITIVE_INFINITY }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  return { mean: rounded(mean), plusMinus: rounded(student(n - 1) * Math.sqrt(variance / n)) }
}

/** The 97.5 % point of Student's distribution. Source: expansion by Cornish and Fisher; right to 1 % from 4 on. */
function student(freedom: number): number {
  const z = 1.959964
  const first = (z ** 3 + z) / (4 * freedom)
  return z + first + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4
}

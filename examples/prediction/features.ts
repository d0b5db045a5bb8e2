/**
 * Feature engineering: from cells to numbers that a learner understands. Everything that is learned here (medians, the
 * rates of categories) is learned from training rows only.
 */
import type { Clean, Column } from './clean.ts'

/** How one column becomes features. It is part of the deployed model. */
export type Encoding =
  | { readonly kind: 'number'; readonly column: string; readonly median: number; readonly gaps: boolean }
  | { readonly kind: 'date'; readonly column: string; readonly median: number }
  | {
      readonly kind: 'category'
      readonly column: string
      /** The smoothed share of yes for each value; a value not listed has the prior. */
      readonly rates: readonly (readonly [string, number])[]
      readonly prior: number
    }

export type Encoder = (row: readonly (string | null)[]) => number[]

export interface Features {
  /** One name for each number of an encoded row. */
  readonly names: readonly string[]
  /** The position of the column that each number comes from. */
  readonly origins: readonly number[]
  readonly encodings: readonly Encoding[]
  readonly train: Examples
  readonly test: Examples
}

export interface Examples {
  readonly x: readonly (readonly number[])[]
  readonly y: readonly (0 | 1)[]
}

/** A category's own rate has half the weight when it has been seen this often. */
const smoothing = 20
const folds = 5

export function buildFeatures(clean: Clean): Features {
  const rowsOf = (test: boolean): number[] => [...clean.rows.keys()].filter((row) => clean.test[row] === test)
  const train = rowsOf(false)
  const test = rowsOf(true)
  const encodings = encodingsOf(clean, train)
  const { names, origins } = describe(encodings)
  const labelsOf = (rows: readonly number[]): (0 | 1)[] => rows.map((row) => clean.labels[row] ?? 0)
  const encode = encoderOf(encodings)
  return {
    names,
    origins,
    encodings,
    train: { x: encodeTraining(clean, train), y: labelsOf(train) },
    test: { x: test.map((row) => encode(clean.rows[row] ?? [])), y: labelsOf(test) },
  }
}

/** Learns the encodings from the rows given. */
export function encodingsOf(clean: Clean, rows: readonly number[]): Encoding[] {
  return clean.columns.map((column, at) => {
    const cells = rows.map((row) => clean.rows[row]?.[at] ?? null)
    return encodingOf(
      column,
      cells,
      rows.map((row) => clean.labels[row] ?? 0),
    )
  })
}

function encodingOf(
  { name, kind }: Column,
  cells: readonly (string | null)[],
  labels: readonly number[],
): Encoding {
  const filled = cells.filter((cell) => cell !== null)
  switch (kind) {
    case 'number':
      return { kind, column: name, median: medianOf(filled.map(Number)), gaps: filled.length < cells.length }
    case 'date':
      return { kind, column: name, median: medianOf(filled.map((cell) => Date.parse(cell))) }
    case 'category':
      return { kind, column: name, ...ratesOf(cells, labels) }
  }
}

function medianOf(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b)
  return ordered[Math.floor(ordered.length / 2)] ?? 0
}

/** Target encoding with smoothing towards the prior (Micci-Barreca 2001). A missing cell is a value like another. */
function ratesOf(
  cells: readonly (string | null)[],
  labels: readonly number[],
): { rates: [string, number][]; prior: number } {
  const sums = new Map<string, { yes: number; rows: number }>()
  let total = 0
  for (const [row, cell] of cells.entries()) {
    const sum = sums.get(cell ?? '') ?? { yes: 0, rows: 0 }
    sum.yes += labels[row] ?? 0
    sum.rows++
    total += labels[row] ?? 0
    sums.set(cell ?? '', sum)
  }
  const prior = rounded(total / Math.max(cells.length, 1))
  const rates = [...sums].map(([value, { yes, rows }]): [string, number] => [
    value,
    rounded((yes + smoothing * prior) / (rows + smoothing)),
  ])
  return { rates: rates.sort(([a], [b]) => (a < b ? -1 : 1)), prior }
}

function rounded(rate: number): number {
  return Math.round(rate * 10_000) / 10_000
}

/**
 * The training rows, encoded. The rate of a category is taken from the other folds, never from the row itself:
 * otherwise the learner would trust it more than it can on rows that it has not seen.
 */
function encodeTraining(clean: Clean, rows: readonly number[]): number[][] {
  const encoders = Array.from({ length: folds }, (_, fold) =>
    encoderOf(
      encodingsOf(
        clean,
        rows.filter((_, at) => at % folds !== fold),
      ),
    ),
  )
  return rows.map((row, at) => encoders[at % folds]?.(clean.rows[row] ?? []) ?? [])
}

function describe(encodings: readonly Encoding[]): { names: string[]; origins: number[] } {
  const names: string[] = []
  const origins: number[] = []
  for (const [at, encoding] of encodings.entries()) {
    const parts = partsOf(encoding)
    names.push(...parts.map((part) => (part === '' ? encoding.column : `${encoding.column}: ${part}`)))
    origins.push(...parts.map(() => at))
  }
  return { names, origins }
}

function partsOf(encoding: Encoding): string[] {
  switch (encoding.kind) {
    case 'number':
      return encoding.gaps ? ['', 'missing'] : ['']
    case 'date':
      return ['year', 'day of the year', 'weekday']
    case 'category':
      return ['']
  }
}

/** Turns one row of canonical cells into numbers. */
export function encoderOf(encodings: readonly Encoding[]): Encoder {
  const columns = encodings.map(cellEncoderOf)
  return (row) => columns.flatMap((encode, at) => encode(row[at] ?? null))
}

function cellEncoderOf(encoding: Encoding): (cell: string | null) => number[] {
  switch (encoding.kind) {
    case 'number':
      return (cell) => {
        const value = cell === null ? encoding.median : Number(cell)
        return encoding.gaps ? [value, cell === null ? 1 : 0] : [value]
      }
    case 'date':
      return (cell) => {
        const date = new Date(cell === null ? encoding.median : Date.parse(cell))
        const newYear = Date.UTC(date.getUTCFullYear(), 0)
        return [date.getUTCFullYear(), Math.floor((date.getTime() - newYear) / 86_400_000), date.getUTCDay()]
      }
    case 'category': {
      const rates = new Map(encoding.rates)
      return (cell) => [rates.get(cell ?? '') ?? encoding.prior]
    }
  }
}

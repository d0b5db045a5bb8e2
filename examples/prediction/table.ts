/**
 * Reads a CSV file that nobody has seen before and finds the yes-or-no question in it. Whatever is wrong with the file
 * is said here, before any agent is asked for anything.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { kindOf, numberOf, textOf } from './cells.ts'
import { byClass, seeded } from './draw.ts'
import { listed, Problem } from './problem.ts'

/** Which values of the target column mean yes. */
export type Answer =
  | { readonly kind: 'rarer' }
  | { readonly kind: 'positive'; readonly value: string }
  | { readonly kind: 'negative'; readonly value: string }
  | { readonly kind: 'above'; readonly number: number }

export interface Question {
  readonly target: string
  readonly answer: Answer
  /** So many rows at most, drawn at random with the seed. */
  readonly rows?: number
  readonly seed: number
}

export interface Raw {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A table in which every row has an answer. */
export interface Table extends Raw {
  /** 1 for yes. */
  readonly labels: readonly (0 | 1)[]
  /** The number of each row in the file, from 1, without the header. */
  readonly numbers: readonly number[]
  readonly positive: string
  /** Rows left out since their target is empty. */
  readonly unanswered: number
}

const bytesMax = 256 * 1024 * 1024
/** Two rows of each class for each of three shards, and two to test with. */
const rowsOfClassMin = 8

export function readTable(file: string, question: Question): Table {
  return askedOf(readRaw(file), question)
}

/** The bytes behind the table, as a name. */
export function digestOf(file: string): string {
  return createHash('sha256').update(contentOf(file)).digest('hex').slice(0, 16)
}

function contentOf(file: string): Buffer {
  try {
    const { size } = statSync(file)
    if (size > bytesMax) {
      throw new Problem(
        'E_CSV_TOO_LARGE',
        `${file} has ${size} bytes; the limit is ${bytesMax}`,
        'Take a sample.',
      )
    }
    return readFileSync(file)
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : String(code)
    throw new Problem(
      'E_CSV_UNREADABLE',
      `${file} cannot be read: ${why}`,
      'Check the path after --data.',
      cause,
    )
  }
}

/** Parses a CSV file: comma, semicolon or tab, with a header. */
export function readRaw(file: string): Raw {
  const bytes = contentOf(file)
  if (bytes.subarray(0, 65_536).includes(0)) {
    throw new Problem('E_CSV_NOT_TEXT', `${file} is not a text file`, 'Save the table as CSV in UTF-8.')
  }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  if (text.trim() === '')
    throw new Problem('E_CSV_EMPTY', `${file} is empty`, 'Give a CSV file with a header.')
  const rows = parsed(file, text)
  const header = (rows.shift() ?? []).map((name) => name.trim())
  checkHeader(file, header)
  if (rows.length === 0) throw new Problem('E_CSV_NO_ROWS', `${file} has a header but no rows`)
  return { header, rows }
}

function parsed(file: string, text: string): string[][] {
  try {
    return parse(text, { delimiter: delimiterOf(text), skip_empty_lines: true })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    if (cause.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
      throw new Problem(
        'E_CSV_RAGGED',
        `${file}, line ${cause.lines}: the row has another number of fields than the header`,
        'Quote fields that contain the separator, and give every row as many fields as the header.',
        cause,
      )
    }
    throw new Problem(
      'E_CSV_SYNTAX',
      `${file} is not valid CSV: ${cause.message}`,
      'Check the quotes there.',
      cause,
    )
  }
}

/** The candidate that the first line has most of. */
function delimiterOf(text: string): string {
  const end = text.indexOf('\n')
  const first = end < 0 ? text : text.slice(0, end)
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: first.split(mark).length }))
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark
}

function checkHeader(file: string, header: readonly string[]): void {
  const seen = new Set<string>()
  for (const [index, name] of header.entries()) {
    if (name === '') throw new Problem('E_CSV_HEADER', `${file}: column ${index + 1} has no name`, 'Name it.')
    if (seen.has(name)) {
      throw new Problem(
        'E_CSV_HEADER',
        `${file}: two columns are called ${JSON.stringify(name)}`,
        'Rename one.',
      )
    }
    seen.add(name)
  }
}

function askedOf(raw: Raw, question: Question): Table {
  const at = raw.header.indexOf(question.target)
  if (at < 0) {
    throw new Problem(
      'E_CSV_NO_TARGET',
      `there is no column ${JSON.stringify(question.target)}`,
      `The columns are ${listed(raw.header, 20)}.`,
    )
  }
  const { isYes, positive } = readingOf(
    raw.rows.map((row) => row[at] ?? ''),
    question,
  )
  const rows: (readonly string[])[] = []
  const labels: (0 | 1)[] = []
  const numbers: number[] = []
  for (const [index, row] of raw.rows.entries()) {
    const text = textOf(row[at] ?? '')
    const yes = text === null ? undefined : isYes(text)
    if (yes === undefined) continue
    rows.push(row)
    labels.push(yes ? 1 : 0)
    numbers.push(index + 1)
  }
  const unanswered = raw.rows.length - rows.length
  checkClasses(labels, question, positive)
  return sampled({ header: raw.header, rows, labels, numbers, positive, unanswered }, question)
}

interface Reading {
  readonly positive: string
  /** Undefined for a value that cannot be read. */
  isYes(text: string): boolean | undefined
}

function readingOf(cells: readonly string[], { target, answer }: Question): Reading {
  const counts = new Map<string, number>()
  for (const cell of cells) {
    const text = textOf(cell)
    if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const values = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([value]) => value)
  switch (answer.kind) {
    case 'positive':
    case 'negative':
      if (!counts.has(answer.value)) throw noSuchValue(target, answer.value, values)
      if (answer.kind === 'positive')
        return { positive: answer.value, isYes: (text) => text === answer.value }
      return { positive: `not ${answer.value}`, isYes: (text) => text !== answer.value }
    case 'above':
      return { positive: `above ${answer.number}`, isYes: (text) => isAbove(text, answer.number) }
    case 'rarer': {
      const [common, rare] = values
      if (values.length > 2) throw manyValues(target, cells, values)
      if (common === undefined || rare === undefined) throw oneClass(target, values)
      return { positive: rare, isYes: (text) => text === rare }
    }
  }
}

function isAbove(text: string, bound: number): boolean | undefined {
  const value = numberOf(text)
  return value === null ? undefined : value > bound
}

function noSuchValue(target: string, value: string, values: readonly string[]): Problem {
  const sentence = `the column ${JSON.stringify(target)} has no value ${JSON.stringify(value)}`
  return new Problem('E_USAGE', sentence, `Its values are ${listed(values)}.`)
}

function manyValues(target: string, cells: readonly string[], values: readonly string[]): Problem {
  const column = `the column ${JSON.stringify(target)}`
  if (kindOf(cells) === 'number') {
    return new Problem(
      'E_CSV_NUMBER_TARGET',
      `${column} has ${values.length} different numbers, and the question must be yes or no`,
      'Say from where on it is a yes, with --above NUMBER.',
    )
  }
  const common = JSON.stringify(values[0])
  return new Problem(
    'E_CSV_MANY_CLASSES',
    `${column} has ${values.length} values, and the question must be yes or no: ${listed(values, 6)}`,
    `Say which value means no, as with --negative ${common}, or which means yes, with --positive.`,
  )
}

function oneClass(target: string, values: readonly string[]): Problem {
  const what = values.length === 0 ? 'no value at all' : `the one value ${listed(values)}`
  return new Problem(
    'E_CSV_ONE_CLASS',
    `the column ${JSON.stringify(target)} has ${what}, so there is nothing to tell apart`,
    'Choose another --target, or give rows of both classes.',
  )
}

function checkClasses(labels: readonly number[], { target }: Question, positive: string): void {
  const yes = labels.filter((label) => label === 1).length
  const no = labels.length - yes
  if (yes === 0 || no === 0) throw oneClass(target, [yes === 0 ? `not ${positive}` : positive])
  if (Math.min(yes, no) < rowsOfClassMin) {
    throw new Problem(
      'E_CSV_TOO_FEW',
      `${yes} rows say yes (${positive}) and ${no} say no; each class needs at least ${rowsOfClassMin}`,
      'Give more rows.',
    )
  }
}

/** At most `rows` rows, in the order of the file, with the share of each class kept. */
function sampled(table: Table, { rows, seed }: Question): Table {
  if (rows === undefined || rows >= table.rows.length) return table
  const share = rows / table.rows.length
  const kept = byClass(table.labels, seeded(seed))
    .flatMap((positions) =>
      positions.slice(
        0,
        Math.min(positions.length, Math.max(rowsOfClassMin, Math.round(positions.length * share))),
      ),
    )
    .sort((a, b) => a - b)
  const pick = <T>(items: readonly T[]): T[] => kept.map((position) => items[position] as T)
  return { ...table, rows: pick(table.rows), labels: pick(table.labels), numbers: pick(table.numbers) }
}

/**
 * Cleaning: what each column holds, which columns may not be used, and which rows are kept for the test.
 * A column is left out by rule, and the reason is kept, so that a person can disagree with `--keep COLUMN`.
 */
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { cleanCell, type Kind, kindOf } from './cells.ts'
import { byClass, seeded } from './draw.ts'
import { csvOf, readText, writeFile, writeJson } from './files.ts'
import { suspicionOf } from './leaks.ts'
import { listed, Problem } from './problem.ts'
import type { Table } from './table.ts'

export interface Choice {
  readonly drop: readonly string[]
  readonly keep: readonly string[]
  readonly seed: number
}

export interface Column {
  readonly name: string
  readonly kind: Kind
}

export interface LeftOut {
  readonly column: string
  readonly reason: string
}

/** A table of canonical cells: null where the cell is missing. */
export interface Clean {
  readonly target: string
  readonly positive: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (string | null)[])[]
  readonly labels: readonly (0 | 1)[]
  /** True for rows that no training ever sees. */
  readonly test: readonly boolean[]
  /** The number of each row in the source. */
  readonly numbers: readonly number[]
}

export interface CleaningReport {
  readonly rows: number
  readonly rowsTest: number
  readonly positives: number
  readonly columns: readonly Column[]
  readonly leftOut: readonly LeftOut[]
  readonly missingCells: number
  /** Cells that could not be read as what their column holds, and count as missing. */
  readonly unreadableCells: number
  readonly unanswered: number
}

const testShare = 0.25

export function cleanTable(
  table: Table,
  target: string,
  choice: Choice,
): { clean: Clean; report: CleaningReport } {
  checkNames(table.header, target, choice)
  const leftOut: LeftOut[] = []
  const columns: (Column & { cells: (string | null)[] })[] = []
  let missingCells = 0
  let unreadableCells = 0
  for (const [at, name] of table.header.entries()) {
    if (name === target) continue
    const raw = table.rows.map((row) => row[at] ?? '')
    const kind = kindOf(raw)
    const cells = raw.map((cell) => cleanCell(cell, kind))
    const reason = reasonAgainst(name, kind, cells, table.labels, choice)
    if (reason !== undefined) {
      leftOut.push({ column: name, reason })
      continue
    }
    columns.push({ name, kind, cells })
    for (const [row, cell] of cells.entries()) {
      if (cell !== null) continue
      missingCells++
      if (cleanCell(raw[row] ?? '', 'category') !== null) unreadableCells++
    }
  }
  if (columns.length === 0) throw nothingLeft(leftOut)
  const test = testRows(table.labels, choice.seed)
  const clean: Clean = {
    target,
    positive: table.positive,
    columns: columns.map(({ name, kind }) => ({ name, kind })),
    rows: table.rows.map((_, row) => columns.map(({ cells }) => cells[row] ?? null)),
    labels: table.labels,
    test,
    numbers: table.numbers,
  }
  const report: CleaningReport = {
    rows: table.rows.length,
    rowsTest: test.filter(Boolean).length,
    positives: table.labels.filter((label) => label === 1).length,
    columns: clean.columns,
    leftOut,
    missingCells,
    unreadableCells,
    unanswered: table.unanswered,
  }
  return { clean, report }
}

function reasonAgainst(
  name: string,
  kind: Kind,
  cells: readonly (string | null)[],
  labels: readonly number[],
  { drop, keep }: Choice,
): string | undefined {
  if (drop.includes(name)) return 'left out on request (--drop)'
  if (keep.includes(name)) return undefined
  return suspicionOf(kind, cells, labels)
}

function checkNames(header: readonly string[], target: string, { drop, keep }: Choice): void {
  for (const name of [...drop, ...keep]) {
    if (header.includes(name) && name !== target) continue
    const what = name === target ? 'is the target' : 'is not in the table'
    throw new Problem(
      'E_CSV_NO_COLUMN',
      `the column ${JSON.stringify(name)} ${what}, so it cannot be named with --drop or --keep`,
      `The columns are ${listed(header, 20)}.`,
    )
  }
}

function nothingLeft(leftOut: readonly LeftOut[]): Problem {
  const reasons = leftOut.map(({ column, reason }) => `${JSON.stringify(column)} ${reason}`).join('; ')
  return new Problem(
    'E_CSV_NO_FEATURES',
    `no column is left to predict from${reasons === '' ? '' : `: ${reasons}`}`,
    'Keep one with --keep COLUMN.',
  )
}

/** A quarter of the rows of each class, drawn at random. */
function testRows(labels: readonly number[], seed: number): boolean[] {
  const test = labels.map(() => false)
  for (const positions of byClass(labels, seeded(seed + 1))) {
    for (const position of positions.slice(0, Math.round(positions.length * testShare))) test[position] = true
  }
  return test
}

/** `clean.csv`: the number of the row, its part, its answer, then the columns. `clean.json`: what the columns are. */
export function writeClean(directory: string, clean: Clean): void {
  const { target, positive, columns } = clean
  const header = ['row', 'part', 'answer', ...columns.map(({ name }) => name)]
  const rows = clean.rows.map((cells, row) => [
    String(clean.numbers[row]),
    clean.test[row] === true ? 'test' : 'train',
    String(clean.labels[row]),
    ...cells.map((cell) => cell ?? ''),
  ])
  writeFile(join(directory, 'clean.csv'), csvOf([header, ...rows]))
  writeJson(join(directory, 'clean.json'), { target, positive, columns })
}

export function readClean(directory: string): Clean {
  const { target, positive, columns } = JSON.parse(readText(join(directory, 'clean.json'))) as Pick<
    Clean,
    'target' | 'positive' | 'columns'
  >
  const [, ...records] = parse(readText(join(directory, 'clean.csv')))
  return {
    target,
    positive,
    columns,
    rows: records.map(([, , , ...cells]) => cells.map((cell) => (cell === '' ? null : cell))),
    labels: records.map((record) => (record[2] === '1' ? 1 : 0)),
    test: records.map((record) => record[1] === 'test'),
    numbers: records.map((record) => Number(record[0])),
  }
}

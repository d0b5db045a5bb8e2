/**
 * What benchmarks found, as lines of text for a terminal. Colours come from whoever prints it.
 */
import { isMet, type Row, type Target } from './benchmark.ts'

/** Puts a style on a text, or leaves it as it is. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow', text: string) => string

export interface Part {
  readonly name: string
  readonly rows: readonly Row[]
}

/** One table for all parts, so that the figures of different benchmarks stand below each other. */
export function tableText(parts: readonly Part[], paint: Paint): string {
  const rows = parts.flatMap((part) => part.rows)
  const figureWidth = Math.max(...rows.map(({ figure }) => figure.length), 0)
  const valueWidth = Math.max(...rows.map((row) => valueText(row).length), 0)
  const lineOf = (row: Row): string => {
    const cells = [`  ${row.figure.padEnd(figureWidth)}`, valueText(row).padStart(valueWidth)]
    if (row.target !== undefined) cells.push(verdict(row.target, row.value, paint))
    if (row.note !== undefined) cells.push(paint('dim', row.note))
    return cells.join('  ')
  }
  return parts.map(({ name, rows }) => [paint('bold', name), ...rows.map(lineOf), ''].join('\n')).join('\n')
}

function verdict(target: Target, value: number, paint: Paint): string {
  return isMet(target, value)
    ? paint('green', `met (${targetText(target)})`)
    : paint('yellow', `missed (${targetText(target)})`)
}

/** `≥ 25,000`. */
export function targetText({ kind, value }: Target): string {
  return `${kind === 'at least' ? '≥' : '≤'} ${numberText(value)}`
}

/** `12,472 tasks/s`. */
export function valueText({ value, unit }: Row): string {
  return unit === '' ? numberText(value) : `${numberText(value)} ${unit}`
}

/** Whole from 100 on, and three digits below. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }
  return value.toLocaleString('en-US', digits)
}

/**
 * Columns that must not be predicted from: those that only name the row, those that say nothing, and those that were
 * written down after the answer was known. Rules look at the values, never at the name of the column.
 */

import type { Kind } from './cells.ts'
import { aucOf } from './curves.ts'

/** Why a column should be left out, or undefined. */
export function suspicionOf(
  kind: Kind,
  cells: readonly (string | null)[],
  labels: readonly number[],
): string | undefined {
  const filled = cells.filter((cell) => cell !== null)
  const distinct = new Set(filled).size
  if (filled.length < cells.length * 0.02) return 'is empty in nearly every row'
  if (distinct === 1 && filled.length === cells.length) return 'has the same value in every row'
  return (
    identifier(kind, filled, distinct) ??
    consequence(kind, cells, labels) ??
    answerItself(kind, cells, labels)
  )
}

const identifierDistinctMin = 20

function identifier(kind: Kind, filled: readonly string[], distinct: number): string | undefined {
  if (distinct < identifierDistinctMin) return undefined
  if (kind === 'category') {
    return distinct > filled.length * 0.5 ? `names the row: ${distinct} different texts` : undefined
  }
  if (kind === 'date' || distinct < filled.length) return undefined
  const numbers = filled.map(Number)
  if (!numbers.every(Number.isInteger)) return undefined
  const span = numbers.reduce((a, b) => Math.max(a, b)) - numbers.reduce((a, b) => Math.min(a, b))
  const rises = numbers.every((value, at) => at === 0 || value > (numbers[at - 1] ?? value))
  return rises || span < distinct * 2 ? `numbers the rows: ${distinct} different whole numbers` : undefined
}

const usualShareMin = 0.9
const exceptionsMin = 8
const oddsRatioMin = 8

/**
 * A column that nearly always has the same number, or nothing, and where it has more the answer is mostly the same:
 * such a value is a consequence, such as the cost of a repair. A rare word may as well be a cause.
 */
function consequence(
  kind: Kind,
  cells: readonly (string | null)[],
  labels: readonly number[],
): string | undefined {
  const counts = new Map<string | null, number>()
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1)
  const [usual, count] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))
  const exceptions = cells.length - count
  if (count < cells.length * usualShareMin || exceptions < exceptionsMin) return undefined
  if (kind === 'category' && usual !== null) return undefined
  const among = (exceptional: boolean, label: number): number =>
    labels.filter((value, row) => value === label && (cells[row] !== usual) === exceptional).length + 0.5
  const odds = (exceptional: boolean): number => among(exceptional, 1) / among(exceptional, 0)
  const ratio = odds(true) / odds(false)
  for (const [answer, times, oddsThere] of [
    ['yes', ratio, odds(true)],
    ['no', 1 / ratio, 1 / odds(true)],
  ] as const) {
    if (times < oddsRatioMin || oddsThere < 1) continue
    const where = `where it is not ${usual ?? 'empty'}`
    return `looks like a consequence: ${where}, the odds of ${answer} are ${times.toFixed(0)} times as high`
  }
  return undefined
}

const aucMax = 0.97

/** One column that tells the answer by itself, by its order or by its missing values. */
function answerItself(
  kind: Kind,
  cells: readonly (string | null)[],
  labels: readonly number[],
): string | undefined {
  const scores = kind === 'category' ? ratesWithoutOwn(cells, labels) : cells.map(orderOf)
  const auc = aucOf(scores, labels)
  const strength = Math.max(auc, 1 - auc)
  return strength >= aucMax
    ? `tells the answer by itself: area under the ROC curve ${strength.toFixed(3)}`
    : undefined
}

function orderOf(cell: string | null): number {
  if (cell === null) return Number.NEGATIVE_INFINITY
  const value = Number(cell)
  return Number.isNaN(value) ? Date.parse(cell) : value
}

/** For each row the share of yes among the rows of the other half that have the same value. */
function ratesWithoutOwn(cells: readonly (string | null)[], labels: readonly number[]): number[] {
  const halves = [
    new Map<string | null, [number, number]>(),
    new Map<string | null, [number, number]>(),
  ] as const
  for (const [row, cell] of cells.entries()) {
    const half = halves[row % 2 === 0 ? 0 : 1]
    const [yes, all] = half.get(cell) ?? [0, 0]
    half.set(cell, [yes + (labels[row] ?? 0), all + 1])
  }
  return cells.map((cell, row) => {
    const [yes, all] = halves[row % 2 === 0 ? 1 : 0].get(cell) ?? [0, 0]
    return (yes + 0.5) / (all + 1)
  })
}

/**
 * What one cell of a table says: nothing, a number, a date, or a word. The same reading is used for training and for
 * prediction, so that a model sees a new row as it saw the old ones.
 */

export type Kind = 'number' | 'date' | 'category'

const missingWords = new Set(['', 'na', 'n/a', '#n/a', 'nan', 'null', 'nil', '?', '-', '--', '.'])

/** The text of a cell without needless space, or null where the cell says nothing. */
export function textOf(cell: string): string | null {
  const text = cell.trim().replace(/\s+/g, ' ')
  return missingWords.has(text.toLowerCase()) ? null : text
}

const numberPattern = /^([+-]?)[$€£]?\s?(\d+|\d{1,3}(?:,\d{3})+)?(\.\d*)?(e[+-]?\d+)?\s?%?$/i

/** Reads `12`, `-3.5`, `1,234`, `$99.90`, `12 %`, `1e-3`; null for anything else. */
export function numberOf(text: string): number | null {
  const match = numberPattern.exec(text)
  if (match === null) return null
  const [, sign = '', whole = '', fraction = '', exponent = ''] = match
  if (whole === '' && fraction.length < 2) return null
  const value = Number(`${sign}${whole.replaceAll(',', '') || '0'}${fraction}${exponent}`)
  return Number.isFinite(value) ? value : null
}

const isoDate = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/
const slashDate = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: [\d:]+(?: ?[AaPp][Mm])?)?$/
const bareDate = /^(\d{4})\/(\d{1,2})\/(\d{1,2})$/

/** Reads `2001-12-31`, with or without a time, `2001/12/31` and `12/31/2001` as a day, in days since 1970. */
export function dayOf(text: string): number | null {
  const iso = isoDate.exec(text) ?? bareDate.exec(text)
  if (iso !== null) return dayNumber(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const slash = slashDate.exec(text)
  if (slash !== null) return dayNumber(Number(slash[3]), Number(slash[1]), Number(slash[2]))
  return null
}

function dayNumber(year: number, month: number, day: number): number | null {
  if (month < 1 || month > 12 || day < 1 || day > 31) return null
  return Math.round(Date.UTC(year, month - 1, day) / 86_400_000)
}

/** A cleaned cell of a column: the canonical text, or null where it is missing or cannot be read as the kind. */
export function cleanCell(cell: string, kind: Kind): string | null {
  const text = textOf(cell)
  if (text === null) return null
  switch (kind) {
    case 'number': {
      const value = numberOf(text)
      return value === null ? null : String(value)
    }
    case 'date': {
      const day = dayOf(text)
      return day === null ? null : new Date(day * 86_400_000).toISOString().slice(0, 10)
    }
    case 'category':
      return text
  }
}

/** One cell in twenty may be a slip; a column with more of them is no column of numbers. */
const slipsMax = 0.05

/** What nearly all cells of a column can be read as. A column of nothing is a category. */
export function kindOf(cells: Iterable<string>): Kind {
  let filled = 0
  let numbers = 0
  let dates = 0
  for (const cell of cells) {
    const text = textOf(cell)
    if (text === null) continue
    filled++
    if (numberOf(text) !== null) numbers++
    else if (dayOf(text) !== null) dates++
  }
  if (filled === 0) return 'category'
  if (numbers >= filled * (1 - slipsMax)) return 'number'
  return dates >= filled * (1 - slipsMax) ? 'date' : 'category'
}

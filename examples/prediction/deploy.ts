/**
 * The deployed model: one JSON file that holds all that is needed to read a row of the original table and to tell the
 * probability of yes.
 */
import { cleanCell } from './cells.ts'
import { type Clean, type Column, readClean } from './clean.ts'
import { type Encoding, encoderOf } from './features.ts'
import { readJson } from './files.ts'
import { type Forest, predictorOf } from './forest.ts'
import { listed, Problem } from './problem.ts'
import type { Raw } from './table.ts'

export interface Model {
  readonly format: 'convoke-prediction'
  readonly version: 1
  readonly target: string
  /** Which answer the probability is of. */
  readonly positive: string
  readonly columns: readonly Column[]
  readonly encodings: readonly Encoding[]
  readonly forest: Forest
  /** On rows never trained on. */
  readonly auc: number
}

export function loadModel(path: string): Model {
  let value: unknown
  try {
    value = readJson(path)
  } catch (cause) {
    const why = cause instanceof Problem ? cause.message : `${path} is not JSON`
    throw new Problem('E_MODEL', why, 'Give the model.json that the demo has written.', cause)
  }
  const model = value as Partial<Model> | null
  if (typeof model !== 'object' || model?.format !== 'convoke-prediction' || model.version !== 1) {
    throw new Problem('E_MODEL', `${path} is not a model of this program`, 'Give the model.json of the demo.')
  }
  return model as Model
}

/** Probability of yes for each row of a table that has the columns of the model, in any order. */
export function predictTable(model: Model, { header, rows }: Raw): number[] {
  const places = model.columns.map(({ name }) => header.indexOf(name))
  const missing = model.columns.filter((_, at) => places[at] === -1).map(({ name }) => name)
  if (missing.length > 0) {
    throw new Problem(
      'E_CSV_NO_COLUMN',
      `the table lacks ${listed(missing)}`,
      'The model was trained with them.',
    )
  }
  return probabilities(
    model,
    rows.map((row) => model.columns.map(({ kind }, at) => cleanCell(row[places[at] ?? 0] ?? '', kind))),
  )
}

function probabilities(model: Model, rows: Clean['rows']): number[] {
  return predictorOf(model.forest)(rows.map(encoderOf(model.encodings)))
}

/** Tries the file out as a stranger would: from clean cells to probabilities, which must be those of the evaluation. */
export function checkModel(model: Model, directory: string, expected: readonly number[]): void {
  const clean = readClean(directory)
  const rows = clean.rows.filter((_, row) => clean.test[row]).slice(0, expected.length)
  const found = probabilities(model, rows)
  const wrong = found.findIndex((value, row) => Math.abs(value - (expected[row] ?? Number.NaN)) > 1e-9)
  if (found.length !== expected.length || wrong !== -1) {
    throw new Problem(
      'E_MODEL',
      `the deployed model gives ${found[wrong]} for test row ${wrong}, not ${expected[wrong]}`,
    )
  }
}

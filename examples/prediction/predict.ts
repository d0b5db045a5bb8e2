#!/usr/bin/env node
/**
 * Uses a deployed model: `node examples/prediction/predict.ts MODEL.json ROWS.csv` prints each row's number and its
 * probability of yes, as CSV.
 */
import { loadModel, predictTable } from './deploy.ts'
import { quietOnClosedPipe, tell } from './ending.ts'
import { Problem } from './problem.ts'
import { readRaw } from './table.ts'

const usage = `Usage: node examples/prediction/predict.ts MODEL.json ROWS.csv

Prints "row,probability" for every row of ROWS.csv. The file needs the columns that the model was trained with.

Example:
  npm run demo -- --out out
  node examples/prediction/predict.ts out/model.json node_modules/vega-datasets/data/birdstrikes.csv | head
`

function main(args: readonly string[]): void {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage)
    return
  }
  const [modelPath, tablePath] = args
  if (modelPath === undefined || tablePath === undefined || args.length > 2) {
    throw new Problem('E_USAGE', 'predict needs a model and a table', 'predict.ts MODEL.json ROWS.csv')
  }
  const model = loadModel(modelPath)
  const lines = predictTable(model, readRaw(tablePath)).map((value, row) => `${row + 1},${value.toFixed(4)}`)
  process.stdout.write(`row,probability\n${lines.join('\n')}\n`)
}

quietOnClosedPipe()
try {
  main(process.argv.slice(2))
} catch (cause) {
  process.exitCode = tell(cause)
}

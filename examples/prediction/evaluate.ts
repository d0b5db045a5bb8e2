/**
 * Judges a model on rows that no training has seen.
 */
import { aucOf, brierOf, type CalibrationBin, calibrationOf, type Point, rocOf } from './curves.ts'
import { seeded, shuffled } from './draw.ts'
import type { Features } from './features.ts'
import { type Forest, predictorOf } from './forest.ts'

export interface Importance {
  readonly column: string
  /** How much of the area under the curve is lost when the column is shuffled. */
  readonly loss: number
}

export interface Evaluation {
  readonly rowsTrain: number
  readonly rowsTest: number
  readonly auc: number
  /** Mean squared error of the probabilities. */
  readonly brier: number
  /** The same for a model that always says the share of yes. */
  readonly brierOfPrior: number
  readonly roc: readonly Point[]
  readonly calibration: readonly CalibrationBin[]
  readonly importance: readonly Importance[]
}

const rocPointsMax = 200

export function evaluate(features: Features, forest: Forest, seed: number): Evaluation {
  const { train, test } = features
  const predict = predictorOf(forest)
  const scores = predict(test.x)
  const auc = aucOf(scores, test.y)
  const prior = train.y.filter((label) => label === 1).length / Math.max(train.y.length, 1)
  return {
    rowsTrain: train.y.length,
    rowsTest: test.y.length,
    auc,
    brier: brierOf(scores, test.y),
    brierOfPrior: brierOf(
      test.y.map(() => prior),
      test.y,
    ),
    roc: thinned(rocOf(scores, test.y)),
    calibration: calibrationOf(scores, test.y),
    importance: importanceOf(features, predict, auc, seed),
  }
}

function thinned(points: readonly Point[]): Point[] {
  const step = Math.max(1, Math.ceil(points.length / rocPointsMax))
  return points.filter((_, at) => at % step === 0 || at === points.length - 1)
}

/** Permutation importance (Breiman 2001) of the columns of the table, on the test rows. */
function importanceOf(
  { encodings, origins, test }: Features,
  predict: (x: Features['test']['x']) => number[],
  auc: number,
  seed: number,
): Importance[] {
  const random = seeded(seed + 3)
  const rows = [...test.x.keys()]
  return encodings
    .map(({ column }, at) => {
      const from = shuffled(rows, random)
      const x = test.x.map((row, position) => {
        const other = test.x[from[position] ?? position] ?? row
        return row.map((value, feature) => (origins[feature] === at ? (other[feature] ?? value) : value))
      })
      return { column, loss: auc - aucOf(predict(x), test.y) }
    })
    .sort((a, b) => b.loss - a.loss || (a.column < b.column ? -1 : 1))
}

/**
 * The learner: random forests of regression trees on answers 0 and 1 (`ml-random-forest`), whose mean is a probability.
 * A forest is grown in parts, each with its own seed, so that a part can be handed over and the next one can be grown
 * by somebody else; forests of several shards are combined by putting their trees together.
 */
import { RandomForestRegression } from 'ml-random-forest'
import { byClass, seeded } from './draw.ts'
import type { Examples } from './features.ts'

/** A forest as plain data, in the library's own format. */
export type Forest = ReturnType<RandomForestRegression['toJSON']>

export interface Growth {
  readonly trees: number
  readonly seed: number
}

/** A tree sees so many rows at most: the library needs time in proportion to their square. */
const rowsOfTreeMax = 2_500
/** The library tries every place where the answer changes, so a column may have so many different values. */
const levelsMax = 48
const depthMax = 6
const featuresShare = 0.55
const featuresMax = 12

/** Grows trees, each on its own bootstrap sample and its own choice of columns. The same seed gives the same trees. */
export function growTrees(examples: Examples, { trees, seed }: Growth): Forest {
  const random = seeded(seed)
  const x = levelled(examples.x)
  const columns = x[0]?.length ?? 0
  const size = Math.min(x.length, rowsOfTreeMax)
  const grown = Array.from({ length: trees }, () => {
    const rows = bootstrap(examples.y, size, random)
    const tree = new RandomForestRegression({
      seed: Math.floor(random() * 2 ** 31),
      nEstimators: 1,
      maxFeatures: Math.min(featuresMax, Math.max(1, Math.round(columns * featuresShare))),
      replacement: false,
      useSampleBagging: false,
      noOOB: true,
      selectionMethod: 'mean',
      treeOptions: { maxDepth: depthMax, minNumSamples: Math.min(20, Math.max(4, Math.round(size / 40))) },
    })
    tree.train(
      rows.map((row) => x[row] ?? []),
      rows.map((row) => examples.y[row] ?? 0),
    )
    return tree.toJSON()
  })
  return combineForests(grown)
}

/**
 * Rows drawn with replacement, those with the answer no first: the library then sees the answer change only once
 * among equal values, and tries a tenth of the cuts for the same tree.
 */
function bootstrap(y: readonly number[], size: number, random: () => number): number[] {
  const rows = Array.from({ length: size }, () => Math.floor(random() * y.length))
  return rows.sort((a, b) => (y[a] ?? 0) - (y[b] ?? 0))
}

/** A copy in which a column has at most `levelsMax` values: each value becomes the quantile below it. */
function levelled(x: Examples['x']): number[][] {
  const copy = x.map((row) => [...row])
  for (const column of copy[0]?.keys() ?? []) {
    const ordered = copy.map((row) => row[column] ?? 0).sort((a, b) => a - b)
    if (new Set(ordered).size <= levelsMax) continue
    const cuts = Array.from(
      { length: levelsMax },
      (_, at) => ordered[Math.floor((at * ordered.length) / levelsMax)] ?? 0,
    )
    for (const row of copy) row[column] = below(cuts, row[column] ?? 0)
  }
  return copy
}

/** The greatest of the ascending cuts that is not above the value. */
function below(cuts: readonly number[], value: number): number {
  let low = 0
  let high = cuts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((cuts[middle] ?? 0) <= value) low = middle
    else high = middle - 1
  }
  return cuts[low] ?? value
}

/** Puts the trees of several forests into one. */
export function combineForests(forests: readonly Forest[]): Forest {
  const [first] = forests
  if (first === undefined) throw new RangeError('there is no forest to combine')
  const estimators = forests.flatMap(({ baseModel }) => baseModel.estimators)
  return {
    ...first,
    baseModel: {
      ...first.baseModel,
      estimators,
      indexes: forests.flatMap(({ baseModel }) => baseModel.indexes),
      nEstimators: estimators.length,
    },
  }
}

/** A function that tells the probability of yes for encoded rows. */
export function predictorOf(model: Forest): (x: Examples['x']) => number[] {
  const forest = RandomForestRegression.load(model)
  return (x) => (x.length === 0 ? [] : forest.predict(x.map((row) => [...row])))
}

/** One of `shards` parts of the examples, of equal size and equal share of yes; the same for everybody who asks. */
export function shardOf({ x, y }: Examples, shard: number, shards: number, seed: number): Examples {
  const rows = byClass(y, seeded(seed + 2))
    .flatMap((positions) => positions.filter((_, at) => at % shards === shard))
    .sort((a, b) => a - b)
  return { x: rows.map((row) => x[row] ?? []), y: rows.map((row) => y[row] ?? 0) }
}

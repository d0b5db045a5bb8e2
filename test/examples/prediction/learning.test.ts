import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { birdstrikesPath, birdstrikesTarget } from '../../../examples/prediction/birdstrikes.ts'
import {
  type Choice,
  type Clean,
  cleanTable,
  readClean,
  writeClean,
} from '../../../examples/prediction/clean.ts'
import { aucOf, calibrationOf, rocOf } from '../../../examples/prediction/curves.ts'
import { buildFeatures, encodingsOf, type Features } from '../../../examples/prediction/features.ts'
import { writeJson } from '../../../examples/prediction/files.ts'
import { combineForests, growTrees, predictorOf, shardOf } from '../../../examples/prediction/forest.ts'
import { pageOf, pictureOf } from '../../../examples/prediction/report.ts'
import { readTable } from '../../../examples/prediction/table.ts'
import { forestOf, trainShard } from '../../../examples/prediction/train.ts'
import { customers, directoryFor, fileFor } from './tables.ts'

const nothing: Choice = { drop: [], keep: [], seed: 1 }

function strikes(rows: number): ReturnType<typeof cleanTable> {
  const table = readTable(birdstrikesPath(), {
    target: birdstrikesTarget,
    answer: { kind: 'negative', value: 'None' },
    rows,
    seed: 1,
  })
  return cleanTable(table, birdstrikesTarget, nothing)
}

test('DEMO-3 of the bird strikes the three columns of costs are left out, by rule, and nothing else', () => {
  for (const rows of [10_000, 3_000]) {
    const { report } = strikes(rows)
    const names = report.leftOut.map(({ column }) => column)
    assert.deepEqual(names, ['Cost Other', 'Cost Repair', 'Cost Total $'])
    assert.equal(report.columns.length, 10)
  }
})

test('DEMO-3 names of rows and consequences are left out of a table never seen; --keep and --drop decide', (t) => {
  const file = fileFor(t, customers(600))
  const table = readTable(file, { target: 'left', answer: { kind: 'rarer' }, seed: 1 })
  const columnsOf = (choice: Partial<Choice>): string[] =>
    cleanTable(table, 'left', { ...nothing, ...choice }).clean.columns.map(({ name }) => name)
  assert.deepEqual(columnsOf({}), ['age', 'plan', 'city', 'since', 'hours'])
  assert.deepEqual(columnsOf({ drop: ['hours'], keep: ['refund'] }), [
    'age',
    'plan',
    'city',
    'since',
    'refund',
  ])
  assert.throws(() => columnsOf({ drop: ['wages'] }), { code: 'E_CSV_NO_COLUMN' })
  assert.throws(() => columnsOf({ drop: ['age', 'plan', 'city', 'since', 'hours'] }), {
    code: 'E_CSV_NO_FEATURES',
  })
})

test('DEMO-3 a column that is the answer under another name is left out', (t) => {
  const rows = parse(customers(300), { delimiter: ';' })
  const text = rows.map((row, at) =>
    [...row, at === 0 ? 'state' : row[8] === 'yes' ? 'closed' : 'open'].join(';'),
  )
  const file = fileFor(t, text.join('\n').replaceAll('gold; with', 'gold with'))
  const table = readTable(file, { target: 'left', answer: { kind: 'rarer' }, seed: 1 })
  const { report } = cleanTable(table, 'left', nothing)
  assert.match(
    report.leftOut.find(({ column }) => column === 'state')?.reason ?? '',
    /tells the answer by itself/,
  )
})

test('DEMO-4 a quarter of the rows of each class is kept for the test, and survives the file', (t) => {
  const { clean, report } = strikes(2_000)
  const directory = directoryFor(t)
  writeClean(directory, clean)
  assert.deepEqual(readClean(directory), clean)
  assert.equal(report.rowsTest, 500)
  const yes = clean.labels.filter((label, row) => label === 1 && clean.test[row]).length
  assert.ok(Math.abs(yes / 500 - report.positives / 2_000) < 0.003)
})

test('DEMO-4 nothing is learned from a test row: another answer there changes no feature', () => {
  const { clean } = strikes(1_500)
  const flipped: Clean = {
    ...clean,
    labels: clean.labels.map((label, row) => (clean.test[row] ? (label === 1 ? 0 : 1) : label)),
  }
  const [honest, lying] = [buildFeatures(clean), buildFeatures(flipped)]
  assert.deepEqual(lying.encodings, honest.encodings)
  assert.deepEqual(lying.train, honest.train)
  assert.deepEqual(lying.test.x, honest.test.x)
  const all = encodingsOf(flipped, [...clean.rows.keys()])
  assert.notDeepEqual(all, honest.encodings, 'with the test rows the encodings would differ')
})

function aucOfForest(features: Features, forest: ReturnType<typeof growTrees>): number {
  return aucOf(predictorOf(forest)(features.test.x), features.test.y)
}

test('DEMO-5 forests of three shards together are as good as one forest of all rows, and better than one shard', () => {
  const features = buildFeatures(strikes(4_000).clean)
  const shards = [0, 1, 2].map((shard) =>
    growTrees(shardOf(features.train, shard, 3, 1), { trees: 10, seed: shard }),
  )
  const whole = aucOfForest(features, growTrees(features.train, { trees: 30, seed: 9 }))
  const combined = aucOfForest(features, combineForests(shards))
  const alone = shards.map((forest) => aucOfForest(features, forest))
  assert.ok(Math.abs(whole - combined) < 0.02, `whole ${whole}, combined ${combined}`)
  assert.ok(combined > alone.reduce((a, b) => a + b) / 3, `combined ${combined}, alone ${alone}`)
  assert.ok(combined > 0.72 && combined < 0.9, `${combined} is neither chance nor a leak`)
})

test('DEMO-5 the shards are disjoint, cover all rows and have the same share of yes', () => {
  const y = Array.from({ length: 301 }, (_, row): 0 | 1 => (row % 7 === 0 ? 1 : 0))
  const x = y.map((_, row) => [row])
  const parts = [0, 1, 2].map((shard) => shardOf({ x, y }, shard, 3, 1))
  const rows = parts.flatMap((part) => part.x.map(([row]) => row))
  assert.deepEqual(
    rows.sort((a, b) => (a ?? 0) - (b ?? 0)),
    [...y.keys()],
  )
  const yes = parts.map((part) => part.y.filter((label) => label === 1).length)
  assert.ok(Math.max(...yes) - Math.min(...yes) <= 1)
})

test('DEMO-6 training that is ended and continued by another thread gives the same forest', async (t) => {
  const features = buildFeatures(strikes(1_000).clean)
  const lot = { shard: 0, shards: 1, parts: 4, partsDone: 0, treesOfPart: 1, seed: 3 }
  const [straight, broken] = [directoryFor(t), directoryFor(t)]
  for (const directory of [straight, broken]) writeJson(`${directory}/features.json`, features)
  await trainShard({ ...lot, directory: straight }, new AbortController().signal, async () => {})
  const death = new AbortController()
  let done = 0
  const dying = trainShard({ ...lot, directory: broken }, death.signal, async (partsDone) => {
    done = partsDone
    if (partsDone === 2) death.abort()
  })
  await assert.rejects(dying, { name: 'AbortError' })
  assert.ok(done >= 2 && done <= 4)
  const grown: number[] = []
  await trainShard(
    { ...lot, directory: broken, partsDone: 2 },
    new AbortController().signal,
    async (partsDone) => {
      grown.push(partsDone)
    },
  )
  assert.deepEqual(grown, [3, 4])
  assert.deepEqual(forestOf(broken, 1, 4), forestOf(straight, 1, 4))
})

test('DEMO-7 the area under the curve counts pairs, with ties as halves', () => {
  const scores = [0.1, 0.4, 0.4, 0.8, 0.4]
  const labels = [0, 0, 1, 1, 0]
  const pairs: number[] = []
  for (const [a, yes] of scores.entries()) {
    for (const [b, no] of scores.entries()) {
      if (labels[a] === 1 && labels[b] === 0) pairs.push(yes > no ? 1 : yes === no ? 0.5 : 0)
    }
  }
  assert.equal(aucOf(scores, labels), pairs.reduce((a, b) => a + b) / pairs.length)
  const roc = rocOf(scores, labels)
  const area = roc.slice(1).reduce((sum, { x, y }, at) => {
    const before = roc[at] ?? { x: 0, y: 0 }
    return sum + ((x - before.x) * (y + before.y)) / 2
  }, 0)
  assert.ok(Math.abs(area - aucOf(scores, labels)) < 1e-12)
  assert.equal(
    calibrationOf(scores, labels, 2).reduce((sum, { rows }) => sum + rows, 0),
    5,
  )
})

test('DEMO-8 names from the table cannot break the picture or the page', () => {
  const hostile = '<script>"&]]>|\u0007`'
  const subject = {
    data: hostile,
    target: hostile,
    positive: hostile,
    cleaning: { ...strikes(1_000).report, leftOut: [{ column: hostile, reason: hostile }] },
    evaluation: {
      rowsTrain: 3,
      rowsTest: 1,
      auc: 0.5,
      brier: 0.1,
      brierOfPrior: 0.1,
      roc: [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
      calibration: [{ predicted: 0.1, seen: 0.1, rows: 1 }],
      importance: [{ column: hostile, loss: 0.1 }],
    },
  }
  assert.doesNotMatch(pictureOf(subject), /<script/)
  assert.ok(!pictureOf(subject).includes('\u0007'))
  assert.doesNotMatch(pageOf(subject), /(?<!\\)[<`|]script|(?<!\\)`/)
})

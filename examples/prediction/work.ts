/**
 * What the agents can do, by skill. Members hand files to each other in the directory of the order, and say in their
 * results what is in them. Every file follows from the order alone, so doing a piece of work twice changes nothing.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Assignment, Work } from '../../src/index.ts'
import { claimShard } from './claims.ts'
import { type CleaningReport, cleanTable, readClean, writeClean } from './clean.ts'
import { checkModel, type Model } from './deploy.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import { buildFeatures, type Features } from './features.ts'
import { readJson, writeFile, writeJson } from './files.ts'
import { type Forest, predictorOf } from './forest.ts'
import type { Order } from './plan.ts'
import { pageOf, pictureOf } from './report.ts'
import { readTable } from './table.ts'
import { forestOf, trainShard } from './train.ts'

/** A partial result of training: whoever receives it goes on with this shard after these parts. */
interface Handover {
  readonly shard: number
  readonly partsDone: number
}

/** What the surroundings of an agent want to know, and how they can end it. */
export interface Surroundings {
  /** A member goes on with the work of another one. */
  continued(agent: string, from: string, partsDone: number): void
  /** A member has handed over so many parts. */
  handedOver(agent: string, partsDone: number): void
  /** Aborts when the agent is killed. */
  life(agent: string): AbortSignal
}

type Perform = (
  agent: string,
  assignment: Assignment,
  work: Work,
  surroundings: Surroundings,
) => Promise<unknown>

const performances: Readonly<Record<string, Perform>> = {
  clean: async (_, { payload }) => cleanUp(payload as Order),
  features: async (_, { payload }) => makeFeatures(payload as Order),
  train,
  combine: async (_, { payload }) => combine(payload as Order),
  evaluate: async (_, { payload }) => judge(payload as Order),
  deploy: async (_, { payload }) => deploy(payload as Order),
  report: async (_, { payload }) => writeReport(payload as Order),
}

/** Does an agent's part of a task, and writes begin and end into `work.log`, one JSON object a line. */
export async function perform(
  agent: string,
  assignment: Assignment,
  work: Work,
  surroundings: Surroundings,
): Promise<unknown> {
  const { directory } = assignment.payload as Order
  const { task, epoch, skills } = assignment
  const performance = performances[task]
  if (performance === undefined) throw new Error(`nobody has said what the task ${task} is about`)
  const note = (event: string): void => writeLog(directory, { event, task, epoch, agent, skills })
  note('begun')
  const result = await performance(agent, assignment, work, surroundings)
  note('finished')
  return result
}

function writeLog(directory: string, entry: Readonly<Record<string, unknown>>): void {
  mkdirSync(directory, { recursive: true })
  appendFileSync(join(directory, 'work.log'), `${JSON.stringify(entry)}\n`)
}

function cleanUp(order: Order): CleaningReport {
  const { clean, report } = cleanTable(readTable(order.data, order), order.target, order)
  writeClean(order.directory, clean)
  writeJson(join(order.directory, 'cleaning.json'), report)
  return report
}

function makeFeatures({ directory }: Order): { features: number; rowsTrain: number; rowsTest: number } {
  const features = buildFeatures(readClean(directory))
  writeJson(join(directory, 'features.json'), features)
  const { names, train: seen, test } = features
  return { features: names.length, rowsTrain: seen.y.length, rowsTest: test.y.length }
}

async function train(
  agent: string,
  { payload, checkpoint, finished, task, epoch }: Assignment,
  work: Work,
  surroundings: Surroundings,
): Promise<Handover> {
  const order = payload as Order
  const { directory, shards, parts, treesOfPart, seed } = order
  const received = checkpoint?.data as Handover | undefined
  const present = [...work.group.members, ...finished].map((member) => member.agent)
  const shard = claimShard(directory, { agent, present, shards, wanted: received?.shard })
  const partsDone = received?.shard === shard ? received.partsDone : 0
  if (checkpoint !== undefined && partsDone > 0 && checkpoint.agent !== agent) {
    surroundings.continued(agent, checkpoint.agent, partsDone)
  }
  await work.checkpoint({ shard, partsDone })
  const signal = AbortSignal.any([work.signal, surroundings.life(agent)])
  await trainShard(
    { directory, shard, shards, parts, partsDone, treesOfPart, seed },
    signal,
    async (done) => {
      writeLog(directory, { event: 'part', task, epoch, agent, shard, part: done })
      work.report(done / parts, `shard ${shard + 1}, ${done * treesOfPart} of ${parts * treesOfPart} trees`)
      await work.checkpoint({ shard, partsDone: done })
      surroundings.handedOver(agent, done)
    },
  )
  return { shard, partsDone: parts }
}

function combine({ directory, shards, parts, treesOfPart }: Order): { trees: number } {
  writeJson(join(directory, 'forest.json'), forestOf(directory, shards, parts))
  return { trees: shards * parts * treesOfPart }
}

function judge({ directory, seed }: Order): Pick<Evaluation, 'rowsTrain' | 'rowsTest' | 'auc' | 'brier'> {
  const features = readJson(join(directory, 'features.json')) as Features
  const evaluation = evaluate(features, readJson(join(directory, 'forest.json')) as Forest, seed)
  writeJson(join(directory, 'evaluation.json'), evaluation)
  const { rowsTrain, rowsTest, auc, brier } = evaluation
  return { rowsTrain, rowsTest, auc, brier }
}

/** Rows on which the file is tried out before it is called deployed. */
const rowsTried = 200

function deploy({ directory }: Order): { file: string; rowsTried: number } {
  const { target, positive, columns } = readClean(directory)
  const { encodings, test } = readJson(join(directory, 'features.json')) as Features
  const forest = readJson(join(directory, 'forest.json')) as Forest
  const { auc } = readJson(join(directory, 'evaluation.json')) as Evaluation
  const model: Model = {
    format: 'convoke-prediction',
    version: 1,
    target,
    positive,
    columns,
    encodings,
    forest,
    auc,
  }
  const expected = predictorOf(forest)(test.x.slice(0, rowsTried))
  checkModel(model, directory, expected)
  writeJson(join(directory, 'model.json'), model)
  return { file: 'model.json', rowsTried: expected.length }
}

function writeReport({ directory, data, target }: Order): { page: string; picture: string } {
  const { positive } = readClean(directory)
  const cleaning = readJson(join(directory, 'cleaning.json')) as CleaningReport
  const evaluation = readJson(join(directory, 'evaluation.json')) as Evaluation
  const subject = { data: basename(data), target, positive, cleaning, evaluation }
  writeFile(join(directory, 'report.svg'), pictureOf(subject))
  writeFile(join(directory, 'report.md'), pageOf(subject))
  return { page: 'report.md', picture: 'report.svg' }
}

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Evaluation } from '../../../examples/prediction/evaluate.ts'
import type { Summary } from '../../../examples/prediction/summary.ts'
import { type Ended, run, start } from '../child.ts'
import { customers, directoryFor, fileFor } from './tables.ts'

const demo = 'examples/prediction/main.ts'
const taskIds = ['clean', 'features', 'train', 'combine', 'evaluate', 'deploy', 'report']

function summaryIn({ code, stdout, stderr }: Ended): Summary {
  assert.equal(code, 0, stderr)
  assert.equal(stdout.trimEnd().split('\n').length, 1, 'one object, and nothing else')
  return JSON.parse(stdout) as Summary
}

function checkCompleted({ tasks }: Summary): void {
  assert.deepEqual(
    tasks.map(({ id, status }) => `${id} ${status}`),
    taskIds.map((id) => `${id} completed`),
  )
}

interface Entry {
  readonly event: 'begun' | 'part' | 'finished'
  readonly task: string
  readonly epoch: number
  readonly agent: string
  readonly shard?: number
  readonly part?: number
}

function workIn(directory: string): Entry[] {
  const path = join(directory, 'work.log')
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry)
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < 30_000, `${what} did not happen`)
    await pause(10)
  }
}

test('DEMO-9 the demo ends with one object: tasks, who did them, a model and its area', async (t) => {
  const out = directoryFor(t)
  const summary = summaryIn(await run(demo, ['--json', '--rows', '2000', '--out', out]))
  checkCompleted(summary)
  const members = Object.fromEntries(summary.tasks.map(({ id, members }) => [id, members]))
  assert.equal(new Set(members.train?.model_training).size, 3)
  assert.equal(members.clean?.data_cleaning?.length, 1)
  assert.equal(summary.model.rowsTrain + summary.model.rowsTest, 2000)
  assert.ok(Math.abs(summary.model.rowsTest - 500) <= 1)
  assert.ok(summary.model.auc > 0.74 && summary.model.auc < 0.88, String(summary.model.auc))
  assert.ok(summary.elapsedMs > 0)
  const evaluation = JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8')) as Evaluation
  assert.ok(evaluation.brier < evaluation.brierOfPrior)
  assert.match(readFileSync(summary.files.picture, 'utf8'), /^<svg [\s\S]*<\/svg>\n$/)
  assert.match(readFileSync(summary.files.report, 'utf8'), /Cost Repair .*consequence/)
})

test('DEMO-10 a table never seen, with gaps, dates, text and a leak; its deployed model reads new rows', async (t) => {
  const data = fileFor(t, customers(900))
  const out = directoryFor(t)
  const summary = summaryIn(await run(demo, ['--data', data, '--target', 'left', '--json', '--out', out]))
  checkCompleted(summary)
  assert.ok(summary.model.auc > 0.7 && summary.model.auc < 0.92, String(summary.model.auc))
  const rows = fileFor(
    t,
    'city;age;plan;hours;since\nUlm;70;basic;3;2012-01-11\nBern;19;plus;;\nParis;;new;1;x\n',
  )
  const { code, stdout } = await run('examples/prediction/predict.ts', [summary.files.model, rows])
  assert.equal(code, 0)
  const [header, old, young, strange] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
  assert.deepEqual(header, ['row', 'probability'])
  assert.ok(Number(old?.[1]) > Number(young?.[1]) + 0.25, stdout)
  assert.ok(Number(strange?.[1]) > 0 && Number(strange?.[1]) < 1)
})

test('DEMO-11 a member killed in the middle is replaced, and the newcomer goes on from its checkpoint', async (t) => {
  const [calm, wild] = [directoryFor(t), directoryFor(t)]
  const same = ['--json', '--rows', '1200']
  const undisturbed = summaryIn(await run(demo, [...same, '--out', calm]))
  const summary = summaryIn(await run(demo, [...same, '--chaos', '--out', wild]))
  checkCompleted(summary)
  const train = summary.tasks.find(({ id }) => id === 'train')
  assert.ok((train?.epoch ?? 0) >= 2)
  assert.equal(summary.checkpointUsed, true)
  assert.ok(
    summary.killed !== undefined && !train?.members.model_training?.some((id) => id === summary.killed),
  )
  const parts = workIn(wild).filter(({ event }) => event === 'part')
  const ofVictim = parts.filter(({ agent }) => agent === summary.killed)
  const shard = ofVictim[0]?.shard
  const heirs = parts.filter((entry) => entry.shard === shard && entry.agent !== summary.killed)
  assert.equal(new Set(heirs.map(({ agent }) => agent)).size, 1)
  assert.equal(
    Math.min(...heirs.map(({ part }) => part ?? 0)),
    1 + Math.max(...ofVictim.map(({ part }) => part ?? 0)),
  )
  assert.equal(summary.model.auc, undisturbed.model.auc, 'the same trees, whoever grew them')
})

/** Starts a durable run and ends it with a signal once it has trained a little. */
async function brokenOff(network: string, args: readonly string[], signal: NodeJS.Signals): Promise<Ended> {
  const child = start(demo, [...args, '--network', network])
  const shards = (): number =>
    new Set(workIn(`${network}.files`).flatMap((entry) => (entry.event === 'part' ? [entry.shard] : []))).size
  await until(() => shards() === 3, 'training on all shards')
  child.process.kill(signal)
  return child.ended
}

test('DEMO-12 kill -9 and start again: no finished assignment runs again, training goes on where it was', async (t) => {
  const network = join(directoryFor(t), 'demo.db')
  const args = ['--json', '--rows', '2000']
  assert.equal((await brokenOff(network, args, 'SIGKILL')).signal, 'SIGKILL')
  const before = workIn(`${network}.files`)
  checkCompleted(summaryIn(await run(demo, [...args, '--network', network])))
  const work = workIn(`${network}.files`)
  for (const task of ['clean', 'features', 'combine', 'evaluate', 'deploy', 'report']) {
    const begun = work.filter((entry) => entry.task === task && entry.event === 'begun')
    assert.equal(begun.length, 1, `${task} was begun ${begun.length} times`)
  }
  const after = work.slice(before.length)
  for (const shard of [0, 1, 2]) {
    const lastPart = (entries: readonly Entry[]): number[] =>
      entries.filter((entry) => entry.event === 'part' && entry.shard === shard).map(({ part }) => part ?? 0)
    const done = Math.max(...lastPart(before))
    const again = Math.min(...lastPart(after))
    assert.ok(again >= done, `shard ${shard} had ${done} parts and was begun again at part ${again}`)
  }
  const third = summaryIn(await run(demo, [...args, '--network', network]))
  checkCompleted(third)
  assert.equal(workIn(`${network}.files`).length, work.length, 'a finished run has nothing left to do')
})

test('DEMO-12 Ctrl-C ends with 130, keeps the state, and the run goes on later', async (t) => {
  const network = join(directoryFor(t), 'demo.db')
  const args = ['--json', '--rows', '1500']
  const ended = await brokenOff(network, args, 'SIGINT')
  assert.equal(ended.code, 130)
  assert.match(ended.stderr, /interrupted\. The state is kept in .*demo\.db/)
  checkCompleted(summaryIn(await run(demo, [...args, '--network', network])))
  const other = await run(demo, [...args, '--network', network, '--seed', '2'])
  assert.equal(other.code, 2)
  assert.match(other.stderr, /other options or another table/)
})

const wrongCalls: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  ['an unknown option', ['--colour'], 2, /^error E_USAGE: unknown option '--colour'\n {2}.*--help/],
  ['a file without a target', ['--data', 'x.csv'], 2, /^error E_USAGE: --data needs --target/],
  ['two answers', ['--positive', 'a', '--above', '3'], 2, /^error E_USAGE: only one of/],
  ['no number of rows', ['--rows', 'many'], 2, /^error E_USAGE: --rows needs a whole number/],
  ['a file that is not there', ['--data', 'no.csv', '--target', 'y'], 1, /^error E_CSV_UNREADABLE: /],
  ['a column that is not there', ['--drop', 'no such'], 1, /^error E_CSV_NO_COLUMN: the column "no such"/],
  ['a network that is no network', ['--rows', '500', '--network', 'README.md'], 1, /^error E_NOT_A_STORE: /],
  ['an output that cannot be', ['--rows', '500', '--out', 'package.json/x'], 1, /^error E_OUT: /],
]

test('DEMO-13 wrong calls are told in a sentence with a code; those of the command line exit with 2', async () => {
  for (const [what, args, code, says] of wrongCalls) {
    const ended = await run(demo, args)
    assert.equal(ended.code, code, `${what}: ${ended.stderr}`)
    assert.match(ended.stderr, says, what)
    assert.doesNotMatch(ended.stderr, /\n {4}at /, 'no stack trace')
    assert.equal(ended.stdout, '', what)
  }
})

test('DEMO-13 with --json an error is one object too, and --help is help', async () => {
  const { code, stdout } = await run(demo, ['--json', '--rows', '1'])
  assert.equal(code, 2)
  assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'E_USAGE')
  const help = await run(demo, ['--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /Examples:\n {2}npm run demo\n/)
})

test('DEMO-13 a reader that goes away is no error', async (t) => {
  const child = start(demo, ['--rows', '500', '--out', directoryFor(t)])
  child.process.stdout?.once('data', () => child.process.stdout?.destroy())
  const { code, stderr } = await child.ended
  assert.equal(stderr, '')
  assert.equal(code, 0)
})

test('DEMO-13 where nobody looks there are no colours and nothing moves', async (t) => {
  const { code, stdout } = await run(demo, ['--rows', '500', '--out', directoryFor(t)])
  assert.equal(code, 0)
  assert.ok(!stdout.includes('\u001b'))
  assert.match(stdout, /formed +train +epoch 1: \w+, \w+, \w+\n/)
  assert.match(stdout, /working +train +\w+ 50 %, shard \d, 20 of 40 trees\n/)
  assert.match(stdout, /area under the ROC curve 0\.\d{3} on 125 rows never trained on/)
})

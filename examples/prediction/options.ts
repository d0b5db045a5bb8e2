/**
 * The command line of the demo.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { birdstrikesNegative, birdstrikesPath, birdstrikesTarget } from './birdstrikes.ts'
import { Problem } from './problem.ts'
import type { Answer } from './table.ts'

export interface Options {
  readonly help: boolean
  readonly json: boolean
  readonly chaos: boolean
  /** Where the network keeps its journal; absent: in memory. */
  readonly network?: string
  readonly out?: string
  readonly data: string
  readonly target: string
  readonly answer: Answer
  readonly drop: readonly string[]
  readonly keep: readonly string[]
  readonly rows?: number
  readonly seed: number
}

export const usage = `Usage: npm run demo -- [options]

Agents build a prediction system together: they clean a table, make features, train on three shards at once,
combine the models, judge them on rows never trained on, deploy the model, and write a report.

  --data FILE        a CSV file with a header; without it: ten thousand bird strikes
  --target COLUMN    the column to predict, with two values (or say which one means yes:)
  --positive VALUE   this value means yes, every other one no
  --negative VALUE   this value means no, every other one yes
  --above NUMBER     numbers above this one mean yes
  --drop COLUMN      do not predict from this column; may be repeated
  --keep COLUMN      predict from this column, whatever the rules for leaks say; may be repeated
  --rows N           so many rows at most, drawn at random
  --seed N           another split, other trees (default 1)
  --out DIR          where the files go (default: a new directory for temporary files)
  --network FILE     keep the state in FILE: a run that was killed goes on when it is started again
  --chaos            kill a training agent in the middle of its work
  --json             print one JSON object, and nothing else, on standard output
  --help             print this

Examples:
  npm run demo
  npm run demo -- --chaos
  npm run demo -- --network demo.db --out out          # kill it, start it again, and it goes on
  npm run demo -- --data customers.csv --target churned --drop refund
  npm run demo -- --data weather.csv --target weather --positive rain --json
`

const flags = {
  data: { type: 'string' },
  target: { type: 'string' },
  positive: { type: 'string' },
  negative: { type: 'string' },
  above: { type: 'string' },
  drop: { type: 'string', multiple: true },
  keep: { type: 'string', multiple: true },
  rows: { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string' },
  network: { type: 'string' },
  chaos: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Values = ReturnType<typeof valuesOf>

/** Reads the arguments, or says in a `Problem` with the code E_USAGE what is wrong with them. */
export function readOptions(args: readonly string[]): Options {
  const values = valuesOf(args)
  const { data, target, rows, network, out } = values
  if (data !== undefined && target === undefined) {
    throw new Problem('E_USAGE', '--data needs --target', 'Name the column to predict: --target COLUMN.')
  }
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    chaos: values.chaos ?? false,
    data: data === undefined ? birdstrikesPath() : resolve(data),
    target: target ?? birdstrikesTarget,
    answer: answerOf(values),
    drop: values.drop ?? [],
    keep: values.keep ?? [],
    seed: values.seed === undefined ? 1 : wholeNumber('--seed', values.seed, 0),
    ...(rows === undefined ? {} : { rows: wholeNumber('--rows', rows, 50) }),
    ...(network === undefined ? {} : { network: fileName('--network', network) }),
    ...(out === undefined ? {} : { out: fileName('--out', out) }),
  }
}

/** Where the files go. With a durable network it is the same place again. */
export function directoryOf({ out, network }: Options): string {
  if (out !== undefined) return resolve(out)
  return network === undefined ? mkdtempSync(join(tmpdir(), 'convoke-demo-')) : `${resolve(network)}.files`
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause)
    throw new Problem('E_USAGE', lowerFirst(message), 'npm run demo -- --help shows the options.', cause)
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
}

function answerOf({ positive, negative, above, data, target }: Values): Answer {
  const given = [positive, negative, above].filter((value) => value !== undefined).length
  if (given > 1) throw new Problem('E_USAGE', 'only one of --positive, --negative and --above can be given')
  if (positive !== undefined) return { kind: 'positive', value: positive }
  if (negative !== undefined) return { kind: 'negative', value: negative }
  if (above !== undefined) {
    const number = Number(above)
    if (above.trim() === '' || !Number.isFinite(number)) {
      throw new Problem('E_USAGE', `--above needs a number, got ${JSON.stringify(above)}`)
    }
    return { kind: 'above', number }
  }
  const isDemo = data === undefined && (target === undefined || target === birdstrikesTarget)
  return isDemo ? { kind: 'negative', value: birdstrikesNegative } : { kind: 'rarer' }
}

function wholeNumber(flag: string, text: string, least: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
  throw new Problem(
    'E_USAGE',
    `${flag} needs a whole number of at least ${least}, got ${JSON.stringify(text)}`,
  )
}

function fileName(flag: string, text: string): string {
  if (text !== '') return text
  throw new Problem('E_USAGE', `${flag} needs a path`)
}

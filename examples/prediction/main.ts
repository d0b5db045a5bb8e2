#!/usr/bin/env node
/**
 * The demo: agents that nobody has put in order build a prediction system out of a real, dirty table.
 * `npm run demo -- --help` tells what it can do.
 */
import { explanationText, Network, RefusedError, type TaskHandle, type TaskView } from '../../src/index.ts'
import { cleanTable } from './clean.ts'
import { Crew } from './crew.ts'
import { quietOnClosedPipe, saying, tell } from './ending.ts'
import { prepare } from './files.ts'
import { directoryOf, type Options, readOptions, usage } from './options.ts'
import { type Order, tasksFor } from './plan.ts'
import { Problem } from './problem.ts'
import { agentsIn } from './roster.ts'
import { plain, Show, screenOn } from './show.ts'
import { type Summary, summaryOf, tableOf } from './summary.ts'
import { digestOf, readTable } from './table.ts'

const shards = 3
const parts = 10
const treesOfPart = 4

/** Looks at the table before anybody is asked for anything, and says what is to be done. */
function orderFor(options: Options): Order {
  const { data, target, answer, drop, keep, rows, seed } = options
  const question = { target, answer, seed, ...(rows === undefined ? {} : { rows }) }
  cleanTable(readTable(data, question), target, { drop, keep, seed })
  const directory = directoryOf(options)
  prepare(directory)
  return { ...question, data, digest: digestOf(data), drop, keep, directory, shards, parts, treesOfPart }
}

async function announceAll(network: Network, order: Order): Promise<TaskHandle[]> {
  try {
    return await Promise.all(tasksFor(order).map((spec) => network.announce(spec)))
  } catch (cause) {
    if (!(cause instanceof RefusedError) || cause.code !== 'E_TASK_CONFLICT') throw cause
    const hint = 'Give the same options as then, or another --network FILE.'
    throw new Problem(
      'E_USAGE',
      'the network file holds a run with other options or another table',
      hint,
      cause,
    )
  }
}

/** Resolves when every task has completed; the first that has not is the problem. */
async function completed(tasks: readonly TaskHandle[]): Promise<void> {
  for (const task of tasks) {
    const { status, reason } = await task.outcome()
    if (status === 'completed') continue
    const explanation = explanationText(await task.explain())
    throw new Problem(
      'E_WORK',
      `the task ${task.id} ${status}: ${reason?.message ?? 'no reason given'}`,
      explanation,
    )
  }
}

async function run(options: Options, show: Show | undefined, interrupt: AbortSignal): Promise<Summary> {
  const startedAt = Date.now()
  const order = orderFor(options)
  const crew = new Crew(options.chaos)
  await using network = await Network.open(options.network ?? ':memory:', { seed: order.seed })
  const seeing = new AbortController()
  const watching = watch(network, show, seeing.signal)
  for (const agent of agentsIn(crew)) crew.enlist(await network.join(agent))
  const tasks = await announceAll(network, order)
  if (options.network !== undefined) show?.kept(await viewsOf(tasks))
  await Promise.race([completed(tasks), rejectionOn(interrupt)])
  seeing.abort()
  await watching
  return summaryOf(await viewsOf(tasks), order.directory, crew, options.chaos, Date.now() - startedAt)
}

/** How the tasks stand; those that an earlier run has ended are looked up in the journal. */
function viewsOf(tasks: readonly TaskHandle[]): Promise<TaskView[]> {
  return Promise.all(tasks.map(async (handle) => (await handle.explain()).task))
}

async function watch(network: Network, show: Show | undefined, signal: AbortSignal): Promise<void> {
  if (show === undefined) return
  for await (const observation of network.watch({ signal })) show.see(observation)
  show.end()
}

function rejectionOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

class Interrupted extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const isJson = args.includes('--json')
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort(new Interrupted(signal)))
  }
  let network: string | undefined
  try {
    const options = readOptions(args)
    network = options.network
    if (options.help) {
      process.stdout.write(usage)
      return 0
    }
    const show = isJson ? undefined : new Show(screenOn(process.stdout, process.env), Date.now())
    const summary = await run(options, show, interrupt.signal)
    process.stdout.write(isJson ? `${JSON.stringify(summary)}\n` : tableOf(summary))
    return 0
  } catch (cause) {
    return cause instanceof Interrupted ? interrupted(cause, network) : failed(cause, isJson)
  }
}

function interrupted(cause: Interrupted, network: string | undefined): number {
  const kept =
    network === undefined
      ? 'Nothing is kept; use --network FILE to go on later.'
      : `The state is kept in ${plain(network)}; start again with the same options to go on.`
  process.stderr.write(`\ninterrupted. ${kept}\n`)
  return cause.message === 'SIGINT' ? 130 : 143
}

function failed(cause: unknown, isJson: boolean): number {
  if (isJson) process.stdout.write(`${JSON.stringify({ error: saying(cause) })}\n`)
  return tell(cause)
}

quietOnClosedPipe()
process.exitCode = await main(process.argv.slice(2))

/**
 * `convoke demo`: in a checkout the demonstration of the examples; elsewhere a short one that needs nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { showDuration } from '../host/span.ts'
import { type AgentDefinition, Network, type Outcome } from '../index.ts'
import type { Command, CommandCall } from './command.ts'
import { openLive } from './live.ts'
import { type ExitCode, exit, usage } from './problem.ts'
import { showMembers } from './show.ts'
import { table } from './terminal.ts'
import { packageRoot } from './version.ts'

const forExamples = {
  chaos: { help: 'end a member in the middle of its work, and see the group recover' },
  network: {
    value: 'FILE',
    help: 'keep the journal in this file; started again, the demonstration continues',
  },
  data: { value: 'FILE', help: 'a CSV file to learn from' },
  target: { value: 'COLUMN', help: 'the column of it to predict' },
  out: { value: 'FOLDER', help: 'where the model and the report go' },
} as const

export const demo: Command = {
  name: 'demo',
  summary: 'show a network at work',
  operands: [],
  options: forExamples,
  examples: [
    ['convoke demo', 'agents form groups, work and report; what happens is shown live'],
    ['convoke demo --json', 'the result as one JSON object'],
  ],
  notes: [
    'The options are for the large demonstration, which is part of a checkout of the source; there it has more:\n' +
      'npm run demo -- --help.',
  ],
  run: show,
}

const program = join(packageRoot, 'examples/prediction/main.ts')

async function show(call: CommandCall): Promise<ExitCode> {
  if (existsSync(program)) return runExample(call)
  for (const name of Object.keys(forExamples)) {
    if (call.options[name] !== undefined) {
      throw usage(
        `--${name} needs the large demonstration, which is not here`,
        'It is part of a checkout of the source.',
      )
    }
  }
  return runShort(call)
}

/** Its exit code is ours. */
async function runExample({ options, json, interrupted }: CommandCall): Promise<ExitCode> {
  const words = Object.keys(forExamples).flatMap((name) => {
    const value = options[name]
    if (value === undefined) return []
    return value === true ? [`--${name}`] : [`--${name}`, value]
  })
  const child = spawn(process.execPath, [program, ...words, ...(json ? ['--json'] : [])], {
    stdio: 'inherit',
  })
  const passOn = (): void => {
    // A Ctrl-C at the terminal has reached it already, and a second one would not let it put things in order.
    if (interrupted.reason !== 'SIGINT' || !process.stdin.isTTY) child.kill('SIGINT')
  }
  interrupted.addEventListener('abort', passOn, { once: true })
  const [code] = (await once(child, 'close')) as [number | null]
  return (code ?? exit.broken) as ExitCode
}

interface Part {
  readonly from: number
  readonly below: number
}

/** Counts the primes below a bound: one agent divides the work, two count at the same time, one adds up. */
const primesBelow = 2_000_000

async function runShort({ terminal, json, interrupted }: CommandCall): Promise<ExitCode> {
  const from = performance.now()
  await using network = await Network.open(':memory:')
  interrupted.addEventListener('abort', () => void network.close(), { once: true })
  for (const id of ['ada', 'bob']) await network.join(counter(id))
  await network.join(planner)
  const tasks = ['divide', 'count', 'add']
  const live = json ? undefined : openLive(terminal, tasks, () => performance.now())
  const handles = [
    await network.announce({
      id: 'divide',
      description: 'Divide the numbers',
      requires: [{ skill: 'planning' }],
    }),
    await network.announce({
      id: 'count',
      description: 'Count the primes of every part',
      requires: [{ skill: 'counting', level: 'advanced', count: 2 }],
      dependsOn: ['divide'],
    }),
    await network.announce({
      id: 'add',
      description: 'Add the counts up',
      requires: [{ skill: 'planning', level: 'expert' }],
      dependsOn: ['count'],
    }),
  ]
  const outcomes: Outcome[] = await Promise.all(
    handles.map(async (handle) => {
      if (live !== undefined) {
        void (async () => {
          for await (const update of handle.updates()) live.update(handle.id, update)
        })()
      }
      return handle.outcome()
    }),
  ).finally(() => live?.close())
  const views = await network.tasks()
  const completed = outcomes.every(({ status }) => status === 'completed')
  const primes = outcomes.at(-1)?.results.planning?.[0]?.result
  const elapsedMs = Math.round(performance.now() - from)
  if (json) {
    const shown = views.map(({ id, description, status, epoch, members }) => ({
      id,
      description,
      status,
      epoch,
      members,
    }))
    terminal.out(JSON.stringify({ completed, tasks: shown, primesBelow, primes, elapsedMs }))
  } else {
    for (const row of table(views.map(({ id, status, members }) => [id, status, showMembers(members)]))) {
      terminal.out(row)
    }
    terminal.out(
      `There are ${String(primes)} primes below ${primesBelow}; counted in ${showDuration(elapsedMs)}.`,
    )
  }
  return completed ? exit.done : exit.refused
}

const planner = {
  id: 'mia',
  skills: [{ name: 'planning', level: 'expert' }],
  perform({ task, inputs }) {
    if (task === 'divide') {
      const middle = primesBelow / 2
      return [
        { from: 2, below: middle },
        { from: middle, below: primesBelow },
      ]
    }
    const counts = inputs.count?.counting ?? []
    return counts.reduce((sum, { result }) => sum + Number(result), 0)
  },
} satisfies AgentDefinition

function counter(id: string): AgentDefinition {
  return {
    id,
    skills: [{ name: 'counting', level: 'expert' }],
    async perform({ inputs }, work) {
      const parts = inputs.divide?.planning?.[0]?.result as readonly Part[]
      const turn = work.group.members
        .map(({ agent }) => agent as string)
        .sort()
        .indexOf(id)
      const part = parts[turn]
      if (part === undefined) throw new Error(`there is no part for ${id}`)
      return countPrimes(part, (fraction) => {
        work.report(fraction)
        work.signal.throwIfAborted()
      })
    },
  }
}

const stepsOfReport = 4

/** By trial division, which takes long enough to be seen. Lets others have their turn after each step. */
async function countPrimes({ from, below }: Part, report: (fraction: number) => void): Promise<number> {
  const step = Math.ceil((below - from) / stepsOfReport)
  let count = 0
  for (let start = from; start < below; start += step) {
    const end = Math.min(below, start + step)
    for (let n = start; n < end; n++) if (isPrime(n)) count++
    report((end - from) / (below - from))
    await setImmediate()
  }
  return count
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return n > 1
}

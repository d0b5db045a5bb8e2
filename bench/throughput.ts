/**
 * How much one process coordinates: 100 agents, groups of 1 and of 3, in memory and on a file with full durability.
 * The agents' work is empty, so the figures are those of the coordination alone.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Progress } from '../lab/experiment.ts'
import { Network } from '../src/index.ts'
import { atLeast, type Benchmark, type Measured, type Row } from './benchmark.ts'
import { memoryPerAgent } from './memory.ts'
import { percentile } from './percentile.ts'

const agentCount = 100
const skills = ['etl', 'statistics', 'report'] as const
/**
 * Open tasks: enough to keep one thread busy; more on a file, where one commit serves all that wait for it. More than
 * that would only lie in memory, and be copied by the collector.
 */
const inFlight = { memory: 48, file: 128 }
/** Tasks of one counted run, after a warm-up of a third of it. */
const counted = 30_000
const runs = 3
const heldGroups = 300
const pacedTasks = 200
const pacedPerSecond = 50

interface ModeResult {
  readonly groupsOf1: { readonly tasksPerSecond: number }
  readonly groupsOf3: { readonly tasksPerSecond: number }
  /** Groups of 3 that stood at the same moment, while their members were held in their work. */
  readonly groupsAtOnce: number
  readonly acceptedMs: { readonly p50: number; readonly p99: number }
  readonly formedMs: { readonly p50: number; readonly p99: number }
}

export const throughput: Benchmark = {
  about: 'tasks per second, latency and memory of one process, in memory and durable',
  needs: { kind: 'nothing' },
  options: {},
  examples: [['throughput --json', 'all figures in one line']],
  run: (_given, progress) => all(progress),
}

async function all(progress: Progress): Promise<Measured> {
  progress('in memory …')
  const memory = await measure(':memory:')
  const folder = await mkdtemp(join(tmpdir(), 'convoke-bench-'))
  try {
    progress('on a file, durability full …')
    const durable = await measure(join(folder, 'network.db'))
    const commitMs = { p50: await commitTime(join(folder, 'commit.db')) }
    progress('memory per agent …')
    const weights = await memoryPerAgent()
    const report = { memory, durable: { ...durable, commitMs }, ...weights }
    return {
      report,
      rows: [
        ...rowsOf('in memory', memory, 25_000),
        ...rowsOf('on a file', durable, 15_000),
        { figure: 'memory of an agent with one skill', value: weights.bytesPerAgent, unit: 'B' },
      ],
      charts: [
        {
          kind: 'bars',
          name: 'throughput',
          title: 'One process, 100 agents whose work is empty',
          values: 'tasks per second',
          bars: [
            { label: 'groups of 1, in memory', value: memory.groupsOf1.tasksPerSecond },
            { label: 'groups of 1, on a file', value: durable.groupsOf1.tasksPerSecond },
            { label: 'groups of 3, in memory', value: memory.groupsOf3.tasksPerSecond },
            { label: 'groups of 3, on a file', value: durable.groupsOf3.tasksPerSecond },
          ],
        },
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function rowsOf(where: string, mode: ModeResult, target: number): Row[] {
  return [
    { figure: `groups of 1, ${where}`, value: mode.groupsOf1.tasksPerSecond, unit: 'tasks/s' },
    {
      figure: `groups of 3, ${where}`,
      value: mode.groupsOf3.tasksPerSecond,
      unit: 'tasks/s',
      target: atLeast(target),
    },
    { figure: `announced to formed, median, ${where}`, value: mode.formedMs.p50, unit: 'ms' },
  ]
}

/** Opened by `standTogether`; work on a task with the payload `hold` waits for it. */
interface Gate {
  held: PromiseWithResolvers<void>
}

async function openWith(where: string, gate: Gate): Promise<Network> {
  const limits = { maxAnnouncements: 10_000, maxAnnouncementsPerInitiator: 10_000 }
  const network = await Network.open(where, { limits, seed: 1 })
  for (let i = 0; i < agentCount; i++) {
    await network.join({
      id: `agent-${i}`,
      skills: [{ name: skills[i % skills.length] ?? 'etl', level: 'advanced' }],
      maxConcurrentTasks: 64,
      perform: ({ payload }) => (payload === 'hold' ? gate.held.promise : 'done'),
    })
  }
  return network
}

async function measure(where: string): Promise<ModeResult> {
  const gate: Gate = { held: Promise.withResolvers<void>() }
  await using network = await openWith(where, gate)
  const load = { network, atOnce: where === ':memory:' ? inFlight.memory : inFlight.file }
  const groupsOf1 = await saturate(load, 1)
  const groupsOf3 = await saturate(load, 3)
  const groupsAtOnce = await standTogether(network, gate)
  const { acceptedMs, formedMs } = await pace(network)
  return { groupsOf1, groupsOf3, groupsAtOnce, acceptedMs, formedMs }
}

/** Forms many groups, counts those that stand, and lets them finish. */
async function standTogether(network: Network, gate: Gate): Promise<number> {
  const spec = { ...need(3), payload: 'hold' }
  const tasks = await Promise.all(Array.from({ length: heldGroups }, () => network.announce(spec)))
  for (const task of tasks) {
    for await (const update of task.updates()) if (update.kind === 'formed') break
  }
  const groups = (await network.groups()).length
  gate.held.resolve()
  await Promise.all(tasks.map((task) => task.outcome()))
  return groups
}

function need(size: number): { description: string; requires: { skill: string; level: string }[] } {
  return {
    description: 'a benchmark task',
    requires: skills.slice(0, size).map((skill) => ({ skill, level: 'intermediate' })),
  }
}

interface Load {
  readonly network: Network
  readonly atOnce: number
}

/** Keeps `atOnce` tasks open and counts how many complete in a second. The median of some runs. */
async function saturate(load: Load, size: number): Promise<{ tasksPerSecond: number }> {
  await run(load, size, counted / 3)
  const speeds: number[] = []
  for (let i = 0; i < runs; i++) {
    const started = performance.now()
    await run(load, size, counted)
    speeds.push((counted * 1000) / (performance.now() - started))
  }
  return { tasksPerSecond: Math.round(percentile(speeds, 0.5)) }
}

async function run({ network, atOnce }: Load, size: number, tasks: number): Promise<void> {
  let left = tasks
  const spec = need(size)
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const task = await network.announce(spec)
      const { status, reason } = await task.outcome()
      if (status !== 'completed') throw new Error(`a task ended as ${status}: ${reason?.message}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Latencies of groups of 3 at a steady, moderate rate. */
async function pace(network: Network): Promise<Pick<ModeResult, 'acceptedMs' | 'formedMs'>> {
  const accepted: number[] = []
  const formed: number[] = []
  const spec = need(3)
  const one = async (): Promise<void> => {
    const started = performance.now()
    const task = await network.announce(spec)
    accepted.push(performance.now() - started)
    for await (const update of task.updates()) {
      if (update.kind === 'formed') formed.push(performance.now() - started)
    }
  }
  const all: Promise<void>[] = []
  for (let i = 0; i < pacedTasks; i++) {
    all.push(one())
    await new Promise((resolve) => setTimeout(resolve, 1000 / pacedPerSecond))
  }
  await Promise.all(all)
  return { acceptedMs: latencies(accepted), formedMs: latencies(formed) }
}

function latencies(values: readonly number[]): { p50: number; p99: number } {
  return { p50: round(percentile(values, 0.5)), p99: round(percentile(values, 0.99)) }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** What one commit costs on this disk, with nothing else to do. */
async function commitTime(file: string): Promise<number> {
  const { openSqliteJournal } = await import('../src/host/journal/sqlite.ts')
  const journal = await openSqliteJournal(file, { durability: 'full' })
  const times: number[] = []
  try {
    for (let i = 0; i < 100; i++) {
      const started = performance.now()
      await journal.append([{ kind: 'hub.started', at: i, hub: 'hub' as never, incarnation: i + 1 }])
      times.push(performance.now() - started)
    }
  } finally {
    await journal.close()
  }
  return round(percentile(times, 0.5))
}

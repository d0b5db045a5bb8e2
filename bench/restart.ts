/**
 * Start on a file with a long history: 1,000,000 ended tasks and 1,000 open ones. Measured after a clean end, and after
 * an end without one, when everything since the last snapshot is read again.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Given, Progress } from '../lab/experiment.ts'
import { openSqliteJournal } from '../src/host/journal/sqlite.ts'
import type { Journal } from '../src/host/ports.ts'
import { Network } from '../src/index.ts'
import type { Fact } from '../src/protocol/fact.ts'
import type { AgentId, NodeId, SkillName, TaskId } from '../src/protocol/id.ts'
import type { JsonText } from '../src/protocol/json.ts'
import { defaultLimits } from '../src/protocol/limits.ts'
import type { Benchmark, Measured } from './benchmark.ts'
import { percentile } from './percentile.ts'

const tasksPerAppend = 2_000
const runs = 5
const limits = { maxAnnouncements: 10_000, maxAnnouncementsPerInitiator: 10_000 }

export const restart: Benchmark = {
  about: 'start on a file with many ended and some open tasks',
  needs: { kind: 'nothing' },
  options: {
    ended: { value: 'N', help: 'tasks that have ended', otherwise: 1_000_000 },
    open: { value: 'N', help: 'tasks that have not', otherwise: 1_000 },
  },
  examples: [['restart --json', 'all figures in one line']],
  run: all,
}

/** How many tasks the file has. */
interface History {
  readonly endedTasks: number
  readonly openTasks: number
}

async function all(given: Given, progress: Progress): Promise<Measured> {
  const history = { endedTasks: given.whole('ended'), openTasks: given.whole('open') }
  const { endedTasks, openTasks } = history
  const folder = await mkdtemp(join(tmpdir(), 'convoke-bench-'))
  const file = join(folder, 'network.db')
  try {
    progress(`writing ${endedTasks} ended and ${openTasks} open tasks …`)
    await write(file, history)
    progress('the first start reads everything and writes a snapshot …')
    const firstMs = await start(file, openTasks)
    const cleanMs: number[] = []
    for (let i = 0; i < runs; i++) cleanMs.push(await start(file, openTasks))
    progress(`adding the longest tail, ${defaultLimits.snapshotEvery} facts …`)
    await addTail(file)
    const tailMs = await start(file, openTasks)
    const { size } = await stat(file)
    const readyMs = Math.round(percentile(cleanMs, 0.5))
    const readyAfterCrashMs = Math.round(tailMs)
    return {
      report: {
        endedTasks,
        openTasks,
        fileBytes: size,
        readyMs,
        readyAfterCrashMs,
        firstMs: Math.round(firstMs),
      },
      rows: [
        { figure: 'ready after a clean end', value: readyMs, unit: 'ms' },
        { figure: 'ready after a crash, longest tail', value: readyAfterCrashMs, unit: 'ms' },
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Milliseconds until the network answers, with all open tasks there. */
async function start(file: string, openTasks: number): Promise<number> {
  const started = performance.now()
  await using network = await Network.open(file, { limits })
  const open = (await network.tasks()).filter((task) => task.endedAt === undefined)
  const tookMs = performance.now() - started
  if (open.length !== openTasks) throw new Error(`${open.length} tasks are open, ${openTasks} were expected`)
  return tookMs
}

async function write(file: string, { endedTasks, openTasks }: History): Promise<void> {
  const journal = await openSqliteJournal(file, { durability: 'normal' })
  try {
    await journal.append(Array.from({ length: openTasks }, (_, i) => accepted(`open-${i}`)))
    for (let i = 0; i < endedTasks; i += tasksPerAppend)
      await appendEnded(journal, 'ended', i, Math.min(tasksPerAppend, endedTasks - i))
  } finally {
    await journal.close()
  }
}

async function addTail(file: string): Promise<void> {
  const journal = await openSqliteJournal(file, { durability: 'normal' })
  try {
    const tasks = Math.floor(defaultLimits.snapshotEvery / factsPerTask)
    for (let i = 0; i < tasks; i += tasksPerAppend)
      await appendEnded(journal, 'tail', i, Math.min(tasksPerAppend, tasks - i))
  } finally {
    await journal.close()
  }
}

async function appendEnded(journal: Journal, prefix: string, from: number, count: number): Promise<void> {
  const facts: Fact[] = []
  for (let i = from; i < from + count; i++) facts.push(...life(`${prefix}-${String(i).padStart(8, '0')}`))
  await journal.append(facts)
}

const skill = 'etl' as SkillName
const agent = 'ada' as AgentId

function accepted(id: string): Fact {
  const task = id as TaskId
  return {
    kind: 'task.accepted',
    task,
    at: 1,
    initiator: 'desk' as NodeId,
    announcement: {
      id: task,
      description: 'a benchmark task',
      payload: 'null' as JsonText,
      metadata: 'null' as JsonText,
      requires: [{ skill, level: 'novice', count: 1 }],
      optional: [],
      priority: 'normal',
      maxGroupSize: 64,
      minMembers: 1,
      dependsOn: [],
      verify: { by: 'trust' },
      startBy: 'hub',
      maxAttempts: 5,
      workSilenceMs: 600_000,
      exclude: [],
      depth: 0,
    },
  }
}

const factsPerTask = 4

/** The facts of a task that went well. */
function life(id: string): Fact[] {
  const task = id as TaskId
  const members = [{ agent, incarnation: 1, skills: [skill] }]
  const considered = [
    { agent, skills: [skill], score: -0.1, success: 0.9, load: 0, verdict: 'chosen' as const },
  ]
  return [
    accepted(id),
    { kind: 'group.formed', task, at: 2, epoch: 1, members, considered, uncovered: [], strategy: 'bench' },
    { kind: 'member.finished', task, at: 3, epoch: 1, agent, result: '"done"' as JsonText, tookMs: 1 },
    { kind: 'task.ended', task, at: 3, epoch: 1, status: 'completed' },
  ]
}

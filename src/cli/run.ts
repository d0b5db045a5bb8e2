/**
 * `convoke run PROJECT.yaml`: a network, its agents and its tasks from one file, until every task has ended.
 * Must never happen here: exit code 0 while something is not completed.
 */
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { showDuration } from '../host/span.ts'
import {
  type AgentDefinition,
  Network,
  type Outcome,
  RefusedError,
  type TaskHandle,
  type TaskView,
  waitingText,
} from '../index.ts'
import type { TaskId } from '../protocol/id.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Command, CommandCall } from './command.ts'
import { type Live, openLive } from './live.ts'
import { type ExitCode, exit } from './problem.ts'
import { inOrder } from './project/meaning.ts'
import { type Project, readProject } from './project/read.ts'
import type { TaskShape } from './project/shape.ts'
import { taskSpec } from './project/specs.ts'
import { agentsOf } from './project/workforce.ts'
import { showMembers, showStatus, showValue } from './show.ts'
import { clip, printable, type Terminal, table } from './terminal.ts'

export const run: Command = {
  name: 'run',
  summary: 'let the agents of a project do its tasks, and wait for the end',
  operands: ['PROJECT.yaml'],
  options: {
    network: { value: 'FILE', help: 'keep the journal in this file, whatever the project says' },
    quiet: { help: 'do not show what happens meanwhile' },
  },
  examples: [
    ['convoke run project.yaml', 'run it and show what happens; exit code 0 if all tasks completed, else 3'],
    ['convoke run project.yaml --network run.db', 'keep the journal; after Ctrl-C the same line continues'],
    ['convoke run project.yaml --json', 'one JSON object with every task, its members and its results'],
  ],
  notes: ['The project file is explained in docs/project-file.md.'],
  run: runProject,
}

/** Longer than programs have from SIGTERM to SIGKILL. */
const settleMs = 3_000

/** Absent for a task that was never accepted. */
type Times = Partial<Pick<TaskView, 'announcedAt' | 'endedAt'>>

/** What became of one task. */
interface Ended {
  readonly task: Pick<TaskView, 'description' | 'epoch' | 'members'> & {
    readonly id: string
  } & Partial<TaskView>
  readonly outcome: Outcome
}

async function runProject(call: CommandCall): Promise<ExitCode> {
  const { operands, options, terminal, json } = call
  const project = await readProject(operands[0] ?? '')
  const { agents, settled } = counted(await agentsOf(project, call.env))
  const file = whereTo(project, options.network)
  const from = performance.now()
  const quiet = options.quiet !== undefined || (json && !terminal.watched)
  const ids = project.shape.tasks.map(({ id }) => id)
  const live = quiet ? undefined : openLive(terminal, ids, () => performance.now())
  let ended: readonly Ended[] | undefined
  try {
    ended = await inNetwork(project, file, agents, live, call.interrupted)
    // Programs that were called off are given the time to end. Who does not, is not waited for.
    await Promise.race([settled(), pause(settleMs)])
  } finally {
    live?.close()
  }
  if (ended === undefined) {
    terminal.err(interruptedText(file))
    return exit.interrupted
  }
  const elapsedMs = Math.round(performance.now() - from)
  const completed = ended.every(({ outcome }) => outcome.status === 'completed')
  if (json) terminal.out(JSON.stringify({ completed, tasks: ended.map(asJson), elapsedMs }))
  else printOutcome(terminal, project, ended, elapsedMs)
  return completed ? exit.done : exit.refused
}

/** The same agents, and a way to wait until none of them works. */
function counted(agents: readonly AgentDefinition[]): {
  readonly agents: readonly AgentDefinition[]
  settled(): Promise<unknown>
} {
  const running = new Set<Promise<unknown>>()
  const wrapped = agents.map(
    (agent): AgentDefinition => ({
      ...agent,
      perform(assignment, work) {
        const run = Promise.resolve(agent.perform(assignment, work))
        running.add(run)
        void run.catch(() => {}).finally(() => running.delete(run))
        return run
      },
    }),
  )
  return { agents: wrapped, settled: () => Promise.allSettled(running) }
}

async function inNetwork(
  project: Project,
  file: string,
  agents: readonly AgentDefinition[],
  live: Live | undefined,
  interrupted: AbortSignal,
): Promise<readonly Ended[] | undefined> {
  await using network = await open(project, file)
  for (const agent of agents) await network.join(agent)
  // Awaited here, or the network would close at once.
  return await untilEnded(network, project, live, interrupted)
}

function whereTo(project: Project, option: string | true | undefined): string {
  const { network } = project.shape
  if (typeof option === 'string') return option
  if (network === undefined) return ':memory:'
  // Only the path of a file is relative to the project.
  return network === ':memory:' || network.includes('://') ? network : resolve(project.folder, network)
}

function open({ shape }: Project, file: string): Promise<Network> {
  const { name, durability, levels, limits } = shape
  return Network.open(file, {
    ...(name === undefined ? {} : { name }),
    ...(durability === undefined ? {} : { durability }),
    ...(levels === undefined ? {} : { levels }),
    ...(limits === undefined ? {} : { limits: limits as Partial<Limits> }),
  })
}

/** Announces every task and waits; `undefined` if that was interrupted. */
async function untilEnded(
  network: Network,
  project: Project,
  live: Live | undefined,
  interrupted: AbortSignal,
): Promise<readonly Ended[] | undefined> {
  const open = new Set<TaskHandle>()
  const timer = setInterval(() => void tellWaiting(open, live), 1_000)
  const ended = new Map<string, Promise<Ended>>()
  for (const task of inOrder(project.shape.tasks)) {
    // All are announced at once, in order: none is accepted after one that depends on it.
    ended.set(task.id, announced(network, task, open, live))
  }
  const all = Promise.all(project.shape.tasks.flatMap(({ id }) => ended.get(id) ?? []))
  try {
    return await Promise.race([all, aborted(interrupted)])
  } finally {
    clearInterval(timer)
  }
}

async function announced(
  network: Network,
  task: TaskShape,
  open: Set<TaskHandle>,
  live: Live | undefined,
): Promise<Ended> {
  const { id, description } = task
  let handle: TaskHandle
  try {
    handle = await network.announce(taskSpec(task))
  } catch (cause) {
    // What it depends on had failed already: so has it, without having been accepted.
    if (!(cause instanceof RefusedError) || cause.code !== 'E_DEPENDENCY_FAILED') throw cause
    const outcome: Outcome = { status: 'failed', results: {}, reason: cause.refusal }
    live?.update(id, { kind: 'ended', outcome })
    return { task: { id: id as TaskId, description, epoch: 0, members: {} }, outcome }
  }
  open.add(handle)
  if (live !== undefined) void follow(handle, live)
  const outcome = await handle.outcome()
  open.delete(handle)
  return { task: (await handle.explain()).task, outcome }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

async function follow(handle: TaskHandle, live: Live): Promise<void> {
  for await (const update of handle.updates()) live.update(handle.id, update)
}

/** Says why the first task that is not worked on is not further. */
async function tellWaiting(open: ReadonlySet<TaskHandle>, live: Live | undefined): Promise<void> {
  for (const handle of open) {
    const explanation = await handle.explain().catch(() => undefined)
    const waiting = explanation?.waiting
    if (waiting === undefined || waiting.kind === 'work' || waiting.kind === 'dependencies') continue
    return live?.waiting(`${handle.id}: ${waitingText(waiting)}`)
  }
  live?.waiting('')
}

function interruptedText(file: string): string {
  return file === ':memory:'
    ? 'interrupted; the network was in memory, so nothing is kept'
    : `interrupted; what was done is kept in ${printable(file)}, and the same command continues`
}

function asJson({ task, outcome }: Ended): object {
  const { id, description, epoch, members } = task
  const { status, results, reason } = outcome
  return { id, description, status, epoch, members, results, reason, tookMs: tookMs(task) }
}

/** From its acceptance to its end. */
function tookMs({ announcedAt, endedAt }: Times): number | undefined {
  return announcedAt === undefined || endedAt === undefined ? undefined : endedAt - announcedAt
}

/** Lines of one result that are printed. */
const resultLinesMax = 20

function showSpan(span: number | undefined): string {
  return span === undefined ? '' : showDuration(span)
}

function printOutcome(
  terminal: Terminal,
  project: Project,
  ended: readonly Ended[],
  elapsedMs: number,
): void {
  const rows = ended.map(({ task, outcome }) => [
    task.id,
    showStatus(terminal, outcome.status),
    String(task.epoch),
    showSpan(tookMs(task)),
    clip(showMembers(task.members), 60),
    outcome.reason === undefined
      ? ''
      : `${outcome.reason.code} ${clip(printable(outcome.reason.message), 200)}`,
  ])
  for (const row of table([['TASK', 'STATUS', 'EPOCH', 'TOOK', 'MEMBERS', ''], ...rows])) terminal.out(row)
  const needed = new Set(project.shape.tasks.flatMap(({ dependsOn }) => dependsOn ?? []))
  for (const { task, outcome } of ended) {
    // What others have used is on its way into their results.
    if (needed.has(task.id)) continue
    for (const [skill, results] of Object.entries(outcome.results)) {
      for (const { agent, result } of results) {
        if (result === null) continue
        terminal.out('')
        terminal.out(terminal.style('bold', `${task.id}, ${skill} by ${agent}:`))
        for (const line of showValue(result, { lines: resultLinesMax, columns: 200 }))
          terminal.out(`  ${line}`)
      }
    }
  }
  const completed = ended.filter(({ outcome }) => outcome.status === 'completed').length
  terminal.out('')
  terminal.out(`${completed} of ${ended.length} tasks completed in ${showDuration(elapsedMs)}.`)
}

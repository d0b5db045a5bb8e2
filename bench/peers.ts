/**
 * The same work by convoke and by what a user would pick instead, side by side in one run: single jobs, and flows of a
 * plan, three parallel workers and a merge. Each library runs in a process of its own, all of them from the first pass
 * to the last, and the passes go round: what disturbs the machine disturbs everybody.
 * Must never happen here: a server or a process that is left behind, or a result that nobody compared.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Given, Progress } from '../lab/experiment.ts'
import { atLeast, type Benchmark, type Measured, type Row, Wanting } from './benchmark.ts'
import { installPeers, installServers } from './peers/install.ts'
import type { Answer, Kind, Order } from './peers/peer.ts'
import { type Subject, type SubjectName, subjects } from './peers/subjects.ts'
import { percentile } from './percentile.ts'

export const peers: Benchmark = {
  about: 'the same work by LangGraph.js, DBOS, Restate, BullMQ, Moleculer and convoke',
  needs: { kind: 'servers' },
  options: {
    'in-flight': { value: 'N', help: 'jobs or flows unfinished at the same moment', otherwise: 256 },
    passes: { value: 'N', help: 'passes; their median counts', otherwise: 5 },
    seconds: { value: 'N', help: 'about how long one pass of one library takes', otherwise: 2 },
    only: { value: 'NAMES', help: 'some of them, as the report calls them, with commas', otherwise: '' },
    install: { help: "install Debian's packages that are missing (as root)" },
  },
  examples: [
    ['peers --json', 'all of them; some minutes'],
    ['peers --only convokeDurable,bullmq --seconds 5', 'two of them, longer'],
  ],
  run,
}

/** What each peer is compared with, and the goals of the project: how many times as fast we want to be. */
const comparisons: Readonly<Partial<Record<SubjectName, Comparison>>> = {
  langgraph: { ours: 'convokeMemory', goals: {} },
  langgraphCheckpointer: { ours: 'convokeMemory', goals: { jobs: 20, flows: 20 } },
  dbos: { ours: 'convokeDurable', goals: { jobs: 20, flows: 20 } },
  restate: { ours: 'convokeDurable', goals: { jobs: 50, flows: 50 } },
  bullmq: { ours: 'convokeDurable', goals: { jobs: 1 } },
  bullmqDurable: { ours: 'convokeDurable', goals: {} },
  moleculer: { ours: 'convokeMemory', goals: {} },
}

interface Comparison {
  readonly ours: SubjectName
  readonly goals: Readonly<Partial<Record<Kind, number>>>
}

const kinds: readonly Kind[] = ['jobs', 'flows']
const signals = ['SIGINT', 'SIGTERM'] as const
const warmUpSeconds = 1
const patienceMs = 300_000
/** Of one pass, so that the results of the quickest fit into memory. */
const countMax = 500_000

/** What one of them did in each pass, per second. */
type Speeds = Readonly<Record<Kind, number[]>>

async function run(given: Given, progress: Progress): Promise<Measured> {
  const names = chosen(given.text('only'))
  installPeers(progress)
  const debian = names.flatMap((name) => subjects[name].debian ?? [])
  installServers([...new Set(debian)], given.flag('install'), progress)
  const folder = await mkdtemp(join(tmpdir(), 'convoke-peers-'))
  // The user that PostgreSQL runs as must be able to pass through.
  chmodSync(folder, 0o711)
  const clear = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  const leave = (): never => {
    // By now every process has its listener, which kills it; the folder goes last.
    process.once('exit', clear)
    process.exit(130)
  }
  for (const signal of signals) process.once(signal, leave)
  await using ends = new AsyncDisposableStack()
  ends.defer(() => {
    for (const signal of signals) process.off(signal, leave)
    clear()
  })
  // Each of the processes has a listener for the end of this one.
  process.setMaxListeners(process.getMaxListeners() + 2 * names.length)
  const running: Running[] = []
  for (const name of names) {
    progress(`starting ${subjects[name].name} …`)
    const place = join(folder, name)
    mkdirSync(place)
    const server = await subjects[name].serve(place)
    ends.defer(() => server.stop())
    const worker = await startWorker(subjects[name], server.address, given.whole('in-flight'))
    ends.defer(() => worker.stop())
    running.push({ name, worker, speeds: { jobs: [], flows: [] } })
  }
  for (const kind of kinds) await measure(running, kind, given, progress)
  return measured(running, given)
}

function chosen(only: string): SubjectName[] {
  const all = Object.keys(subjects) as SubjectName[]
  const wanted = only.split(',').filter((name) => name !== '')
  const unknown = wanted.find((name) => !Object.hasOwn(subjects, name))
  if (unknown !== undefined)
    throw new Wanting(`--only: there is no "${unknown}"; there are ${all.join(', ')}`)
  return wanted.length === 0 ? all : all.filter((name) => wanted.includes(name))
}

interface Running {
  readonly name: SubjectName
  readonly worker: Worker
  readonly speeds: Speeds
}

/** A warm-up for each, which also tells how much it does in a second; then the passes, every other one backwards. */
async function measure(
  running: readonly Running[],
  kind: Kind,
  given: Given,
  progress: Progress,
): Promise<void> {
  const countMin = 2 * given.whole('in-flight')
  const counts = new Map<Running, number>()
  for (const one of running) {
    progress(`${kind}: warming up ${subjects[one.name].name} …`)
    let count = countMin
    for (const seconds of [warmUpSeconds, given.whole('seconds')]) {
      const perSecond = await one.worker.run({ kind, count })
      count = Math.round(Math.min(countMax, Math.max(countMin, perSecond * seconds)))
    }
    counts.set(one, count)
  }
  for (let pass = 0; pass < given.whole('passes'); pass++) {
    progress(`${kind}: pass ${pass + 1} of ${given.whole('passes')} …`)
    for (const one of pass % 2 === 0 ? running : running.toReversed()) {
      one.speeds[kind].push(await one.worker.run({ kind, count: counts.get(one) ?? countMin }))
    }
  }
}

interface Worker {
  /** Does so much, and tells how much that was in a second. */
  run(order: Order): Promise<number>
  stop(): Promise<void>
}

/** Starts the process of one library, and waits until it is ready. */
async function startWorker(subject: Subject, address: string, inFlight: number): Promise<Worker> {
  const file = fileURLToPath(new URL('./peers/process.ts', import.meta.url))
  const child = fork(file, [subject.peer, address, `${inFlight}`], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  const stop = async (): Promise<void> => {
    process.off('exit', atExit)
    await end(child)
  }
  const ask = (order?: Order): Promise<number> => {
    return new Promise<number>((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`${subject.name}: ${reason}`))
      const patience = setTimeout(() => fail(`no answer in ${patienceMs / 1000} s\n${said}`), patienceMs)
      const onExit = (): void => fail(`its process ended\n${said}`)
      child.once('exit', onExit)
      child.once('message', (answer: Answer) => {
        clearTimeout(patience)
        child.off('exit', onExit)
        if (answer.kind === 'failed') fail(answer.reason)
        else resolve(answer.kind === 'done' ? answer.tookMs : 0)
      })
      if (order !== undefined) child.send(order)
    })
  }
  try {
    await ask()
  } catch (cause) {
    await stop()
    throw cause
  }
  return { run: async (order) => (order.count * 1000) / (await ask(order)), stop }
}

/** Asks a process to end, by closing the line to it; kills it when it does not. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(patience)
}

/** From the figures of the passes to the report and its rows. */
function measured(running: readonly Running[], given: Given): Measured {
  const rows: Row[] = []
  const report: Record<string, object> = {}
  const ratios: Record<string, object> = {}
  for (const { name, speeds } of running) {
    const subject: Subject = subjects[name]
    const [jobsPerSecond, flowsPerSecond] = [median(speeds.jobs), median(speeds.flows)]
    const { keeps, differs } = subject
    const version = versionOf(subject)
    const passes = { jobs: speeds.jobs.map(Math.round), flows: speeds.flows.map(Math.round) }
    report[name] = { name: subject.name, version, jobsPerSecond, flowsPerSecond, passes, keeps, differs }
    const note = `keeps ${keeps}; ${differs}`
    rows.push({ figure: `jobs, ${subject.name}`, value: jobsPerSecond, unit: '/s', note })
    rows.push({ figure: `flows, ${subject.name}`, value: flowsPerSecond, unit: '/s' })
  }
  for (const { name, speeds } of running) {
    const comparison = comparisons[name]
    const ours = running.find((one) => one.name === comparison?.ours)
    if (comparison === undefined || ours === undefined) continue
    const found: Partial<Record<Kind, number>> = {}
    for (const kind of kinds) {
      const ratio = ratioOf(ours.speeds[kind], speeds[kind])
      found[kind] = ratio
      const figure = `${kind}, ${subjects[ours.name].name} : ${subjects[name].name}`
      const goal = comparison.goals[kind]
      rows.push({ figure, value: ratio, unit: '×', ...(goal === undefined ? {} : { target: atLeast(goal) }) })
    }
    ratios[name] = { ours: ours.name, ...found }
  }
  return { report: { inFlight: given.whole('in-flight'), peers: report, ratios }, rows }
}

function median(values: readonly number[]): number {
  return Math.round(percentile(values, 0.5))
}

/** The median of the ratios of each pass. */
function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  const ratios = ours.map((value, pass) => value / (theirs[pass] ?? Number.NaN))
  return Math.round(percentile(ratios, 0.5) * 100) / 100
}

function versionOf(subject: Subject): string {
  const file =
    subject.package === undefined ? '../package.json' : `./peers/node_modules/${subject.package}/package.json`
  const manifest: { version: string } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
  return manifest.version
}

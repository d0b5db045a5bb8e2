/**
 * The same work by convoke and by what a user would pick instead, side by side in one run: single jobs, and flows of a
 * plan, three parallel workers and a merge. Each library runs in a process of its own, all of them from the first pass
 * to the last, and the passes go round: what disturbs the machine disturbs everybody.
 * Must never happen here: a server or a process that is left behind, or a result that nobody compared.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Given, Progress } from '../lab/experiment.ts'
import { atLeast, type Benchmark, type Measured, type Row, Wanting } from './benchmark.ts'
import { installPeers, installServers } from './peers/install.ts'
import type { Kind, Order } from './peers/peer.ts'
import { type Subject, type SubjectName, subjects } from './peers/subjects.ts'
import { type Pass, startWorker, type Worker } from './peers/worker.ts'
import { percentile } from './percentile.ts'
import { numberText } from './table.ts'

export const peers: Benchmark = {
  about: 'the same work by LangGraph.js, DBOS, Restate, BullMQ, Moleculer and convoke',
  needs: { kind: 'servers' },
  options: {
    'in-flight': {
      value: 'N',
      help: 'jobs or flows unfinished at the same moment; 0: what suits each best',
      otherwise: 0,
    },
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
const warmUpSeconds = 0.7
const countMin = 500
/** In flight, where nobody says how many. */
const numbersTried = [32, 64, 256, 1024]
/** Of one pass, so that the results of the quickest fit into memory. */
const countMax = 500_000

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
    const worker = await startWorker(subjects[name], server)
    ends.defer(() => worker.stop())
    running.push({ name, worker, passes: { jobs: [], flows: [] }, inFlight: { jobs: 0, flows: 0 } })
  }
  for (const kind of kinds) await measure(running, kind, given, progress)
  return measured(running)
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
  readonly passes: Readonly<Record<Kind, Pass[]>>
  /** How many were unfinished at the same moment. */
  readonly inFlight: Record<Kind, number>
}

/** A warm-up for each; then the passes, every other one backwards. */
async function measure(all: readonly Running[], kind: Kind, given: Given, progress: Progress): Promise<void> {
  const orders = new Map<Running, Order>()
  for (const one of all) {
    progress(`${kind}: warming up ${subjects[one.name].name} …`)
    const order = await warmUp(one.worker, kind, given)
    orders.set(one, order)
    one.inFlight[kind] = order.inFlight
  }
  for (let pass = 0; pass < given.whole('passes'); pass++) {
    progress(`${kind}: pass ${pass + 1} of ${given.whole('passes')} …`)
    for (const [one, order] of pass % 2 === 0 ? orders : [...orders].reverse()) {
      one.passes[kind].push(await one.worker.run(order))
    }
  }
}

/**
 * Runs it for a while with each number in flight, twice, as long as that is less than it does in a second; more would
 * only wait. Tells what a pass shall be, with the number that was the quickest.
 */
async function warmUp(worker: Worker, kind: Kind, given: Given): Promise<Order> {
  const asked = given.whole('in-flight')
  const numbers = asked === 0 ? [...numbersTried, ...numbersTried] : [asked, asked]
  let { perSecond } = await worker.run({ kind, count: countMin, inFlight: numbers[0] ?? asked })
  let best = { inFlight: numbers[0] ?? asked, perSecond: 0 }
  for (const inFlight of numbers) {
    if (asked === 0 && inFlight > Math.max(perSecond, best.perSecond)) continue
    const count = countOf(perSecond * warmUpSeconds, inFlight)
    perSecond = (await worker.run({ kind, count, inFlight })).perSecond
    if (perSecond > best.perSecond) best = { inFlight, perSecond }
  }
  const count = countOf(best.perSecond * given.whole('seconds'), best.inFlight)
  return { kind, count, inFlight: best.inFlight }
}

/** Enough to have that many in flight for most of the time, and not more than fits into memory. */
function countOf(wanted: number, inFlight: number): number {
  return Math.round(Math.min(countMax, Math.max(countMin, 4 * inFlight, wanted)))
}

/** From the figures of the passes to the report and its rows. */
function measured(running: readonly Running[]): Measured {
  const rows = running.flatMap(rowsOf)
  const ratios: Record<string, object> = {}
  for (const { name, passes } of running) {
    const comparison = comparisons[name]
    const ours = running.find((one) => one.name === comparison?.ours)
    if (comparison === undefined || ours === undefined) continue
    const found: Record<string, number> = {}
    for (const kind of kinds) {
      const times = ratioOf(ours.passes[kind], passes[kind], ({ perSecond }) => perSecond)
      const cpu = ratioOf(passes[kind], ours.passes[kind], ({ cpuMicros }) => cpuMicros)
      Object.assign(found, { [kind]: times, [`${kind}Cpu`]: cpu })
      const figure = `${kind}, ${subjects[ours.name].name} : ${subjects[name].name}`
      const note = `${numberText(cpu)} × by processor time`
      const goal = comparison.goals[kind]
      rows.push({
        figure,
        value: times,
        unit: '×',
        note,
        ...(goal === undefined ? {} : { target: atLeast(goal) }),
      })
    }
    ratios[name] = { ours: ours.name, ...found }
  }
  return {
    report: { peers: Object.fromEntries(running.map((one) => [one.name, reportOf(one)])), ratios },
    rows,
  }
}

function rowsOf({ name, passes, inFlight }: Running): Row[] {
  const { keeps, differs } = subjects[name]
  return kinds.map((kind) => {
    const cpu = numberText(
      percentile(
        passes[kind].map(({ cpuMicros }) => cpuMicros),
        0.5,
      ),
    )
    const words = kind === 'jobs' ? `; keeps ${keeps}; ${differs}` : ''
    return {
      figure: `${kind}, ${subjects[name].name}`,
      value: Math.round(
        percentile(
          passes[kind].map(({ perSecond }) => perSecond),
          0.5,
        ),
      ),
      unit: '/s',
      note: `${cpu} µs of processor time, ${inFlight[kind]} in flight${words}`,
    }
  })
}

function reportOf({ name, passes, inFlight }: Running): object {
  const { keeps, differs } = subjects[name]
  const figures = Object.fromEntries(
    kinds.map((kind) => {
      const perSecond = passes[kind].map((pass) => Math.round(pass.perSecond))
      const cpuMicros = percentile(
        passes[kind].map((pass) => pass.cpuMicros),
        0.5,
      )
      const figure = {
        perSecond: percentile(perSecond, 0.5),
        cpuMicros: round(cpuMicros),
        inFlight: inFlight[kind],
        passes: perSecond,
      }
      return [kind, figure]
    }),
  )
  return { name: subjects[name].name, version: versionOf(subjects[name]), ...figures, keeps, differs }
}

/** The median of the ratios of each pass. */
function ratioOf(above: readonly Pass[], below: readonly Pass[], figure: (pass: Pass) => number): number {
  const ratios = above.flatMap((pass, index) => {
    const other = below[index]
    return other === undefined ? [] : [figure(pass) / figure(other)]
  })
  return round(percentile(ratios, 0.5))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function versionOf(subject: Subject): string {
  const file =
    subject.package === undefined ? '../package.json' : `./peers/node_modules/${subject.package}/package.json`
  const manifest: { version: string } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
  return manifest.version
}

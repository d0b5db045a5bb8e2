/**
 * Who waits how long: the others under the flood of one initiator (the shipped hub and agents in virtual time), the
 * bound on every wait in random traces, and groups of several tasks at once against the optimum of a MILP solver.
 */
import type { Progress } from '../lab/experiment.ts'
import { batchOracle, randomBatch } from '../lab/oracle/batch.ts'
import { type Flood, type Flooded, playFlood } from '../lab/queue/flood.ts'
import { playTrace, traceOf } from '../lab/queue/trace.ts'
import { formTogether } from '../src/strategy/batch.ts'
import { seeded } from '../src/strategy/random.ts'
import { atLeast, atMost, type Benchmark, type Measured } from './benchmark.ts'
import { percentile } from './percentile.ts'

const traces = 100_000
const instances = 200
/** How often groups of an instance are taken apart. */
const repairs = 150

/** Of one run the p99 is that of its eight longest waits, so that several are played. */
const floodSeeds = [1, 2, 3, 4, 5]
const flood = { others: 8, factor: 25, load: 0.55 }
const floods: Readonly<Record<string, Omit<Flood, 'seed'>>> = {
  oneAgent: { ...flood, agents: 1, places: 1, services: 1_500 },
  tenAgents: { ...flood, agents: 10, places: 1, services: 200 },
  groupsOfThree: { ...flood, agents: 9, places: 3, services: 200 },
}

export const fairness: Benchmark = {
  about: 'waits under a flood, the bound on every wait, and several groups at once against the optimum',
  needs: { kind: 'nothing' },
  options: {},
  examples: [['fairness --json', 'all figures in one line']],
  run: (_given, progress) => all(progress),
}

async function all(progress: Progress): Promise<Measured> {
  const flooded: Record<string, FloodReport> = {}
  for (const [name, scene] of Object.entries(floods)) {
    progress(`a flood, ${floodSeeds.length} times: ${name} …`)
    flooded[name] = await report(scene)
  }
  progress('everybody has more than there is room for …')
  const { begun } = await playFlood({ ...flood, seed: 1, agents: 2, places: 1, services: 100, load: 2 })
  const jain = round(begun.reduce((a, b) => a + b) ** 2 / begun.length / begun.reduce((a, b) => a + b * b, 0))
  progress(`${traces} random traces …`)
  const ageing = bounds()
  progress(`${instances} instances of several groups at once, here and by HiGHS …`)
  const batch = await together()
  const worst = Math.max(...Object.values(flooded).map(({ p99Worst }) => p99Worst))
  return {
    report: {
      floodP99ServiceTimes: worst,
      jain,
      ...ageing,
      batch,
      flood: { ...flood, seeds: floodSeeds, ...flooded },
    },
    rows: [
      {
        figure: `wait of the others under a flood, p99, worst of ${floodSeeds.length} runs`,
        value: worst,
        unit: 'services',
        target: atMost(10),
      },
      { figure: 'evenness between initiators (Jain)', value: jain, unit: '', target: atLeast(0.95) },
      {
        figure: `waits above the bound, ${traces} traces`,
        value: ageing.ageingBoundViolations,
        unit: '',
        target: atMost(0),
      },
      {
        figure: 'groups at once, below the optimum, mean',
        value: batch.meanGapPct,
        unit: '%',
        target: atMost(1),
      },
      {
        figure: 'groups at once, below the optimum, p95',
        value: batch.p95GapPct,
        unit: '%',
        target: atMost(5),
      },
      {
        figure: 'groups at once, planning, p95',
        value: batch.planningMs.p95,
        unit: 'ms',
        target: atMost(50),
      },
    ],
  }
}

interface FloodReport {
  /** Means of all runs, and the highest p99 of one. */
  readonly p50: number
  readonly p99: number
  readonly p99Worst: number
  readonly max: number
  /** The p99 if whoever comes first were served first. */
  readonly p99InOrder: number
  /** The p99 of the others without the flood: no turn-taking makes them wait less. */
  readonly p99Alone: number
  readonly floodShare: number
  readonly tasksOfOthers: number
}

async function report(scene: Omit<Flood, 'seed'>): Promise<FloodReport> {
  const runs: Flooded[] = []
  for (const seed of floodSeeds) runs.push(await playFlood({ ...scene, seed }))
  const mean = (of: (run: Flooded) => number): number =>
    round(runs.reduce((sum, run) => sum + of(run), 0) / runs.length)
  return {
    p50: mean(({ othersWait }) => percentile(othersWait, 0.5)),
    p99: mean(({ othersWait }) => percentile(othersWait, 0.99)),
    p99Worst: round(Math.max(...runs.map(({ othersWait }) => percentile(othersWait, 0.99)))),
    max: round(Math.max(...runs.map(({ othersWait }) => percentile(othersWait, 1)))),
    p99InOrder: mean(({ othersWaitInOrder }) => percentile(othersWaitInOrder, 0.99)),
    p99Alone: mean(({ othersWaitAlone }) => percentile(othersWaitAlone, 0.99)),
    floodShare: mean(({ floodShare }) => floodShare),
    tasksOfOthers: runs.reduce((sum, { othersWait }) => sum + othersWait.length, 0),
  }
}

function bounds(): { ageingBoundViolations: number; traces: number; waits: number; nearestToBound: number } {
  const random = seeded(1)
  let ageingBoundViolations = 0
  let waits = 0
  let nearest = 0
  for (let i = 0; i < traces; i++) {
    for (const { waitedMs, boundMs } of playTrace(traceOf(random))) {
      if (waitedMs > 0) waits += 1
      if (waitedMs > boundMs) ageingBoundViolations += 1
      nearest = Math.max(nearest, waitedMs / boundMs)
    }
  }
  return { ageingBoundViolations, traces, waits, nearestToBound: round(nearest) }
}

interface BatchReport {
  readonly instances: number
  readonly repairs: number
  readonly meanGapPct: number
  readonly p95GapPct: number
  /** The same without repair, and one group after the other as the tasks come. */
  readonly withoutRepair: { readonly meanGapPct: number; readonly p95GapPct: number }
  readonly oneByOne: { readonly meanGapPct: number; readonly p95GapPct: number }
  /** Processor time, which a busy machine does not bend; beside it what a clock saw. */
  readonly planningMs: { readonly p50: number; readonly p95: number; readonly max: number }
  readonly planningClockMs: { readonly p50: number; readonly p95: number; readonly max: number }
  readonly solverMs: { readonly p50: number }
}

async function together(): Promise<BatchReport> {
  const oracle = await batchOracle()
  const random = seeded(1)
  const gaps = { repaired: [] as number[], placed: [] as number[], oneByOne: [] as number[] }
  const planningMs: number[] = []
  const planningClockMs: number[] = []
  const solverMs: number[] = []
  for (let i = 0; i < instances; i++) {
    const { tasks, slots } = randomBatch(random)
    const started = performance.now()
    const before = process.cpuUsage()
    const { value } = formTogether(tasks, slots, repairs, seeded(i))
    const { user, system } = process.cpuUsage(before)
    const planned = performance.now()
    const best = oracle(tasks, slots)
    planningMs.push((user + system) / 1000)
    planningClockMs.push(planned - started)
    solverMs.push(performance.now() - planned)
    const gap = (other: number): number => (100 * (best - other)) / Math.max(1, Math.abs(best))
    gaps.repaired.push(gap(value))
    gaps.placed.push(gap(formTogether(tasks, slots, 0, seeded(i)).value))
    gaps.oneByOne.push(gap(inTurn(tasks, slots)))
  }
  return {
    instances,
    repairs,
    ...gapsOf(gaps.repaired),
    withoutRepair: gapsOf(gaps.placed),
    oneByOne: gapsOf(gaps.oneByOne),
    planningMs: spansOf(planningMs),
    planningClockMs: spansOf(planningClockMs),
    solverMs: { p50: round(percentile(solverMs, 0.5)) },
  }
}

type Instance = ReturnType<typeof randomBatch>

/** Each task takes the best group of those who are left, in the order in which the tasks come. */
function inTurn(tasks: Instance['tasks'], slots: Instance['slots']): number {
  const free = [...slots]
  let value = 0
  for (const task of tasks) {
    const candidates = task.candidates.map((candidate, a) => ((free[a] ?? 0) > 0 ? candidate : undefined))
    const alone = formTogether([{ ...task, candidates }], free, 0, seeded(1))
    value += alone.value
    for (const { candidate } of alone.teams[0]?.members ?? []) free[candidate] = (free[candidate] ?? 0) - 1
  }
  return value
}

function spansOf(spans: readonly number[]): { p50: number; p95: number; max: number } {
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => round(percentile(spans, share)))
  return { p50: p50 ?? 0, p95: p95 ?? 0, max: max ?? 0 }
}

function gapsOf(gaps: readonly number[]): { meanGapPct: number; p95GapPct: number } {
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  return { meanGapPct: round(mean), p95GapPct: round(percentile(gaps, 0.95)) }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

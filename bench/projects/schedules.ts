/**
 * What the network makes of public projects: excess of the makespan over published or proven figures, without and with
 * look-ahead, and with activities announced when they are ready.
 * Must never happen here: a makespan of a schedule that the checker does not accept.
 */
import type { Given, Progress } from '../../lab/experiment.ts'
import {
  atMost,
  type Benchmark,
  dataOption,
  type Measured,
  type Row,
  type Target,
  Wanting,
} from '../benchmark.ts'
import { makespan, violations } from './checker.ts'
import { readImopse } from './imopse.ts'
import { readMslib } from './mslib.ts'
import { readMspsp } from './mspsp.ts'
import type { Project } from './project.ts'
import { readRcmpsp } from './rcmpsp.ts'
import { initiatorsOf, type Mode, type Played, play, unitMs } from './run.ts'
import { stretches } from './stretch.ts'
import { readWfinstances } from './wfinstances.ts'

const modes: readonly Mode[] = ['live', 'planned', 'ready']

/** Goals for the mean excess of one set in one mode. */
type Goals = Readonly<Record<string, Target>>

function benchmark(
  about: string,
  folder: string,
  read: (folder: string) => Project[],
  goals: Goals,
  every = 1,
): Benchmark {
  const name = folder.split('_')[0] ?? folder
  return {
    about,
    needs: { kind: 'data', folder },
    options: {
      ...dataOption,
      every: { value: 'N', help: 'plays every N-th project only', otherwise: every },
    },
    examples: [
      [`${name} --data FOLDER --every 1 --json`, 'all projects of the folder, in three modes each'],
      [`${name} --data FOLDER --every 10`, 'every tenth project'],
    ],
    run: async (given, progress) => measure(chosen(given, read), goals, progress),
  }
}

export const mspsp: Benchmark = benchmark(
  'projects with teams (MSPSP-InstLib): makespan over the published one',
  'mspsp_instlib',
  readMspsp,
  { 'set1a live': atMost(6), 'set1a planned': atMost(1.5), 'set2a planned': atMost(3.5) },
)

export const imopse: Benchmark = benchmark(
  'projects with skill levels (iMOPSE): makespan over the lower bound',
  'imopse_msrcpsp',
  readImopse,
  { 'all planned': atMost(3) },
)

export const mslib: Benchmark = benchmark(
  'projects with teams and levels (MSLIB1): makespan over the best known',
  'mslib1_levels',
  readMslib,
  { 'all planned': atMost(6) },
)

export const wfinstances: Benchmark = benchmark(
  'scientific workflows on eight agents (WfInstances): makespan over the lower bound',
  'wfinstances',
  readWfinstances,
  {},
)

export const rcmpsp: Benchmark = benchmark(
  '24 projects of as many initiators that share their workers (MPLIB1): makespan over the best known',
  'rcmpsp_mplib1',
  readRcmpsp,
  {},
  // An instance has 1,440 activities with groups of up to 40, and takes up to a minute in each mode.
  4,
)

function chosen(given: Given, read: (folder: string) => Project[]): Project[] {
  const folder = given.text('data')
  if (folder === '') throw new Wanting('say where the public data is: --data FOLDER')
  const every = Math.max(1, given.whole('every'))
  return read(folder).filter((_, i) => i % every === 0)
}

/** Projects with fewer activities are small. */
const warmMax = 400

interface Result {
  readonly project: Project
  readonly mode: Mode
  readonly excessPct: number
  /** Of each initiator, where there are several. */
  readonly stretches: readonly number[]
  readonly planning: Played['planning']
}

async function measure(projects: readonly Project[], goals: Goals, progress: Progress): Promise<Measured> {
  const results: Result[] = []
  const invalid: string[] = []
  // The first projects run on cold code, which would be counted as planning; of large ones it is the least part.
  const small = projects.filter(({ activities }) => activities.length < warmMax)
  for (const project of small.slice(0, 5)) await play(project, 'planned')
  for (const [i, project] of projects.entries()) {
    if (i % 20 === 0 || project.activities.length >= warmMax)
      progress(`${i} of ${projects.length} projects …`)
    for (const mode of modes) {
      const { shifts, begunAt, planning } = await play(project, mode)
      const wrong = violations(project, shifts, unitMs)
      if (wrong.length > 0) invalid.push(`${project.name}, ${mode}: ${wrong[0]}`)
      else {
        const excessPct = (makespan(shifts, begunAt, unitMs) / project.reference - 1) * 100
        const isShared = initiatorsOf(project).length > 1
        const all = isShared ? stretches(project, shifts, begunAt, unitMs) : []
        results.push({ project, mode, excessPct, stretches: all, planning })
      }
    }
  }
  for (const line of invalid) progress(line)
  return report(results, invalid.length, goals)
}

function report(results: readonly Result[], invalidSchedules: number, goals: Goals): Measured {
  const names = [...new Set(results.map(({ project }) => project.set))].sort()
  const sets = Object.fromEntries(
    [...names, 'all'].map((set) => {
      const own = results.filter(({ project }) => set === 'all' || project.set === set)
      const of = (mode: Mode): Result[] => own.filter((result) => result.mode === mode)
      return [
        set,
        {
          instances: of('live').length,
          liveExcessPct: meanOf(of('live')),
          plannedExcessPct: meanOf(of('planned')),
          readyExcessPct: meanOf(of('ready')),
        },
      ]
    }),
  )
  const planned = results.filter(({ mode }) => mode === 'planned').map(({ planning }) => planning)
  const spent = planned.map(({ plans, meanMs }) => plans * meanMs)
  const planningMs = {
    mean: round(spent.reduce((sum, ms) => sum + ms, 0) / Math.max(1, spent.length)),
    max: round(Math.max(0, ...spent)),
  }
  const plansPerProject = round(
    planned.reduce((sum, { plans }) => sum + plans, 0) / Math.max(1, planned.length),
  )
  const shares = sharesOf(results)
  return {
    report: {
      sets,
      ...(shares === undefined ? {} : { shares }),
      planningMs,
      plansPerProject,
      invalidSchedules,
    },
    rows: [
      ...rowsOf(sets, goals),
      ...(shares === undefined ? [] : shareRows(shares)),
      { figure: 'planning for one project, mean', value: planningMs.mean, unit: 'ms' },
      { figure: 'planning for one project, at most', value: planningMs.max, unit: 'ms' },
    ],
  }
}

function rowsOf(
  sets: Readonly<Record<string, Readonly<Record<`${Mode}ExcessPct`, number>>>>,
  goals: Goals,
): Row[] {
  return Object.entries(sets).flatMap(([set, figures]) =>
    modes.map((mode): Row => {
      const target = goals[`${set} ${mode}`]
      const row = { figure: `${set}, ${mode}: mean excess`, value: figures[`${mode}ExcessPct`], unit: '%' }
      return target === undefined ? row : { ...row, target }
    }),
  )
}

interface Share {
  /** The end of an initiator's project over the bound of it alone. */
  readonly meanStretch: number
  /** The worst of each instance, in the mean. */
  readonly worstStretch: number
}

/** How initiators that share their workers are served; undefined where each project has its own. */
function sharesOf(results: readonly Result[]): Readonly<Record<Mode, Share>> | undefined {
  const shared = results.filter((result) => result.stretches.length > 0)
  if (shared.length === 0) return undefined
  const of = (mode: Mode): Share => {
    const own = shared.filter((result) => result.mode === mode).map((result) => result.stretches)
    return { meanStretch: mean(own.flat()), worstStretch: mean(own.map((all) => Math.max(...all))) }
  }
  return { live: of('live'), planned: of('planned'), ready: of('ready') }
}

function shareRows(shares: Readonly<Record<Mode, Share>>): Row[] {
  return modes.flatMap((mode): Row[] => [
    { figure: `${mode}: a project's end, over its own bound`, value: shares[mode].meanStretch, unit: 'x' },
    { figure: `${mode}: the same, worst of 24`, value: shares[mode].worstStretch, unit: 'x' },
  ])
}

function mean(values: readonly number[]): number {
  return round(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length))
}

function meanOf(results: readonly Result[]): number {
  return mean(results.map(({ excessPct }) => excessPct))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

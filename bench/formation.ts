/**
 * Forming a team: against a MILP solver on random problems, and out of a catalog of 100,000 agents, gathering included.
 */
import type { Progress } from '../lab/experiment.ts'
import { milpOracle } from '../lab/oracle/milp.ts'
import { randomProblem, type Shape } from '../lab/oracle/problems.ts'
import { form } from '../src/strategy/form.ts'
import { gather, type Wanted } from '../src/strategy/gather.ts'
import { seeded } from '../src/strategy/random.ts'
import { atMost, type Benchmark, type Measured } from './benchmark.ts'
import { type Crowd, crowd, type Member, nameOf } from './crowd.ts'
import { percentile } from './percentile.ts'

const instances = 1_000
const feasibleInstances = 10_000
const agents = 100_000
const skillsEach = 4
const skillCount = 2_000
const timed = 2_000
const warmUp = 500

/**
 * Headcounts, optional skills, obligatory members, smallest sizes and budgets; without them, one place for each
 * skill.
 */
const shapes: readonly Shape[] = [
  {},
  { counts: true },
  { optional: true },
  { counts: true, optional: true, must: true, sizeMin: true, budget: true },
]

export const formation: Benchmark = {
  about: 'the choice of a team: mismatches with a MILP solver, and the time with 100,000 agents',
  needs: { kind: 'nothing' },
  options: {},
  examples: [['formation --json', 'all figures in one line']],
  run: (_given, progress) => measure(progress),
}

async function measure(progress: Progress): Promise<Measured> {
  progress(`${instances} random problems, each also given to HiGHS …`)
  const judged = await judge()
  progress(`a catalog of ${agents} agents …`)
  const all = crowd(agents, skillsEach, skillCount, seeded(11))
  progress('tasks of 8 skills, and of 12 …')
  const needs8 = time(all, 8, 4)
  const needs12 = time(all, 12, 6)
  progress(`${feasibleInstances} tasks that some team can do …`)
  const falseInfeasible = countFalse(all)
  const report = { ...judged, feasibleInstances, falseInfeasible, agents, needs8, needs12 }
  const rows = [
    {
      figure: 'teams worse than the MILP optimum, of 1,000',
      value: judged.mismatches,
      unit: '',
      target: atMost(0),
    },
    {
      figure: 'feasible tasks called infeasible, of 10,000',
      value: falseInfeasible,
      unit: '',
      target: atMost(0),
    },
    {
      figure: 'team for 8 skills out of 100,000 agents',
      value: needs8.p50Ms,
      unit: 'ms',
      target: atMost(0.2),
    },
    {
      figure: 'team for 12 skills out of 100,000 agents',
      value: needs12.p50Ms,
      unit: 'ms',
      target: atMost(0.6),
    },
  ]
  return { report, rows }
}

async function judge(): Promise<{ instances: number; infeasible: number; mismatches: number }> {
  const oracle = await milpOracle()
  const random = seeded(2026)
  let mismatches = 0
  let infeasible = 0
  for (let i = 0; i < instances; i++) {
    const { needs, candidates, sizes } = randomProblem(random, shapes[i % shapes.length] ?? {}, 7, 24)
    const expected = oracle(needs, candidates, sizes)
    const found = form(needs, candidates, sizes)
    if (expected === undefined) infeasible++
    const agrees =
      found.kind === 'team'
        ? expected !== undefined && Math.abs(found.value - expected) < 1e-6
        : expected === undefined
    if (!agrees) mismatches++
  }
  return { instances, infeasible, mismatches }
}

interface Times {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly teams: number
  /** Nobody in the catalog makes a better team. */
  readonly proven: number
}

/** A task that a team of `sizeMax` can just do: two skills each of as many agents, at their levels or below. */
function taskFor({ members }: Crowd, needs: number, sizeMax: number, random: () => number): Wanted[] {
  const wanted = new Map<number, Wanted>()
  const each = Math.ceil(needs / sizeMax)
  while (wanted.size < needs) {
    const member: Member | undefined = members[Math.floor(random() * members.length)]
    const open = (member?.skills ?? []).filter(({ skill }) => !wanted.has(skill))
    if (open.length < each) continue
    for (const { skill, rank } of open.slice(0, Math.min(each, needs - wanted.size))) {
      wanted.set(skill, { count: 1, skill: nameOf(skill), rank: Math.floor(random() * (rank + 1)) })
    }
  }
  return [...wanted.values()]
}

const nobody = (): boolean => false

function time(all: Crowd, needs: number, sizeMax: number): Times {
  const random = seeded(needs)
  const times: number[] = []
  let teams = 0
  let proven = 0
  for (let i = 0; i < warmUp + timed; i++) {
    const wanted = taskFor(all, needs, sizeMax, random)
    const started = performance.now()
    const options = { sizeMax, sizeMin: 1, include: [], except: nobody, busyToo: false, random }
    const team = gather(all.catalog, wanted, options)
    const tookMs = performance.now() - started
    if (i < warmUp) continue
    times.push(tookMs)
    if (team.kind === 'team') teams++
    if (team.kind === 'team' && team.proven) proven++
  }
  return {
    p50Ms: round(percentile(times, 0.5)),
    p99Ms: round(percentile(times, 0.99)),
    teams,
    proven,
  }
}

function countFalse(all: Crowd): number {
  const random = seeded(77)
  let wrong = 0
  for (let i = 0; i < feasibleInstances; i++) {
    const sizeMax = 1 + (i % 5)
    const wanted = taskFor(all, 2 * sizeMax, sizeMax, random)
    const options = { sizeMax, sizeMin: 1, include: [], except: nobody, busyToo: false, random }
    if (gather(all.catalog, wanted, options).kind === 'none') wrong++
  }
  return wrong
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

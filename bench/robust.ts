/**
 * Teams that survive losses, on public instances: the cheapest team in which every skill is held by at least k + 1
 * members, against the proven optimum. Every team is replayed by a check that knows the file and nothing of the method.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Given, Progress } from '../lab/experiment.ts'
import { form } from '../src/strategy/form.ts'
import { atMost, type Benchmark, dataOption, type Measured } from './benchmark.ts'
import { percentile } from './percentile.ts'

const reference = 'optimal_costs.csv'

export const robust: Benchmark = {
  about: 'cheapest teams that survive the loss of any k members, against the optimum',
  needs: { kind: 'data', folder: 'robust_team_formation' },
  options: dataOption,
  examples: [['robust --data FOLDER --json', `FOLDER has ${reference} and the instances that it names`]],
  run: (given, progress) => measure(given, progress),
}

interface Instance {
  readonly name: string
  readonly skills: number
  /** By number, as the file names them. */
  readonly agents: ReadonlyMap<number, { readonly cost: number; readonly skills: readonly number[] }>
}

interface Run {
  readonly instance: string
  readonly k: number
  readonly cost: number
  readonly optimum: number
  readonly proven: boolean
  readonly planningMs: number
}

async function measure(given: Given, progress: Progress): Promise<Measured> {
  const folder = given.text('data')
  if (folder === '') throw new Error(`robust needs --data FOLDER, where ${reference} is`)
  const optima = await readOptima(join(folder, reference))
  const files = (await readdir(folder, { recursive: true })).filter((file) => optima.has(basename(file)))
  if (files.length === 0) throw new Error(`none of the instances that ${reference} names is in ${folder}`)
  const runs: Run[] = []
  for (const file of files.sort()) {
    const instance = readInstance(basename(file), await readFile(join(folder, file), 'utf8'))
    for (const [k, optimum] of optima.get(instance.name) ?? []) runs.push(plan(instance, k, optimum))
    progress(`${instance.name}: ${instance.agents.size} agents, ${instance.skills} skills`)
  }
  return summary(runs, files.length)
}

/** For each instance the least cost for each k. */
async function readOptima(path: string): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  const rows: Record<string, string>[] = parse(await readFile(path, 'utf8'), { columns: true })
  const optima = new Map<string, Map<number, number>>()
  for (const { instance = '', k, min_cost: cost } of rows) {
    const known = optima.get(instance)
    if (known === undefined) optima.set(instance, new Map([[Number(k), Number(cost)]]))
    else known.set(Number(k), Number(cost))
  }
  return optima
}

/** Lines `p AGENTS SKILLS` and `a AGENT COST HIRING SKILL…`; all others say nothing about this problem. */
function readInstance(name: string, text: string): Instance {
  let skills = 0
  const agents = new Map<number, { cost: number; skills: number[] }>()
  for (const line of text.split('\n')) {
    const [kind, ...words] = line.trim().split(/\s+/)
    const numbers = words.map(Number)
    if (kind === 'p') skills = numbers[1] ?? 0
    if (kind === 'a') agents.set(numbers[0] ?? 0, { cost: numbers[1] ?? 0, skills: numbers.slice(3) })
  }
  return { name, skills, agents }
}

function plan(instance: Instance, k: number, optimum: number): Run {
  const ids = [...instance.agents.keys()]
  const needs = Array.from({ length: instance.skills }, () => ({ count: k + 1 }))
  const candidates = [...instance.agents.values()].map(({ cost, skills }) => {
    const values = needs.map((_, skill) => (skills.includes(skill) ? 0 : undefined))
    return { values, cost }
  })
  const started = performance.now()
  const team = form(needs, candidates, { sizeMax: candidates.length, sizeMin: 0 })
  const planningMs = performance.now() - started
  if (team.kind === 'none') throw new Error(`${instance.name}, k = ${k}: no team was found`)
  const members = team.members.map(({ candidate }) => ids[candidate] ?? -1)
  return {
    instance: instance.name,
    k,
    cost: replay(instance, k, members),
    optimum,
    proven: team.exact !== false,
    planningMs,
  }
}

/** The cost of a team, once it is certain that it survives. Errors: the losses after which a skill is gone. */
function replay(instance: Instance, k: number, members: readonly number[]): number {
  let cost = 0
  for (const member of members) {
    const agent = instance.agents.get(member)
    if (agent === undefined) throw new Error(`${instance.name} has no agent ${member}`)
    cost += agent.cost
  }
  if (new Set(members).size !== members.length) throw new Error(`${instance.name}: a member counts twice`)
  const lose = (rest: readonly number[], lost: readonly number[]): void => {
    const held = new Set(rest.flatMap((member) => instance.agents.get(member)?.skills ?? []))
    for (let skill = 0; skill < instance.skills; skill++) {
      if (!held.has(skill))
        throw new Error(`${instance.name}: without ${lost.join(', ')} nobody has ${skill}`)
    }
    if (lost.length === k) return
    const from = lost[lost.length - 1] ?? -1
    for (const member of rest.filter((other) => other > from)) {
      lose(
        rest.filter((other) => other !== member),
        [...lost, member],
      )
    }
  }
  lose(members, [])
  return cost
}

function summary(runs: readonly Run[], instances: number): Measured {
  const byLosses = [...new Set(runs.map(({ k }) => k))].sort().map((k) => {
    const own = runs.filter((run) => run.k === k)
    const excess = own.map(({ cost, optimum }) => 100 * (cost / optimum - 1))
    const planning = own.map(({ planningMs }) => planningMs)
    return {
      k,
      instances: own.length,
      optimal: own.filter(({ cost, optimum }) => cost === optimum).length,
      proven: own.filter(({ proven }) => proven).length,
      worstExcessPct: round(Math.max(...excess)),
      planningMs: { p50: round(percentile(planning, 0.5)), max: round(Math.max(...planning)) },
    }
  })
  const planning = runs.map(({ planningMs }) => planningMs)
  return {
    report: {
      instances,
      losses: Object.fromEntries(byLosses.map(({ k, ...figures }) => [`k${k}`, figures])),
      planningMs: { p50: round(percentile(planning, 0.5)), max: round(Math.max(...planning)) },
    },
    rows: [
      ...byLosses.map(({ k, worstExcessPct }) => ({
        figure: `cost of a team that survives ${k} losses, over the optimum`,
        value: worstExcessPct,
        unit: '%',
        target: atMost(k === 0 ? 0 : 1),
      })),
      { figure: 'planning of such a team, the longest', value: round(Math.max(...planning)), unit: 'ms' },
    ],
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

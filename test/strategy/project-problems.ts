/**
 * Projects made by chance, by the recipe of the published sets: a number of activities, a network complexity (arcs for
 * each activity), and the share of skills that one activity asks for.
 */
import type { PlanAgent, PlanProblem, PlanTask, Schedule } from '../../src/strategy/plan.ts'

export interface Recipe {
  readonly tasks: number
  readonly agents: number
  readonly types: number
  /** Arcs for each task. */
  readonly complexity: number
  /** The share of skills that a task asks for. */
  readonly skillFactor: number
  readonly countMax: number
  readonly durationMax: number
}

/** Source of the recipe: B. F. Almeida, I. Correia, F. Saldanha-da-Gama 2015. Every task can be done by the agents. */
export function problemOf(recipe: Recipe, random: () => number): PlanProblem {
  const upTo = (most: number): number => 1 + Math.floor(random() * most)
  const agents = Array.from({ length: recipe.agents }, (): PlanAgent => {
    const own = Array.from({ length: recipe.types }, (_, type) => type).filter(() => random() < 0.5)
    return { types: own.length > 0 ? own : [Math.floor(random() * recipe.types)], freeInMs: [0] }
  })
  const tasks: PlanTask[] = []
  while (tasks.length < recipe.tasks) {
    const needs = Array.from({ length: recipe.types }, (_, type) => ({ type, count: upTo(recipe.countMax) }))
      .filter(() => random() < recipe.skillFactor)
      .slice(0, 31)
    const j = tasks.length
    const arcs = Array.from({ length: j }, (_, before) => before).filter(
      () => random() < recipe.complexity / Math.max(1, recipe.tasks / 2),
    )
    const task = {
      durationMs: upTo(recipe.durationMax),
      needs: needs.length > 0 ? needs : [{ type: Math.floor(random() * recipe.types), count: 1 }],
      after: arcs,
      distinct: random() < 0.8,
      notBeforeMs: random() < 0.2 ? upTo(recipe.durationMax) : 0,
    }
    if (teamsFor(task, agents).next().done !== true) tasks.push(task)
  }
  return { tasks, agents, types: recipe.types }
}

/** Every team that can do a task, by brute force, where each place has an agent of its own. */
export function* teamsFor(task: PlanTask, agents: readonly PlanAgent[]): Generator<readonly number[]> {
  const places = task.needs.flatMap(({ type, count }) => Array.from({ length: count }, () => type))
  yield* fill(places, [], agents)
}

function* fill(
  places: readonly number[],
  team: readonly number[],
  agents: readonly PlanAgent[],
): Generator<readonly number[]> {
  const [type, ...rest] = places
  if (type === undefined) {
    yield team
    return
  }
  for (let a = 0; a < agents.length; a++) {
    if (!team.includes(a) && agents[a]?.types.includes(type)) yield* fill(rest, [...team, a], agents)
  }
}

/** What is wrong with a schedule, one word each. */
export function faultsOf(
  { tasks, agents }: PlanProblem,
  { startMs, endMs, teams, lengthMs }: Schedule,
): string[] {
  const faults: string[] = []
  tasks.forEach(({ durationMs, after, notBeforeMs, needs, distinct }, j) => {
    const start = startMs[j] ?? -1
    if (start < notBeforeMs) faults.push('early')
    if (endMs[j] !== start + durationMs) faults.push('duration')
    if (after.some((before) => (endMs[before] ?? 0) > start)) faults.push('order')
    const team = teams[j] ?? []
    if (new Set(team).size < team.length) faults.push('twice')
    const places = needs.reduce((sum, { count }) => sum + count, 0)
    if (distinct && team.length !== places) faults.push('size')
    for (const { type, count } of needs) {
      if (team.filter((a) => agents[a]?.types.includes(type)).length < count) faults.push('skill')
    }
    if (distinct && !canFill(needs, team, agents)) faults.push('places')
  })
  agents.forEach(({ freeInMs }, a) => {
    const own = tasks.flatMap((_, j) =>
      teams[j]?.includes(a) ? [{ at: startMs[j] ?? 0, until: endMs[j] ?? 0 }] : [],
    )
    const taken = freeInMs.filter((until) => until > 0).map((until) => ({ at: 0, until }))
    for (const { at } of own) {
      const busy = [...own, ...taken].filter((other) => other.at <= at && at < other.until).length
      if (busy > freeInMs.length) faults.push('slots')
    }
  })
  if (lengthMs !== Math.max(0, ...endMs)) faults.push('length')
  return faults
}

function canFill(needs: PlanTask['needs'], team: readonly number[], agents: readonly PlanAgent[]): boolean {
  const members = team.map((a) => agents[a] ?? { types: [], freeInMs: [] })
  const task = { durationMs: 0, needs, after: [], distinct: true, notBeforeMs: 0 }
  return teamsFor(task, members).next().done !== true
}

/**
 * The shortest length by trying every order and every team: each task begins as soon as what it waits for and its team
 * allow. Ordered by its beginnings, the best schedule is among these.
 */
export function shortest(problem: PlanProblem): number {
  const { tasks, agents } = problem
  let best = Number.POSITIVE_INFINITY
  const free = agents.map(({ freeInMs }) => freeInMs[0] ?? 0)
  const ends = tasks.map(() => -1)
  const place = (left: number, length: number): void => {
    if (length >= best) return
    if (left === 0) {
      best = length
      return
    }
    tasks.forEach((task, j) => {
      if (ends[j] !== -1 || task.after.some((before) => ends[before] === -1)) return
      const ready = Math.max(task.notBeforeMs, 0, ...task.after.map((before) => ends[before] ?? 0))
      const seen = new Set<string>()
      for (const team of teamsFor(task, agents)) {
        const key = [...team].sort().join()
        if (seen.has(key)) continue
        seen.add(key)
        const before = team.map((a) => free[a] ?? 0)
        const end = Math.max(ready, ...before) + task.durationMs
        for (const a of team) free[a] = end
        ends[j] = end
        place(left - 1, Math.max(length, end))
        ends[j] = -1
        team.forEach((a, i) => {
          free[a] = before[i] ?? 0
        })
      }
    })
  }
  place(tasks.length, 0)
  return best
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownMs, upwardRank } from '../../src/strategy/order.ts'
import { Planner, type PlanProblem } from '../../src/strategy/plan.ts'
import { seeded } from '../../src/strategy/random.ts'
import { leastTeam } from '../../src/strategy/scarcity.ts'
import { faultsOf, problemOf, type Recipe, shortest, teamsFor } from './project-problems.ts'

const stepsMax = 50_000

function planned(problem: PlanProblem, slice = stepsMax): Planner {
  const planner = new Planner(problem, seeded(1), stepsMax)
  do planner.work(slice)
  while (!planner.done)
  return planner
}

const middling: Recipe = {
  tasks: 20,
  agents: 10,
  types: 4,
  complexity: 1.8,
  skillFactor: 0.6,
  countMax: 3,
  durationMax: 10,
}

test('PLAN-1 a schedule keeps precedence, headcounts, skills, slots, and what begins outside', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = seeded(seed)
    const problem = problemOf(middling, random)
    const agents = problem.agents.map((agent) => {
      const slots = 1 + Math.floor(random() * 2)
      return { ...agent, freeInMs: Array.from({ length: slots }, () => Math.floor(random() * 4)) }
    })
    const busy = { ...problem, agents }
    assert.deepEqual(faultsOf(busy, planned(busy).best()), [], `seed ${seed}`)
  }
})

test('PLAN-1 the examination sees what is wrong', () => {
  const problem = problemOf(middling, seeded(3))
  const good = planned(problem).best()
  const first = problem.tasks.findIndex(({ after }) => after.length > 0)
  const early = good.startMs.map((at, j) => (j === first ? 0 : at))
  assert.ok(faultsOf(problem, { ...good, startMs: early }).includes('order'))
  const crowd = good.teams.map(() => good.teams[0] ?? [])
  assert.ok(faultsOf(problem, { ...good, teams: crowd }).length > 0)
})

test('PLAN-2 of small projects the schedule is the shortest there is in nineteen of twenty', () => {
  const small: Recipe = { ...middling, tasks: 5, agents: 4, types: 3, countMax: 2, durationMax: 6 }
  const runs = 200
  let shortestFound = 0
  for (let seed = 0; seed < runs; seed++) {
    const made = problemOf(small, seeded(1000 + seed))
    const problem = { ...made, tasks: made.tasks.map((task) => ({ ...task, distinct: true })) }
    const best = shortest(problem)
    const { lengthMs } = planned(problem).best()
    assert.ok(lengthMs >= best, `seed ${seed}: ${lengthMs} is shorter than possible`)
    if (lengthMs === best) shortestFound += 1
  }
  assert.ok(shortestFound >= 0.95 * runs, `${shortestFound} of ${runs}`)
})

test('PLAN-3 the same numbers give the same schedule, whatever the pieces', () => {
  const problem = problemOf(middling, seeded(7))
  const whole = planned(problem).best()
  assert.deepEqual(planned(problem, 100).best(), whole)
  assert.deepEqual(planned(problem, 7_777).best(), whole)
})

test('PLAN-4 the search ends with its budget, or with a schedule that cannot be shorter', () => {
  for (let seed = 0; seed < 20; seed++) {
    const problem = problemOf(middling, seeded(seed))
    const planner = planned(problem, 1_000)
    const one = new Planner(problem, seeded(1), 1)
    one.work(1)
    // One restart has a schedule and four improvements of two more at most.
    assert.ok(planner.steps < stepsMax + 3 * one.steps, `${planner.steps} steps`)
    assert.ok(planner.best().lengthMs <= one.best().lengthMs)
  }
})

test('PLAN-4 what the agents cannot do has no schedule', () => {
  const task = { durationMs: 5, after: [], distinct: true, notBeforeMs: 0 }
  const problem: PlanProblem = {
    tasks: [
      { ...task, needs: [{ type: 0, count: 1 }] },
      { ...task, needs: [{ type: 0, count: 2 }] },
    ],
    agents: [{ types: [0], freeInMs: [0] }],
    types: 1,
  }
  const planner = new Planner(problem, seeded(1), stepsMax)
  planner.work(10)
  assert.ok(planner.done)
  assert.equal(planner.best().lengthMs, Number.POSITIVE_INFINITY)
})

test('SCARCE-1 the team of least weight is the least of all teams', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seeded(seed)
    const counts = [1 + Math.floor(random() * 2), 1, 1 + Math.floor(random() * 2)]
    const candidates = Array.from({ length: 7 }, () => ({
      can: counts.map(() => random() < 0.5),
      weight: random(),
    }))
    const task = {
      durationMs: 0,
      needs: counts.map((count, type) => ({ type, count })),
      after: [],
      distinct: true,
      notBeforeMs: 0,
    }
    const agents = candidates.map(({ can }) => {
      return { types: can.flatMap((able, type) => (able ? [type] : [])), freeInMs: [0] }
    })
    const weightOf = (team: readonly number[]): number =>
      team.reduce((sum, a) => sum + (candidates[a]?.weight ?? 0), 0)
    let least = Number.POSITIVE_INFINITY
    for (const team of teamsFor(task, agents)) least = Math.min(least, weightOf(team))
    const team = leastTeam(counts, candidates, true)
    const found = team === undefined ? Number.POSITIVE_INFINITY : weightOf(team)
    assert.ok(found === least || Math.abs(found - least) < 1e-9, `seed ${seed}: ${found}, least ${least}`)
  }
})

test('SCARCE-1 where one agent may cover several needs, every need is covered', () => {
  const candidates = [
    { can: [true, true], weight: 5 },
    { can: [true, false], weight: 1 },
    { can: [false, true], weight: 1 },
  ]
  assert.deepEqual(leastTeam([1, 1], candidates, false), [0])
  assert.deepEqual([...(leastTeam([1, 1], candidates, true) ?? [])].sort(), [1, 2])
  assert.equal(leastTeam([1, 2], candidates.slice(0, 2), false), undefined)
})

test('ORDER-1 the rank is the longest way to the end; what is unknown counts as a minute', () => {
  assert.equal(upwardRank(5, 0, []), 5)
  assert.equal(upwardRank(5, 0, [3, 9, 1]), 14)
  assert.equal(upwardRank(4, 0.5, [9]), 15)
  assert.equal(upwardRank(undefined, 0, [10]), unknownMs + 10)
})

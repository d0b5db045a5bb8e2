/**
 * The groups of several tasks at once, where they want the same agents: who comes first would take what others need
 * more. First all groups are formed one after the other, the worthiest for each place first, with a price on agents
 * that have what many ask for and few can do. Then repair: a few groups are taken apart and put together again, with
 * all that have none, in another order, and what is not worse is kept.
 *
 * Within a percent of the optimum for a dozen tasks (`npm run bench -- fairness`); each group in itself is the best of
 * those that the agents left over can form (`form`).
 * Source: large neighbourhood search, P. Shaw 1998.
 * Must never happen here: an agent in more groups than it has slots, or a result that depends on how fast it ran.
 */
import { type Candidate, form, type Need, type Team } from './form.ts'

export interface BatchTask {
  readonly needs: readonly Need[]
  /** By agent, in the order of `slots`; undefined where the agent is none for this task. */
  readonly candidates: readonly (Candidate | undefined)[]
  readonly sizeMax: number
  readonly sizeMin: number
  readonly budget?: number
  /** What it is worth that the task has a group at all, in the unit of the values. */
  readonly worth: number
}

export interface Batch {
  /** For each task its team, whose candidates are agents; undefined where the others leave none. */
  readonly teams: readonly (Team | undefined)[]
  /** Sum of the worths of the tasks that have a team, and of the values of their teams. */
  readonly value: number
}

/** The cost of a place, as a share of the slots that could fill it; up to this share of them all it is free. */
const scarcityCost = 0.5
const scarcityFrom = 0.3
/** Differences of value below this are rounding. */
const slack = 1e-9

/**
 * @param slots For each agent, how many of the groups it may be in.
 * @param repairs How often groups are taken apart; the work grows with it, and nothing else.
 */
export function formTogether(
  tasks: readonly BatchTask[],
  slots: readonly number[],
  repairs: number,
  random: () => number,
): Batch {
  const prices = scarcityPrices(tasks, slots)
  const order = tasks.map((_, t) => t).sort((a, b) => eagerness(tasks[b]) - eagerness(tasks[a]) || a - b)
  let best: State = { teams: tasks.map(() => undefined), free: [...slots], value: 0 }
  best = fill(best, tasks, order, prices)
  // Nothing is better than the best group of every task by itself.
  const most = tasks.reduce((sum, task) => sum + Math.max(0, worthAlone(task, slots)), 0)
  for (let i = 0; i < repairs && best.value < most - slack; i++) {
    const [kept, open] = takeApart(best, tasks, random)
    const other = fill(kept, tasks, shuffled(open, random), random() < 0.5 ? prices : undefined)
    if (other.value >= best.value) best = other
  }
  return { teams: best.teams, value: best.value }
}

function worthAlone(task: BatchTask, slots: readonly number[]): number {
  const team = formFrom(task, slots, undefined)
  return team === undefined ? 0 : task.worth + team.value
}

interface State {
  readonly teams: readonly (Team | undefined)[]
  readonly free: readonly number[]
  readonly value: number
}

/** Worth for each place that it takes. */
function eagerness(task: BatchTask | undefined): number {
  if (task === undefined) return 0
  const places = task.needs.reduce(
    (sum, { count, skipPrice }) => sum + (skipPrice === undefined ? count : 0),
    0,
  )
  return task.worth / Math.max(1, places)
}

/** Forms the open tasks one after the other, from what is free. */
function fill(
  state: State,
  tasks: readonly BatchTask[],
  order: readonly number[],
  prices: readonly number[] | undefined,
): State {
  const teams = [...state.teams]
  const free = [...state.free]
  let { value } = state
  for (const t of order) {
    const task = tasks[t]
    const team = task === undefined ? undefined : formFrom(task, free, prices)
    if (task === undefined || team === undefined || task.worth + team.value < 0) continue
    teams[t] = team
    value += task.worth + team.value
    for (const { candidate } of team.members) free[candidate] = (free[candidate] ?? 0) - 1
  }
  return { teams, free, value }
}

/** The best team of those who are free, told in agents and without the prices of scarcity. */
function formFrom(
  task: BatchTask,
  free: readonly number[],
  prices: readonly number[] | undefined,
): Team | undefined {
  const agents: number[] = []
  const candidates: Candidate[] = []
  let extra = 0
  for (let a = 0; a < task.candidates.length; a++) {
    const candidate = task.candidates[a]
    if (candidate === undefined || (free[a] ?? 0) <= 0) continue
    const price = prices?.[a] ?? 0
    agents.push(a)
    candidates.push(price === 0 ? candidate : { ...candidate, cost: candidate.cost + price })
  }
  const { needs, sizeMax, sizeMin, budget } = task
  const team = form(needs, candidates, { sizeMax, sizeMin, ...(budget === undefined ? {} : { budget }) })
  if (team.kind === 'none') return undefined
  const members = team.members.map(({ candidate, needs }) => {
    const agent = agents[candidate] ?? -1
    extra += prices?.[agent] ?? 0
    return { candidate: agent, needs }
  })
  return { ...team, members, value: team.value + extra }
}

/** Two to four groups, or all that there are. Answers what is left, and which tasks have no group now. */
function takeApart(state: State, tasks: readonly BatchTask[], random: () => number): [State, number[]] {
  const teams = [...state.teams]
  const free = [...state.free]
  let { value } = state
  const standing = shuffled(
    teams.flatMap((team, t) => (team === undefined ? [] : [t])),
    random,
  )
  for (const t of standing.slice(0, 2 + Math.floor(3 * random()))) {
    const team = teams[t]
    if (team === undefined) continue
    teams[t] = undefined
    value -= (tasks[t]?.worth ?? 0) + team.value
    for (const { candidate } of team.members) free[candidate] = (free[candidate] ?? 0) + 1
  }
  return [{ teams, free, value }, teams.flatMap((team, t) => (team === undefined ? [t] : []))]
}

/** An agent costs more for every need that it could fill, the more places there are for each slot that fits. */
function scarcityPrices(tasks: readonly BatchTask[], slots: readonly number[]): number[] {
  const prices = slots.map(() => 0)
  for (const { needs, candidates } of tasks) {
    for (let n = 0; n < needs.length; n++) {
      let supply = 0
      for (let a = 0; a < slots.length; a++) {
        if (candidates[a]?.values[n] !== undefined) supply += slots[a] ?? 0
      }
      const price =
        scarcityCost * Math.max(0, (needs[n]?.count ?? 0) / Math.max(1, supply) - scarcityFrom / tasks.length)
      for (let a = 0; a < slots.length; a++) {
        if (candidates[a]?.values[n] !== undefined) prices[a] = (prices[a] ?? 0) + price
      }
    }
  }
  return prices
}

function shuffled(values: readonly number[], random: () => number): number[] {
  const mixed = [...values]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const value = mixed[i] ?? 0
    mixed[i] = mixed[j] ?? 0
    mixed[j] = value
  }
  return mixed
}

/**
 * Builds one predicted schedule after another, forwards or backwards in time: at each instant at which somebody becomes
 * free, the tasks that may begin are tried in the order of their priority, and each that finds a team begins.
 *
 * Source: parallel schedule generation (Kolisch 1996). The team is the one of least weight: agents that can fill places
 * together are a transversal matroid, so that taking them in ascending order of weight is exact (Edmonds 1971).
 * Must never happen here: an allocation for every schedule.
 */
import type { PlanNeed, PlanProblem, PlanTask } from './problem.ts'

export class Builder {
  readonly tasks: number
  readonly agents: number
  /** Of the schedule built last, by task. */
  readonly start: Float64Array
  readonly end: Float64Array
  /** Of the schedule built last: the agents of task `j` from `teamAt[j]` on, `teamSize[j]` of them. */
  readonly team: Int32Array
  readonly teamAt: Int32Array
  readonly teamSize: Int32Array
  length = 0
  readonly #problem: PlanProblem
  readonly #successors: readonly (readonly number[])[]
  readonly #types: readonly (readonly number[])[]
  readonly #order: Int32Array
  readonly #slots: Int32Array
  /** Free agents of each type. */
  readonly #free: Int32Array
  readonly #blockers: Int32Array
  readonly #eligible: Int32Array
  #eligibleCount = 0
  #tries = 0
  /** Tasks and agents that are not free yet, by the end of what they wait for. */
  readonly #events: Events
  readonly #matching: Matching

  constructor(problem: PlanProblem) {
    const { tasks, agents, types } = problem
    this.#problem = problem
    this.tasks = tasks.length
    this.agents = agents.length
    this.start = new Float64Array(this.tasks)
    this.end = new Float64Array(this.tasks)
    this.teamAt = new Int32Array(this.tasks)
    this.teamSize = new Int32Array(this.tasks)
    let places = 0
    tasks.forEach(({ needs }, j) => {
      this.teamAt[j] = places
      for (const { count } of needs) places += count
    })
    this.team = new Int32Array(places)
    const successors: number[][] = tasks.map(() => [])
    tasks.forEach(({ after }, j) => {
      for (const before of after) successors[before]?.push(j)
    })
    this.#successors = successors
    this.#types = agents.map((agent) => agent.types)
    this.#order = Int32Array.from(agents, (_, a) => a)
    this.#slots = new Int32Array(this.agents)
    this.#free = new Int32Array(types)
    this.#blockers = new Int32Array(this.tasks)
    this.#eligible = new Int32Array(this.tasks)
    const slots = agents.reduce((sum, { freeInMs }) => sum + freeInMs.length, 0)
    this.#events = new Events(this.tasks * 2 + slots)
    this.#matching = new Matching(problem)
  }

  /** Tasks tried and agents looked at, in all: the measure of the work. */
  get steps(): number {
    return this.#tries + this.#matching.looks
  }

  /** Answers the length. Smaller `rank` and `weight` go first. Backwards, times count from the end of the project. */
  build(rank: Float64Array, weight: Float64Array, backwards: boolean): number {
    this.#prepare(rank, weight, backwards)
    let now = 0
    let length = 0
    let begun = 0
    for (;;) {
      for (let i = 0; i < this.#eligibleCount; ) {
        const task = this.#eligible[i] ?? 0
        if (!this.#begin(task, now)) {
          i += 1
          continue
        }
        begun += 1
        length = Math.max(length, this.end[task] ?? 0)
        this.#eligible.copyWithin(i, i + 1, this.#eligibleCount)
        this.#eligibleCount -= 1
      }
      if (this.#events.size === 0) break
      now = this.#events.earliest()
      while (this.#events.size > 0 && this.#events.earliest() <= now) {
        this.#happen(this.#events.take(), rank, backwards)
      }
    }
    this.length = begun === this.tasks ? length : Number.POSITIVE_INFINITY
    return this.length
  }

  #prepare(rank: Float64Array, weight: Float64Array, backwards: boolean): void {
    this.#order.sort((a, b) => (weight[a] ?? 0) - (weight[b] ?? 0) || a - b)
    this.#events.clear()
    this.#free.fill(0)
    this.#eligibleCount = 0
    for (let a = 0; a < this.agents; a++) {
      const slots = this.#problem.agents[a]?.freeInMs ?? []
      let free = 0
      for (const freeIn of slots) {
        if (backwards || freeIn <= 0) free += 1
        else this.#events.add(freeIn, -1 - a)
      }
      this.#slots[a] = free
      if (free > 0) this.#count(a, 1)
    }
    for (let j = 0; j < this.tasks; j++) {
      const task = this.#problem.tasks[j]
      const before = backwards ? this.#successors[j] : task?.after
      const blockers = before?.length ?? 0
      const waits = !backwards && (task?.notBeforeMs ?? 0) > 0
      this.#blockers[j] = blockers + (waits ? 1 : 0)
      if (waits) this.#events.add(task?.notBeforeMs ?? 0, this.tasks + j)
      if (this.#blockers[j] === 0) this.#admit(j, rank)
    }
  }

  #count(agent: number, by: number): void {
    for (const type of this.#types[agent] ?? []) this.#free[type] = (this.#free[type] ?? 0) + by
  }

  /** Puts a task among those that may begin, in the order of rank. */
  #admit(task: number, rank: Float64Array): void {
    let at = this.#eligibleCount
    const own = rank[task] ?? 0
    while (at > 0 && (rank[this.#eligible[at - 1] ?? 0] ?? 0) > own) {
      this.#eligible[at] = this.#eligible[at - 1] ?? 0
      at -= 1
    }
    this.#eligible[at] = task
    this.#eligibleCount += 1
  }

  #begin(task: number, now: number): boolean {
    const known = this.#problem.tasks[task]
    if (known === undefined) return false
    this.#tries += 1
    for (const { type, count } of known.needs) if ((this.#free[type] ?? 0) < count) return false
    const size = this.#matching.fill(task, this.#order, this.#slots, this.team, this.teamAt[task] ?? 0)
    if (size < 0) return false
    this.teamSize[task] = size
    const from = this.teamAt[task] ?? 0
    for (let i = from; i < from + size; i++) {
      const agent = this.team[i] ?? 0
      const left = (this.#slots[agent] ?? 0) - 1
      this.#slots[agent] = left
      if (left === 0) this.#count(agent, -1)
    }
    this.start[task] = now
    this.end[task] = now + known.durationMs
    this.#events.add(now + known.durationMs, task)
    return true
  }

  /** An end of a task, a slot that is free at last (below 0), or a task that need not wait for the outside any more. */
  #happen(event: number, rank: Float64Array, backwards: boolean): void {
    if (event < 0) {
      this.#release(-1 - event)
      return
    }
    if (event >= this.tasks) {
      this.#unblock(event - this.tasks, rank)
      return
    }
    const from = this.teamAt[event] ?? 0
    const to = from + (this.teamSize[event] ?? 0)
    for (let i = from; i < to; i++) this.#release(this.team[i] ?? 0)
    const behind = backwards ? this.#problem.tasks[event]?.after : this.#successors[event]
    for (const task of behind ?? []) this.#unblock(task, rank)
  }

  #release(agent: number): void {
    const slots = (this.#slots[agent] ?? 0) + 1
    this.#slots[agent] = slots
    if (slots === 1) this.#count(agent, 1)
  }

  #unblock(task: number, rank: Float64Array): void {
    const left = (this.#blockers[task] ?? 0) - 1
    this.#blockers[task] = left
    if (left === 0) this.#admit(task, rank)
  }
}

/** Finds teams by augmenting paths. */
class Matching {
  /** Agents looked at, in all: the measure of the work. */
  looks = 0
  readonly #problem: PlanProblem
  /** The needs that an agent can cover, as bits, for every task and agent. */
  readonly #masks: Int32Array
  /** Who fills the needs of the task at hand: need `i` from `#at[i]` on. */
  readonly #filled: Int32Array
  readonly #who: Int32Array
  readonly #at: Int32Array
  /** Needs of the task at hand with an empty place, and those that the present path has looked at. */
  #open = 0
  #seen = 0
  #row = 0

  constructor(problem: PlanProblem) {
    const { tasks, agents } = problem
    this.#problem = problem
    this.#masks = new Int32Array(tasks.length * agents.length)
    tasks.forEach(({ needs }, j) => {
      agents.forEach(({ types }, a) => {
        let mask = 0
        for (let i = 0; i < needs.length; i++) if (types.includes(needs[i]?.type ?? -1)) mask |= 1 << i
        this.#masks[j * agents.length + a] = mask
      })
    })
    this.#filled = new Int32Array(Math.max(1, ...tasks.map(({ needs }) => needs.length)))
    this.#at = new Int32Array(this.#filled.length)
    this.#who = new Int32Array(Math.max(1, ...tasks.map(placesOf)))
  }

  /** Writes the team of least weight from `at` on and answers its size, or -1 when there is none. */
  fill(task: number, order: Int32Array, slots: Int32Array, team: Int32Array, at: number): number {
    const known = this.#problem.tasks[task]
    if (known === undefined) return -1
    const { needs } = known
    this.#row = task * order.length
    this.#open = 0
    let places = 0
    for (let i = 0; i < needs.length; i++) {
      this.#filled[i] = 0
      this.#at[i] = places
      this.#open |= 1 << i
      places += needs[i]?.count ?? 0
    }
    if (!known.distinct) return this.#cover(needs, order, slots, team, at)
    let size = 0
    for (let i = 0; i < order.length && size < places; i++) {
      const agent = order[i] ?? 0
      this.looks += 1
      if ((slots[agent] ?? 0) === 0) continue
      this.#seen = 0
      if (!this.#place(agent, needs)) continue
      team[at + size] = agent
      size += 1
    }
    return size === places ? size : -1
  }

  /** Gives the agent a place, moving others where they can go elsewhere. */
  #place(agent: number, needs: readonly PlanNeed[]): boolean {
    const mask = this.#masks[this.#row + agent] ?? 0
    const open = mask & this.#open
    if (open !== 0) {
      const i = 31 - Math.clz32(open & -open)
      const filled = this.#filled[i] ?? 0
      this.#who[(this.#at[i] ?? 0) + filled] = agent
      this.#filled[i] = filled + 1
      if (filled + 1 === needs[i]?.count) this.#open &= ~(1 << i)
      return true
    }
    for (;;) {
      const rest = mask & ~this.#seen
      if (rest === 0) return false
      const i = 31 - Math.clz32(rest & -rest)
      this.#seen |= 1 << i
      const from = this.#at[i] ?? 0
      const to = from + (this.#filled[i] ?? 0)
      for (let k = from; k < to; k++) {
        this.looks += 1
        if (!this.#place(this.#who[k] ?? 0, needs)) continue
        this.#who[k] = agent
        return true
      }
    }
  }

  /** One agent may cover several needs: whoever covers most of what is open is taken next, of equals the lightest. */
  #cover(
    needs: readonly PlanNeed[],
    order: Int32Array,
    slots: Int32Array,
    team: Int32Array,
    at: number,
  ): number {
    let size = 0
    while (this.#open !== 0) {
      let best = -1
      let bestCovers = 0
      for (let i = 0; i < order.length; i++) {
        const agent = order[i] ?? 0
        if ((slots[agent] ?? 0) === 0) continue
        const covers = bitsIn((this.#masks[this.#row + agent] ?? 0) & this.#open)
        if (covers <= bestCovers || isAmong(team, at, size, agent)) continue
        best = agent
        bestCovers = covers
      }
      this.looks += order.length
      if (best < 0) return -1
      for (let rest = (this.#masks[this.#row + best] ?? 0) & this.#open; rest !== 0; rest &= rest - 1) {
        const i = 31 - Math.clz32(rest & -rest)
        const filled = (this.#filled[i] ?? 0) + 1
        this.#filled[i] = filled
        if (filled === needs[i]?.count) this.#open &= ~(1 << i)
      }
      team[at + size] = best
      size += 1
    }
    return size
  }
}

function placesOf({ needs }: PlanTask): number {
  return needs.reduce((sum, { count }) => sum + count, 0)
}

function bitsIn(mask: number): number {
  let bits = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits += 1
  return bits
}

function isAmong(team: Int32Array, at: number, size: number, agent: number): boolean {
  for (let i = at; i < at + size; i++) if (team[i] === agent) return true
  return false
}

/** What happens when, the earliest first: a binary heap in two arrays. */
class Events {
  size = 0
  readonly #at: Float64Array
  readonly #what: Int32Array

  constructor(most: number) {
    this.#at = new Float64Array(most + 1)
    this.#what = new Int32Array(most + 1)
  }

  clear(): void {
    this.size = 0
  }

  earliest(): number {
    return this.#at[0] ?? 0
  }

  add(at: number, what: number): void {
    let hole = this.size++
    while (hole > 0) {
      const parent = (hole - 1) >>> 1
      if ((this.#at[parent] ?? 0) <= at) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#at[hole] = at
    this.#what[hole] = what
  }

  take(): number {
    const what = this.#what[0] ?? 0
    const last = --this.size
    const at = this.#at[last] ?? 0
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= last) break
      if (child + 1 < last && (this.#at[child + 1] ?? 0) < (this.#at[child] ?? 0)) child += 1
      if ((this.#at[child] ?? 0) >= at) break
      this.#move(child, hole)
      hole = child
    }
    this.#at[hole] = at
    this.#what[hole] = this.#what[last] ?? 0
    return what
  }

  #move(from: number, to: number): void {
    this.#at[to] = this.#at[from] ?? 0
    this.#what[to] = this.#what[from] ?? 0
  }
}

/**
 * Looking ahead over a project: what a plan is made of, following it, and who does a task where there is none.
 * A plan holds nobody: it says in which order a project's tasks take their agents, and any other task may be served
 * before. Where reality departs from it, it is made again.
 * Must never happen here: the search for a schedule. That takes longer than a turn may, and is the shell's to run.
 */
import type { AgentId } from '../protocol/id.ts'
import type { WaitingFor } from '../protocol/message.ts'
import { type Requirement, rankOf } from '../protocol/skill.ts'
import { earliest, type Millis } from '../protocol/time.ts'
import { unknownMs } from '../strategy/order.ts'
import { type PlanProblem, type PlanTask, planStrategy, type Schedule } from '../strategy/plan.ts'
import { openNeeds } from './asking.ts'
import { rankIn } from './judging.ts'
import { invitationOf, partOf } from './members.ts'
import type { Plan, PlanEntry, Planning, Preferred, Project } from './project.ts'
import { count, isPlenty, newTally, outdate, reckon, toleranceOf } from './projects.ts'
import { requirementsOf } from './reach.ts'
import { freeSlots } from './roster.ts'
import { agentsSpare, isDistinct, isToCome, spareSlots, sparingTeam, unwanted } from './sparing.ts'
import type { HubState, OpenNeed, RosterEntry, Task } from './state.ts'

/** A task waits no longer than this for the plan of its project. */
const planWaitMs: Millis = 1_000
/** Between two plans of a project lies this many times what the first one took. */
const planPause = 10
/** A plan that reality has missed is mended with so many times fewer steps than it is made with. */
const mendingShare = 4
/** Projects with more open tasks are served by rank alone: one schedule would take longer than a turn may. */
const planTasksMax = 512
/** After so many plans in a row by which no task has begun, a project goes by rank alone. */
const missedMax = 2
/** Searches of a task that may come to nothing before no plan counts on it any more. */
const fruitlessMax = 3

/** Asks for the plans that are missing or outdated. */
export function askForPlans(hub: HubState): void {
  for (const project of hub.projects.values()) {
    if (!project.stale || project.planning !== undefined || hub.now < project.planAgainAt) continue
    project.stale = false
    const planning = isWorthAPlan(project) ? prepare(hub, project) : undefined
    if (planning === undefined) {
      project.plan = undefined
      continue
    }
    project.planning = planning.planning
    const { round } = planning.planning
    const { planStepsMax } = hub.configuration.limits
    const stepsMax = project.anew ? planStepsMax : Math.ceil(planStepsMax / mendingShare)
    project.anew = false
    hub.effects.push({ kind: 'plan', project: project.id, round, problem: planning.problem, stepsMax })
  }
}

/**
 * A plan counts on agents as if they were the project's own. Where others take them time and again, to wait for those
 * whom it names costs more than it gains.
 */
function isWorthAPlan(project: Project): boolean {
  if (project.anew) project.missed = 0
  else if (project.plan !== undefined) project.missed = project.isFollowed ? 0 : project.missed + 1
  return project.missed < missedMax
}

/** The answer of the shell. An answer to an older question changes nothing. */
export function onPlanned(hub: HubState, id: string, round: number, schedule: Schedule): void {
  const project = hub.projects.get(id)
  const planning = project?.planning
  if (project === undefined || planning?.round !== round) return
  project.planning = undefined
  project.planAgainAt = hub.now + planPause * (hub.now - planning.askedAt)
  project.plan = Number.isFinite(schedule.lengthMs) ? planOf(planning, schedule) : undefined
  project.isFollowed = false
  project.unsettled = true
  hub.queue.projectsStirred = true
}

function planOf({ askedAt, tasks, agents }: Planning, { startMs, lengthMs, teams, endMs }: Schedule): Plan {
  const entries = new Map<Task, PlanEntry>()
  const turns = new Map<AgentId, Task[]>()
  const inOrder = tasks.map((_, i) => i).sort((a, b) => (startMs[a] ?? 0) - (startMs[b] ?? 0) || a - b)
  for (const i of inOrder) {
    const task = tasks[i]
    if (task === undefined) continue
    const members = (teams[i] ?? []).flatMap((agent) => agents[agent] ?? [])
    entries.set(task, {
      agents: members,
      // Clocks tell whole milliseconds: a wake at a fraction of one would come too early, again and again.
      startsAt: askedAt + Math.ceil(startMs[i] ?? 0),
      endsAt: askedAt + (endMs[i] ?? 0),
    })
    for (const agent of members) {
      const own = turns.get(agent)
      if (own === undefined) turns.set(agent, [task])
      else own.push(task)
    }
  }
  return { madeAt: askedAt, endsAt: askedAt + lengthMs, entries, turns }
}

// ---- what is planned

/**
 * Tasks that the plan is to place: they are to come, and their way is open. A task for which there is no group, or
 * whose searches came to nothing again and again, and whatever waits for it, is served by itself when its time comes:
 * agents that a plan kept for it would be kept from the others for nobody knows how long.
 */
function toCome(hub: HubState, project: Project): Task[] {
  const known = new Map<Task, boolean>()
  const isStuck = (task: Task): boolean => {
    const before = known.get(task)
    if (before !== undefined) return before
    const stuck =
      task.fruitless >= fruitlessMax ||
      (task.waitingFor?.kind === 'size' && !task.waitingFor.busy) ||
      task.blockedOn.some((id) => {
        const other = hub.tasks.get(id)
        return other !== undefined && isStuck(other)
      })
    known.set(task, stuck)
    return stuck
  }
  return [...project.tasks].filter((task) => isToCome(task) && !isStuck(task))
}

/** The numbers of a plan, or undefined where looking ahead is not wanted or has nothing to go by. */
function prepare(
  hub: HubState,
  project: Project,
): { readonly planning: Planning; readonly problem: PlanProblem } | undefined {
  if (hub.configuration.limits.planStepsMax === 0 || project.tasks.size < 2) return undefined
  if (isPlenty(hub, project.toForm)) return undefined
  const tasks = toCome(hub, project)
  if (tasks.length < 2 || tasks.length > planTasksMax || areFew(hub, tasks)) return undefined
  reckon(hub, project)
  if (tasks.some(({ expectedMs }) => expectedMs === undefined)) return undefined
  const types = new PlaceTypes(hub)
  const numbers = new Map(tasks.map((task, i) => [task.id, i]))
  const planned = tasks.map((task): PlanTask => {
    const { requires, dependsOn } = task.announcement
    const out = unwanted(task)
    return {
      durationMs: task.expectedMs ?? 0,
      needs: requires.map((need) => ({ type: types.of(need, out), count: need.count })),
      after: dependsOn.flatMap((id) => numbers.get(id) ?? []),
      distinct: isDistinct(task.announcement),
      notBeforeMs: notBefore(hub, task, numbers),
    }
  })
  const agents = types.agents()
  if (agents === undefined) return undefined
  const entries = [...agents.keys()]
  const problem: PlanProblem = {
    tasks: planned,
    agents: entries.map((entry) => {
      return { types: agents.get(entry) ?? [], freeInMs: freeIn(hub, entry, tasks.length) }
    }),
    types: types.size,
  }
  hub.plans += 1
  const planning = { round: hub.plans, askedAt: hub.now, tasks, agents: entries.map(({ id }) => id) }
  return { planning, problem }
}

/** Those that a plan is to place need no order, though all of the project do. */
function areFew(hub: HubState, tasks: readonly Task[]): boolean {
  const needs = newTally()
  for (const task of tasks) count(hub, needs, task, 1)
  return isPlenty(hub, needs)
}

/** The kinds of places of one plan, and the agents that fill them. */
class PlaceTypes {
  readonly #hub: HubState
  readonly #types = new Map<string, { need: Requirement; exclude: readonly AgentId[]; places: number }>()

  constructor(hub: HubState) {
    this.#hub = hub
  }

  get size(): number {
    return this.#types.size
  }

  of(need: Requirement, exclude: readonly AgentId[]): number {
    const key = [need.skill, need.level, ...exclude].join(' ')
    const known = this.#types.get(key)
    if (known === undefined) this.#types.set(key, { need, exclude, places: need.count })
    else known.places = Math.max(known.places, need.count)
    return [...this.#types.keys()].indexOf(key)
  }

  /** Each agent with the kinds that it fills; undefined when one of them has too few. */
  agents(): Map<RosterEntry, number[]> | undefined {
    const { catalog, bySlot, configuration } = this.#hub
    const found = new Map<RosterEntry, number[]>()
    for (const { need, places } of this.#types.values()) {
      let looks = places + agentsSpare
      for (const slot of catalog.agentsWith(need.skill, rankOf(configuration.levels, need.level) ?? 0)) {
        if (looks-- === 0) break
        const entry = bySlot[slot]
        if (entry !== undefined) found.set(entry, [])
      }
    }
    let number = 0
    for (const { need, exclude, places } of this.#types.values()) {
      const rank = rankOf(configuration.levels, need.level) ?? 0
      let able = 0
      for (const [entry, types] of found) {
        if (exclude.includes(entry.id) || rankIn(entry, need.skill) < rank) continue
        types.push(number)
        able += 1
      }
      if (able < places) return undefined
      number += 1
    }
    return found
  }
}

/** How long until what a task waits for outside the plan has ended. */
function notBefore(hub: HubState, task: Task, numbers: ReadonlyMap<string, number>): Millis {
  let latest = 0
  for (const id of task.blockedOn) {
    const before = hub.tasks.get(id)
    if (before !== undefined && !numbers.has(id)) latest = Math.max(latest, remainingMs(hub, before))
  }
  return latest
}

/** What lasts longer than expected goes on for a tenth of the time that it has lasted. */
const overrun = 0.1

/** From now to the expected end of a task, as if nothing but its own work were in the way. */
export function remainingMs(hub: HubState, task: Task): Millis {
  const expected = task.expectedMs ?? task.announcement.expectedMs ?? unknownMs
  if (task.group === undefined) return expected
  let began = task.group.formedAt
  for (const { state, startedAt } of task.group.parts) {
    if (state === 'working') began = Math.max(began, startedAt)
  }
  return Math.max(expected - (hub.now - began), overrun * (hub.now - began))
}

/** When each slot of an agent is free; no more slots than there are tasks. */
export function freeIn(hub: HubState, entry: RosterEntry, slotsMax: number): Millis[] {
  const taken: Millis[] = []
  for (const task of entry.tasks) {
    const works = partOf(task.group, entry.id)?.state === 'working'
    if (works || isEarmarked(task, entry)) taken.push(remainingMs(hub, task))
  }
  while (taken.length < entry.held + entry.running) taken.push(unknownMs)
  const free = Math.max(0, entry.capacity - taken.length)
  return [...Array.from({ length: free }, () => 0), ...taken.sort((a, b) => a - b)].slice(0, slotsMax)
}

/** It is about to become a member of a task that is looking for its group. */
function isEarmarked({ search }: Task, entry: RosterEntry): boolean {
  if (search === undefined) return false
  return invitationOf(search, entry.id) !== undefined || search.preferred?.agents.has(entry.id) === true
}

// ---- who does a task

/** The agents that a task of a project should have, or what it waits for; undefined where any will do. */
export function preferredFor(
  hub: HubState,
  task: Task,
  project: Project,
  needs: readonly OpenNeed[],
): Preferred | WaitingFor | undefined {
  task.lookAt = undefined
  const { planning, plan } = project
  const entry = entryFor(hub, task)
  if (plan !== undefined && entry !== undefined) {
    if (entry.agents.every((agent) => hub.roster.has(agent))) return inTurn(hub, task, project, plan, entry)
    plan.entries.delete(task)
    outdate(project)
  }
  if (planning !== undefined && hub.now < planning.askedAt + planWaitMs) {
    task.lookAt = planning.askedAt + planWaitMs
    return { kind: 'planned', agents: [] }
  }
  if (isPlenty(hub, project.toForm)) return undefined
  const required = needs.filter(({ optional }) => !optional)
  return sparingTeam(hub, task, project, required)
}

/** What the plan says of a task that goes by it. */
function entryFor(hub: HubState, task: Task): PlanEntry | undefined {
  // For whom agents are kept, goes by those, and no more by the plan.
  const isFollowing = task.group === undefined && hub.claim?.task !== task.id
  return isFollowing ? task.project?.plan?.entries.get(task) : undefined
}

/** One of the agents with whom it is planned has no free slot. */
export function isHeldUp(hub: HubState, task: Task): boolean {
  for (const agent of entryFor(hub, task)?.agents ?? []) {
    const own = hub.roster.get(agent)
    if (own !== undefined && freeSlots(own) === 0) return true
  }
  return false
}

/** By the plan: it begins once each of its agents is free and has begun all that comes before. */
function inTurn(
  hub: HubState,
  task: Task,
  project: Project,
  plan: Plan,
  entry: PlanEntry,
): Preferred | WaitingFor {
  const { agents, startsAt } = entry
  const ready = agents.every((agent) => {
    const own = hub.roster.get(agent)
    return own !== undefined && nextOf(plan, agent) === task && spareSlots(hub, task, own) > 0
  })
  if (ready) return { agents: new Set(agents), strategy: planStrategy }
  const dueBy = startsAt + toleranceOf(project)
  if (hub.now < dueBy) task.lookAt = dueBy
  else {
    project.stale = true
    task.lookAt = earliest(hub.now + toleranceOf(project), Math.max(hub.now + 1, project.planAgainAt))
  }
  // Whose turn it is, and who still waits, waits for agents that others have: they may be kept for it.
  const isNext = agents.every((agent) => nextOf(plan, agent) === task)
  if (isNext && agents.length > 0) return { kind: 'busy', needs: requirementsOf(openNeeds(hub, task)) }
  return { kind: 'planned', agents, startsAt }
}

/** The first task of an agent's turns that nobody has begun. */
function nextOf(plan: Plan, agent: AgentId): Task | undefined {
  const own = plan.turns.get(agent) ?? []
  while (own[0] !== undefined && (own[0].group !== undefined || !plan.entries.has(own[0]))) own.shift()
  return own[0]
}

/**
 * Tasks that hang together: who belongs to a project, how long each of its tasks is expected to take, and in which
 * order they are served.
 * Must never happen here: a place in the queue that a project did not have.
 */

import type { AgentId } from '../protocol/id.ts'
import { rankOf } from '../protocol/skill.ts'
import type { Millis } from '../protocol/time.ts'
import { upwardRank } from '../strategy/order.ts'
import { parkInProject, unpark } from './lines.ts'
import { partOf } from './members.ts'
import type { Project, Tally } from './project.ts'
import type { HubState, OpenNeed, Task } from './state.ts'

/** Takes a task into the project of those that it depends on, and ranks them again. */
export function enrol(hub: HubState, task: Task): void {
  const { dependsOn, project: name } = task.announcement
  if (name !== undefined) include(hub, hub.projects.get(keyOf(task)) ?? newProject(hub, task), task)
  for (const id of dependsOn) {
    const other = hub.tasks.get(id)
    if (other !== undefined && other.initiator === task.initiator) unite(hub, task, other)
  }
  if (task.project !== undefined) outdate(task.project)
}

/** Makes two tasks parts of one project; those of two projects with names of their own stay apart. */
function unite(hub: HubState, a: Task, b: Task): void {
  if (a.project !== undefined && a.project === b.project) return
  if (a.project?.name !== undefined && b.project?.name !== undefined) return
  const isOfA = isKept(a.project, b.project)
  const project = (isOfA ? a.project : b.project) ?? newProject(hub, a)
  const lost = isOfA ? b.project : a.project
  include(hub, project, a)
  include(hub, project, b)
  if (lost === undefined) return
  for (const task of lost.tasks) include(hub, project, task)
  hub.projects.delete(lost.id)
}

/** A project with a name outlives one without, a larger one a smaller. */
function isKept(a: Project | undefined, b: Project | undefined): boolean {
  if (a?.name !== undefined || b?.name !== undefined) return a?.name !== undefined
  return (a?.tasks.size ?? 0) >= (b?.tasks.size ?? 0)
}

function include(hub: HubState, project: Project, task: Task): void {
  // Where it waits is with its project from now on.
  const waits = task.waiter !== undefined || task.stand !== undefined
  if (waits) unpark(hub, task)
  if (task.project !== project) task.isTallied = false
  task.project = project
  if (waits) parkInProject(hub, task)
  project.tasks.add(task)
  tally(hub, task)
}

/** What the plan, the ranks and the demand were made for is no longer so. */
export function outdate(project: Project): void {
  project.stale = true
  project.anew = true
  project.unsettled = true
  project.ranked = false
  project.demand = undefined
}

/** No id has a blank in it. */
function keyOf({ initiator, announcement, id }: Task): string {
  return announcement.project === undefined ? id : `${initiator} ${announcement.project}`
}

function newProject(hub: HubState, first: Task): Project {
  const project: Project = {
    id: keyOf(first),
    initiator: first.initiator,
    name: first.announcement.project,
    tasks: new Set(),
    waiting: new Set(),
    toForm: newTally(),
    plan: undefined,
    planning: undefined,
    stale: true,
    anew: true,
    unsettled: false,
    ranked: false,
    isFollowed: false,
    missed: 0,
    planAgainAt: 0,
    demand: undefined,
  }
  hub.projects.add(project.id, project)
  return project
}

/** Lets a task that has ended leave its project. */
export function withdraw(hub: HubState, task: Task, completed: boolean): void {
  const { project } = task
  if (project === undefined) return
  project.tasks.delete(task)
  project.unsettled = true
  if (task.isTallied) count(hub, project.toForm, task, -1)
  task.isTallied = false
  task.project = undefined
  const entry = project.plan?.entries.get(task)
  project.plan?.entries.delete(task)
  project.demand = undefined
  // What could not be planned for want of durations may be planned now: every end teaches some.
  const isAsPlanned =
    entry === undefined ? project.plan !== undefined : !isOff(project, entry.endsAt, hub.now)
  if (!completed || !isAsPlanned) project.stale = true
  if (project.tasks.size === 0) hub.projects.delete(project.id)
}

/** A plan that reality misses by more than this share of its length is made again. */
const missShare = 0.05
const missMinMs: Millis = 1_000

/** By how much an instant of the plan may be missed. */
export function toleranceOf({ plan }: Project): Millis {
  return plan === undefined ? 0 : Math.ceil(Math.max(missMinMs, missShare * (plan.endsAt - plan.madeAt)))
}

function isOff(project: Project, plannedAt: Millis, at: Millis): boolean {
  return Math.abs(at - plannedAt) > toleranceOf(project)
}

/** Works the ranks of a project out again, from its end to its beginning. */
export function rank(hub: HubState, project: Project): void {
  if (project.ranked) return
  project.ranked = true
  const behind = new Map<Task, Task[]>()
  const waits = new Map<Task, number>()
  for (const task of project.tasks) {
    const own = dependentsOf(hub, task, project)
    behind.set(task, own)
    waits.set(task, own.length)
  }
  const ready = [...project.tasks].filter((task) => waits.get(task) === 0)
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    const ranks = (behind.get(task) ?? []).map(({ rankMs }) => rankMs)
    task.expectedMs ??= expectationOf(hub, task)
    task.rankMs = upwardRank(task.expectedMs, shareOf(hub, task), ranks)
    for (const id of task.announcement.dependsOn) {
      const before = hub.tasks.get(id)
      if (before?.project !== project) continue
      const left = (waits.get(before) ?? 0) - 1
      waits.set(before, left)
      if (left === 0) ready.push(before)
    }
  }
}

function dependentsOf(hub: HubState, task: Task, project: Project): Task[] {
  const ids = [...(hub.dependents.get(task.id) ?? [])]
  return ids.flatMap((id) => hub.tasks.get(id) ?? []).filter((dependent) => dependent.project === project)
}

/** Of the agents that can do the scarcest need of a task, the share that it takes. */
function shareOf(hub: HubState, { announcement }: Task): number {
  let largest = 0
  for (const { skill, level, count } of announcement.requires) {
    const able = hub.catalog.capable(skill, rankOf(hub.configuration.levels, level) ?? 0)
    largest = Math.max(largest, count / Math.max(count, able))
  }
  return largest
}

export function newTally(): Tally {
  return { places: 0, needs: [] }
}

/** Adds what a task needs, `by` 1, or takes it away, `by` -1. */
export function count(hub: HubState, tally: Tally, { announcement }: Task, by: 1 | -1): void {
  const { needs } = tally
  for (const need of announcement.requires) {
    tally.places += by * need.count
    const rank = rankOf(hub.configuration.levels, need.level) ?? 0
    let at = 0
    while (at < needs.length && (needs[at]?.skill !== need.skill || needs[at]?.rank !== rank)) at++
    const known = needs[at]
    if (known === undefined) needs.push({ skill: need.skill, rank, tasks: 1 })
    else known.tasks += by
    if (known?.tasks !== 0) continue
    const last = needs.pop()
    if (last !== undefined && last !== known) needs[at] = last
  }
}

/** Brings up to date whether a task counts among those of its project for which there is no group. */
export function tally(hub: HubState, task: Task): void {
  const counts = task.group === undefined
  if (task.project === undefined || task.isTallied === counts) return
  task.isTallied = counts
  count(hub, task.project.toForm, task, counts ? 1 : -1)
}

/**
 * Whether for each need of some tasks more agents are free than all of them have places: then none of them waits for
 * another but for its result, whoever does which, and there is nothing to plan.
 */
export function isPlenty(hub: HubState, { places, needs }: Tally): boolean {
  if (needs.length === 0) return true
  let free = hub.roster.size
  for (const { skill, rank } of needs) {
    if (places >= free) return false
    free = Math.min(free, hub.catalog.free(skill, rank))
  }
  return places < free
}

/** How many agents are looked at to estimate a duration. */
const looksMax = 16

/** As its initiator states it; else as the slowest of its needs takes the agents that are known. */
export function expectationOf(hub: HubState, task: Task): Millis | undefined {
  const { expectedMs, requires } = task.announcement
  if (expectedMs !== undefined) return expectedMs
  let longest: Millis | undefined
  for (const { skill, level } of requires) {
    const typical = typicalOf(hub, skill, hub.configuration.levels.indexOf(level))
    if (typical === undefined) return undefined
    longest = Math.max(longest ?? 0, typical)
  }
  return longest
}

/** The median of what agents with a skill take for it, by evidence or by claim. */
function typicalOf(hub: HubState, skill: OpenNeed['skill'], rank: number): Millis | undefined {
  const known: Millis[] = []
  let looks = looksMax
  for (const slot of hub.catalog.agentsWith(skill, rank)) {
    if (looks-- === 0) break
    const entry = hub.bySlot[slot]
    const place = entry?.skills.findIndex(({ name }) => name === skill) ?? -1
    const typical = entry?.estimates[place]?.typicalMs
    if (typical !== undefined) known.push(typical)
  }
  return known.sort((a, b) => a - b)[known.length >>> 1]
}

/** Durations are learned while a project waits: before a plan is made they are looked up again. */
export function reckon(hub: HubState, project: Project): void {
  for (const task of project.tasks) {
    const expected = expectationOf(hub, task)
    if (expected !== task.expectedMs) {
      project.ranked = false
      project.unsettled = true
    }
    task.expectedMs = expected
  }
}

/** Marks every plan as outdated that an agent's coming or going may change. */
export function agentsChanged(hub: HubState): void {
  for (const project of hub.projects.values()) outdate(project)
}

/** A search came to nothing: the plan counted on agents that are not to be had. */
export function forsake(task: Task): void {
  const { project } = task
  if (project === undefined) return
  task.unwilling = task.lastConsidered.flatMap(({ agent, verdict }) => {
    return verdict === 'outscored' || verdict === 'chosen' ? [] : [agent]
  })
  if (project.plan?.entries.delete(task)) project.stale = true
}

/** A group stands. Where it is another than the plan names, the plan is made again. */
export function noteFormed(hub: HubState, task: Task): void {
  const { project, group } = task
  if (project === undefined) return
  tally(hub, task)
  project.unsettled = true
  project.demand = undefined
  const entry = project.plan?.entries.get(task)
  if (entry === undefined || group === undefined) return
  const isMember = (agent: AgentId): boolean => partOf(task.group, agent) !== undefined
  const same = entry.agents.length === group.parts.length && entry.agents.every(isMember)
  if (same) project.isFollowed = true
  else project.stale = true
}

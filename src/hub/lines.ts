/**
 * Where tasks wait that cannot begin: those that need the same stand together, so that what has changed costs as much
 * as can be served by it, however many wait.
 * Must never happen here: a choice of who is next, or a task that stands in two places.
 */
import type { SkillName } from '../protocol/id.ts'
import { isBefore } from '../strategy/age.ts'
import { enterLine, leaveLine } from '../strategy/rotation.ts'
import { isFree, openNeeds } from './asking.ts'
import { isTight, roomIn } from './gathering.ts'
import { Heap } from './heap.ts'
import type { HubState, Kind, OpenNeed, Task, Waiter } from './state.ts'
import type { ProjectKind } from './waiting.ts'

/** Puts a task with those that need the same. */
export function park(hub: HubState, task: Task): Kind {
  unpark(hub, task)
  const { kinds, rotation } = hub.queue
  const needs = openNeeds(hub, task).filter((need) => !need.optional)
  const name = kindName(hub, task, needs)
  const kind = kinds.get(name) ?? openKind(hub, name, needs, task.urgent)
  const own = kind.waiting.get(task.payer) ?? newOrder()
  kind.waiting.set(task.payer, own)
  task.waiter = { task, kind, place: -1 }
  own.add(task.waiter)
  enterLine(rotation, kind.line, task.payer)
  return kind
}

export function unpark(hub: HubState, task: Task): void {
  unparkFromProject(hub, task)
  const { waiter } = task
  if (waiter === undefined) return
  const { kind } = waiter
  task.waiter = undefined
  const own = kind.waiting.get(task.payer)
  own?.remove(waiter)
  if (own?.size === 0) kind.waiting.delete(task.payer)
  if (kind.waiting.size === 0) closeKind(hub, kind)
  leaveLine(hub.queue.rotation, kind.line, task.payer)
}

/** Whether the needs of a kind could be met now. */
export function isOpen(hub: HubState, kind: Kind | ProjectKind): boolean {
  const claimer = hub.claim && hub.tasks.get(hub.claim.task)
  const own = (claimer?.waiter ?? claimer?.stand)?.kind === kind ? claimer?.id : undefined
  return kind.needs.every((need) => isFree(hub, need, own))
}

/** The first task of every payer in a kind, each in the order of its payer. */
export function* firstOfEach(kind: Kind): Iterable<Task> {
  for (const own of kind.waiting.values()) {
    const first = own.first()
    if (first !== undefined) yield first.task
  }
}

/** Who must not have one of the agents, or for whom agents are kept, waits alone: its like may begin where not it. */
function kindName(hub: HubState, task: Task, needs: readonly OpenNeed[]): string {
  const isSingular =
    task.announcement.exclude.length > 0 ||
    task.announcement.include !== undefined ||
    task.group !== undefined ||
    task.results.length > 0 ||
    hub.claim?.task === task.id
  if (isSingular) return `task ${task.id}`
  const names = needs.map(({ skill, rank, count }) => `${skill} ${rank} ${count}`).sort()
  const { minMembers } = task.announcement
  // A task for which the size is an obstacle must not hold up those for which it is none.
  const size = isTight(task, undefined, needs) ? ` by ${minMembers} to ${roomIn(task, undefined)}` : ''
  return `${task.urgent ? 'urgent' : 'other'} ${names.join()}${size}`
}

function openKind(hub: HubState, name: string, needs: readonly OpenNeed[], urgent: boolean): Kind {
  const { kinds, kindsBySkill } = hub.queue
  const places = needs.reduce((sum, { count }) => sum + count, 0)
  const kind: Kind = { name, needs, places, urgent, line: scarcest(hub, needs), waiting: new Map() }
  kinds.set(name, kind)
  for (const { skill } of needs) {
    const known = kindsBySkill.get(skill) ?? new Set()
    kindsBySkill.set(skill, known.add(kind))
  }
  return kind
}

function closeKind(hub: HubState, kind: Kind): void {
  const { kinds, kindsBySkill } = hub.queue
  kinds.delete(kind.name)
  for (const { skill } of kind.needs) {
    const known = kindsBySkill.get(skill)
    known?.delete(kind)
    if (known?.size === 0) kindsBySkill.delete(skill)
  }
}

/** The skill that has the fewest able agents for each that is asked for; of equals the first by name. */
function scarcest(hub: HubState, needs: readonly OpenNeed[]): SkillName {
  const share = ({ skill, rank, count }: OpenNeed): number => hub.catalog.capable(skill, rank) / count
  const [first] = [...needs].sort((a, b) => share(a) - share(b) || (a.skill < b.skill ? -1 : 1))
  return first?.skill ?? ('' as SkillName)
}

/** Lets a task wait with the others of its project: its payer has a turn for it in the line of its scarcest skill. */
export function parkInProject(hub: HubState, task: Task): void {
  unpark(hub, task)
  if (task.project !== undefined) {
    task.project.waiting.add(task)
    task.project.unsettled = true
  }
  const needs = openNeeds(hub, task).filter((need) => !need.optional)
  const line = scarcest(hub, needs)
  task.stand = { line, kind: joinKind(hub, task, needs) }
  enterLine(hub.queue.rotation, line, task.payer)
  hub.queue.projectsStirred = true
}

/** Agents are kept for a task of a project: its like may not begin where it may. */
export function standApart(hub: HubState, task: Task): void {
  if (task.stand === undefined) return
  const { line, kind } = task.stand
  leaveKind(hub, task, kind)
  task.stand = { line, kind: joinKind(hub, task, kind.needs) }
}

function unparkFromProject(hub: HubState, task: Task): void {
  if (task.stand === undefined) return
  const { line, kind } = task.stand
  task.stand = undefined
  leaveLine(hub.queue.rotation, line, task.payer)
  leaveKind(hub, task, kind)
  task.project?.waiting.delete(task)
}

function joinKind(hub: HubState, task: Task, needs: readonly OpenNeed[]): ProjectKind {
  const { projectKinds } = hub.queue
  const name = kindName(hub, task, needs)
  const known = projectKinds.get(name)
  if (known !== undefined) {
    known.waiting.add(task)
    return known
  }
  const places = needs.reduce((sum, { count }) => sum + count, 0)
  const kind = { name, needs, places, waiting: new Set([task]) }
  projectKinds.set(name, kind)
  return kind
}

function leaveKind(hub: HubState, task: Task, { name, waiting }: ProjectKind): void {
  waiting.delete(task)
  if (waiting.size === 0) hub.queue.projectKinds.delete(name)
}

function newOrder(): Heap<Waiter> {
  return new Heap((a, b) => isBefore(a.task, b.task))
}

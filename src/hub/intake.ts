/**
 * Where tasks come in: announcements, questions after them, cancellations, and what the journal knows of ended ones.
 * Must never happen here: two tasks under one id, or an acknowledgement of something that is not durable.
 */
import { checkTask, taskConflict } from '../protocol/announce.ts'
import type { Fact } from '../protocol/fact.ts'
import { type NodeId, quote, type TaskId } from '../protocol/id.ts'
import type { Address, TaskAccepted, TaskAnnounce, TaskCancel, TaskFollow } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import type { Warning } from '../protocol/warning.ts'
import { hopelessness, lateness } from './admitting.ts'
import { apply, record } from './applying.ts'
import { claim, end, passOn, putToInitiator } from './ending.ts'
import { enrol } from './projects.ts'
import { enqueue } from './queue.ts'
import { loseMember } from './recovering.ts'
import { refuseMessage, unknownTask } from './running.ts'
import {
  countRefusal,
  type HubState,
  newHubState,
  type Parked,
  sendTo,
  standingMembers,
  type Task,
  touch,
} from './state.ts'

export function onAnnounce(hub: HubState, from: Address, message: TaskAnnounce): void {
  const { task } = message
  const lacks = task.dependsOn.filter((id) => !hub.tasks.has(id) && !hub.ended.has(id))
  const fresh = isFresh(hub, from, message.fresh)
  if (!fresh && !hub.tasks.has(task.id) && !hub.ended.has(task.id)) lacks.push(task.id)
  if (lacks.length === 0) admit(hub, from.id, task)
  else park(hub, { from: from.id, about: task, lacks: new Set(lacks) })
}

/** Initiators whose serials a hub remembers. */
const serialsKept = 10_000

/**
 * Whether nobody can have used the id before. What was said to this life of the hub, and is above all that it has heard
 * of that life of the initiator, is no copy of what was heard before.
 */
function isFresh(hub: HubState, { id, incarnation }: Address, fresh: TaskAnnounce['fresh']): boolean {
  if (fresh === undefined || fresh.hub !== hub.self.incarnation) return false
  const known = hub.serials.get(id)
  if (known !== undefined && incarnation < known.incarnation) return false
  if (known?.incarnation === incarnation && fresh.serial <= known.serial) return false
  // The latest to be heard comes last; where there is only one, it is.
  if (hub.serials.size > 1) hub.serials.delete(id)
  hub.serials.set(id, { incarnation, serial: fresh.serial })
  const oldest = hub.serials.size > serialsKept ? hub.serials.keys().next().value : undefined
  if (oldest !== undefined) {
    hub.serials.delete(oldest)
    hub.serialsForgotten = true
  }
  return known !== undefined || !hub.serialsForgotten
}

/** What is known now, and what will be looked up, is still known when the last answer has come. */
function park(hub: HubState, parked: Parked): void {
  for (const id of askedBy(parked)) hub.awaited.set(id, (hub.awaited.get(id) ?? 0) + 1)
  for (const id of parked.lacks) recall(hub, id).push(parked)
}

function unpark(hub: HubState, parked: Parked): void {
  for (const id of askedBy(parked)) {
    const others = (hub.awaited.get(id) ?? 1) - 1
    if (others > 0) hub.awaited.set(id, others)
    else hub.awaited.delete(id)
  }
  if (typeof parked.about === 'string') follow(hub, parked.from, parked.about)
  else admit(hub, parked.from, parked.about)
}

function askedBy({ about }: Parked): readonly TaskId[] {
  return typeof about === 'string' ? [about] : [about.id, ...about.dependsOn]
}

/** Asks the journal for a task, once, and answers who waits for it. */
function recall(hub: HubState, id: TaskId): Parked[] {
  const known = hub.recalls.get(id)
  if (known !== undefined) return known
  const waiting: Parked[] = []
  hub.recalls.set(id, waiting)
  hub.effects.push({ kind: 'recall', task: id })
  return waiting
}

/** The journal's answer: the facts of a task that this hub does not have in memory, none if it never existed. */
export function onRecalled(hub: HubState, id: TaskId, facts: readonly Fact[]): void {
  remember(hub, id, facts)
  const waiting = hub.recalls.get(id) ?? []
  hub.recalls.delete(id)
  for (const parked of waiting) {
    parked.lacks.delete(id)
    if (parked.lacks.size === 0) unpark(hub, parked)
  }
  // One that was announced while its name was looked up is open now, and so are those that wait for it.
  if (hub.tasks.has(id) || !hub.dependents.has(id)) return
  const ended = hub.ended.get(id)
  if (ended?.outcome.status === 'completed') {
    for (const dependent of hub.dependents.get(id) ?? []) hub.tasks.get(dependent)?.blockedOn.delete(id)
  }
  passOn(hub, id, ended?.outcome.status ?? 'failed')
}

/** Folds the facts of one ended task in a hub of their own, and keeps what came out. */
function remember(hub: HubState, id: TaskId, facts: readonly Fact[]): void {
  if (hub.tasks.has(id) || hub.ended.has(id)) return
  const past = newHubState(hub.self, hub.configuration, hub.random)
  for (const fact of facts)
    if (fact.kind !== 'standing.changed' && fact.kind !== 'outcome.reported') apply(past, fact)
  const ended = past.ended.get(id)
  if (ended !== undefined) hub.ended.set(id, ended)
}

function admit(hub: HubState, from: NodeId, announcement: TaskAnnouncement): void {
  const { id } = announcement
  const known = hub.tasks.get(id)?.announcement ?? hub.ended.get(id)?.announcement
  if (known !== undefined) {
    if (JSON.stringify(known) === JSON.stringify(announcement)) follow(hub, from, id)
    else answerNo(hub, from, id, taskConflict(id))
    return
  }
  const refusal = objection(hub, from, announcement)
  if (refusal !== undefined) {
    answerNo(hub, from, id, refusal)
    return
  }
  const warning = lateness(hub, announcement)
  const accepted = { kind: 'task.accepted', task: id, at: hub.now, initiator: from, announcement } as const
  record(hub, warning === undefined ? accepted : { ...accepted, warning })
  sendTo(hub, from, acceptanceOf(id, warning))
  const task = hub.tasks.get(id)
  if (task === undefined) return
  enrol(hub, task)
  begin(hub, task)
}

function acceptanceOf(task: TaskId, warning: Warning | undefined): TaskAccepted {
  return warning === undefined ? { kind: 'TASK_ACCEPTED', task } : { kind: 'TASK_ACCEPTED', task, warning }
}

function begin(hub: HubState, task: Task): void {
  touch(hub, task)
  if (task.blockedOn.size === 0) enqueue(hub, task, undefined)
  else task.waitingFor = { kind: 'dependencies', tasks: [...task.blockedOn] }
}

function answerNo(hub: HubState, to: NodeId, task: TaskId, refusal: Refusal): void {
  sendTo(hub, to, { kind: 'TASK_REFUSED', task, refusal: countRefusal(hub, refusal) })
}

function objection(hub: HubState, from: NodeId, announcement: TaskAnnouncement): Refusal | undefined {
  const { limits, levels } = hub.configuration
  const wrong = checkTask(announcement, limits, levels) ?? misdirected(hub, announcement.id)
  if (wrong !== undefined) return wrong
  const full = fullness(hub, from)
  if (full !== undefined) return full
  for (const id of announcement.dependsOn) {
    if (hub.tasks.has(id)) continue
    const status = hub.ended.get(id)?.outcome.status
    if (status === 'completed') continue
    const field = 'dependsOn'
    if (status !== undefined) {
      return refuse('E_DEPENDENCY_FAILED', `it depends on ${quote(id)}, which ended as ${status}`, { field })
    }
    const hint = 'Announce a task before those that depend on it.'
    return refuse('E_NO_SUCH_TASK', `it depends on ${quote(id)}, which does not exist`, { field, hint })
  }
  const misplaced = announcement.parent === undefined ? undefined : parentage(hub, from, announcement)
  return misplaced ?? hopelessness(hub, announcement)
}

/** Another hub decides on tasks of this name. */
function misdirected({ self, lending }: HubState, id: TaskId): Refusal | undefined {
  const home = homeOf(id, lending.partitions)
  if (lending.partitions === 1 || home === self.id) return undefined
  return refuse('E_BAD_STATE', `the hub of the task ${quote(id)} is ${home}`)
}

function fullness(hub: HubState, from: NodeId): Refusal | undefined {
  const { maxAnnouncements, maxAnnouncementsPerInitiator, retryMs } = hub.configuration.limits
  if (hub.tasks.size >= maxAnnouncements) {
    return refuse('E_FULL', `the hub has ${hub.tasks.size} open tasks, its limit (maxAnnouncements)`, {
      hint: 'Announce again when tasks have ended.',
      retryAfterMs: retryMs,
    })
  }
  const open = hub.openByInitiator.get(from) ?? 0
  if (open < maxAnnouncementsPerInitiator) return undefined
  return refuse('E_QUOTA', `${from} has ${open} open tasks, its limit (maxAnnouncementsPerInitiator)`, {
    hint: 'Announce again when some of them have ended.',
    retryAfterMs: retryMs,
  })
}

function parentage(hub: HubState, from: NodeId, announcement: TaskAnnouncement): Refusal | undefined {
  const parent = announcement.parent === undefined ? undefined : hub.tasks.get(announcement.parent)
  const field = 'parent'
  if (parent === undefined) return refuse('E_NO_SUCH_TASK', 'the parent task is not open', { field })
  const part = [...(parent.group?.parts.values() ?? [])].find(({ member }) => member.agent === from)
  if (part?.state !== 'working')
    return refuse('E_NOT_MEMBER', `${from} does not work on the parent task`, { field })
  if (announcement.depth === parent.announcement.depth + 1) return undefined
  return refuse('E_RANGE', `the depth is one more than the parent's, which is ${parent.announcement.depth}`, {
    field,
  })
}

/** Somebody asks how a task stands. */
export function onFollow(hub: HubState, from: Address, message: TaskFollow): void {
  const { task: id } = message
  if (hub.tasks.has(id) || hub.ended.has(id)) follow(hub, from.id, id)
  else park(hub, { from: from.id, about: id, lacks: new Set([id]) })
}

function follow(hub: HubState, from: NodeId, id: TaskId): void {
  const ended = hub.ended.get(id)
  if (ended !== undefined) {
    sendTo(hub, from, { kind: 'TASK_ENDED', task: id, outcome: ended.outcome })
    return
  }
  const task = hub.tasks.get(id)
  if (task === undefined) {
    answerNo(hub, from, id, unknownTask(hub, id))
    return
  }
  if (!task.followers.includes(from)) task.followers = [...task.followers, from]
  sendTo(hub, from, acceptanceOf(id, task.warning))
  const members = standingMembers(task)
  if (members.length > 0) sendTo(hub, from, { kind: 'GROUP_FORMED', task: id, epoch: task.epoch, members })
  if (task.claimedAt !== undefined) putToInitiator(hub, task)
}

/** The initiator of a task, or of a task on whose behalf it was announced, takes it back. */
export function onCancel(hub: HubState, from: Address, message: TaskCancel): void {
  const task = hub.tasks.get(message.task)
  if (task === undefined) {
    refuseMessage(hub, from, 'TASK_CANCEL', message.task, unknownTask(hub, message.task))
    return
  }
  for (let above: Task | undefined = task; above !== undefined; above = parentOf(hub, above)) {
    if (above.initiator !== from.id) continue
    end(hub, task, 'cancelled', refuse('E_CANCELLED', message.reason))
    return
  }
  const refusal = refuse('E_NOT_MEMBER', `only its initiator may cancel the task ${quote(task.id)}`)
  refuseMessage(hub, from, 'TASK_CANCEL', task.id, refusal)
}

function parentOf(hub: HubState, task: Task): Task | undefined {
  const { parent } = task.announcement
  return parent === undefined ? undefined : hub.tasks.get(parent)
}

/**
 * After a start: the members of every group are gone with the process they lived in, so what they had not finished is
 * open again, and every task goes on from what is durable.
 */
export function resume(hub: HubState): void {
  for (const task of [...hub.tasks.values()]) {
    touch(hub, task)
    enrol(hub, task)
    for (const id of task.blockedOn) if (!hub.tasks.has(id)) recall(hub, id)
    for (const part of [...(task.group?.parts.values() ?? [])]) {
      if (part.state !== 'working') continue
      loseMember(hub, task, part, refuse('E_RESTARTED', 'the network was started again'), false)
    }
    if (!hub.tasks.has(task.id) || task.queued || claim(hub, task)) continue
    begin(hub, task)
  }
}

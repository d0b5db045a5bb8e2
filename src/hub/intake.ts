/**
 * Where tasks come in: announcements, questions after them, cancellations, and what the journal knows of ended ones.
 * Must never happen here: two tasks under one id, or an acknowledgement of something that is not durable.
 */
import { checkTask, taskConflict } from '../protocol/announce.ts'
import type { Fact } from '../protocol/fact.ts'
import type { TaskAsk, TaskState } from '../protocol/hanging.ts'
import { type NodeId, quote, type TaskId } from '../protocol/id.ts'
import type { Address, TaskAccepted, TaskAnnounce, TaskCancel, TaskFollow } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import type { Behalf, TaskAnnouncement } from '../protocol/task.ts'
import type { Warning } from '../protocol/warning.ts'
import { answerAsk, foreignTo, hang, initiatorsOf, inquire, isAtWork, watchAgain } from './abroad.ts'
import { hopelessness, lateness } from './admitting.ts'
import { apply, record, unblock } from './applying.ts'
import { claim, end, passOn, putToInitiator } from './ending.ts'
import { standingMembers } from './members.ts'
import { enrol } from './projects.ts'
import { enqueue } from './queue.ts'
import { loseMember } from './recovering.ts'
import { isOwn } from './roster.ts'
import { refuseMessage, unknownTask } from './running.ts'
import { countRefusal, type HubState, newHubState, type Parked, sendTo, type Task, touch } from './state.ts'

export function onAnnounce(hub: HubState, from: Address, message: TaskAnnounce): void {
  const { task } = message
  const lacks = task.dependsOn.filter((id) => !isKnown(hub, id) && isOwn(hub, id))
  const fresh = isFresh(hub, from, message.fresh)
  if (!fresh && !isKnown(hub, task.id)) lacks.push(task.id)
  if (lacks.length > 0 || foreignTo(hub, task).length > 0)
    park(hub, { from: from.id, about: task, lacks: new Set(lacks) })
  else admit(hub, from.id, task, nothingTold)
}

function isKnown(hub: HubState, id: TaskId): boolean {
  return hub.tasks.has(id) || hub.ended.has(id)
}

/** Of tasks of other hubs, where there are none. */
const nothingTold: ReadonlyMap<TaskId, TaskState> = new Map()

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
  else if (known?.incarnation === incarnation) {
    known.serial = fresh.serial
    return true
  }
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
  if (parked.lacks.size === 0) unpark(hub, parked)
}

export function forgetParked(hub: HubState, parked: Parked): void {
  for (const id of askedBy(parked)) {
    const others = (hub.awaited.get(id) ?? 1) - 1
    if (others > 0) hub.awaited.set(id, others)
    else hub.awaited.delete(id)
  }
}

/** The journal has answered. What an announcement hangs on at other hubs is asked for next. */
function unpark(hub: HubState, parked: Parked): void {
  const { about, from } = parked
  if (typeof about !== 'string' && !('ask' in about) && !isKnown(hub, about.id)) {
    if (foreignTo(hub, about).length > 0) return abroad(hub, parked, about)
  }
  forgetParked(hub, parked)
  if (typeof about === 'string') follow(hub, from, about)
  else if ('ask' in about) answerAsk(hub, about.from, about.ask)
  else admit(hub, from, about, nothingTold)
}

/** What can be refused without asking anybody is. */
function abroad(hub: HubState, parked: Parked, announcement: TaskAnnouncement): void {
  const refusal = plainObjection(hub, parked.from, announcement, hub.abroad.inquiries.size)
  if (refusal === undefined) return inquire(hub, parked, announcement)
  forgetParked(hub, parked)
  answerNo(hub, parked.from, announcement.id, refusal)
}

function askedBy({ about }: Parked): readonly TaskId[] {
  if (typeof about === 'string') return [about]
  return 'ask' in about ? [about.ask.task] : [about.id, ...about.dependsOn]
}

/** Another hub asks after a task. What this one has forgotten it looks up. */
export function onTaskAsk(hub: HubState, from: Address, ask: TaskAsk): void {
  const { task } = ask
  if (isKnown(hub, task) || !isOwn(hub, task)) answerAsk(hub, from, ask)
  else park(hub, { from: from.id, about: { from, ask }, lacks: new Set([task]) })
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
  if (ended?.outcome.status === 'completed') unblock(hub, id)
  passOn(hub, id, ended?.outcome.status ?? 'failed')
}

/** Folds the facts of one ended task in a hub of their own, and keeps what came out. */
function remember(hub: HubState, id: TaskId, facts: readonly Fact[]): void {
  if (hub.tasks.has(id) || hub.ended.has(id)) return
  const past = newHubState(hub.self, hub.configuration, hub.random)
  for (const fact of facts)
    if (fact.kind !== 'standing.changed' && fact.kind !== 'outcome.reported') apply(past, fact)
  const ended = past.ended.get(id)
  if (ended !== undefined) hub.ended.add(id, ended)
}

/** `told`: how the tasks of other hubs stand on which it hangs. */
export function admit(
  hub: HubState,
  from: NodeId,
  announcement: TaskAnnouncement,
  told: ReadonlyMap<TaskId, TaskState>,
): void {
  const { id } = announcement
  const known = hub.tasks.get(id)?.announcement ?? hub.ended.get(id)?.announcement
  if (known !== undefined) {
    if (JSON.stringify(known) === JSON.stringify(announcement)) follow(hub, from, id)
    else answerNo(hub, from, id, taskConflict(id))
    return
  }
  const refusal = objection(hub, from, announcement, told)
  if (refusal !== undefined) {
    answerNo(hub, from, id, refusal)
    return
  }
  const warning = lateness(hub, announcement)
  const accepted = { kind: 'task.accepted', task: id, at: hub.now, initiator: from, announcement } as const
  const behalf = behalfIn(told, announcement)
  const warned = warning === undefined ? accepted : { ...accepted, warning }
  record(hub, behalf === undefined ? warned : { ...warned, behalf })
  sendTo(hub, from, acceptanceOf(id, warning))
  const task = hub.tasks.get(id)
  if (task === undefined) return
  hang(hub, task, told)
  enrol(hub, task)
  begin(hub, task)
}

function acceptanceOf(task: TaskId, warning: Warning | undefined): TaskAccepted {
  return warning === undefined ? { kind: 'TASK_ACCEPTED', task } : { kind: 'TASK_ACCEPTED', task, warning }
}

function begin(hub: HubState, task: Task): void {
  touch(hub, task)
  if (task.blockedOn.length === 0) enqueue(hub, task, undefined)
  else task.waitingFor = { kind: 'dependencies', tasks: task.blockedOn }
}

function answerNo(hub: HubState, to: NodeId, task: TaskId, refusal: Refusal): void {
  sendTo(hub, to, { kind: 'TASK_REFUSED', task, refusal: countRefusal(hub, refusal) })
}

/** Why it is refused, whatever it hangs on. `more`: announcements that may be accepted before it. */
function plainObjection(
  hub: HubState,
  from: NodeId,
  announcement: TaskAnnouncement,
  more: number,
): Refusal | undefined {
  const { limits, levels } = hub.configuration
  const wrong = checkTask(announcement, limits, levels) ?? misdirected(hub, announcement.id)
  return wrong ?? fullness(hub, from, more)
}

function objection(
  hub: HubState,
  from: NodeId,
  announcement: TaskAnnouncement,
  told: ReadonlyMap<TaskId, TaskState>,
): Refusal | undefined {
  const plain = plainObjection(hub, from, announcement, 0)
  if (plain !== undefined) return plain
  for (const id of announcement.dependsOn) {
    const state = told.get(id)
    if (hub.tasks.has(id) || state?.kind === 'open') continue
    const outcome = state?.kind === 'ended' ? state.outcome : hub.ended.get(id)?.outcome
    const status = outcome?.status
    if (status === 'completed') continue
    const field = 'dependsOn'
    if (status !== undefined) {
      return refuse('E_DEPENDENCY_FAILED', `it depends on ${quote(id)}, which ended as ${status}`, { field })
    }
    const hint = 'Announce a task before those that depend on it.'
    return refuse('E_NO_SUCH_TASK', `it depends on ${quote(id)}, which does not exist`, { field, hint })
  }
  const { parent } = announcement
  const misplaced = parent === undefined ? undefined : parentage(hub, from, announcement, told.get(parent))
  return misplaced ?? hopelessness(hub, announcement)
}

/** Another hub decides on tasks of this name. */
function misdirected({ self, lending }: HubState, id: TaskId): Refusal | undefined {
  const home = homeOf(id, lending.partitions)
  if (lending.partitions === 1 || home === self.id) return undefined
  return refuse('E_BAD_STATE', `the hub of the task ${quote(id)} is ${home}`)
}

function fullness(hub: HubState, from: NodeId, more: number): Refusal | undefined {
  const { maxAnnouncements, maxAnnouncementsPerInitiator, retryMs } = hub.configuration.limits
  const all = hub.tasks.size + more
  if (all >= maxAnnouncements) {
    return refuse('E_FULL', `the hub has ${all} open tasks, its limit (maxAnnouncements)`, {
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

/** `state`: how a parent of another hub stands. */
function parentage(
  hub: HubState,
  from: NodeId,
  { parent: id, depth }: TaskAnnouncement,
  state: TaskState | undefined,
): Refusal | undefined {
  const parent = id === undefined ? undefined : hub.tasks.get(id)
  const behalf = state?.kind === 'open' ? state.behalf : undefined
  const field = 'parent'
  if (parent === undefined && state?.kind !== 'open')
    return refuse('E_NO_SUCH_TASK', 'the parent task is not open', { field })
  if (parent === undefined ? behalf === undefined : !isAtWork(parent, from))
    return refuse('E_NOT_MEMBER', `${from} does not work on the parent task`, { field })
  const above = behalf?.depth ?? parent?.announcement.depth ?? 0
  if (depth === above + 1) return undefined
  return refuse('E_RANGE', `the depth is one more than the parent's, which is ${above}`, { field })
}

function behalfIn(told: ReadonlyMap<TaskId, TaskState>, { parent }: TaskAnnouncement): Behalf | undefined {
  const state = parent === undefined ? undefined : told.get(parent)
  return state?.kind === 'open' ? state.behalf : undefined
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
  if (initiatorsOf(hub, task).includes(from.id)) {
    end(hub, task, 'cancelled', refuse('E_CANCELLED', message.reason))
    return
  }
  const refusal = refuse('E_NOT_MEMBER', `only its initiator may cancel the task ${quote(task.id)}`)
  refuseMessage(hub, from, 'TASK_CANCEL', task.id, refusal)
}

/**
 * After a start: the members of every group are gone with the process they lived in, so what they had not finished is
 * open again, and every task goes on from what is durable.
 */
export function resume(hub: HubState): void {
  for (const task of [...hub.tasks.values()]) {
    touch(hub, task)
    enrol(hub, task)
    for (const id of task.blockedOn) if (!hub.tasks.has(id) && isOwn(hub, id)) recall(hub, id)
    watchAgain(hub, task)
    for (const part of task.group?.parts ?? []) {
      if (part.state !== 'working') continue
      loseMember(hub, task, part, refuse('E_RESTARTED', 'the network was started again'), false)
    }
    if (!hub.tasks.has(task.id) || task.queued || claim(hub, task)) continue
    begin(hub, task)
  }
}

/**
 * Tasks that hang on tasks of other hubs: dependencies and sub-tasks. The hub of a task asks the hub of the other one,
 * which answers at once, and again when that one ends. What an open task hangs on is asked after again and again, so
 * no word of it has to arrive.
 * Must never happen here: an answer to an earlier question that is taken for that to a later one.
 */
import type { TaskAsk, TaskState, TaskTell } from '../protocol/hanging.ts'
import type { HubId, NodeId, TaskId } from '../protocol/id.ts'
import { never } from '../protocol/machine.ts'
import type { Address } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { Table } from '../protocol/table.ts'
import type { Behalf, Outcome, TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { record } from './applying.ts'
import type { Parked } from './effect.ts'
import { cancelChild, passOnTo } from './ending.ts'
import { admit, forgetParked } from './intake.ts'
import { isOwn } from './roster.ts'
import { type HubState, send, sendTo, type Task } from './state.ts'

/** An announcement that waits for what other hubs say of the tasks on which it hangs. */
export interface Inquiry {
  readonly parked: Parked
  readonly announcement: TaskAnnouncement
  /** The questions that are open. */
  readonly rounds: Map<TaskId, number>
  readonly told: Map<TaskId, TaskState>
  /** Then it is forgotten: its initiator says it again. */
  readonly until: Millis
}

/** A task of another hub on which open tasks hang. */
export interface Watch {
  /** The last question after it. */
  round: number
  readonly askAt: Millis
}

/** What hangs on tasks of other hubs, and which hubs ask after own ones. Volatile but for `children`. */
export interface Abroad {
  /** By initiator and task, the earliest first. */
  readonly inquiries: Map<string, Inquiry>
  /** By their rounds. */
  readonly questions: Map<number, Inquiry>
  /** In the order of their times. */
  readonly watched: Map<TaskId, Watch>
  /** Open tasks of which other hubs want to know the end. */
  readonly askers: Map<TaskId, Map<NodeId, Address>>
  /** Open sub-tasks, by the task of another hub that they were announced for. */
  readonly children: Table<TaskId, TaskId[]>
}

export function newAbroad(): Abroad {
  return {
    inquiries: new Map(),
    questions: new Map(),
    watched: new Map(),
    askers: new Map(),
    children: new Table(),
  }
}

// ---- at the hub of what hangs on another

/** The tasks of other hubs on which a task hangs. */
export function foreignTo(hub: HubState, { dependsOn, parent }: TaskAnnouncement): readonly TaskId[] {
  if (hub.lending.partitions === 1) return none
  const all = parent === undefined ? dependsOn : [...dependsOn, parent]
  return [...new Set(all)].filter((id) => !isOwn(hub, id))
}

const none: readonly TaskId[] = []

/** Asks how each of them stands, and admits the announcement when all are told of. */
export function inquire(hub: HubState, parked: Parked, announcement: TaskAnnouncement): void {
  const { abroad, configuration } = hub
  const key = `${parked.from} ${announcement.id}`
  const known = abroad.inquiries.get(key)
  if (known !== undefined && isSame(known.announcement, announcement)) {
    forgetParked(hub, parked)
    for (const [task, round] of known.rounds) ask(hub, known, task, round)
    return
  }
  if (known !== undefined) drop(hub, key, known)
  const until = hub.now + configuration.limits.agentTimeoutMs
  const inquiry: Inquiry = { parked, announcement, rounds: new Map(), told: new Map(), until }
  abroad.inquiries.set(key, inquiry)
  for (const task of foreignTo(hub, announcement)) {
    hub.rounds += 1
    inquiry.rounds.set(task, hub.rounds)
    abroad.questions.set(hub.rounds, inquiry)
    ask(hub, inquiry, task, hub.rounds)
  }
}

function isSame(a: TaskAnnouncement, b: TaskAnnouncement): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function ask(hub: HubState, { parked, announcement }: Inquiry, task: TaskId, round: number): void {
  const question: TaskAsk = { kind: 'TASK_ASK', task, round }
  const isParent = announcement.parent === task
  tellHome(hub, task, isParent ? { ...question, worker: parked.from } : question)
}

function tellHome(hub: HubState, task: TaskId, message: TaskAsk): void {
  sendTo(hub, homeOf(task, hub.lending.partitions), message)
}

function drop(hub: HubState, key: string, { parked, rounds }: Inquiry): void {
  hub.abroad.inquiries.delete(key)
  for (const round of rounds.values()) hub.abroad.questions.delete(round)
  forgetParked(hub, parked)
}

/** How a task of another hub stands. */
export function onTell(hub: HubState, from: Address, { task, round, state }: TaskTell): void {
  if (homeOf(task, hub.lending.partitions) !== from.id) return
  // What was open when it was asked after may have ended before the last of the others was told of.
  if (state.kind === 'ended') {
    for (const { told } of hub.abroad.inquiries.values()) if (told.has(task)) told.set(task, state)
  }
  const inquiry = hub.abroad.questions.get(round)
  if (inquiry?.rounds.get(task) === round) {
    hub.abroad.questions.delete(round)
    inquiry.rounds.delete(task)
    inquiry.told.set(task, state)
    if (inquiry.rounds.size === 0) {
      const { parked, announcement, told } = inquiry
      drop(hub, `${parked.from} ${announcement.id}`, inquiry)
      admit(hub, parked.from, announcement, told)
    }
  }
  heed(hub, task, round, state)
}

/** What open tasks hang on has ended. */
function heed(hub: HubState, task: TaskId, round: number, state: TaskState): void {
  switch (state.kind) {
    case 'open':
      return
    case 'ended':
      return conclude(hub, task, state.outcome)
    case 'unknown':
      // An earlier question may have been asked before the task was announced. What is watched was there: it is lost.
      if (round > 0 && hub.abroad.watched.get(task)?.round === round)
        conclude(hub, task, { status: 'failed', results: [] })
      return
    default:
      return never(state)
  }
}

function conclude(hub: HubState, id: TaskId, outcome: Outcome): void {
  hub.abroad.watched.delete(id)
  for (const dependent of [...(hub.dependents.get(id) ?? [])]) {
    const task = hub.tasks.get(dependent)
    if (!task?.blockedOn.includes(id)) continue
    noteEnded(hub, task, id, outcome)
    passOnTo(hub, task, id, outcome.status)
  }
  for (const child of [...(hub.abroad.children.get(id) ?? [])]) cancelChild(hub, child, outcome.status)
}

/** The log of a task says by itself how what it depends on has ended, and has what is handed over. */
function noteEnded(hub: HubState, task: Task, dependency: TaskId, { status, results }: Outcome): void {
  const handed = status === 'completed' ? results : []
  const fact = { kind: 'dependency.ended', task: task.id, at: hub.now, dependency, status } as const
  record(hub, { ...fact, results: handed })
}

/** The task was accepted on what was told: notes what has ended, and asks after the rest until it has. */
export function hang(hub: HubState, task: Task, told: ReadonlyMap<TaskId, TaskState>): void {
  for (const [id, state] of told) {
    if (state.kind === 'ended') noteEnded(hub, task, id, state.outcome)
    else watch(hub, id, hub.now + hub.configuration.limits.agentTimeoutMs)
  }
}

function watch(hub: HubState, id: TaskId, askAt: Millis): void {
  if (!hub.abroad.watched.has(id)) hub.abroad.watched.set(id, { round: 0, askAt })
}

/** After a start: what open tasks hang on is asked after. */
export function watchAgain(hub: HubState, task: Task): void {
  for (const id of foreignTo(hub, task.announcement))
    if (task.blockedOn.includes(id) || id === task.announcement.parent) watch(hub, id, hub.now)
}

/** Asks again after what is watched, and forgets the announcements of which nothing was told. */
export function askAbroadAgain(hub: HubState): void {
  const { inquiries, watched } = hub.abroad
  if (inquiries.size + watched.size === 0) return
  for (const [key, inquiry] of inquiries) {
    if (inquiry.until > hub.now) break
    drop(hub, key, inquiry)
  }
  for (const [id, { askAt }] of [...watched]) {
    if (askAt > hub.now) break
    askAfter(hub, id)
  }
}

/** Another hub has begun a new life: nobody there knows any more who wants to hear of the ends of its tasks. */
export function askNewLife(hub: HubState, id: HubId): void {
  const { partitions } = hub.lending
  for (const task of [...hub.abroad.watched.keys()]) if (homeOf(task, partitions) === id) askAfter(hub, task)
}

function askAfter(hub: HubState, id: TaskId): void {
  const { watched } = hub.abroad
  watched.delete(id)
  if (!isHungOn(hub, id)) return
  hub.rounds += 1
  watched.set(id, { round: hub.rounds, askAt: hub.now + hub.configuration.limits.agentTimeoutMs })
  tellHome(hub, id, { kind: 'TASK_ASK', task: id, round: hub.rounds })
}

function isHungOn(hub: HubState, id: TaskId): boolean {
  if (hub.abroad.children.has(id)) return true
  for (const dependent of hub.dependents.get(id) ?? [])
    if (hub.tasks.get(dependent)?.blockedOn.includes(id)) return true
  return false
}

/** When the next of these is due. */
export function dueAbroad({ lending, abroad }: HubState): Millis | undefined {
  if (lending.partitions === 1) return undefined
  const forget = abroad.inquiries.values().next().value?.until
  const ask = abroad.watched.values().next().value?.askAt
  return forget === undefined || (ask !== undefined && ask < forget) ? ask : forget
}

// ---- at the hub of what others hang on

/** Another hub asks; what this one does not have in memory is looked up before it is answered. */
export function answerAsk(hub: HubState, from: Address, { task: id, round, worker }: TaskAsk): void {
  send(hub, from, { kind: 'TASK_TELL', task: id, round, state: stateOf(hub, id, worker) })
  if (!hub.tasks.has(id)) return
  const askers = hub.abroad.askers.get(id) ?? new Map<NodeId, Address>()
  hub.abroad.askers.set(id, askers.set(from.id, from))
}

function stateOf(hub: HubState, id: TaskId, worker: NodeId | undefined): TaskState {
  const ended = hub.ended.get(id)
  if (ended !== undefined) return { kind: 'ended', outcome: ended.outcome }
  const task = hub.tasks.get(id)
  if (task === undefined) return { kind: 'unknown' }
  const works = worker !== undefined && isAtWork(task, worker)
  return works ? { kind: 'open', behalf: behalfOf(hub, task) } : { kind: 'open' }
}

export function isAtWork({ group }: Task, id: NodeId): boolean {
  for (const { member, state } of group?.parts ?? []) if (member.agent === id) return state === 'working'
  return false
}

function behalfOf(hub: HubState, task: Task): Behalf {
  const { payer, urgent, key, announcement } = task
  return { initiators: initiatorsOf(hub, task), payer, urgent, key, depth: announcement.depth }
}

/** Of a task and of those on whose behalf it was announced. */
export function initiatorsOf(hub: HubState, task: Task): NodeId[] {
  const { parent } = task.announcement
  const above = parent === undefined ? undefined : hub.tasks.get(parent)
  if (above !== undefined) return [task.initiator, ...initiatorsOf(hub, above)]
  const [accepted] = task.facts
  const behalf = accepted?.kind === 'task.accepted' ? accepted.behalf : undefined
  return [task.initiator, ...(behalf?.initiators ?? [])]
}

/** A task has ended: the hubs that asked after it hear so. Where the word is lost they ask again. */
export function tellAskers(hub: HubState, task: TaskId, outcome: Outcome): void {
  const { askers } = hub.abroad
  if (askers.size === 0) return
  for (const to of askers.get(task)?.values() ?? [])
    send(hub, to, { kind: 'TASK_TELL', task, round: 0, state: { kind: 'ended', outcome } })
  askers.delete(task)
}

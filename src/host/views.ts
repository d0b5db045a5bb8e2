/**
 * What readers see of tasks and groups: a fold over facts, the same for a running network, a journal read by another
 * process, and an audit.
 * Must never happen here: a look into a machine.
 */

import type { Fact, TaskAcceptedFact } from '../protocol/fact.ts'
import type { Considered, Member } from '../protocol/group.ts'
import type { AgentId, NodeId, SkillName, TaskId } from '../protocol/id.ts'
import { longer } from '../protocol/longer.ts'
import type { HubTell, WaitingFor } from '../protocol/message.ts'
import { newRecent, type Recent, remember, remembered } from '../protocol/recent.ts'
import type { Refusal } from '../protocol/refusal.ts'
import { Table } from '../protocol/table.ts'
import type { TaskAnnouncement, TaskStatus } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import type { Warning } from '../protocol/warning.ts'
import { Durations, forecastsOf, type TaskForecast } from './forecasting.ts'

/** Names of agents by the skill that they cover. */
export type MembersBySkill = Readonly<Record<string, readonly AgentId[]>>

export interface TaskView {
  readonly id: TaskId
  readonly description: string
  readonly status: TaskStatus
  readonly priority: TaskAnnouncement['priority']
  readonly initiator: NodeId
  readonly epoch: number
  readonly members: MembersBySkill
  /** How many members' parts are done. */
  readonly finished: number
  readonly attempts: number
  readonly dependsOn: readonly TaskId[]
  readonly parent?: TaskId
  readonly announcedAt: Millis
  readonly formedAt?: Millis
  readonly endedAt?: Millis
  readonly reason?: Refusal
  /** Why it is not further; only where the network runs. */
  readonly waiting?: WaitingFor
  /** When it is expected to end; absent for what has ended, and where nothing is known. */
  readonly forecast?: TaskForecast
  /** What spoke against it when it was accepted. */
  readonly warning?: Warning
}

export interface GroupView {
  readonly task: TaskId
  readonly epoch: number
  readonly members: readonly Member[]
  readonly formedAt: Millis
}

/** One loss of a member, as `explain` tells it. */
export interface LossView {
  readonly agent: AgentId
  readonly epoch: number
  readonly at: Millis
  readonly reason: Refusal
}

/** One generation of the group with the record of the decision. */
export interface FormationView {
  readonly epoch: number
  readonly at: Millis
  readonly members: readonly Member[]
  readonly considered: readonly Considered[]
  readonly uncovered: readonly SkillName[]
  readonly strategy: string
}

const nothing: readonly never[] = []

/**
 * What the facts say about one task, without the decisions: what the list of tasks needs. The decisions are most of a
 * record, and all that lives is copied by the collector. A class, so that it lies among what is young: see
 * `protocol/recent`.
 */
export class TaskOutline {
  readonly announcement: TaskAnnouncement
  readonly initiator: NodeId
  readonly acceptedAt: Millis
  readonly warning: Warning | undefined
  /** Counts the tasks in the order in which they were announced; 0 where a task is looked at alone. */
  arrival = 0
  status: TaskStatus
  epoch = 0
  attempts = 0
  members: readonly Member[] = nothing
  /** Members of this and of earlier epochs whose part is done. */
  finished: readonly Pick<Member, 'agent' | 'skills'>[] = nothing
  formedAt: Millis | undefined
  endedAt: Millis | undefined
  reason: Refusal | undefined

  constructor(
    announcement: TaskAnnouncement,
    initiator: NodeId,
    acceptedAt: Millis,
    warning: Warning | undefined,
  ) {
    this.announcement = announcement
    this.initiator = initiator
    this.acceptedAt = acceptedAt
    this.warning = warning
    this.status = announcement.dependsOn.length > 0 ? 'blocked' : 'waiting'
  }
}

/** Everything the facts say about one task. */
export class TaskRecord extends TaskOutline {
  /** The hub, or the initiator, lets the members begin. */
  begun: boolean
  formations: readonly FormationView[] = nothing
  losses: readonly LossView[] = nothing
  /** Of an ended task: what it was waiting for, and who was asked in vain. */
  waiting: WaitingFor | undefined
  considered: readonly Considered[] = nothing

  constructor({ announcement, initiator, at, warning }: TaskAcceptedFact) {
    super(announcement, initiator, at, warning)
    this.begun = announcement.startBy === 'hub'
  }
}

/** Folds one more fact into the record of its task; the first must be `task.accepted`. */
export function foldTask(record: TaskRecord | undefined, fact: Fact): TaskRecord | undefined {
  if (fact.kind === 'task.accepted') return new TaskRecord(fact)
  if (record === undefined) return undefined
  switch (fact.kind) {
    case 'group.formed':
      record.epoch = fact.epoch
      record.members = fact.members
      record.formedAt = fact.at
      record.status = record.begun ? 'working' : 'formed'
      record.formations = longer(record.formations, fact)
      break
    case 'task.started':
      record.begun = true
      record.status = 'working'
      break
    case 'member.finished':
      finishMember(record, fact)
      break
    case 'member.lost':
      record.losses = longer(record.losses, fact)
      if (fact.counts) record.attempts += 1
      if (!record.members.some((member) => isAtWork(record, member))) record.status = 'waiting'
      break
    case 'claim.returned':
      record.attempts += 1
      record.finished = nothing
      record.members = nothing
      record.status = 'waiting'
      break
    case 'task.ended':
      record.status = fact.status
      record.endedAt = fact.at
      record.reason = fact.reason
      record.waiting = fact.waiting
      record.considered = fact.considered ?? nothing
      break
    default:
      break
  }
  return record
}

function finishMember(record: TaskRecord, fact: Extract<Fact, { kind: 'member.finished' }>): void {
  record.finished = longer(record.finished, memberNamed(record, fact.agent))
  if (record.announcement.verify.by !== 'trust' && isFinished(record)) record.status = 'verifying'
}

function memberNamed({ members }: TaskRecord, agent: AgentId): TaskOutline['finished'][number] {
  for (const member of members) if (member.agent === agent) return member
  return { agent, skills: nothing }
}

function isFinished(record: TaskRecord): boolean {
  return record.members.every((member) => hasResult(record, member))
}

function isAtWork(record: TaskRecord, member: Member): boolean {
  const isLost = record.losses.some(({ epoch, agent }) => epoch === record.epoch && agent === member.agent)
  return !isLost && !hasResult(record, member)
}

function hasResult(record: TaskRecord, member: Member): boolean {
  return record.finished.some(({ agent }) => agent === member.agent)
}

/** Who covered what: finished members of all epochs, and the members of the current one. */
function membersBySkill(record: TaskOutline): MembersBySkill {
  const bySkill: Record<string, AgentId[]> = {}
  for (const { agent, skills } of [...record.finished, ...record.members]) {
    for (const skill of skills) {
      const agents = bySkill[skill] ?? []
      if (!agents.includes(agent)) agents.push(agent)
      bySkill[skill] = agents
    }
  }
  return bySkill
}

export function viewOf(record: TaskOutline): TaskView {
  const { announcement, formedAt, endedAt, reason, warning } = record
  return {
    id: announcement.id,
    description: announcement.description,
    status: record.status,
    priority: announcement.priority,
    initiator: record.initiator,
    epoch: record.epoch,
    members: membersBySkill(record),
    finished: record.finished.length,
    attempts: record.attempts,
    dependsOn: announcement.dependsOn,
    ...(announcement.parent === undefined ? {} : { parent: announcement.parent }),
    announcedAt: record.acceptedAt,
    ...(formedAt === undefined ? {} : { formedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(warning === undefined ? {} : { warning }),
  }
}

/** A field that is added to an outline is to be copied here. */
function outlineOf(record: TaskRecord): TaskOutline {
  const outline = new TaskOutline(record.announcement, record.initiator, record.acceptedAt, record.warning)
  outline.arrival = record.arrival
  outline.status = record.status
  outline.epoch = record.epoch
  outline.attempts = record.attempts
  outline.members = record.members
  outline.finished = record.finished
  outline.formedAt = record.formedAt
  outline.endedAt = record.endedAt
  outline.reason = record.reason
  return outline
}

/** Ended tasks are forgotten so many at once: as a share of those that are kept. */
const generations = 8

/** The tasks of a network: all that are open, and the last that ended. */
export class Views {
  readonly #open = new Table<TaskId, TaskRecord>()
  readonly #ended: Recent<TaskId, TaskOutline>
  readonly #durations = new Durations()
  #arrivals = 0

  constructor(endedKept: number) {
    this.#ended = newRecent(endedKept, generations)
  }

  fold(fact: Fact): void {
    if (fact.kind === 'hub.started' || fact.kind === 'outcome.reported') return
    if (fact.kind === 'standing.changed') {
      for (const { skills } of fact.evidence) for (const standing of skills) this.#durations.learn(standing)
      return
    }
    const known = this.#open.get(fact.task)
    const record = foldTask(known, fact)
    if (record === undefined) return
    if (record !== known) {
      record.arrival = this.#arrivals++
      this.#open.set(fact.task, record)
    }
    if (fact.kind !== 'task.ended') return
    if (fact.status === 'completed') this.#durations.compare(record, fact.at)
    this.#open.delete(fact.task)
    remember(this.#ended, fact.task, outlineOf(record))
  }

  /** Of an open task. What was decided about one that has ended is in the log. */
  record(task: TaskId): TaskRecord | undefined {
    return this.#open.get(task)
  }

  /** In the order in which they were announced. */
  tasks(): TaskView[] {
    const all: TaskOutline[] = [...remembered(this.#ended), ...this.#open.values()]
    return all.sort((a, b) => a.arrival - b.arrival).map(viewOf)
  }

  /** When the open tasks are expected to end; see `forecastsOf`. */
  forecasts(waits: HubTell['waits'], now: Millis): Map<TaskId, TaskForecast> {
    return forecastsOf(this.#open.values(), this.#durations, waits, now)
  }

  /** Those that stand now. */
  groups(): GroupView[] {
    const groups: GroupView[] = []
    for (const { announcement, epoch, members, formedAt } of this.#open.values()) {
      if (formedAt === undefined || members.length === 0) continue
      groups.push({ task: announcement.id, epoch, members, formedAt })
    }
    return groups
  }
}

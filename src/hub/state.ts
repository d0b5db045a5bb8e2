/**
 * What a hub knows. Durable parts change only in `applying`, by facts; a search for members is volatile and starts
 * again after a crash.
 * Must never happen here: a decision.
 */
import type { Fact } from '../protocol/fact.ts'
import type { Checkpoint, Considered, Member } from '../protocol/group.ts'
import type { AgentId, InviteId, NodeId, SkillName, TaskId } from '../protocol/id.ts'
import type { Configuration } from '../protocol/limits.ts'
import type { Address, Message, OpenOffer, WaitingFor } from '../protocol/message.ts'
import type { Refusal, RefusalCode } from '../protocol/refusal.ts'
import type { Skill } from '../protocol/skill.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import { Table } from '../protocol/table.ts'
import type { MemberResult, TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import type { Warning } from '../protocol/warning.ts'
import { Catalog } from '../strategy/catalog.ts'
import { Population, type Prior } from '../strategy/population.ts'
import { newRotation } from '../strategy/rotation.ts'
import type { Estimate } from '../strategy/score.ts'
import { type Abroad, newAbroad } from './abroad.ts'
import { Deadlines, type Due } from './deadlines.ts'
import type { HubEffect, Parked } from './effect.ts'
import { Ended } from './ended.ts'
import { type Borrowing, type Lender, type Lending, type Loan, newLending } from './loans.ts'
import type { Preferred, Project } from './project.ts'
import type { OpenNeed, Reach } from './reach.ts'
import type { Account } from './recounting.ts'
import { newReports, type Reports } from './reports.ts'
import type { Queue, Stand, Waiter } from './waiting.ts'

export type { HubEffect, Parked } from './effect.ts'
export type { OpenNeed, Reach } from './reach.ts'
export type { Kind, Queue, Waiter } from './waiting.ts'

/** One agent of a search: asked, or considered by its open offer, and what it said. */
export interface Asked {
  readonly entry: RosterEntry
  /** Which of the open needs it can cover. */
  readonly reach: Reach
  /** Its open offer is its answer: no question goes out. */
  open: boolean
  /** What the record says of it; set when it has offered. */
  account: Account | undefined
  verdict: Considered['verdict'] | undefined
  why: string | undefined
  /** The values of `strategy/score` for each open need; undefined where it cannot. Empty until it is scored. */
  values: readonly (number | undefined)[]
  /** The costs of `strategy/score`, and those of policies. */
  cost: number
  /** What it asks for its part. */
  price: number
  /** Nothing was seen of it in what it is asked for. */
  isUnseen: boolean
  /** Too little was seen of it, in any of what it is asked for, to rely on it. */
  isUnproven: boolean
  /** The announcement asks for it by name. */
  readonly mustInclude: boolean
  /** It is among the search's invitations. */
  isInvited: boolean
}

export interface Invitation {
  readonly id: InviteId
  readonly asked: Asked
  /** What the agent would do. */
  readonly reach: Reach
  /** Without an answer by then the next best is invited. */
  readonly answerBy: Millis
  accepted: boolean
}

/** The volatile search for the members that a task lacks. */
export interface Search {
  readonly needs: readonly OpenNeed[]
  /** Whatever stands by then, the search ends. */
  readonly endsAt: Millis
  round: number
  closesAt: Millis
  /** All have answered, and it waits no longer than this for searches that want the same agents. */
  chooseBy: Millis | undefined
  unanswered: number
  /** Of each need, where it is counted as sought. Empty for one whose slots were granted. */
  supplies: readonly Supply[]
  /** Few, and gone soon: lists are smaller than maps and quicker to walk through. */
  reaches: readonly Reach[]
  asked: readonly Asked[]
  invitations: readonly Invitation[]
  /** Of a task in a project: the team that costs the others least, and which strategy says so. */
  preferred: Preferred | undefined
  /** Its agents' slots were granted for it: it seeks no others. */
  readonly granted: boolean
  /** A choice was made for which there is no proof that none is better. */
  unproven: boolean
}

export type PartState = 'working' | 'finished' | 'lost'

/** A member of the current group and how far it is. */
export interface Part {
  readonly member: Member
  state: PartState
  startedAt: Millis
  /** Median duration that was expected when the group was formed; 0 when nothing was known. */
  expectedMs: Millis
  /** The last sign of work. */
  heardAt: Millis
  /** Whose work it goes on with, where it replaces members that were lost: their checkpoints are its own. */
  readonly follows: readonly AgentId[]
}

export interface Group {
  readonly epoch: number
  readonly formedAt: Millis
  readonly parts: readonly Part[]
  /** Optional skills that the group stands without. */
  readonly uncovered: readonly SkillName[]
  started: boolean
}

/** An open task. */
export interface Task extends Due {
  readonly id: TaskId
  readonly announcement: TaskAnnouncement
  readonly initiator: NodeId
  /** Whoever wants to hear of it: the initiator, and who announced the same or asked after it. */
  followers: readonly NodeId[]
  readonly acceptedAt: Millis
  /** What was said against it when it was accepted. */
  readonly warning: Warning | undefined
  readonly deadlineAt: Millis | undefined
  /** Whose turn it takes: the initiator's, or for a sub-task that of the task on whose behalf it was announced. */
  readonly payer: NodeId
  /** Its place among the tasks of the same payer: see `strategy/age`. */
  readonly urgent: boolean
  key: number
  readonly arrival: number
  /** What is needed to rebuild this task. */
  readonly facts: Fact[]
  /** Dependencies that have not completed yet. */
  blockedOn: readonly TaskId[]
  /** Open tasks that were announced on its behalf; made for the first. */
  children: Set<TaskId> | undefined
  epoch: number
  group: Group | undefined
  /** Results of finished members, of this and earlier epochs. */
  results: readonly MemberResult[]
  /** How long each of the results took. */
  tookMs: readonly Millis[]
  readonly checkpoints: Checkpoint[]
  attempts: number
  failedBy: ReadonlySet<AgentId>
  feedback: string | undefined
  // ---- volatile
  queued: boolean
  /** Set while it waits for what others that need the same wait for. */
  waiter: Waiter | undefined
  /** It is looked at before the turn ends. */
  fresh: boolean
  search: Search | undefined
  /** A search that came to nothing rests until then. */
  restUntil: Millis | undefined
  fruitless: number
  waitingFor: WaitingFor | undefined
  lastConsidered: readonly Considered[]
  /** Of one of several hubs: who has said no since it was last put to all. */
  shunned: readonly AgentId[]
  /**
   * As it is stated, or as the agents that can do it are expected to take; undefined when nothing is known, and until
   * its project is ranked or planned.
   */
  expectedMs: Millis | undefined
  /** The longest way to the end of its project. */
  rankMs: Millis
  project: Project | undefined
  /** Set while it waits in the queue with the others of its project. */
  stand: Stand | undefined
  /** What it needs is among what its project needs for groups to come. */
  isTallied: boolean
  /** Of a task in a project: who would not have it in the last search that came to nothing. */
  unwilling: readonly AgentId[]
  /** When the plan is looked at again, should nothing happen until then. */
  lookAt: Millis | undefined
  /** When the claim was last put to the initiator. */
  claimedAt: Millis | undefined
  /** The task that checks this one's claim. */
  check: TaskId | undefined
  /** Its end is being carried out; what that sets off does not end it again. */
  ending: boolean
  /** Its next deadline is to be worked out again. */
  touched: boolean
  /** Reservations for it at the homes of agents. */
  borrowing: Borrowing | undefined
  /** Slots that were granted for it, one each. */
  guests: Map<AgentId, RosterEntry> | undefined
  /** When their homes are told again that they are in use. */
  confirmAt: Millis | undefined
}

/** One agent that is present. */
export interface RosterEntry extends Due {
  readonly address: Address
  readonly id: AgentId
  skills: readonly Skill[]
  /** What there is of each of `skills`, in the same order, as long as it is listed. A guest is not. */
  supplies: readonly Supply[]
  /** Ranks of `skills` by evidence, in the same order: what it is listed under. */
  ranks: number[]
  /** What is expected of it in each of `skills`. */
  estimates: Estimate[]
  readonly capacity: number
  /** As it last stated them: its open offer, and what it asks for one assignment, 0 before it was asked. */
  openOffer: OpenOffer | undefined
  price: number
  /** It stands: no invitation was rejected or has lapsed since the agent last offered, accepted or joined. */
  isOpen: boolean
  /** Slots promised to invitations. */
  held: number
  /** Slots of groups. */
  running: number
  /** Parts that it was given since it is here. */
  begun: number
  /** Of the parts that it works on: the sums of the instants at which they began and of what was expected of them. */
  startedSum: number
  expectedSum: number
  /** How often it has offered and was not taken since it last was. */
  passedOver: number
  heardAt: Millis
  /** Its place in the catalog. */
  slot: number
  /** Open tasks in which it is a member, invited or asked. */
  readonly tasks: Task[]
  /** Of a guest: who has lent the slot. */
  readonly lender: Lender | undefined
  /** Its slots that are granted to tasks by reservation. */
  loans: Set<Loan> | undefined
}

/** Who has one skill, whatever the level, their free slots and those that are sought, and the parts given to them. */
export interface Supply {
  agents: number
  free: number
  sought: number
  begun: number
}

export interface HubState {
  /** Its incarnation is above every one that the journal knows. */
  self: Address
  readonly configuration: Configuration
  readonly random: () => number
  now: Millis
  facts: Fact[]
  effects: HubEffect[]
  readonly tasks: Table<TaskId, Task>
  readonly ended: Ended
  /** Open tasks that wait for a task, by that task. */
  readonly dependents: Table<TaskId, TaskId[]>
  /** What is being looked up, and who waits for it. */
  readonly recalls: Map<TaskId, Parked[]>
  /** Tasks that whoever is parked asks for, and how many do: they are not forgotten meanwhile. */
  readonly awaited: Map<TaskId, number>
  /** The highest serial that this life has heard of each initiator, in its latest life; the latest to be heard last. */
  readonly serials: Map<NodeId, { readonly incarnation: number; serial: number }>
  /** Some of them had to be forgotten. */
  serialsForgotten: boolean
  readonly openByInitiator: Map<NodeId, number>
  readonly projects: Table<string, Project>
  readonly roster: Map<AgentId, RosterEntry>
  readonly bySlot: (RosterEntry | undefined)[]
  readonly catalog: Catalog
  readonly supply: Map<SkillName, Supply>
  readonly standings: Map<AgentId, Map<SkillName, SkillStanding>>
  /** Sums over all standings. */
  readonly population: Population
  /** What is expected of agents of which nothing was seen, by what is usual. */
  readonly strangers: WeakMap<Prior, Estimate>
  readonly queue: Queue
  readonly lending: Lending
  readonly abroad: Abroad
  readonly reports: Reports
  /** The first impatient task and the agents that are kept for it. */
  claim: { readonly task: TaskId; readonly agents: ReadonlySet<AgentId> } | undefined
  touched: Task[]
  /** Members whose end is to be noted before the turn ends. */
  toNote: { readonly task: Task; readonly agent: AgentId }[]
  /** Tasks whose searches have open offers to take into account before the turn ends. */
  offered: Task[]
  /** What that has given free lets others go on: there is a turn to be taken at once. */
  stirredLate: boolean
  readonly taskDeadlines: Deadlines<Task>
  readonly agentDeadlines: Deadlines<RosterEntry>
  /** When the queue is looked at whatever has happened; undefined without open tasks. */
  maintainAt: Millis | undefined
  arrivals: number
  rounds: number
  invites: number
  /** What the names of this life's invitations begin with: to write its number anew for each of them takes long. */
  invitePrefix: string
  plans: number
  /** How often each refusal was given. */
  readonly refusals: Map<RefusalCode, number>
}

export function invitePrefixOf({ incarnation }: Address): string {
  return `i${incarnation}-`
}

export function newHubState(self: Address, configuration: Configuration, random: () => number): HubState {
  return {
    self,
    configuration,
    random,
    now: 0,
    facts: [],
    effects: [],
    tasks: new Table(),
    ended: new Ended(),
    dependents: new Table(),
    recalls: new Map(),
    awaited: new Map(),
    serials: new Map(),
    serialsForgotten: false,
    openByInitiator: new Map(),
    projects: new Table(),
    roster: new Map(),
    bySlot: [],
    catalog: new Catalog(configuration.levels.length),
    supply: new Map(),
    standings: new Map(),
    population: new Population(),
    strangers: new WeakMap(),
    queue: {
      fresh: [],
      kinds: new Map(),
      kindsBySkill: new Map(),
      stirred: new Set(),
      rotation: newRotation(),
      projectKinds: new Map(),
      projectsStirred: false,
    },
    lending: newLending(configuration.partitions ?? 1),
    abroad: newAbroad(),
    reports: newReports(),
    claim: undefined,
    touched: [],
    toNote: [],
    offered: [],
    stirredLate: false,
    taskDeadlines: new Deadlines(),
    agentDeadlines: new Deadlines(),
    maintainAt: undefined,
    arrivals: 0,
    rounds: 0,
    invites: 0,
    invitePrefix: invitePrefixOf(self),
    plans: 0,
    refusals: new Map(),
  }
}

export function send(hub: HubState, to: Address, message: Message): void {
  hub.effects.push({ kind: 'send', from: hub.self, to, message })
}

/** To whichever incarnation lives. */
export function sendTo(hub: HubState, id: NodeId, message: Message): void {
  hub.effects.push({ kind: 'send', from: hub.self, to: { id, incarnation: 0 }, message })
}

export function tellFollowers(hub: HubState, task: Task, message: Message): void {
  for (const id of task.followers) if (id !== hub.self.id) sendTo(hub, id, message)
}

/** The deadline has passed, whether or not the wake that ends the task has come. */
export function isLate(hub: HubState, task: Task): boolean {
  return task.deadlineAt !== undefined && hub.now >= task.deadlineAt
}

/** The task's next deadline is worked out again before the turn ends. */
export function touch(hub: HubState, task: Task): void {
  if (task.touched) return
  task.touched = true
  hub.touched.push(task)
}

/** Somebody who waits for the skill may be able to go on. */
export function stir(hub: HubState, skill: SkillName): void {
  const { queue } = hub
  if (queue.kindsBySkill.size > 0 && queue.kindsBySkill.has(skill)) queue.stirred.add(skill)
  if (hub.lending.line.length > 0) hub.lending.stirred = true
  if (hub.projects.size > 0) queue.projectsStirred = true
}

export function countRefusal(hub: HubState, refusal: Refusal): Refusal {
  hub.refusals.set(refusal.code, (hub.refusals.get(refusal.code) ?? 0) + 1)
  return refusal
}

/**
 * What an agent knows: its promises, its work, and the tasks it has announced itself.
 * Must never happen here: a decision.
 */

import type { Member } from '../protocol/group.ts'
import type { AgentId, HubId, InviteId, NodeId, SkillName, TaskId } from '../protocol/id.ts'
import type { JsonText } from '../protocol/json.ts'
import type { Configuration } from '../protocol/limits.ts'
import type {
  Address,
  Assignment,
  Call,
  Envelope,
  Freshness,
  HubAsk,
  HubTell,
  Message,
  Update,
} from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { newRecent, type Recent } from '../protocol/recent.ts'
import type { Refusal } from '../protocol/refusal.ts'
import type { Skill } from '../protocol/skill.ts'
import { Table } from '../protocol/table.ts'
import type { MemberResult, Outcome, TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import type { Warning } from '../protocol/warning.ts'

/** How an agent presents itself. A node that only announces has no skills and never joins. */
export interface Profile {
  readonly skills: readonly Skill[]
  readonly capacity: number
  /** Asked for one assignment, unless its own judgement says otherwise. */
  readonly price: number | undefined
  /** It wants to judge questions itself. */
  readonly considers: boolean
  /** Its offer stands: it says so when it joins, and need not be asked. */
  readonly openOffer: boolean
  /** It wants to judge invitations itself. */
  readonly confirms: boolean
}

export interface Hold {
  readonly invite: InviteId
  readonly task: TaskId
  /** Of the group that would be formed. */
  readonly epoch: number
  readonly skills: readonly SkillName[]
  readonly until: Millis
}

/** Membership in one group. */
export interface Work {
  readonly task: TaskId
  epoch: number
  members: readonly Member[]
  /** Its own part, as far as it has heard of it. */
  skills: readonly SkillName[]
  /** What was wrong with the claim before the one that this work is for. */
  feedback: string | undefined
  /** Set when it was told to begin. */
  run: number | undefined
  /** Its end, said to the hub and not yet noted there. */
  ending: JsonText | Refusal | undefined
  /** When that is said again. */
  sayAgainAt: Millis | undefined
}

export interface Announced {
  readonly announcement: TaskAnnouncement
  readonly fresh: Freshness | undefined
  accepted: boolean
}

/** What an initiator can want of its open task. */
export type Order = Extract<Message, { kind: 'TASK_START' | 'TASK_CANCEL' }>

export type Presence = 'apart' | 'joining' | 'present' | 'leaving' | 'gone'

/** What the initiator of a task hears. */
export type News =
  | { readonly kind: 'accepted'; readonly warning?: Warning }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'formed'; readonly epoch: number; readonly members: readonly Member[] }
  | { readonly kind: 'update'; readonly agent: AgentId; readonly update: Update }
  | { readonly kind: 'claimed'; readonly epoch: number; readonly results: readonly MemberResult[] }
  /** Its cancellation was refused. */
  | { readonly kind: 'objected'; readonly refusal: Refusal }
  | { readonly kind: 'ended'; readonly outcome: Outcome }

/** What a hub is asked about itself: its own, unless another is named. */
export interface Question {
  readonly about: HubAsk['about']
  readonly hub?: HubId
}

/** Which question an own judgement answers. */
export type Matter = { readonly round: number } | { readonly invite: InviteId }

export type Judgement =
  | { readonly kind: 'yes'; readonly price?: number; readonly expectedMs?: Millis }
  | { readonly kind: 'no'; readonly refusal: Refusal }

export type AgentInput =
  | { readonly kind: 'received'; readonly envelope: Envelope }
  | { readonly kind: 'woke' }
  /** There may be another hub, or a line that was gone is back: nothing is waited for that can be said now. */
  | { readonly kind: 'nudged' }
  | { readonly kind: 'join' }
  | { readonly kind: 'leave'; readonly reason: string }
  | {
      readonly kind: 'considered'
      readonly task: TaskId
      readonly matter: Matter
      readonly judgement: Judgement
    }
  | { readonly kind: 'reported'; readonly task: TaskId; readonly run: number; readonly update: Update }
  /** The work of a run has ended, with a result, a refusal, or because it was stopped. */
  | {
      readonly kind: 'settled'
      readonly task: TaskId
      readonly run: number
      readonly ending: JsonText | Refusal
    }
  | { readonly kind: 'announce'; readonly announcement: TaskAnnouncement; readonly fresh: boolean }
  | { readonly kind: 'follow'; readonly task: TaskId }
  | { readonly kind: 'cancel'; readonly task: TaskId; readonly reason: string }
  | { readonly kind: 'start'; readonly task: TaskId; readonly epoch: number }
  | {
      readonly kind: 'judged'
      readonly task: TaskId
      readonly epoch: number
      readonly accepted: boolean
      readonly reason: string
    }
  | ({ readonly kind: 'ask'; readonly request: number } & Question)

export type AgentEffect =
  | ({ readonly kind: 'send' } & Envelope)
  | { readonly kind: 'consider'; readonly call: Call; readonly matter: Matter }
  | {
      readonly kind: 'begin'
      readonly run: number
      readonly assignment: Assignment
      readonly members: readonly Member[]
    }
  | {
      readonly kind: 'regroup'
      readonly run: number
      readonly epoch: number
      readonly members: readonly Member[]
    }
  | { readonly kind: 'word'; readonly run: number; readonly from: AgentId; readonly data: JsonText }
  | { readonly kind: 'stop'; readonly run: number; readonly reason: string }
  | { readonly kind: 'joined' }
  | { readonly kind: 'expelled'; readonly refusal: Refusal }
  | { readonly kind: 'news'; readonly task: TaskId; readonly news: News }
  | { readonly kind: 'told'; readonly tell: HubTell }

/** Ends and refusals that an agent remembers at least, whatever its hub keeps: old messages may still come. */
const endsRemembered = 1_000

export interface AgentState {
  readonly self: Address
  readonly hub: Address
  /** The latest incarnation of the hub that was heard: what an earlier one said before it ended is heard no more. */
  hubIncarnation: number
  /** The same of the other hubs, where the network has several. */
  readonly otherHubs: Map<NodeId, number>
  readonly partitions: number
  readonly configuration: Configuration
  readonly profile: Profile
  now: Millis
  effects: AgentEffect[]
  presence: Presence
  heartbeatMs: Millis
  /** When to join again, or to show that it lives. */
  beatAt: Millis | undefined
  skillUpdateAt: Millis | undefined
  /** Few, and gone soon. */
  readonly holds: Hold[]
  readonly works: Table<TaskId, Work>
  /** In which epoch its part of a task came to an end: what was said before that is heard no more. */
  readonly closed: Recent<TaskId, number>
  /** What has ended and is not noted yet, in the order in which it is said again. */
  readonly unnoted: Work[]
  /** Runs that were told to stop and have not ended: they still take a slot. */
  readonly stopping: Set<number>
  runs: number
  /** Tasks that it has announced under ids which it made itself. */
  serial: number
  /** Own tasks that are open, and when each is asked after again, the earliest first. */
  readonly announced: Table<TaskId, Announced>
  readonly unanswered: Map<TaskId, Millis>
  readonly followed: Map<TaskId, Millis>
  /** Questions to hubs that are not answered, and when each is asked again, the earliest first. */
  readonly asked: Map<number, { readonly question: Question; readonly at: Millis }>
  /** Announcements that were refused, and were not made again since. */
  readonly refused: Recent<TaskId, boolean>
  /** What was last wanted of each of them. */
  readonly orders: Map<TaskId, Order>
}

export function newAgentState(
  self: Address,
  hub: NodeId,
  profile: Profile,
  configuration: Configuration,
): AgentState {
  return {
    self,
    hub: { id: hub, incarnation: 0 },
    hubIncarnation: 0,
    otherHubs: new Map(),
    partitions: configuration.partitions ?? 1,
    configuration,
    profile,
    now: 0,
    effects: [],
    presence: 'apart',
    heartbeatMs: configuration.limits.heartbeatMs,
    beatAt: undefined,
    skillUpdateAt: undefined,
    holds: [],
    works: new Table(),
    closed: newRecent(endsRemembered, 1),
    unnoted: [],
    stopping: new Set(),
    runs: 0,
    serial: 0,
    announced: new Table(),
    unanswered: new Map(),
    followed: new Map(),
    asked: new Map(),
    refused: newRecent(endsRemembered, 1),
    orders: new Map(),
  }
}

export function say(agent: AgentState, message: Message): void {
  sayTo(agent, hubFor(agent, message), message)
}

export function sayTo(agent: AgentState, to: Address, message: Message): void {
  agent.effects.push({ kind: 'send', from: agent.self, to, message })
}

/** What is said of a task goes to its hub, and everything else to the agent's own. */
function hubFor({ hub, partitions }: AgentState, message: Message): Address {
  if (partitions === 1) return hub
  const task =
    message.kind === 'TASK_ANNOUNCE' ? message.task.id : 'task' in message ? message.task : undefined
  return task === undefined ? hub : { id: homeOf(task, partitions), incarnation: 0 }
}

/** The latest incarnation that was heard of a hub; 0 for none. */
export function lifeOf({ hub, hubIncarnation, otherHubs, partitions }: AgentState, id: NodeId): number {
  return partitions === 1 || id === hub.id ? hubIncarnation : (otherHubs.get(id) ?? 0)
}

export function memberNamed(members: readonly Member[], id: NodeId): Member | undefined {
  for (const member of members) if (member.agent === id) return member
  return undefined
}

/** Slots that are promised or in use. The agent is the authority on this number. */
export function busySlots(agent: AgentState): number {
  return agent.holds.length + agent.stopping.size + agent.works.size - agent.unnoted.length
}

/** Takes what is wanted no more out of a short list. What stays keeps its order. */
export function keepOnly<Item>(list: Item[], isWanted: (item: Item) => boolean): void {
  let kept = 0
  for (const item of list) if (isWanted(item)) list[kept++] = item
  while (list.length > kept) list.pop()
}

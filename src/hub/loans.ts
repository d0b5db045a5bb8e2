/**
 * Where a network has several hubs: what one has lent of its agents' slots, and what it has borrowed for its tasks. All
 * of it is volatile, as a search is; what survives a crash is the groups that were formed.
 * Must never happen here: a decision.
 */
import type { AgentId, GrantId, HubId, NodeId, TaskId } from '../protocol/id.ts'
import { hubsOf } from '../protocol/partition.ts'
import type { HubWord, ReservationPlace } from '../protocol/slot.ts'
import type { Millis } from '../protocol/time.ts'
import { Deadlines, type Due } from './deadlines.ts'
import type { Owed } from './owed.ts'
import type { OpenNeed } from './reach.ts'
import type { RosterEntry, Task } from './state.ts'

/** Of a reservation, in the order of all hubs. */
export interface Order extends ReservationPlace {
  readonly hub: HubId
}

/** The same at every hub: it is what keeps them from waiting for each other in a circle. */
export function isEarlier(a: Order, b: Order): boolean {
  if (a.urgent !== b.urgent) return a.urgent
  if (a.key !== b.key) return a.key < b.key
  return a.hub !== b.hub ? a.hub < b.hub : a.arrival < b.arrival
}

// ---- at the home of agents

/** One slot that was granted. */
export interface Loan {
  readonly id: GrantId
  readonly entry: RosterEntry
  readonly borrower: HubId
  /** The incarnation of the borrower. */
  readonly life: number
  readonly task: TaskId
  readonly order: Order
  /** Of the group that it is used for; 0 until it is confirmed. */
  epoch: number
  /** When it was last confirmed. */
  confirmedAt: Millis
  /** It was asked back for an older task. */
  recalled: boolean
  /** Its agent works, and the borrower has not said for long that it should. */
  doubted: boolean
}

/** Of a reservation. */
export interface WantedNeed extends OpenNeed {
  /** Who has done it already. */
  readonly except?: readonly AgentId[]
}

/** What the hub of a task wants of this one. It is due when nothing was heard of it for a lease. */
export interface Reservation extends Due {
  readonly task: TaskId
  readonly borrower: HubId
  readonly life: number
  readonly order: Order
  round: number
  needs: readonly WantedNeed[]
  exclude: ReadonlySet<AgentId>
  include: readonly AgentId[]
  /** Where groups are put together of several kinds of agents: of how many of each. */
  kinds: number | undefined
  /** The first answer is owed. */
  isUnanswered: boolean
  readonly loans: Set<Loan>
}

export interface Lending {
  readonly partitions: number
  readonly hubs: readonly HubId[]
  /** The latest incarnation of each hub that was heard. */
  readonly lives: Map<NodeId, number>
  readonly reservations: Map<TaskId, Reservation>
  /** The same, the earliest first. */
  readonly line: Reservation[]
  readonly loans: Map<GrantId, Loan>
  /** Of reservations, with what was granted for them and is not confirmed. */
  readonly leases: Deadlines<Reservation>
  /** What is used of agents and has no slot yet, the latest last. */
  readonly owed: Map<AgentId, Owed>
  /** A slot is free, or a reservation new. */
  stirred: boolean
  grants: number
  /** When this life began. */
  openedAt: Millis
  /** What this hub says to itself, as the home of its own agents. */
  words: HubWord[]
  /** Own tasks with reservations. */
  readonly borrowers: Set<Task>
  /** Own tasks whose searches have begun with what was granted, and whose homes are still to be told. */
  covered: Task[]
  /** What other homes had when they last spoke, by skill and level. */
  readonly supplies: Map<HubId, Map<string, { able: number; free: number }>>
}

export function newLending(partitions: number): Lending {
  return {
    partitions,
    hubs: hubsOf(partitions),
    lives: new Map(),
    reservations: new Map(),
    line: [],
    loans: new Map(),
    leases: new Deadlines(),
    owed: new Map(),
    stirred: false,
    grants: 0,
    openedAt: 0,
    words: [],
    borrowers: new Set(),
    covered: [],
    supplies: new Map(),
  }
}

// ---- at the hub of a task

export interface Lender {
  readonly hub: HubId
  readonly task: Task
  life: number
  grant: GrantId
}

/** What was last asked of one home. */
export interface AskedHome {
  /** For each need, how many agents. */
  wants: readonly number[]
  round: number
  isAnswered: boolean
}

export interface Borrowing {
  readonly order: ReservationPlace
  readonly needs: readonly OpenNeed[]
  /** As in `SLOT_RESERVE`. */
  readonly kinds: number | undefined
  /** Who would not have the task when it was last put to them. */
  readonly shunned: readonly AgentId[]
  /** Who was granted and can do nothing of it. */
  readonly useless: Set<AgentId>
  readonly asked: Map<HubId, AskedHome>
  /** Needs that everybody was asked for. */
  readonly wide: boolean[]
  /** How many agents of each home could cover each need, as far as they have answered. */
  readonly able: Map<HubId, readonly number[]>
  /** Grants that went back: the word of it may be late. */
  readonly returned: Set<GrantId>
  sayAgainAt: Millis
  /** Whatever is granted by then is given back. */
  readonly endsAt: Millis
}

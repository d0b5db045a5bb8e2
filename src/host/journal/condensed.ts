/**
 * How the facts of a task that has ended lie in a journal in memory, so that they cost little to keep: whatever lives
 * while the collector runs is copied, object by object, and the record of a decision is a hundred objects, most of them
 * numbers. Here the numbers lie in a store beside the heap, and what is no number in one list.
 */
import type {
  Fact,
  GroupFormedFact,
  MemberFinishedFact,
  StandingChangedFact,
  TaskAcceptedFact,
  TaskEndedFact,
} from '../../protocol/fact.ts'
import type { Considered, CostParts, Verdict } from '../../protocol/group.ts'
import type { TaskId } from '../../protocol/id.ts'
import type { SkillStanding } from '../../protocol/standing.ts'

export interface Piece {
  /** What is no number, in the order in which it is read. */
  things: readonly unknown[]
  /** Numbers of several tasks; its own begin at `from`. */
  numbers: Float64Array
  from: number
}

/**
 * Of a task that has ended. The first number says how many facts there are. A class, so that it lies among what is
 * young: see `protocol/recent`.
 */
export class Condensed implements Piece {
  readonly task: TaskId
  things: readonly unknown[]
  numbers: Float64Array
  from: number

  constructor(task: TaskId, things: readonly unknown[], numbers: Float64Array, from: number) {
    this.task = task
    this.things = things
    this.numbers = numbers
    this.from = from
  }
}

/** Of an open task: what its decision rests on is laid out at once, while all of it is still in the cache. */
export type Kept = Exclude<Fact, GroupFormedFact> | CondensedGroup
export interface CondensedGroup extends Omit<GroupFormedFact, 'considered'> {
  readonly considered: Piece
}

/** How a fact lies here: as it is, or taken apart. */
export const layout = { whole: 0, accepted: 1, formed: 2, finished: 3, changed: 4, ended: 5 } as const

/** What is rare is kept as it is. */
export function layoutOf(fact: Kept): number {
  switch (fact.kind) {
    case 'task.accepted':
      return fact.warning === undefined && fact.behalf === undefined ? layout.accepted : layout.whole
    case 'group.formed':
      return layout.formed
    case 'member.finished':
      return layout.finished
    case 'standing.changed':
      return fact.epoch === undefined || fact.source !== undefined ? layout.whole : layout.changed
    case 'task.ended':
      return (fact.reason ?? fact.waiting ?? fact.considered) ? layout.whole : layout.ended
    default:
      return layout.whole
  }
}

/** Fields that may be missing. */
type OptionalKeys<Value> = {
  [Key in keyof Value]-?: Record<never, never> extends Pick<Value, Key> ? Key : never
}[keyof Value]

type Within<Keys extends Known, Known> = Keys

/** Does not compile when a fact that is taken apart has a field at which `layoutOf` does not look. */
export type LooksAtAll =
  | Within<OptionalKeys<TaskAcceptedFact>, 'warning' | 'behalf'>
  | Within<OptionalKeys<TaskEndedFact>, 'reason' | 'waiting' | 'considered'>
  | Within<OptionalKeys<StandingChangedFact>, 'task' | 'epoch' | 'source'>
  | Within<OptionalKeys<GroupFormedFact> | OptionalKeys<MemberFinishedFact>, never>

export const verdicts: readonly Verdict[] = ['chosen', 'outscored', 'declined', 'rejected', 'silent']

/** A bit for each field that may be missing: of an agent that was considered, of its costs, and of a standing. */
export const told: { readonly [Field in OptionalKeys<Considered>]: number } = {
  outcomes: 1,
  open: 2,
  costs: 4,
  why: 8,
}
export const charged: { readonly [Part in keyof CostParts]-?: number } = {
  time: 16,
  load: 32,
  price: 64,
  late: 128,
  spread: 256,
  plan: 512,
}
export const seen: { readonly [Field in OptionalKeys<SkillStanding>]: number } = {
  fits: 1,
  own: 2,
  pace: 4,
  drift: 8,
}

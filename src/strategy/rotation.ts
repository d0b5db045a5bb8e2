/**
 * Whose turn it is: deficit round-robin between initiators. In the line before every skill the initiators have their
 * turns; who has had one goes to the end, so that the first is who had none for the longest time. A turn is worth one
 * place in a group. Who took more is passed over until it is paid; who had no use for its turn has a little more the
 * next time. So everybody gets as many places as everybody else, in groups of whatever size; however many tasks one
 * initiator has announced, it is one among those that wait.
 *
 * Priority and age come first. Urgent tasks (`age`) go before all others, except that of twenty that begin one is left
 * to the others while they wait. Of the others, those of the highest level by now have the turn; and where the tasks
 * of one announced priority have risen by age, so have those of the same or a higher priority that others announced.
 * (Otherwise a flood would rise above everybody else by the wait that it causes itself.)
 *
 * Source: M. Shreedhar and G. Varghese 1996; debts as in surplus round-robin (S. Floyd 1993).
 * Must never happen here: a choice among the tasks of one initiator, which is that of `age`.
 */
import type { NodeId, SkillName } from '../protocol/id.ts'
import { assert } from '../protocol/machine.ts'
import type { Millis } from '../protocol/time.ts'
import { agedLevel, isBefore, type Place } from './age.ts'

/** Urgent tasks that begin, one after the other, while others wait that could begin. */
export const urgentRunMax = 19

/** Places that an initiator may take in one turn when it had no use for its turns before. */
export const savedMax = 4

/** Initiators of which a line knows when they had their turn; beyond that those without a task are forgotten. */
const turnsKept = 10_000

/** The line before one skill, for as long as somebody waits in it. */
interface Line {
  /** Also of those that have no task in the line at present: who comes back is where it was. */
  readonly turns: Map<NodeId, Turn>
  /** Those that have a task in the line. */
  initiators: number
  /** Counts the turns that came to an end. */
  turnsHad: number
}

/** One initiator in one line. */
interface Turn {
  /** When it last went to the end of the line; the smallest is first. */
  since: number
  /** Places that it may still take. With none left its turn is over; below 0 it is in debt. */
  credit: number
  /** Its tasks that wait in this line. */
  tasks: number
  /** Those of the line up to which this one has had its own, or has saved them. */
  turnsHad: number
}

export interface Rotation {
  readonly lines: Map<SkillName, Line>
  /** Counts who went to the end of a line. */
  clock: number
  /** Urgent tasks that began since one of the others did. */
  urgentRun: number
}

export function newRotation(): Rotation {
  return { lines: new Map(), clock: 0, urgentRun: 0 }
}

/** A task begins to wait. An initiator that the line does not know is last. */
export function enterLine(rotation: Rotation, skill: SkillName, initiator: NodeId): void {
  const line = rotation.lines.get(skill) ?? { turns: new Map<NodeId, Turn>(), initiators: 0, turnsHad: 0 }
  rotation.lines.set(skill, line)
  const turn = line.turns.get(initiator)
  if (turn === undefined || turn.tasks === 0) line.initiators += 1
  if (turn === undefined) {
    line.turns.set(initiator, { since: ++rotation.clock, credit: 1, tasks: 1, turnsHad: line.turnsHad })
    if (line.turns.size > turnsKept) forgetOne(line)
    return
  }
  if (turn.tasks === 0) save(line, turn)
  turn.tasks += 1
}

/** Who had no task when its turns came has them now, up to `savedMax`. */
function save(line: Line, turn: Turn): void {
  const missed = Math.floor((line.turnsHad - turn.turnsHad) / line.initiators)
  turn.credit = Math.min(savedMax, turn.credit + missed)
  turn.turnsHad += missed * line.initiators
}

/** A task waits no more. With the last the line is forgotten, with all turns and debts. */
export function leaveLine(rotation: Rotation, skill: SkillName, initiator: NodeId): void {
  const line = rotation.lines.get(skill)
  const turn = line?.turns.get(initiator)
  assert(line !== undefined && turn !== undefined && turn.tasks > 0, 'who leaves a line stands in it')
  turn.tasks -= 1
  if (turn.tasks === 0) line.initiators -= 1
  if (line.initiators === 0) rotation.lines.delete(skill)
  if (rotation.lines.size === 0) rotation.clock = 0
}

function forgetOne(line: Line): void {
  for (const [initiator, { tasks }] of line.turns) {
    if (tasks > 0) continue
    line.turns.delete(initiator)
    return
  }
}

/** The first task of an initiator, in its own order, among those that could begin and need the same. */
export interface Claimant extends Place {
  readonly initiator: NodeId
  /** The line in which it waits. */
  readonly line: SkillName
  /** As announced. */
  readonly level: number
  /** How many members it asks for. At least 1. */
  readonly places: number
}

/** The next to begin, of all that could. */
export function choose<Task extends Claimant>(
  rotation: Rotation,
  claimants: readonly Task[],
  now: Millis,
  ageStepMs: Millis,
): Choice<Task> | undefined {
  const urgent = claimants.filter((claimant) => claimant.urgent)
  const others = claimants.filter((claimant) => !claimant.urgent)
  const isRunOver = rotation.urgentRun >= urgentRunMax && others.length > 0
  const isUrgent = urgent.length > 0 && !isRunOver
  const admitted = isUrgent ? urgent : others
  const risen = isUrgent ? urgent : highest(others, now, ageStepMs)
  const holder = holderOfTurn(rotation, risen)
  if (holder === undefined) return undefined
  const own = admitted.filter(({ initiator }) => initiator === holder.initiator)
  const task = own.reduce((first, other) => (isBefore(other, first) ? other : first))
  const waited = isUrgent && others.length > 0
  return { task, line: holder.line, urgentRun: waited ? rotation.urgentRun + 1 : 0 }
}

export interface Choice<Task> {
  readonly task: Task
  /** Whose turn is used up. */
  readonly line: SkillName
  readonly urgentRun: number
}

/** The chosen task has begun: its initiator pays. */
export function pay(rotation: Rotation, { task, line, urgentRun }: Choice<Claimant>): void {
  rotation.urgentRun = urgentRun
  const found = rotation.lines.get(line)
  const turn = found?.turns.get(task.initiator)
  if (found === undefined || turn === undefined) return
  turn.credit -= task.places
  if (turn.credit <= 0) goLast(rotation, found, turn)
}

function goLast(rotation: Rotation, line: Line, turn: Turn): void {
  turn.credit += 1
  turn.since = ++rotation.clock
  turn.turnsHad = ++line.turnsHad
}

/** Who has the highest level by now, and whose announced priority is not below that of one of them. */
function highest<Task extends Claimant>(claimants: readonly Task[], now: Millis, ageStepMs: Millis): Task[] {
  let top = -1
  let least = Number.POSITIVE_INFINITY
  for (const { key, level } of claimants) {
    const aged = agedLevel(key, now, ageStepMs)
    if (aged > top) least = level
    else if (aged === top) least = Math.min(least, level)
    top = Math.max(top, aged)
  }
  return claimants.filter(({ key, level }) => level >= least || agedLevel(key, now, ageStepMs) === top)
}

function holderOfTurn<Task extends Claimant>(
  rotation: Rotation,
  claimants: readonly Task[],
): Task | undefined {
  for (;;) {
    let holder: Task | undefined
    let held: { readonly line: Line; readonly turn: Turn } | undefined
    for (const claimant of claimants) {
      const line = rotation.lines.get(claimant.line)
      const turn = line?.turns.get(claimant.initiator)
      if (line === undefined || turn === undefined) continue
      if (held !== undefined && turn.since >= held.turn.since) continue
      holder = claimant
      held = { line, turn }
    }
    if (held === undefined || held.turn.credit > 0) return holder
    goLast(rotation, held.line, held.turn)
  }
}

/** What the bound of a wait is made of. */
export interface Crowd {
  /** See `liftMs`; 0 for an urgent task. */
  readonly liftMs: Millis
  /** Tasks of the same initiator that go before it: at its acceptance, and later within the overtaking window. */
  readonly ownAhead: number
  /** Initiators that wait in the line at some time while it does, its own included. */
  readonly initiators: number
  /** Whether urgent and other tasks compete. */
  readonly mixed: boolean
  readonly urgent: boolean
  /** Agents, or slots, that serve the line and nothing else. */
  readonly slots: number
  /** The longest that a slot is taken by one task. */
  readonly longestMs: Millis
}

/**
 * The longest wait in a line of tasks that take one slot each, whatever arrives later. Once a task has risen to the
 * ceiling, its initiator has a turn whenever all others had one of at most `savedMax` places, and every turn serves the
 * first of its own tasks. While it waits all slots are taken, so that in `longestMs` at least as many tasks begin as
 * there are slots.
 */
export function waitMaxMs(crowd: Crowd): Millis {
  const { liftMs, ownAhead, initiators, mixed, urgent, slots, longestMs } = crowd
  const turns = (ownAhead + 1) * initiators * savedMax
  const others = urgent ? Math.ceil(turns / urgentRunMax) : turns * urgentRunMax
  return liftMs + Math.ceil((turns + (mixed ? others : 0)) / slots) * longestMs
}

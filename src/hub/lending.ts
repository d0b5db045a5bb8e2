/**
 * The home of agents lends their slots to the tasks of other hubs, and of its own, in one order of age: a free slot
 * goes to the earliest reservation that wants it, and what a later one holds without need is asked back for an earlier
 * one. Whoever waits, waits for tasks before it in that order, so nobody waits in a circle.
 * Source: wound-wait, D. Rosenkrantz, R. Stearns and P. Lewis 1978, on what is not confirmed.
 * Must never happen here: a confirmed slot that is taken back, or a slot that is granted twice.
 */
import type { GrantId, HubId, TaskId } from '../protocol/id.ts'
import type { Address, AgentHeartbeat, AssignmentName } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import { rankOf } from '../protocol/skill.ts'
import {
  type GrantInUse,
  leaseOf,
  type SlotConfirm,
  type SlotRelease,
  type SlotReserve,
} from '../protocol/slot.ts'
import { isEarlier, type Loan, type Reservation, type WantedNeed } from './loans.ts'
import { tellHub } from './neighbours.ts'
import { forgive, owe, takeOwed } from './owed.ts'
import { freeSlots, isPresent, shiftSlots } from './roster.ts'
import { type HubState, type RosterEntry, send } from './state.ts'

/** A hub wants slots for a task, or no longer those that it had wanted. */
export function onReserve(hub: HubState, from: Address, message: SlotReserve): void {
  const { task } = message
  const known = hub.lending.reservations.get(task)
  if (known !== undefined && message.round < known.round) return
  const borrower = from.id as HubId
  for (const id of message.returns) giveBack(hub, task, borrower, id)
  const reservation = known ?? enter(hub, from, message)
  reservation.round = message.round
  reservation.needs = message.needs.map((need): WantedNeed => {
    return { ...need, rank: rankOf(hub.configuration.levels, need.level) ?? 0, weight: 1 }
  })
  reservation.exclude = new Set(message.exclude)
  reservation.include = message.include
  reservation.kinds = message.kinds
  reservation.isUnanswered = true
  hub.lending.leases.set(reservation, hub.now + leaseOf(hub.configuration.limits.resendMs))
  for (const loan of reservation.loans) if (loan.recalled) recall(hub, loan)
  hub.lending.stirred = true
}

function enter(hub: HubState, from: Address, { task, place, round }: SlotReserve): Reservation {
  const borrower = from.id as HubId
  const reservation: Reservation = {
    task,
    borrower,
    life: from.incarnation,
    order: { ...place, hub: borrower },
    round,
    needs: [],
    exclude: new Set(),
    include: [],
    kinds: undefined,
    isUnanswered: true,
    loans: new Set(),
    dueAt: 0,
    place: -1,
  }
  const { reservations, line } = hub.lending
  reservations.set(task, reservation)
  let at = line.length
  for (; at > 0; at--) {
    const before = line[at - 1]
    if (before !== undefined && !isEarlier(reservation.order, before.order)) break
  }
  line.splice(at, 0, reservation)
  return reservation
}

function leave(hub: HubState, reservation: Reservation): void {
  const { reservations, line, leases } = hub.lending
  reservations.delete(reservation.task)
  leases.set(reservation, undefined)
  const at = line.indexOf(reservation)
  if (at >= 0) line.splice(at, 1)
  for (const loan of [...reservation.loans]) endLoan(hub, loan)
}

export function lend(hub: HubState, reservation: Reservation, entry: RosterEntry): Loan {
  const { task, borrower, life, order } = reservation
  const loan = newLoan(hub, entry, { task, borrower, life, order })
  reservation.loans.add(loan)
  shiftSlots(hub, entry, 1, 0)
  return loan
}

function newLoan(
  hub: HubState,
  entry: RosterEntry,
  of: Pick<Loan, 'task' | 'borrower' | 'life' | 'order'>,
): Loan {
  hub.lending.grants += 1
  const id = `g${hub.self.incarnation.toString(36)}-${hub.lending.grants.toString(36)}` as GrantId
  const rest = { epoch: 0, confirmedAt: 0, recalled: false, doubted: false }
  const loan: Loan = { id, entry, ...of, ...rest }
  hub.lending.loans.set(id, loan)
  entry.loans ??= new Set()
  entry.loans.add(loan)
  return loan
}

export function recall(hub: HubState, loan: Loan): void {
  tellHub(hub, loan.borrower, { kind: 'SLOT_RECALL', task: loan.task, grants: [inUse(loan)] })
}

function inUse({ id, entry }: Loan): GrantInUse {
  return { grant: id, agent: entry.id, incarnation: entry.address.incarnation }
}

// ---- confirming and ending

/** A group is formed with slots of this home, or stands on them. Saying it twice is saying it once. */
export function onConfirm(hub: HubState, from: Address, message: SlotConfirm): void {
  for (const each of message.grants) {
    const loan = loanOf(hub, from, message.task, each) ?? adopt(hub, from, message, each)
    if (loan !== undefined) confirm(hub, loan, message.epoch)
  }
  const reservation = hub.lending.reservations.get(message.task)
  if (message.over && reservation !== undefined && reservation.borrower === from.id) leave(hub, reservation)
}

function loanOf(hub: HubState, from: Address, task: TaskId, { grant, agent }: GrantInUse): Loan | undefined {
  const named = hub.lending.loans.get(grant)
  if (named?.task === task && named.borrower === from.id) return named
  for (const loan of hub.roster.get(agent)?.loans ?? []) if (loan.task === task) return loan
  return undefined
}

/** The borrower knows of a slot that this life of the home has forgotten. */
function adopt(hub: HubState, from: Address, message: SlotConfirm, use: GrantInUse): Loan | undefined {
  const { task } = message
  const entry = isPresent(hub, use.agent, use.incarnation)
  if (entry === undefined) {
    owe(hub, use, message)
    // Right after a start of the home its agents are only coming.
    if (hub.now - hub.lending.openedAt < hub.configuration.limits.agentTimeoutMs) return undefined
    const refusal = refuse('E_AGENT_LOST', 'it is not present at its home')
    tellHub(hub, from.id as HubId, { kind: 'SLOT_LOST', task, grant: use.grant, refusal })
    return undefined
  }
  if (freeSlots(entry) > 0) return occupyFor(hub, entry, from.id as HubId, from.incarnation, task)
  // The first word may come after the end of the work; what is still used is said again.
  if (!message.over) owe(hub, use, message)
  return undefined
}

/** A slot that is at work for a task of which this home knows no grant. */
function occupyFor(hub: HubState, entry: RosterEntry, borrower: HubId, life: number, task: TaskId): Loan {
  const order = { urgent: true, key: 0, arrival: 0, hub: borrower }
  const loan = newLoan(hub, entry, { task, borrower, life, order })
  shiftSlots(hub, entry, 1, 0)
  return loan
}

function confirm(hub: HubState, loan: Loan, epoch: number): void {
  if (loan.epoch === 0) {
    shiftSlots(hub, loan.entry, -1, 1)
    hub.lending.reservations.get(loan.task)?.loans.delete(loan)
  }
  loan.epoch = Math.max(loan.epoch, epoch)
  loan.confirmedAt = hub.now
  loan.recalled = false
  loan.doubted = false
}

export function onRelease(hub: HubState, from: Address, message: SlotRelease): void {
  const { task, grants, over } = message
  for (const id of grants) giveBack(hub, task, from.id as HubId, id)
  const reservation = hub.lending.reservations.get(task)
  if (over && reservation !== undefined && reservation.borrower === from.id) leave(hub, reservation)
}

function giveBack(hub: HubState, task: TaskId, borrower: HubId, id: GrantId): void {
  const loan = hub.lending.loans.get(id)
  if (loan === undefined) forgive(hub, task, id)
  if (loan === undefined || loan.task !== task || loan.borrower !== borrower) return
  if (loan.doubted) dissolve(hub, loan)
  endLoan(hub, loan)
}

/** The agent works for a group that is no more. */
function dissolve(hub: HubState, { entry, task, epoch }: Loan): void {
  send(hub, entry.address, { kind: 'GROUP_DISSOLVED', task, epoch, reason: 'its hub does not know of it' })
}

function endLoan(hub: HubState, loan: Loan): void {
  const { lending } = hub
  lending.loans.delete(loan.id)
  loan.entry.loans?.delete(loan)
  lending.reservations.get(loan.task)?.loans.delete(loan)
  if (hub.roster.get(loan.entry.id) !== loan.entry) return
  if (loan.epoch === 0) shiftSlots(hub, loan.entry, -1, 0)
  else shiftSlots(hub, loan.entry, 0, -1)
}

/** Reservations of which nothing was heard for too long, with what was granted for them and is not confirmed. */
export function endLeases(hub: HubState): void {
  const { leases } = hub.lending
  for (let late = leases.takeDue(hub.now); late; late = leases.takeDue(hub.now)) {
    const refusal = refuse('E_TOO_LATE', 'the grant was not confirmed in time')
    for (const loan of late.loans) tellLost(hub, loan, refusal)
    leave(hub, late)
  }
}

function tellLost(hub: HubState, { borrower, task, id }: Loan, refusal: Refusal): void {
  tellHub(hub, borrower, { kind: 'SLOT_LOST', task, grant: id, refusal })
}

/** The agent is gone, and with it what was lent of it. */
export function loseLoans(hub: HubState, entry: RosterEntry, refusal: Refusal): void {
  for (const loan of [...(entry.loans ?? [])]) {
    tellLost(hub, loan, refusal)
    endLoan(hub, loan)
    // Whoever has left has ended its work.
    if (refusal.code === 'E_AGENT_LOST' && loan.borrower !== hub.self.id) owe(hub, inUse(loan), loan)
  }
}

/** A hub has begun a new life: what its earlier ones had borrowed is free, and whoever still works on it is let go. */
export function dropBorrower(hub: HubState, borrower: HubId, life: number): void {
  for (const reservation of [...hub.lending.line]) {
    if (reservation.borrower === borrower && reservation.life < life) leave(hub, reservation)
  }
  for (const loan of [...hub.lending.loans.values()]) {
    if (loan.borrower !== borrower || loan.life >= life) continue
    dissolve(hub, loan)
    endLoan(hub, loan)
  }
}

// ---- what agents say of the tasks of others

/** Slots of an agent are free: what is owed of it comes first. */
export function payOwed(hub: HubState, entry: RosterEntry): void {
  while (hub.lending.owed.size > 0 && freeSlots(entry) > 0) {
    const use = takeOwed(hub, entry)
    if (use === undefined) return
    takeItsWord(hub, entry, [use])
  }
}

/** An agent that is new to this life of the hub has work: those slots are taken until somebody says otherwise. */
export function takeItsWord(hub: HubState, entry: RosterEntry, working: readonly AssignmentName[]): void {
  for (const { task, epoch } of working) {
    const borrower = homeOf(task, hub.lending.partitions)
    if (borrower === hub.self.id || freeSlots(entry) === 0 || hasLoan(entry, task)) continue
    const loan = occupyFor(hub, entry, borrower, Number.MAX_SAFE_INTEGER, task)
    confirm(hub, loan, epoch)
    loan.doubted = true
    recall(hub, loan)
  }
}

function hasLoan(entry: RosterEntry, task: TaskId): boolean {
  for (const loan of entry.loans ?? []) if (loan.task === task) return true
  return false
}

/** Compares what an agent says it works on with what was lent of it, and asks the borrowers where they differ. */
export function compareLoans(hub: HubState, entry: RosterEntry, message: AgentHeartbeat): void {
  for (const { task, epoch } of message.ended ?? []) {
    for (const loan of [...(entry.loans ?? [])]) {
      if (loan.task === task && loan.epoch > 0 && loan.epoch <= epoch) endLoan(hub, loan)
    }
  }
  takeItsWord(hub, entry, message.working)
  const named = new Set<TaskId>(message.working.map(({ task }) => task))
  for (const loan of entry.loans ?? []) {
    const { resendMs, agentTimeoutMs } = hub.configuration.limits
    const silentMs = hub.now - loan.confirmedAt
    if (loan.epoch === 0 || silentMs < resendMs) continue
    // Borrowers confirm again every `agentTimeoutMs` what they use.
    if (named.has(loan.task) && silentMs >= 2 * agentTimeoutMs) loan.doubted = true
    if (loan.doubted || !named.has(loan.task)) recall(hub, loan)
  }
}

/**
 * To whom a home grants its free slots: to the earliest reservation that wants them. What a later one holds and has not
 * confirmed is asked back for an earlier one.
 * Must never happen here: a slot that is granted twice, or a later reservation that keeps an earlier one waiting.
 */
import type { Grant } from '../protocol/slot.ts'
import { rankIn } from './judging.ts'
import { canDo, ofEachKind } from './kinds.ts'
import { lend, recall } from './lending.ts'
import { isEarlier, type Loan, type Reservation, type WantedNeed } from './loans.ts'
import { invitationOf } from './members.ts'
import { tellHub } from './neighbours.ts'
import { freeSlots } from './roster.ts'
import type { HubState, RosterEntry } from './state.ts'

/** Serves the reservations once, the earliest first. */
export function serveReservations(hub: HubState): void {
  const { lending } = hub
  if (!lending.stirred) return
  lending.stirred = false
  const lacks: Lack[] = []
  for (const reservation of [...lending.line]) {
    const granted = grantAll(hub, reservation, lacks)
    // An answer names all that is granted and not confirmed: an earlier one may have been lost.
    if (reservation.isUnanswered) answer(hub, reservation, [...reservation.loans])
    else if (granted.length > 0) answer(hub, reservation, granted)
  }
}

/** What an earlier reservation has not been granted. */
interface Lack {
  readonly reservation: Reservation
  readonly need: WantedNeed
}

/** `lacks`: of those before this one; what this one lacks is added. */
function grantAll(hub: HubState, reservation: Reservation, lacks: Lack[]): Loan[] {
  const granted: Loan[] = []
  const before = [...lacks]
  // Whom an earlier one could take, and does not have because searches are about to, would be asked back at once.
  const isFree = (entry: RosterEntry): boolean =>
    isFreeFor(hub, reservation, entry) && !before.some((lack) => wouldTake(hub, lack, entry))
  for (const id of reservation.include) {
    const entry = hub.roster.get(id)
    if (entry !== undefined && isFree(entry)) granted.push(lend(hub, reservation, entry))
  }
  if (reservation.kinds !== undefined)
    for (const entry of ofEachKind(hub, reservation, reservation.kinds, isFree))
      granted.push(lend(hub, reservation, entry))
  for (const need of reservation.needs) {
    const open = need.count - covering(reservation, need)
    if (open <= 0) continue
    const already = granted.length
    // What searches of its own are about to take is not free.
    const spare = Math.min(open, hub.catalog.free(need.skill, need.rank) - soughtOf(hub, need))
    if (spare > 0) {
      const isOut = (slot: number): boolean => {
        const entry = hub.bySlot[slot]
        return entry === undefined || !canDo(entry, need) || !isFree(entry)
      }
      for (const slot of hub.catalog.shortlist(need.skill, need.rank, spare, hub.random, isOut)) {
        const entry = hub.bySlot[slot]
        if (entry !== undefined) granted.push(lend(hub, reservation, entry))
      }
    }
    const lacking = open - (granted.length - already)
    if (need.optional || lacking <= 0) continue
    lacks.push({ reservation, need })
    askBack(hub, reservation, need, lacking)
  }
  return granted
}

function wouldTake(hub: HubState, { reservation, need }: Lack, entry: RosterEntry): boolean {
  return canDo(entry, need) && couldTake(hub, reservation, entry)
}

function soughtOf(hub: HubState, { skill }: WantedNeed): number {
  return hub.supply.get(skill)?.sought ?? 0
}

/** One slot of one agent is enough for a task; agents that are kept for an own task are for nobody else. */
function isFreeFor(hub: HubState, reservation: Reservation, entry: RosterEntry): boolean {
  return freeSlots(entry) > 0 && couldTake(hub, reservation, entry)
}

/** Whether a slot of an agent would serve it, if one were free. */
function couldTake(hub: HubState, { task, exclude }: Reservation, entry: RosterEntry): boolean {
  if (exclude.has(entry.id) || hub.claim?.agents.has(entry.id)) return false
  const search = hub.tasks.get(task)?.search
  if (search !== undefined && invitationOf(search, entry.id) !== undefined) return false
  for (const loan of entry.loans ?? []) if (loan.task === task) return false
  return true
}

function covering({ loans }: Reservation, need: WantedNeed): number {
  let count = 0
  for (const { entry } of loans) if (canDo(entry, need)) count += 1
  return count
}

function answer(hub: HubState, reservation: Reservation, granted: readonly Loan[]): void {
  const { task, round, borrower, needs } = reservation
  reservation.isUnanswered = false
  const supply = needs.map((need) => {
    const { skill, level, rank } = need
    return { skill, level, able: ableFor(hub, reservation, need), free: hub.catalog.free(skill, rank) }
  })
  const grants = granted.map((loan) => grantOf(hub, reservation, loan))
  tellHub(hub, borrower, { kind: 'SLOT_GRANT', task, round, grants, supply })
}

/** Agents that could, busy or not, less those that must not. */
function ableFor(hub: HubState, { exclude }: Reservation, need: WantedNeed): number {
  let able = hub.catalog.capable(need.skill, need.rank)
  for (const id of new Set([...exclude, ...(need.except ?? [])])) {
    const entry = hub.roster.get(id)
    if (entry !== undefined && rankIn(entry, need.skill) >= need.rank) able -= 1
  }
  return able
}

function grantOf(hub: HubState, { needs }: Reservation, { id, entry }: Loan): Grant {
  const known = hub.standings.get(entry.id)
  return {
    id,
    agent: entry.id,
    incarnation: entry.address.incarnation,
    skills: entry.skills,
    standings: needs.flatMap(({ skill }) => known?.get(skill) ?? []),
    capacity: entry.capacity,
    busy: entry.held + entry.running - 1,
    ...(entry.isOpen && entry.openOffer !== undefined ? { openOffer: entry.openOffer } : {}),
  }
}

/** The latest of those that hold what an earlier one lacks, and whose groups are not being formed, are asked back. */
function askBack(hub: HubState, earlier: Reservation, need: WantedNeed, lacking: number): void {
  const { task, order } = earlier
  let open = lacking
  const later: Loan[] = []
  for (const reservation of hub.lending.line) {
    if (reservation.task === task || isEarlier(reservation.order, order)) continue
    for (const loan of reservation.loans) {
      // What it could not take would be granted to the later one again, and asked back again, without end.
      if (!wouldTake(hub, { reservation: earlier, need }, loan.entry)) continue
      // What is on its way back already serves this one as well as another.
      if (loan.recalled) open -= 1
      else later.push(loan)
    }
  }
  for (const loan of later.reverse().slice(0, Math.max(0, open))) {
    loan.recalled = true
    recall(hub, loan)
  }
}

/**
 * An agent as a search sees it: one that is present, or a guest whose slot was granted by its home.
 * Must never happen here: a second layout, which would make every look at an agent slower.
 */
import type { AgentId } from '../protocol/id.ts'
import type { Address } from '../protocol/message.ts'
import type { Millis } from '../protocol/time.ts'
import type { RosterEntry } from './state.ts'

type Known = Pick<RosterEntry, 'skills' | 'ranks' | 'estimates' | 'capacity' | 'openOffer' | 'lender'>

const none: readonly never[] = []

/** Of whom nothing is held yet. */
export function newEntry(address: Address, now: Millis, known: Known): RosterEntry {
  const { skills, ranks, estimates, capacity, openOffer, lender } = known
  return {
    address,
    id: address.id as AgentId,
    skills,
    supplies: none,
    ranks,
    estimates,
    capacity,
    openOffer,
    price: openOffer?.price ?? 0,
    isOpen: openOffer !== undefined,
    held: 0,
    running: 0,
    begun: 0,
    startedSum: 0,
    expectedSum: 0,
    passedOver: 0,
    heardAt: now,
    slot: -1,
    tasks: [],
    lender,
    loans: undefined,
    dueAt: 0,
    place: -1,
  }
}

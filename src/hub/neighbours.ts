/**
 * What the hubs of one network say to each other, and what this one says to itself as the home of its own agents.
 * Must never happen here: a word of an earlier life of a hub that is heard.
 */
import type { HubId } from '../protocol/id.ts'
import { never } from '../protocol/machine.ts'
import type { Address } from '../protocol/message.ts'
import { isHub } from '../protocol/partition.ts'
import type { HubWord } from '../protocol/slot.ts'
import { askNewLife, onTell } from './abroad.ts'
import { forgetLender, onGrant, onLost, onRecall, tellHomes } from './granted.ts'
import { serveReservations } from './granting.ts'
import { onTaskAsk } from './intake.ts'
import { dropBorrower, onConfirm, onRelease, onReserve } from './lending.ts'
import { onReport, onReportNoted } from './reports.ts'
import { type HubState, sendTo } from './state.ts'

/** To another hub by message, to itself before the turn ends. */
export function tellHub(hub: HubState, to: HubId, word: HubWord): void {
  if (to === hub.self.id) hub.lending.words.push(word)
  else sendTo(hub, to, word)
}

/** Whether a node is another hub of this network. */
export function isNeighbour(hub: HubState, { id }: Address): boolean {
  return id !== hub.self.id && isHub(id, hub.lending.partitions)
}

/** A new life tells all others: what they had lent to the earlier ones is free. */
export function greet(hub: HubState): void {
  const { lending } = hub
  if (lending.partitions === 1) return
  lending.openedAt = hub.now
  for (const id of lending.hubs) if (id !== hub.self.id) sendTo(hub, id, { kind: 'HUB_GREET' })
}

export function hearHub(hub: HubState, from: Address, word: HubWord): void {
  const { lives } = hub.lending
  const known = lives.get(from.id)
  if (known !== undefined && from.incarnation < known) return
  lives.set(from.id, from.incarnation)
  if (known !== undefined && known < from.incarnation) {
    dropBorrower(hub, from.id as HubId, from.incarnation)
    forgetLender(hub, from)
  }
  const isNew = known === undefined ? word.kind === 'HUB_GREET' : known < from.incarnation
  if (isNew) askNewLife(hub, from.id as HubId)
  hear(hub, from, word)
}

function hear(hub: HubState, from: Address, word: HubWord): void {
  switch (word.kind) {
    case 'SLOT_RESERVE':
      return onReserve(hub, from, word)
    case 'SLOT_GRANT':
      return onGrant(hub, from, word)
    case 'SLOT_CONFIRM':
      return onConfirm(hub, from, word)
    case 'SLOT_RELEASE':
      return onRelease(hub, from, word)
    case 'SLOT_RECALL':
      return onRecall(hub, from, word)
    case 'SLOT_LOST':
      return onLost(hub, from, word)
    case 'OUTCOME_REPORT':
      return onReport(hub, from, word)
    case 'OUTCOME_NOTED':
      return onReportNoted(hub, from, word)
    case 'TASK_ASK':
      return onTaskAsk(hub, from, word)
    case 'TASK_TELL':
      return onTell(hub, from, word)
    case 'HUB_GREET':
      return
    default:
      return never(word)
  }
}

/**
 * Serves reservations, tells homes what is decided, and hears what this hub says to itself. Answers whether the queue
 * is to be served again.
 */
export function exchange(hub: HubState): boolean {
  const { lending } = hub
  if (lending.partitions === 1) return false
  let went = false
  for (;;) {
    tellHomes(hub)
    serveReservations(hub)
    const { words } = lending
    if (words.length === 0) return went
    went = true
    lending.words = []
    for (const word of words) hear(hub, hub.self, word)
  }
}

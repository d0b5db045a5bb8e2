/**
 * What becomes of slots that other homes have granted: gathered until there is a group in them, searched, confirmed
 * while they are in use, given back or lost.
 * Must never happen here: a grant that is kept for nothing.
 */
import type { GrantId, HubId } from '../protocol/id.ts'
import type { Address, WaitingFor } from '../protocol/message.ts'
import type { GrantInUse, SlotGrant, SlotLost, SlotRecall } from '../protocol/slot.ts'
import { earliest, type Millis } from '../protocol/time.ts'
import { form } from '../strategy/form.ts'
import { searchAmong } from './asking.ts'
import { forget, lacking, leastMembers, reserve, say, stopBorrowing, supplyName } from './borrowing.ts'
import { roomIn } from './gathering.ts'
import { dropGuest, grantsOf, idleGuests, isInUse, takeIn, useOf } from './guests.ts'
import { outstanding } from './including.ts'
import type { Borrowing } from './loans.ts'
import { partOf } from './members.ts'
import { tellHub } from './neighbours.ts'
import { askedOf } from './offers.ts'
import { enqueue } from './queue.ts'
import { reachMask, requirementsOf } from './reach.ts'
import { leaveSearch, loseMember, remind } from './recovering.ts'
import { startMember } from './running.ts'
import { type HubState, type OpenNeed, type RosterEntry, type Task, touch } from './state.ts'

export function onGrant(hub: HubState, from: Address, message: SlotGrant): void {
  const home = from.id as HubId
  noteSupply(hub, home, message)
  const task = hub.tasks.get(message.task)
  const borrowing = task?.borrowing
  if (task === undefined || borrowing === undefined || task.search !== undefined) {
    giveUpGrants(hub, home, message)
    return
  }
  const back: GrantId[] = []
  for (const grant of message.grants) {
    const known = task.guests?.get(grant.agent)
    if (known?.lender?.grant === grant.id) continue
    if (borrowing.returned.has(grant.id) || (known !== undefined && isInUse(known))) back.push(grant.id)
    else takeIn(hub, task, from, grant)
  }
  if (back.length > 0) tellHub(hub, home, { kind: 'SLOT_RELEASE', task: task.id, grants: back, over: false })
  const asked = borrowing.asked.get(home)
  if (asked !== undefined && message.round === asked.round) asked.isAnswered = true
  noteAble(borrowing, home, message)
  touch(hub, task)
  if (searchGranted(hub, task, borrowing)) return
  if (borrowing.kinds === undefined) {
    widen(task, borrowing, home)
    giveBackSurplus(hub, task, borrowing)
  }
  reserve(hub, task, borrowing)
  sayWhatIsMissing(hub, task, borrowing)
}

/** What goes back is not taken again, though the word of it may be late or lost. */
function giveUp(borrowing: Borrowing, guest: RosterEntry): void {
  if (guest.lender !== undefined) borrowing.returned.add(guest.lender.grant)
  dropGuest(guest)
}

/** Nobody waits for them here. A home that granted twice is told of those that it has back. */
function giveUpGrants(hub: HubState, home: HubId, { task, grants }: SlotGrant): void {
  const used = hub.tasks.get(task)?.guests
  const unused = grants.filter(({ id, agent }) => used?.get(agent)?.lender?.grant !== id)
  // A reservation that came after the word of its end would have grants again and again.
  tellHub(hub, home, { kind: 'SLOT_RELEASE', task, grants: unused.map(({ id }) => id), over: true })
}

function noteSupply(hub: HubState, home: HubId, { supply }: SlotGrant): void {
  const known = hub.lending.supplies.get(home) ?? new Map<string, { able: number; free: number }>()
  for (const { skill, level, able, free } of supply) {
    const name = supplyName({ skill, level })
    // Nothing and not known are the same; otherwise every name that a stranger makes up would be kept for ever.
    if (able === 0) known.delete(name)
    else known.set(name, { able, free })
  }
  hub.lending.supplies.set(home, known)
}

function noteAble({ needs, able }: Borrowing, home: HubId, { supply }: SlotGrant): void {
  const before = able.get(home)
  const counts = needs.map((need, i) => {
    const told = supply.find(({ skill, level }) => skill === need.skill && level === need.level)
    return told?.able ?? before?.[i] ?? Number.POSITIVE_INFINITY
  })
  able.set(home, counts)
}

/** A home that had fewer than it was thought to have: everybody is asked for what it lacks. */
function widen(task: Task, { needs, asked, wide }: Borrowing, home: HubId): void {
  const wants = asked.get(home)?.wants ?? []
  const lacks = lacking(task, needs)
  for (let i = 0; i < needs.length; i++) if ((wants[i] ?? 0) > 0 && (lacks[i] ?? 0) > 0) wide[i] = true
}

/** Of a need for which more was granted than it takes, the last goes back. */
function giveBackSurplus(hub: HubState, task: Task, borrowing: Borrowing): void {
  const { needs } = borrowing
  const lacks = lacking(task, needs)
  for (const guest of idleGuests(task).reverse()) {
    const mask = reachMask(task, guest, needs)
    const isWanted = needs.some((_, i) => ((mask >>> i) & 1) === 1 && (lacks[i] ?? 0) >= 0)
    if (isWanted || task.announcement.include?.includes(guest.id)) continue
    for (let i = 0; i < lacks.length; i++) lacks[i] = (lacks[i] ?? 0) + ((mask >>> i) & 1)
    const { lender } = guest
    if (lender === undefined) continue
    giveUp(borrowing, guest)
    const wants = borrowing.asked.get(lender.hub)?.wants ?? []
    // For what it was granted it is of no use: its home thinks otherwise, and would grant it again.
    if (!wants.some((count, i) => count > 0 && ((mask >>> i) & 1) === 1)) borrowing.useless.add(guest.id)
    const fewer = wants.map((count, i) => Math.min(count, Math.max(0, lacks[i] ?? 0)))
    say(hub, task, borrowing, lender.hub, fewer, [lender.grant])
  }
}

/**
 * What is lacking is busy. Where all homes have answered, and there are too few agents on the whole network or they
 * make no group of the size, the task says so and rests.
 */
function sayWhatIsMissing(hub: HubState, task: Task, borrowing: Borrowing): void {
  const { needs, able, asked, shunned } = borrowing
  const lacks = lacking(task, needs)
  const busy = needs.filter(({ optional }, i) => !optional && (lacks[i] ?? 0) > 0)
  if (busy.length > 0 && shunned.length === 0) task.waitingFor = { kind: 'busy', needs: requirementsOf(busy) }
  if (able.size < hub.lending.hubs.length || [...asked.values()].some(({ isAnswered }) => !isAnswered)) return
  const missing = missingIn(borrowing)
  if (missing.length > 0) {
    stopBorrowing(hub, task)
    // Those who would not have it are there.
    const kind = shunned.length > 0 ? 'unwilling' : 'missing'
    rest(hub, task, { kind, needs: requirementsOf(missing) })
  } else if (busy.length === 0 && outstanding(task).every((id) => task.guests?.has(id))) {
    // Of every kind that is free some were granted, and they make no group.
    const required = requirementsOf(needs.filter(({ optional }) => !optional))
    stopBorrowing(hub, task)
    rest(hub, task, { kind: 'size', needs: required, size: roomIn(task, undefined), busy: true })
  }
}

/** The required needs for which everybody was asked, and of which all homes together have too few. */
function missingIn({ needs, wide, able }: Borrowing): OpenNeed[] {
  return needs.filter((need, i) => {
    if (need.optional || !wide[i]) return false
    let all = 0
    for (const counts of able.values()) all += counts[i] ?? 0
    return all < need.count
  })
}

function rest(hub: HubState, task: Task, waitingFor: WaitingFor): void {
  task.waitingFor = waitingFor
  task.shunned = []
  const { retryMs, maintenanceIntervalMs } = hub.configuration.limits
  const restMs = Math.min(maintenanceIntervalMs, retryMs * 2 ** Math.min(task.fruitless, 16))
  task.fruitless += 1
  enqueue(hub, task, restMs)
}

/** Begins to search among what was granted, once there is a group in it. */
function searchGranted(hub: HubState, task: Task, { needs }: Borrowing): boolean {
  const guests = idleGuests(task)
  if (outstanding(task).some((id) => !task.guests?.has(id))) return false
  const required = needs.filter(({ optional }) => !optional)
  const candidates = guests.map((guest) => {
    const mask = reachMask(task, guest, required)
    return { values: required.map((_, i) => ((mask >>> i) & 1 ? 0 : undefined)), cost: 0.001 }
  })
  const sizeMax = roomIn(task, undefined)
  if (form(required, candidates, { sizeMax, sizeMin: leastMembers(task, sizeMax) }).kind === 'none')
    return false
  searchAmong(hub, task, needs, guests)
  hub.lending.covered.push(task)
  return true
}

/** Before the turn ends: the homes are told which of their slots the new searches hold, and have the others back. */
export function tellHomes(hub: HubState): void {
  const { covered } = hub.lending
  if (covered.length === 0) return
  hub.lending.covered = []
  for (const task of covered) conclude(hub, task)
}

function conclude(hub: HubState, task: Task): void {
  const { borrowing, search } = task
  if (borrowing === undefined) return
  forget(hub, task)
  const isOpen = search !== undefined && search.unanswered > 0
  const used: RosterEntry[] = []
  const returns: RosterEntry[] = []
  for (const guest of task.guests?.values() ?? []) (isOpen || isInUse(guest) ? used : returns).push(guest)
  for (const guest of returns) {
    dropGuest(guest)
    // The search may choose again, and not among those that it has given back.
    const asked = search && askedOf(search, guest)
    if (asked?.entry === guest) asked.verdict ??= 'outscored'
  }
  task.confirmAt = used.length === 0 ? undefined : hub.now + hub.configuration.limits.agentTimeoutMs
  const epoch = task.epoch + (search === undefined ? 0 : 1)
  for (const home of borrowing.asked.keys()) {
    const grants = usesOf(used, home)
    if (grants.length > 0)
      tellHub(hub, home, { kind: 'SLOT_CONFIRM', task: task.id, epoch, grants, over: true })
    else {
      const back = grantsOf(returns, home)
      tellHub(hub, home, { kind: 'SLOT_RELEASE', task: task.id, grants: back, over: true })
    }
  }
}

function usesOf(guests: readonly RosterEntry[], home: HubId): GrantInUse[] {
  return guests.flatMap((guest) => (guest.lender?.hub === home ? useOf(guest) : []))
}

// ---- while they work

/** When the homes of guests, or those that were asked, are to hear of the task again. */
export function hearAgainAt({ borrowing, confirmAt }: Task): Millis | undefined {
  return earliest(borrowing?.sayAgainAt, confirmAt)
}

/** Tells the homes again what is in use: one that has begun a new life knows it by this. */
export function confirmAgain(hub: HubState, task: Task): void {
  if (task.confirmAt === undefined || hub.now < task.confirmAt) return
  task.confirmAt = hub.now + hub.configuration.limits.agentTimeoutMs
  touch(hub, task)
  for (const home of hub.lending.hubs) confirmAt(hub, task, home)
}

function confirmAt(hub: HubState, task: Task, home: HubId): void {
  const grants = usesOf([...(task.guests?.values() ?? [])].filter(isInUse), home)
  const epoch = task.epoch + (task.search === undefined ? 0 : 1)
  if (grants.length > 0)
    tellHub(hub, home, { kind: 'SLOT_CONFIRM', task: task.id, epoch, grants, over: false })
}

/** A home wants slots back, or asks whether they are still in use. What a group is formed with stays. */
export function onRecall(hub: HubState, from: Address, message: SlotRecall): void {
  const home = from.id as HubId
  const task = hub.tasks.get(message.task)
  const unused: GrantId[] = []
  for (const { grant, agent, incarnation } of message.grants) {
    const guest = task?.guests?.get(agent)
    const isSame = guest?.lender?.hub === home && guest.address.incarnation === incarnation
    if (task === undefined || guest?.lender === undefined || !isSame) unused.push(grant)
    else if (task.borrowing !== undefined && !isInUse(guest) && task.search === undefined) {
      // Where the word comes late the agent may have been granted again since.
      if (guest.lender.grant === grant) giveUp(task.borrowing, guest)
      unused.push(grant)
    } else {
      guest.lender.grant = grant
      guest.lender.life = from.incarnation
      confirmAt(hub, task, home)
      remindGuest(hub, task, guest)
    }
  }
  if (unused.length === 0) return
  tellHub(hub, home, { kind: 'SLOT_RELEASE', task: message.task, grants: unused, over: false })
  if (task?.borrowing !== undefined && task.search === undefined) reserve(hub, task, task.borrowing)
}

/** Its agent does not speak of the work: the word of it was lost. */
function remindGuest(hub: HubState, task: Task, guest: RosterEntry): void {
  const part = partOf(task.group, guest.id)
  if (part?.state !== 'working') return
  remind(hub, guest, task)
  if (task.group?.started) startMember(hub, task, part)
}

/** The slot is gone at its home. */
export function onLost(hub: HubState, from: Address, { task: id, grant, refusal }: SlotLost): void {
  const task = hub.tasks.get(id)
  for (const guest of [...(task?.guests?.values() ?? [])]) {
    const { lender } = guest
    if (task === undefined || lender?.hub !== from.id || lender.grant !== grant) continue
    loseGuest(hub, task, guest, refusal)
  }
}

function loseGuest(hub: HubState, task: Task, guest: RosterEntry, refusal: SlotLost['refusal']): void {
  const { borrowing } = task
  const part = partOf(task.group, guest.id)
  if (part?.state === 'working') loseMember(hub, task, part, refusal, refusal.code === 'E_AGENT_LOST')
  else leaveSearch(hub, task, guest, refusal)
  dropGuest(guest)
  if (borrowing !== undefined && task.borrowing === borrowing && task.search === undefined)
    reserve(hub, task, borrowing)
}

/** A home has begun a new life: what it had granted and is not in use is void, and it is told of the rest. */
export function forgetLender(hub: HubState, { id, incarnation }: Address): void {
  const home = id as HubId
  for (const task of hub.tasks.values()) {
    if (task.guests === undefined && task.borrowing === undefined) continue
    for (const guest of idleGuests(task)) {
      if (guest.lender?.hub !== home || guest.lender.life >= incarnation || task.search !== undefined)
        continue
      dropGuest(guest)
    }
    confirmAt(hub, task, home)
    const { borrowing } = task
    if (borrowing === undefined || !borrowing.asked.delete(home) || task.search !== undefined) continue
    reserve(hub, task, borrowing)
  }
}

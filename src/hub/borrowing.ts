/**
 * A task for which there is nobody free among this hub's own agents reserves slots at the homes of others. What is
 * granted is gathered until the group is covered, then searched as own agents are; the homes are told which of it is
 * used, and have the rest back.
 * Must never happen here: a grant that is kept for nothing, or a second task that waits for this one's search.
 */
import type { Considered } from '../protocol/group.ts'
import type { AgentId, GrantId, HubId } from '../protocol/id.ts'
import type { WaitingFor } from '../protocol/message.ts'
import type { ReservedNeed } from '../protocol/slot.ts'
import { mayTakeMore, openNeeds } from './asking.ts'
import { isTight, roomIn } from './gathering.ts'
import { dropGuest, grantsOf, idleGuests } from './guests.ts'
import { outstanding } from './including.ts'
import type { AskedHome, Borrowing } from './loans.ts'
import { tellHub } from './neighbours.ts'
import { enqueue, stirAll } from './queue.ts'
import { reachMask, requirementsOf } from './reach.ts'
import { type HubState, type OpenNeed, type Task, touch } from './state.ts'

/** Whether this hub may reserve for one more task. */
export function mayBorrow({ lending, configuration }: HubState): boolean {
  return lending.partitions > 1 && lending.borrowers.size < configuration.limits.reservationsMax
}

/** Reserves what the task needs. Answers false where it cannot wait for agents of others. */
export function borrow(hub: HubState, task: Task): boolean {
  if (!mayBorrow(hub) || !isForAgents(task.waitingFor)) return false
  return begin(hub, task, [])
}

const refusals: ReadonlySet<Considered['verdict']> = new Set(['declined', 'rejected', 'silent'])

/**
 * A task that agents would not have is put to others, of all homes: who says no seems free to its home, and would be
 * granted again. Answers false where it is not its time.
 */
export function borrowFromOthers(hub: HubState, task: Task): boolean {
  if (!mayBorrow(hub) || task.shunned.length === 0) return false
  return begin(hub, task, task.shunned)
}

/** After a search that came to nothing: to whom it is not put next. Where nobody new said no, that is nobody. */
export function shunRefusers(hub: HubState, task: Task): void {
  const { shunned } = task
  if (hub.lending.partitions === 1) return
  const refused = task.lastConsidered.flatMap(({ agent, verdict }) => {
    return refusals.has(verdict) && !shunned.includes(agent) ? agent : []
  })
  const isRefused = task.waitingFor?.kind === 'unwilling' && refused.length > 0
  task.shunned = isRefused ? [...shunned, ...refused].slice(-hub.configuration.limits.groupSizeMax) : []
}

/** `shunned`: agents of which none is wanted. */
function begin(hub: HubState, task: Task, shunned: readonly AgentId[]): boolean {
  const { urgent, key, arrival } = task
  const { groupTimeoutMs } = hub.configuration.limits
  const needs = openNeeds(hub, task)
  const least = leastMembers(task, roomIn(task, undefined))
  const kinds = least > 1 || isTight(task, undefined, needs) ? Math.max(1, least) : undefined
  task.borrowing = {
    order: { urgent, key, arrival },
    needs,
    kinds,
    shunned,
    useless: new Set(),
    asked: new Map(),
    wide: needs.map(() => kinds !== undefined),
    able: new Map(),
    returned: new Set(),
    sayAgainAt: hub.now + hub.configuration.limits.resendMs,
    endsAt: hub.now + groupTimeoutMs,
  }
  hub.lending.borrowers.add(task)
  waitForOthers(hub, task, undefined)
  reserve(hub, task, task.borrowing)
  touch(hub, task)
  return true
}

/** How many more members a group needs at least. */
export function leastMembers({ announcement }: Task, room: number): number {
  return Math.max(0, announcement.minMembers - (announcement.maxGroupSize - room))
}

/**
 * What one of several hubs lacks others may have: until they have said so, it counts as busy. `before`: what was said
 * when the task last reserved.
 */
export function waitForOthers(hub: HubState, task: Task, before: WaitingFor | undefined): void {
  if (hub.lending.partitions === 1 || !isForAgents(task.waitingFor)) return
  const needs = openNeeds(hub, task).filter(({ optional }) => !optional)
  task.waitingFor = isForAgents(before) ? before : { kind: 'busy', needs: requirementsOf(needs) }
}

export function isForAgents(waitingFor: WaitingFor | undefined): boolean {
  switch (waitingFor?.kind) {
    case 'busy':
    case 'missing':
    case 'size':
    case 'include':
      return true
    default:
      return false
  }
}

/** The task does not wait for agents of others any more: whatever was granted and is not in use goes back. */
export function stopBorrowing(hub: HubState, task: Task): void {
  const { borrowing } = task
  if (borrowing === undefined) return
  // A search that had begun in this turn with what was granted has ended in it: the next reservations are others.
  const { lending } = hub
  if (lending.covered.length > 0) lending.covered = lending.covered.filter((each) => each !== task)
  forget(hub, task)
  const returns = idleGuests(task)
  for (const guest of returns) dropGuest(guest)
  for (const home of borrowing.asked.keys()) {
    tellHub(hub, home, { kind: 'SLOT_RELEASE', task: task.id, grants: grantsOf(returns, home), over: true })
  }
}

/** It has no reservations any more; whoever says so has told the homes, or does. */
export function forget(hub: HubState, task: Task): void {
  task.borrowing = undefined
  hub.lending.borrowers.delete(task)
  // There is room for the reservations of another task.
  stirAll(hub)
}

// ---- reserving

/** Asks homes for what is lacking: those that had somebody free when they last spoke, and else all of them. */
export function reserve(hub: HubState, task: Task, borrowing: Borrowing): void {
  const wants = wantsOf(hub, task, borrowing)
  for (const [home, counts] of wants) {
    const asked = borrowing.asked.get(home)
    if (asked === undefined ? counts.some((count) => count > 0) : exceeds(counts, asked.wants))
      say(hub, task, borrowing, home, counts, [])
  }
}

function exceeds(counts: readonly number[], before: readonly number[]): boolean {
  return counts.some((count, i) => count > (before[i] ?? 0))
}

function wantsOf(hub: HubState, task: Task, borrowing: Borrowing): Map<HubId, number[]> {
  const { needs, wide, able } = borrowing
  const { hubs } = hub.lending
  const wants = new Map(hubs.map((home): [HubId, number[]] => [home, needs.map(() => 0)]))
  const lacks = lacking(task, needs)
  for (const [i, need] of needs.entries()) {
    let open = lacks[i] ?? 0
    if (open <= 0) continue
    if (!wide[i]) {
      for (const { home, free } of homesWithFree(hub, need)) {
        const counts = wants.get(home)
        const taken = Math.min(open, free)
        if (counts === undefined || taken <= 0) continue
        counts[i] = taken
        open -= taken
      }
      wide[i] = open > 0
    }
    if (!wide[i]) continue
    for (const [home, counts] of wants) if (able.get(home)?.[i] !== 0) counts[i] = lacks[i] ?? 0
  }
  return wants
}

/** How many agents each need still lacks; a guest counts for everything that it can do. */
export function lacking(task: Task, needs: readonly OpenNeed[]): number[] {
  const lacks = needs.map(({ count }) => count)
  for (const guest of idleGuests(task)) {
    const mask = reachMask(task, guest, needs)
    for (let i = 0; i < lacks.length; i++) lacks[i] = (lacks[i] ?? 0) - ((mask >>> i) & 1)
  }
  return lacks
}

/** Homes that had somebody free when they last spoke: the own one first, then those with most. */
function homesWithFree(hub: HubState, need: OpenNeed): { home: HubId; free: number }[] {
  const self = hub.self.id
  const name = supplyName(need)
  const found = hub.lending.hubs.flatMap((home) => {
    const free =
      home === self
        ? hub.catalog.free(need.skill, need.rank)
        : (hub.lending.supplies.get(home)?.get(name)?.free ?? 0)
    return free > 0 ? [{ home, free }] : []
  })
  return found.sort((a, b) => Number(b.home === self) - Number(a.home === self) || b.free - a.free)
}

export function supplyName({ skill, level }: Pick<OpenNeed, 'skill' | 'level'>): string {
  return `${skill} ${level}`
}

/** Says what is wanted of one home, beside what it has granted already. */
export function say(
  hub: HubState,
  task: Task,
  borrowing: Borrowing,
  home: HubId,
  wants: readonly number[],
  returns: readonly GrantId[],
): void {
  hub.rounds += 1
  const asked: AskedHome = { wants, round: hub.rounds, isAnswered: false }
  borrowing.asked.set(home, asked)
  const needs = borrowing.needs.flatMap(({ skill, level, optional }, i): ReservedNeed[] => {
    const count = (wants[i] ?? 0) + heldOf(task, borrowing, home, i)
    if (count === 0) return []
    const except = task.results.flatMap(({ agent, skills }) => (skills.includes(skill) ? agent : []))
    const wanted = { skill, level, count, optional }
    return [except.length === 0 ? wanted : { ...wanted, except }]
  })
  const { announcement } = task
  tellHub(hub, home, {
    kind: 'SLOT_RESERVE',
    task: task.id,
    round: asked.round,
    place: borrowing.order,
    needs,
    exclude: [...announcement.exclude, ...membersToKeep(task), ...borrowing.shunned, ...borrowing.useless],
    include: outstanding(task).filter((id) => !task.guests?.has(id)),
    ...(borrowing.kinds === undefined ? {} : { kinds: borrowing.kinds }),
    returns,
  })
}

/** Whoever has finished a part may do another one. */
function membersToKeep(task: Task): AgentId[] {
  const parts = task.group?.parts ?? []
  const kept = parts.filter((part) => part.state !== 'lost' && !mayTakeMore(task, part))
  return kept.map(({ member }) => member.agent)
}

/** The home counts what it has already granted: the wish is for so many in all. */
function heldOf(task: Task, { needs }: Borrowing, home: HubId, need: number): number {
  let held = 0
  for (const guest of idleGuests(task)) {
    if (guest.lender?.hub === home) held += (reachMask(task, guest, needs) >>> need) & 1
  }
  return held
}

/** Says again what was not answered, and that what was granted is still wanted. */
export function sayReservationsAgain(hub: HubState, task: Task): void {
  const { borrowing } = task
  if (borrowing === undefined || hub.now < borrowing.sayAgainAt) return
  if (hub.now >= borrowing.endsAt) {
    // Whoever holds some and waits for others for so long lets go, and begins again in its old place. Where no more may
    // reserve, others have their turn first: it could wait for ever, and they with it.
    const restMs = mayBorrow(hub) ? undefined : hub.configuration.limits.retryMs
    stopBorrowing(hub, task)
    task.shunned = []
    enqueue(hub, task, restMs)
    return
  }
  borrowing.sayAgainAt = hub.now + hub.configuration.limits.resendMs
  for (const [home, { wants }] of [...borrowing.asked]) say(hub, task, borrowing, home, wants, [])
  touch(hub, task)
}

/**
 * Who is asked where the group may have fewer members than it has places: whoever is best at one thing is then hardly
 * ever in it. The team is chosen from what the catalog knows, and its members are asked, with those of the next best
 * teams as spare.
 * Must never happen here: a task that waits for a group of its size when there is one.
 */
import type { WaitingFor } from '../protocol/message.ts'
import type { NoTeam } from '../strategy/form.ts'
import { type GatheredTeam, type GatherOptions, gather, type Wanted } from '../strategy/gather.ts'
import { mayJoin } from './asking.ts'
import { skillsFor, weighs } from './beyond.ts'
import { leastMembers } from './borrowing.ts'
import { outstanding } from './including.ts'
import { invitationOf, partOf } from './members.ts'
import { askedOf } from './offers.ts'
import { requirementsOf } from './reach.ts'
import { freeSlots } from './roster.ts'
import { drawbacksOf } from './scoring.ts'
import type { HubState, OpenNeed, RosterEntry, Search, Task } from './state.ts'

/** How many members the group may still take. */
export function roomIn(task: Task, search: Search | undefined): number {
  let room = task.announcement.maxGroupSize - (search?.invitations.length ?? 0)
  if (task.group === undefined) return room
  for (const { state } of task.group.parts) if (state !== 'lost') room -= 1
  return room
}

/** Whether members must fill several places each. */
export function isTight(task: Task, search: Search | undefined, open: readonly OpenNeed[]): boolean {
  let places = 0
  for (const { optional, count } of open) if (!optional) places += count
  return places > roomIn(task, search)
}

/**
 * The agents to ask for a group of the size allowed: those of the best team, and as spare those of the best teams
 * without them. Empty when everybody in the only teams there are has been asked; undefined when there is no team.
 */
export function gatherAsked(
  hub: HubState,
  task: Task,
  search: Search,
  open: readonly OpenNeed[],
): readonly RosterEntry[] | undefined {
  const found = new Set<RosterEntry>()
  for (let spare = 0; spare <= hub.configuration.limits.shortlistSpare; spare++) {
    const team = gatherTeam(hub, task, search, open, (entry) => !found.has(entry) && isOpenTo(search, entry))
    if (team.kind === 'none' && spare === 0) return undefined
    if (team.kind === 'none') break
    const before = found.size
    for (const { slot } of team.members) {
      const entry = hub.bySlot[slot]
      if (entry !== undefined && askedOf(search, entry) === undefined) found.add(entry)
    }
    if (found.size === before) break
  }
  const asked = [...found].map((entry) => ({ entry }))
  if (weighs(hub, task, open, asked))
    for (const entry of weighedTeam(hub, task, search, open)) found.add(entry)
  return [...found]
}

/** The best team where time, price and deadline count, of which the catalog knows nothing. */
function weighedTeam(hub: HubState, task: Task, search: Search, open: readonly OpenNeed[]): RosterEntry[] {
  const costOf = (entry: RosterEntry): number => drawbacksOf(hub, task, entry, skillsFor(entry, open))
  const team = gatherTeam(hub, task, search, open, (entry) => isOpenTo(search, entry), costOf)
  if (team.kind === 'none') return []
  return team.members.flatMap(({ slot }) => {
    const entry = hub.bySlot[slot]
    return entry === undefined || askedOf(search, entry) ? [] : entry
  })
}

/** It has not been asked, has not answered yet, or has said yes and is not invited. */
function isOpenTo(search: Search, entry: RosterEntry): boolean {
  const asked = askedOf(search, entry)
  return asked === undefined || (asked.verdict === undefined && !asked.isInvited)
}

/** Those who have not failed the task before are preferred to those who have. */
function gatherTeam(
  hub: HubState,
  task: Task,
  search: Search,
  open: readonly OpenNeed[],
  accept: (entry: RosterEntry) => boolean,
  costOf?: (entry: RosterEntry) => number,
): GatheredTeam | NoTeam {
  const claim = hub.claim !== undefined && hub.claim.task !== task.id ? hub.claim.agents : undefined
  const mayBe = (entry: RosterEntry): boolean => {
    return freeSlots(entry) > 0 && !claim?.has(entry.id) && mayBeNew(task, entry) && accept(entry)
  }
  const isFirstChoice = (entry: RosterEntry): boolean => !task.failedBy.has(entry.id) && mayBe(entry)
  const first = run(hub, task, search, open, false, isFirstChoice, costOf)
  if (first.kind === 'team' || task.failedBy.size === 0) return first
  return run(hub, task, search, open, false, mayBe, costOf)
}

/**
 * Whoever has finished a part of it is in the group already, and takes no room: it is asked when all else is in
 * vain.
 */
function mayBeNew(task: Task, entry: RosterEntry): boolean {
  return mayJoin(task, entry) && partOf(task.group, entry.id)?.state !== 'finished'
}

/** Why there is no team: the smallest set of needs that does not fit, of all agents or of those that are free. */
export function whyNoTeam(hub: HubState, task: Task, search: Search, open: readonly OpenNeed[]): WaitingFor {
  const anybody = run(hub, task, search, open, true, (entry) => mayBeNew(task, entry))
  const busy = anybody.kind === 'team'
  const none = busy ? gatherTeam(hub, task, search, open, () => true) : anybody
  const wanted = open.filter(({ optional }) => !optional)
  const core = none.kind === 'none' ? none.needs.flatMap((i) => open[i] ?? []) : wanted
  return { kind: 'size', needs: requirementsOf(core), size: roomIn(task, search), busy }
}

/** The best team of all agents, busy or not, for a task that has no search; undefined when there is none. */
export function teamOfAnybody(
  hub: HubState,
  task: Task,
  open: readonly OpenNeed[],
): RosterEntry[] | undefined {
  const team = run(hub, task, undefined, open, true, (entry) => mayBeNew(task, entry))
  if (team.kind === 'none') return undefined
  return team.members.flatMap(({ slot }) => hub.bySlot[slot] ?? [])
}

function run(
  hub: HubState,
  task: Task,
  search: Search | undefined,
  open: readonly OpenNeed[],
  busyToo: boolean,
  accept: (entry: RosterEntry) => boolean,
  costOf?: (entry: RosterEntry) => number,
): GatheredTeam | NoTeam {
  const wanted = open.map(({ skill, rank, count, optional, weight }): Wanted => {
    return optional ? { skill, rank, count, skipPrice: optionalPrice * weight } : { skill, rank, count }
  })
  const sizeMax = roomIn(task, search)
  const options: GatherOptions = {
    sizeMax,
    sizeMin: leastMembers(task, sizeMax),
    include: outstanding(task).flatMap((id) =>
      search !== undefined && invitationOf(search, id) !== undefined ? [] : (hub.roster.get(id)?.slot ?? []),
    ),
    except: (slot) => {
      const entry = hub.bySlot[slot]
      return entry === undefined || !accept(entry)
    },
    busyToo,
    random: hub.random,
    ...(costOf === undefined ? {} : { costOf: (slot) => costIn(hub, slot, costOf) }),
  }
  return gather(hub.catalog, wanted, options)
}

function costIn(hub: HubState, slot: number, costOf: (entry: RosterEntry) => number): number {
  const entry = hub.bySlot[slot]
  return entry === undefined ? 0 : costOf(entry)
}

/** In the catalog's view: small, so that an optional skill costs no member that a required one needs. */
const optionalPrice = 1

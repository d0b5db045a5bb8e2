/**
 * First step of a search: which skills are still open, who is asked, what they offer.
 * Must never happen here: a question to everyone, or a task that waits without saying what for.
 */
import type { SkillName, TaskId } from '../protocol/id.ts'
import { joined, longer } from '../protocol/longer.ts'
import type { WaitingFor } from '../protocol/message.ts'
import { type Requirement, rankOf } from '../protocol/skill.ts'
import { overlooked } from './beyond.ts'
import { gatherAsked, isTight, whyNoTeam } from './gathering.ts'
import { outstanding, whyNotIncluded } from './including.ts'
import { rankIn } from './judging.ts'
import { partOf } from './members.ts'
import { ask, askedOf } from './offers.ts'
import { preferredFor } from './planning.ts'
import type { Preferred } from './project.ts'
import { hasDone, reachMask, reachOf } from './reach.ts'
import { freeSlots, supplyOf } from './roster.ts'
import type { Asked, HubState, OpenNeed, Part, RosterEntry, Search, Supply, Task } from './state.ts'

/** What the task's group lacks: required skills, and, where it is to be formed for these, the optional ones. */
export function openNeeds(hub: HubState, task: Task): readonly OpenNeed[] {
  const { requires, optional } = task.announcement
  let needs: readonly OpenNeed[] = none
  for (const requirement of requires) needs = withOpen(hub, task, needs, requirement, false)
  // For what is optional alone nobody who is at work is bothered.
  if (task.group !== undefined && needs.length === 0) return needs
  for (const requirement of optional) needs = withOpen(hub, task, needs, requirement, true)
  return needs
}

const none: readonly never[] = []

/** The needs, and one more where too few members are there for it. */
function withOpen(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
  need: Requirement,
  optional: boolean,
): readonly OpenNeed[] {
  const { skill, level } = need
  // Those to spare are a provision for later losses: a group that has lost members goes on without.
  const spares = optional || task.group !== undefined ? 0 : (task.announcement.spares ?? 0)
  const count = need.count + spares - covered(task, skill)
  if (count <= 0) return needs
  const rank = rankOf(hub.configuration.levels, level) ?? 0
  return longer(needs, { skill, level, rank, count, optional, weight: need.weight ?? 1 })
}

/** How many members have done the skill's part or are doing it. */
function covered(task: Task, skill: SkillName): number {
  let count = 0
  for (const result of task.results) if (result.skills.includes(skill)) count += 1
  if (task.group !== undefined) {
    for (const part of task.group.parts) {
      if (part.state === 'working' && part.member.skills.includes(skill)) count += 1
    }
  }
  return count
}

/**
 * What keeps the task from asking, by what is known of everybody's skills and slots; undefined when nothing does. Where
 * some agents must not be in its group, only asking tells (`startAsking`).
 */
export function standstill(hub: HubState, task: Task): WaitingFor | undefined {
  return obstacle(hub, task, openNeeds(hub, task), isTaken)
}

function isTaken(hub: HubState, need: OpenNeed, task: TaskId): boolean {
  return !isFree(hub, need, task)
}

function obstacle(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
  isBusy: (hub: HubState, need: OpenNeed, task: TaskId) => boolean,
): WaitingFor | undefined {
  // After a start the results that a lost member's heir is to be handed may still be on their way from the journal.
  if (task.blockedOn.length > 0) return { kind: 'dependencies', tasks: task.blockedOn }
  const included = whyNotIncluded(hub, task, needs)
  if (included !== undefined) return included
  let missing: Requirement[] | undefined
  for (const need of needs) {
    if (!need.optional && ableAgents(hub, task, need) < need.count) missing = noted(missing, need)
  }
  if (missing !== undefined) return { kind: 'missing', needs: missing }
  let busy: Requirement[] | undefined
  for (const need of needs) if (!need.optional && isBusy(hub, need, task.id)) busy = noted(busy, need)
  return busy === undefined ? undefined : { kind: 'busy', needs: busy }
}

/** Whether enough agents are free for a need, not sought by others, and not kept for another task than this one. */
export function isFree(hub: HubState, need: OpenNeed, task: TaskId | undefined): boolean {
  const { skill, rank, count } = need
  if (isSoughtByOthers(hub, need)) return false
  let free = hub.catalog.free(skill, rank)
  if (hub.claim === undefined || hub.claim.task === task) return free >= count
  for (const id of hub.claim.agents) {
    const entry = hub.roster.get(id)
    if (entry !== undefined && freeSlots(entry) > 0 && rankIn(entry, skill) >= rank) free -= 1
  }
  return free >= count
}

/** Other searches will take so many of the free slots that too few are left. */
function isSoughtByOthers(hub: HubState, { skill, count }: OpenNeed): boolean {
  const supply = hub.supply.get(skill)
  return supply !== undefined && supply.sought > 0 && supply.free - supply.sought < count
}

/** Asks a shortlist for offers. Answers false, with the reason in the task, when there is nobody to ask. */
export function startAsking(hub: HubState, task: Task): boolean {
  const needs = openNeeds(hub, task)
  const inTheWay = obstacle(hub, task, needs, isSoughtByOthers)
  if (inTheWay !== undefined) return wait(task, inTheWay)
  const preferred = task.project && preferredFor(hub, task, task.project, needs)
  if (preferred !== undefined && 'kind' in preferred) return wait(task, preferred)
  const search = newSearch(hub, needs, preferred, false)
  const chosen = preferred === undefined ? undefined : preferredOf(hub, task, search, preferred)
  const named = namedIn(hub, task, search)
  const others = isTight(task, search, needs)
    ? gathered(hub, task, search, needs)
    : collect(hub, task, search, needs)
  if (others === undefined) return wait(task, whyNoTeam(hub, task, search, needs))
  const found = joined(named, chosen === undefined ? others : joined(chosen, others))
  const short = tooFew(needs, found)
  if (short !== undefined) return wait(task, { kind: 'busy', needs: short })
  search.supplies = needs.map(({ skill, count }) => seek(hub, skill, count))
  task.search = search
  ask(hub, task, search, found)
  return true
}

function seek(hub: HubState, skill: SkillName, count: number): Supply {
  const supply = supplyOf(hub, skill)
  supply.sought += count
  return supply
}

/** Searches among agents whose slots were granted for the task. */
export function searchAmong(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
  guests: readonly RosterEntry[],
): void {
  const search = newSearch(hub, needs, undefined, true)
  const found = enlist(task, search, guests)
  task.search = search
  ask(hub, task, search, found)
}

/** One more of the required needs that are in want, as they are told to others. Mostly none is. */
function noted(wanting: Requirement[] | undefined, { skill, level, count }: OpenNeed): Requirement[] {
  const all = wanting ?? []
  all.push({ skill, level, count })
  return all
}

/** The required needs for which too few were found; undefined when none is. */
function tooFew(needs: readonly OpenNeed[], found: readonly Asked[]): Requirement[] | undefined {
  let wanting: Requirement[] | undefined
  for (let i = 0; i < needs.length; i++) {
    const need = needs[i]
    if (need !== undefined && !need.optional && count(found, i) < need.count) wanting = noted(wanting, need)
  }
  return wanting
}

/** Agents that the announcement asks for by name and that are here, unless they were found already. */
function namedIn(hub: HubState, task: Task, search: Search): readonly Asked[] {
  if (task.announcement.include === undefined) return []
  const included = outstanding(task).flatMap((id) => hub.roster.get(id) ?? [])
  const others = included.filter((entry) => askedOf(search, entry) === undefined)
  return enlist(task, search, others)
}

function wait(task: Task, waitingFor: WaitingFor): false {
  task.waitingFor = waitingFor
  return false
}

/** Asked whoever else is. */
function preferredOf(hub: HubState, task: Task, search: Search, { agents }: Preferred): readonly Asked[] {
  const entries: RosterEntry[] = []
  for (const id of agents) {
    const entry = hub.roster.get(id)
    if (entry !== undefined) entries.push(entry)
  }
  return enlist(task, search, entries)
}

function newSearch(
  hub: HubState,
  needs: readonly OpenNeed[],
  preferred: Preferred | undefined,
  granted: boolean,
): Search {
  return {
    needs,
    endsAt: hub.now + hub.configuration.limits.groupTimeoutMs,
    round: 0,
    closesAt: hub.now,
    chooseBy: undefined,
    unanswered: 0,
    supplies: none,
    reaches: none,
    asked: none,
    invitations: none,
    preferred,
    granted,
    unproven: false,
  }
}

function count(found: readonly Asked[], need: number): number {
  let able = 0
  for (const asked of found) able += (asked.reach.mask >>> need) & 1
  return able
}

/** All agents that could do it, busy or not, less those that must not. */
function ableAgents(hub: HubState, task: Task, need: OpenNeed): number {
  let able = hub.catalog.capable(need.skill, need.rank)
  for (const id of task.announcement.exclude) if (isAble(hub, id, need)) able -= 1
  if (task.group === undefined) return able
  for (const part of task.group.parts) {
    const id = part.member.agent
    const isFree = part.state === 'lost' || (mayTakeMore(task, part) && !hasDone(task, id, need.skill))
    if (!isFree && !task.announcement.exclude.includes(id) && isAble(hub, id, need)) able -= 1
  }
  return able
}

function isAble(hub: HubState, id: RosterEntry['id'], need: OpenNeed): boolean {
  const entry = hub.roster.get(id)
  return entry !== undefined && rankIn(entry, need.skill) >= need.rank
}

/** A member that has finished may take another part, unless the group would then have too few members. */
export function mayTakeMore(task: Task, part: Part): boolean {
  if (part.state !== 'finished') return false
  let standing = 0
  for (const { state } of task.group?.parts ?? []) if (state !== 'lost') standing += 1
  return standing >= task.announcement.minMembers
}

/** Whether it could be a member, whatever its skills and free slots. */
export function mayJoin(task: Task, entry: RosterEntry): boolean {
  if (task.announcement.exclude.includes(entry.id)) return false
  const part = partOf(task.group, entry.id)
  return part === undefined || part.state === 'lost' || mayTakeMore(task, part)
}

/**
 * The shortlist for each need, without those that were asked already, and who is better than these for what the catalog
 * does not know. Who failed this task, or has done another part of it, is asked only when the others are not enough.
 */
function collect(hub: HubState, task: Task, search: Search, needs: readonly OpenNeed[]): readonly Asked[] {
  const first = shortlist(hub, task, search, needs, false)
  const enough = tooFew(needs, first) === undefined
  const found = enough ? first : joined(first, shortlist(hub, task, search, needs, true))
  const better = overlooked(hub, task, search)
  if (better.length === 0) return found
  return joined(found, enlist(task, search, better))
}

/** Who is asked where members must fill several places; undefined when there is no group of the size. */
function gathered(
  hub: HubState,
  task: Task,
  search: Search,
  needs: readonly OpenNeed[],
): readonly Asked[] | undefined {
  const entries = gatherAsked(hub, task, search, needs)
  if (entries !== undefined) return enlist(task, search, entries)
  // Whoever has finished its part takes no room, and may be all that is left to ask.
  const others = task.group === undefined ? none : collect(hub, task, search, needs)
  return others.length > 0 ? others : undefined
}

/** The search considers these agents as well. */
function enlist(task: Task, search: Search, entries: readonly RosterEntry[]): readonly Asked[] {
  const found = entries.map((entry) => newAsked(task, search, entry))
  search.asked = joined(search.asked, found)
  return found
}

/** Who failed this task, or has done another part of it. */
export function isLastChoice(task: Task, entry: RosterEntry): boolean {
  if (task.group === undefined && task.failedBy.size === 0) return false
  return task.failedBy.has(entry.id) || partOf(task.group, entry.id)?.state === 'finished'
}

function shortlist(
  hub: HubState,
  task: Task,
  search: Search,
  needs: readonly OpenNeed[],
  lastChoice: boolean,
): readonly Asked[] {
  const before = search.asked.length
  const claim = hub.claim !== undefined && hub.claim.task !== task.id ? hub.claim.agents : undefined
  // One function for all needs: with one for each, a search would allocate a tenth more.
  let wanted: SkillName | undefined
  const isOut = (slot: number): boolean => {
    const entry = hub.bySlot[slot]
    if (entry === undefined || freeSlots(entry) === 0 || askedOf(search, entry)) return true
    if (wanted !== undefined && hasDone(task, entry.id, wanted)) return true
    return claim?.has(entry.id) || !mayJoin(task, entry) || isLastChoice(task, entry) !== lastChoice
  }
  for (const { skill, rank, count } of needs) {
    wanted = skill
    const places = count + hub.configuration.limits.shortlistSpare
    const slots = hub.catalog.shortlist(skill, rank, places, hub.random, isOut)
    const found = new Array<Asked>(slots.length)
    for (let i = 0; i < slots.length; i++)
      found[i] = newAsked(task, search, hub.bySlot[slots[i] as number] as RosterEntry)
    search.asked = joined(search.asked, found)
  }
  return before === 0 ? search.asked : search.asked.slice(before)
}

function newAsked(task: Task, search: Search, entry: RosterEntry): Asked {
  return {
    entry,
    reach: reachOf(task, search, reachMask(task, entry, search.needs)),
    open: entry.isOpen,
    account: undefined,
    verdict: undefined,
    why: undefined,
    values: unscored,
    cost: 0,
    price: 0,
    isUnseen: true,
    isUnproven: true,
    mustInclude: task.announcement.include?.includes(entry.id) ?? false,
    isInvited: false,
  }
}

const unscored: readonly undefined[] = []

/** Asks more agents for what is still open. Answers false when there are no others. */
export function askMore(hub: HubState, task: Task, search: Search, open: readonly OpenNeed[]): boolean {
  const tight = isTight(task, search, open) ? gathered(hub, task, search, open) : none
  if (tight === undefined) return false
  // Where all members of the best teams were asked, and yet there is no group, others may be cheaper.
  const found = tight.length > 0 ? tight : collect(hub, task, search, open)
  if (found.length === 0) return false
  ask(hub, task, search, found)
  return true
}

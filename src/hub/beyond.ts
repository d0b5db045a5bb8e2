/**
 * Whom the catalog would hide. It knows who succeeds and who is busy. How long an agent takes, what it asks and whether
 * it would be in time depends on the task: where that weighs, more agents are looked at than are asked.
 * Must never happen here: a look at everybody, or a look beyond where nothing weighs.
 */
import type { SkillName } from '../protocol/id.ts'
import { isLastChoice, mayJoin } from './asking.ts'
import { rankIn } from './judging.ts'
import { askedOf } from './offers.ts'
import { hasDone } from './reach.ts'
import { freeSlots } from './roster.ts'
import { drawbacksOf, prospectOf } from './scoring.ts'
import type { Asked, HubState, OpenNeed, RosterEntry, Search, Task } from './state.ts'

/** Agents that are looked at for each need, of all that have the skill the likeliest to succeed. */
const looksMost = 64
/**
 * Where only time weighs, so many first, and the others where one of these is better: most often all take about as
 * long, and a look at one takes a microsecond. A budget or a deadline is worth them all.
 */
const looksFirst = 16
/** In logits: what weighs less changes nothing, and whoever is better by less is not asked for it. */
const noticeable = 0.05
/** Only longer work costs anything noticeable for its length. */
const longMs = 6_000

const nobody: readonly never[] = []

/** Whether time, price or deadline weigh on the choice, by what is known of those who were found. */
export function weighs(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
  found: readonly Pick<Asked, 'entry'>[],
): boolean {
  // Most tasks end here, and there are many.
  if (!mayWeigh(task) && !found.some(isSlow)) return false
  return found.some(({ entry }) => drawbacksOf(hub, task, entry, skillsFor(entry, needs)) > noticeable)
}

function mayWeigh(task: Task): boolean {
  return isBound(task) || (task.announcement.expectedMs ?? 0) >= longMs
}

function isBound({ deadlineAt, announcement }: Task): boolean {
  return deadlineAt !== undefined || announcement.budget !== undefined
}

function isSlow({ entry }: Pick<Asked, 'entry'>): boolean {
  for (const { typicalMs } of entry.estimates) if (typicalMs !== undefined && typicalMs >= longMs) return true
  return false
}

/** What an agent could do of some needs: its part, as far as anybody knows before it is asked. */
export function skillsFor(entry: RosterEntry, needs: readonly OpenNeed[]): SkillName[] {
  const skills: SkillName[] = []
  for (const { skill, rank } of needs) if (rankIn(entry, skill) >= rank) skills.push(skill)
  return skills
}

/** Who is not asked yet, and is expected to be better for one of the needs than those who are: as many again. */
export function overlooked(hub: HubState, task: Task, search: Search): readonly RosterEntry[] {
  return weighs(hub, task, search.needs, search.asked) ? betterThan(hub, task, search) : nobody
}

interface Prospect {
  readonly entry: RosterEntry
  readonly value: number
}

function betterThan(hub: HubState, task: Task, search: Search): RosterEntry[] {
  const { needs } = search
  // Who has said no is nobody to be better than.
  const asked = search.asked.filter(({ verdict }) => verdict === undefined)
  const better = new Set<RosterEntry>()
  needs.forEach((need, i) => {
    const { skill, count } = need
    const places = count + hub.configuration.limits.shortlistSpare
    const able = asked.filter(({ reach }) => (reach.mask >>> i) & 1)
    const values = able.map(({ entry }) => prospect(entry, skill)).sort((a, b) => b - a)
    const least = noticeable + (values[places - 1] ?? Number.NEGATIVE_INFINITY)
    const isIdle = !isBound(task) && seenBeyond(need, looksFirst, least).length === 0
    const beyond = isIdle ? nobody : seenBeyond(need, looksMost, least)
    for (const { entry } of beyond.slice(0, places)) better.add(entry)
  })
  return [...better]

  /** Of so many, those who are better, the best first. */
  function seenBeyond({ skill, rank }: OpenNeed, looks: number, least: number): readonly Prospect[] {
    const isOut = (slot: number): boolean => !mayBeAsked(hub.bySlot[slot], skill)
    const { slots } = hub.catalog.best(skill, rank, looks, false, hub.random, isOut)
    const seen = slots.flatMap((slot) => {
      const entry = hub.bySlot[slot]
      return entry === undefined ? [] : { entry, value: prospect(entry, skill) }
    })
    return seen.filter(({ value }) => value > least).sort((a, b) => b.value - a.value)
  }

  function prospect(entry: RosterEntry, skill: SkillName): number {
    return prospectOf(hub, task, entry, skillsFor(entry, needs), skill)
  }

  function mayBeAsked(entry: RosterEntry | undefined, skill: SkillName): boolean {
    if (entry === undefined || freeSlots(entry) === 0 || askedOf(search, entry)) return false
    const isKept = hub.claim !== undefined && hub.claim.task !== task.id && hub.claim.agents.has(entry.id)
    return !isKept && mayJoin(task, entry) && !isLastChoice(task, entry) && !hasDone(task, entry.id, skill)
  }
}

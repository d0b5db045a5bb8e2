/**
 * The question that is put to `strategy/form`: which of those who have offered make the best group for what is open.
 * Must never happen here: a change of the search.
 */
import type { Candidate, Need, NoTeam, Team } from '../strategy/form.ts'
import { formWithOneNewcomer } from '../strategy/newcomers.ts'
import { roomIn } from './gathering.ts'
import { freeSlots } from './roster.ts'
import type { Asked, OpenNeed, Search, Task } from './state.ts'

export interface Question {
  /** For each need of the search, how many agents are not invited yet. */
  readonly left: readonly number[]
  /** Needs of which some are left: what `needs`, and the values of `offers`, are about. */
  readonly places: readonly number[]
  readonly needs: readonly Need[]
  /** Who would; `offers` in the same order. */
  readonly willing: readonly Asked[]
  readonly offers: readonly Candidate[]
  readonly options: { readonly sizeMax: number; readonly sizeMin: number; readonly budget?: number }
}

/** The price of leaving an optional skill out: any agent that is more likely to succeed than not is worth it. */
const skipPrice = 3

export function questionOf(task: Task, search: Search): Question {
  const { maxGroupSize, minMembers, budget } = task.announcement
  const willing = search.asked.every(isWilling) ? search.asked : search.asked.filter(isWilling)
  const left = uninvited(search)
  const places = search.invitations.length === 0 ? left.map(place) : open(left)
  const sizeMax = roomIn(task, search)
  const sizes = { sizeMax, sizeMin: Math.max(0, minMembers - (maxGroupSize - sizeMax)) }
  const options = budget === undefined ? sizes : { ...sizes, budget: budget - spentIn(task, search) }
  const needs = needsFor(search, left, places)
  return { left, places, needs, willing, offers: offersFor(search, places, willing, budget), options }
}

/** The places of which some are left. */
function open(left: readonly number[]): number[] {
  const places: number[] = []
  for (let i = 0; i < left.length; i++) if ((left[i] ?? 0) > 0) places.push(i)
  return places
}

function place(_: unknown, i: number): number {
  return i
}

/** The best group, with no more than one member of whom little is known, where that can be. */
export function bestGroup({ needs, willing, offers, options }: Question, search: Search): Team | NoTeam {
  const isNew = (i: number): boolean => willing[i]?.isUnproven === true
  return formWithOneNewcomer(needs, offers, options, isNew, hasNewcomer(search))
}

/** Whether somebody of whom little is known is invited already. */
function hasNewcomer(search: Search): boolean {
  for (const { asked } of search.invitations) if (asked.isUnproven) return true
  return false
}

function isWilling(asked: Asked): boolean {
  if (asked.account === undefined || asked.verdict !== undefined) return false
  return freeSlots(asked.entry) > 0 && !asked.isInvited
}

function uninvited(search: Search): number[] {
  const left = search.needs.map((need) => need.count)
  for (const { reach } of search.invitations) {
    for (const need of reach.needs) left[need] = (left[need] ?? 0) - 1
  }
  return left
}

/** A whole search in which all is required is what the choice is made from, as it is. */
function needsFor(search: Search, left: readonly number[], places: readonly number[]): readonly Need[] {
  if (search.invitations.length === 0 && !search.needs.some(isOptional)) return search.needs
  return places.map((i) => {
    const need = search.needs[i]
    const count = left[i] ?? 0
    return need?.optional ? { count, skipPrice: skipPrice * need.weight } : { count }
  })
}

function isOptional({ optional }: OpenNeed): boolean {
  return optional
}

/** Likewise, without a budget. */
function offersFor(
  search: Search,
  places: readonly number[],
  willing: readonly Asked[],
  budget: number | undefined,
): readonly Candidate[] {
  const whole = places.length === search.needs.length
  if (whole && budget === undefined) return willing
  return willing.map((asked) => {
    const { cost, price, mustInclude } = asked
    const values = whole ? asked.values : places.map((i) => asked.values[i])
    if (budget === undefined) return { values, cost, mustInclude }
    return { values, cost, mustInclude, price }
  })
}

/** The prices of the members that were kept and of those that are invited. */
export function spentIn(task: Task, search: Search): number {
  let spent = 0
  for (const part of task.group?.parts ?? []) if (part.state !== 'lost') spent += part.member.price ?? 0
  for (const { asked } of search.invitations) spent += asked.price
  return spent
}

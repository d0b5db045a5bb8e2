/**
 * What a search looks for: skills, and sets of them that one agent can cover.
 * Must never happen here: a decision.
 */
import type { AgentId, SkillName } from '../protocol/id.ts'
import { longer } from '../protocol/longer.ts'
import type { Call } from '../protocol/message.ts'
import type { Requirement } from '../protocol/skill.ts'
import { lowest } from '../strategy/team.ts'
import { rankIn } from './judging.ts'
import type { RosterEntry, Search, Task } from './state.ts'

/** One skill that a search must find agents for. */
export interface OpenNeed {
  readonly skill: SkillName
  readonly level: string
  readonly rank: number
  /** How many more agents. */
  readonly count: number
  readonly optional: boolean
  /** What an optional skill is worth, against 1. */
  readonly weight: number
}

/** A set of a search's needs, with what is said and written of it. Made once, shared by all that have the same. */
export interface Reach {
  /** Bit `i` stands for need `i`. */
  readonly mask: number
  readonly needs: readonly number[]
  readonly skills: readonly SkillName[]
  readonly call: Call
}

/** Needs as they are told to others: what only a search knows of them stays here. */
export function requirementsOf(needs: readonly OpenNeed[]): Requirement[] {
  return needs.map(requirementOf)
}

function requirementOf({ skill, level, count }: OpenNeed): Requirement {
  return { skill, level, count }
}

/** The needs that an agent can cover, as a mask. Who has done its part for a skill is not a second agent for it. */
export function reachMask(task: Task, entry: RosterEntry, needs: readonly OpenNeed[]): number {
  let mask = 0
  for (let i = 0; i < needs.length; i++) {
    const need = needs[i]
    if (need === undefined || rankIn(entry, need.skill) < need.rank) continue
    if (!hasDone(task, entry.id, need.skill)) mask |= 1 << i
  }
  return mask
}

const none: readonly never[] = []

/** The bits of a mask, in a list with no room for more: most have one, and it is kept with the group. */
function placesIn(mask: number): readonly number[] {
  let places: readonly number[] = none
  for (let rest = mask; rest !== 0; rest &= rest - 1) places = longer(places, lowest(rest))
  return places
}

/** The one description of a set of needs in a search. */
export function reachOf(task: Task, search: Search, mask: number): Reach {
  for (const known of search.reaches) if (known.mask === mask) return known
  const reach = newReach(task, search.needs, mask)
  search.reaches = longer(search.reaches, reach)
  return reach
}

function newReach(task: Task, open: readonly OpenNeed[], mask: number): Reach {
  const needs = placesIn(mask)
  const skills = needs.map((place) => (open[place] as OpenNeed).skill)
  const call = callOf(
    task,
    needs.map((place) => requirementOf(open[place] as OpenNeed)),
  )
  return { mask, needs, skills, call }
}

function callOf({ id, announcement, deadlineAt }: Task, needs: readonly Requirement[]): Call {
  const { description, priority, budget } = announcement
  const call = { task: id, description, priority, needs }
  if (deadlineAt === undefined && budget === undefined) return call
  return {
    ...call,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(budget === undefined ? {} : { budget }),
  }
}

/** Whether an agent's part for a skill is done. */
export function hasDone(task: Task, agent: AgentId, skill: SkillName): boolean {
  for (const result of task.results) if (result.agent === agent && result.skills.includes(skill)) return true
  return false
}

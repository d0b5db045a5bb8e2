/**
 * Whether what a task asks for makes sense: its skills, and a group that has room for them.
 * Must never happen here: an opinion on who could do it.
 */
import { checkId, isId, quote } from './id.ts'
import { ceilings, checkWhole, isWhole, type Limits } from './limits.ts'
import { type Refusal, refuse } from './refusal.ts'
import { checkLevel, type Requirement, rankOf, type SkillLevel, skillTwice } from './skill.ts'
import type { TaskAnnouncement } from './task.ts'

export function checkNeeds(
  task: TaskAnnouncement,
  limits: Limits,
  levels: readonly SkillLevel[],
): Refusal | undefined {
  if (task.requires.length === 0) {
    return refuse('E_NO_REQUIREMENTS', 'requires names no skill', {
      field: 'requires',
      hint: 'Name at least one skill: requires: [{ skill: "data_cleaning", level: "advanced" }].',
    })
  }
  for (const field of ['requires', 'optional'] as const) {
    const needs = task[field]
    for (let index = 0; index < needs.length; index++) {
      const need = needs[index]
      const refusal = need && checkNeed(need, field, index, limits, levels)
      if (refusal !== undefined) return refusal
    }
  }
  const { requires, optional } = task
  const all = requires.length + optional.length
  if (all > limits.skillsMax) {
    return refuse('E_RANGE', `the task names ${all} skills; the limit is ${limits.skillsMax}`, {
      field: 'optional',
    })
  }
  const required = requires.map(({ skill }) => skill)
  const twice = skillTwice(required, 'requires')
  if (twice !== undefined || optional.length === 0) return twice
  return skillTwice([...required, ...optional.map(({ skill }) => skill)], 'optional')
}

/** Nearly all are right: the path of a field is put together when one is not. */
function checkNeed(
  { skill, level, count, weight }: Requirement,
  field: 'requires' | 'optional',
  index: number,
  { groupSizeMax }: Limits,
  levels: readonly SkillLevel[],
): Refusal | undefined {
  const isRight = isId(skill) && rankOf(levels, level) !== undefined && isWhole(count, 1, groupSizeMax)
  if (isRight && weight === undefined) return undefined
  const path = `${field}[${index}]`
  return (
    checkId(skill, `${path}.skill`) ??
    checkLevel(levels, level, `${path}.level`) ??
    checkWhole(count, `${path}.count`, 1, groupSizeMax) ??
    checkWeight(weight, `${path}.weight`, field === 'optional')
  )
}

function checkWeight(weight: number | undefined, field: string, isOptional: boolean): Refusal | undefined {
  if (weight === undefined || (isOptional && weight > 0 && weight <= ceilings.weight)) return undefined
  if (isOptional) {
    return refuse(
      'E_RANGE',
      `${field} must be above 0 and at most ${ceilings.weight}, got ${quote(weight)}`,
      {
        field,
      },
    )
  }
  const hint = 'A skill that may be missing belongs into optional.'
  return refuse('E_UNKNOWN_FIELD', `${field} is for optional skills alone`, { field, hint })
}

/** One agent may cover several skills, so a group needs as many members as its most counted skill, not their sum. */
export function checkSize(task: TaskAnnouncement): Refusal | undefined {
  const { maxGroupSize, minMembers, include, spares = 0 } = task
  if (minMembers > maxGroupSize) return tooSmall(maxGroupSize, `minMembers ${minMembers}`)
  if (include !== undefined && include.length > maxGroupSize) {
    return tooSmall(maxGroupSize, `${include.length} agents in include`)
  }
  for (const { skill, count } of task.requires) {
    if (count + spares <= maxGroupSize) continue
    const more = spares === 0 ? '' : ` and ${spares} to spare`
    return tooSmall(maxGroupSize, `${agents(count)} with the skill ${quote(skill)}${more}`)
  }
  return undefined
}

/** Every member has a part of the work, so a group has no more members than places. */
export function checkPlaces({
  requires,
  optional,
  minMembers,
  include = [],
  spares = 0,
}: TaskAnnouncement): Refusal | undefined {
  if (minMembers === 1 && include.length <= 1) return undefined
  let places = requires.length * spares
  for (const { count } of requires) places += count
  for (const { count } of optional) places += count
  if (minMembers > places) return tooFewPlaces('minMembers', `${minMembers} members`, places)
  if (include.length > places) return tooFewPlaces('include', agents(include.length), places)
  return undefined
}

function tooFewPlaces(field: string, members: string, places: number): Refusal {
  const room = places === 1 ? 'only one place' : `only ${places} places`
  return refuse('E_RANGE', `${field} asks for ${members}, and the skills have ${room}`, {
    field,
    hint: 'Every member has a part of the work: ask for more agents of a skill ("count"), or for fewer members.',
  })
}

function agents(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`
}

function tooSmall(maxGroupSize: number, needs: string): Refusal {
  return refuse('E_GROUP_TOO_SMALL', `maxGroupSize ${maxGroupSize} is less than the task needs: ${needs}`, {
    field: 'maxGroupSize',
    hint: 'Raise maxGroupSize, or ask for fewer agents.',
  })
}

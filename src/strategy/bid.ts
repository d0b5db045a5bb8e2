/**
 * An agent's own judgement of a call, before any judgement of its owner: shall I offer, shall I accept? The
 * agent is the authority on its capacity and its skills; its level is judged by those who have seen its
 * work, so a call above the level it claims is a promotion and not a mistake.
 */
import { quote, type SkillName } from '../protocol/id.ts'
import type { Call } from '../protocol/message.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import { checkLevel, type Skill, type SkillLevel } from '../protocol/skill.ts'
import type { Millis } from '../protocol/time.ts'

/** What an agent knows of itself. */
export interface Self {
  readonly busy: number
  readonly capacity: number
  readonly leaving: boolean
  readonly skills: readonly Skill[]
}

/**
 * Whether to answer SKILL_QUERY with an offer. Errors: E_LEAVING, E_NOT_SKILLED, E_BAD_LEVEL, E_TOO_LATE,
 * E_BUSY, in this order, so that what will not change is said before what may.
 */
export function offerOrDecline(
  self: Self,
  call: Call,
  levels: readonly SkillLevel[],
  now: Millis,
): Refusal | undefined {
  if (self.leaving) return refuse('E_LEAVING', 'the agent is leaving and takes no new work')
  const { skills, busy, capacity } = self
  return notSkilled(skills, call, levels) ?? tooLate(skills, call, now) ?? noRoom(busy, capacity, call)
}

/**
 * Whether to accept GROUP_INVITE. `call.needs` names what is assigned. Everything is judged again: since
 * the offer the agent may have promised its slots to others, and time has passed.
 */
export function acceptOrReject(
  self: Self,
  call: Call,
  levels: readonly SkillLevel[],
  now: Millis,
): Refusal | undefined {
  return offerOrDecline(self, call, levels, now)
}

function notSkilled(
  skills: readonly Skill[],
  call: Call,
  levels: readonly SkillLevel[],
): Refusal | undefined {
  for (const need of call.needs) {
    if (skillNamed(skills, need.skill) === undefined) {
      return refuse('E_NOT_SKILLED', `the agent does not have the skill ${quote(need.skill)}`)
    }
    const unknown = checkLevel(levels, need.level, 'call.needs.level')
    if (unknown !== undefined) return unknown
  }
  return undefined
}

function skillNamed(skills: readonly Skill[], name: SkillName): Skill | undefined {
  for (const skill of skills) if (skill.name === name) return skill
  return undefined
}

/** One assignment covers all its skills, so the longest claimed mean time decides. */
function tooLate(skills: readonly Skill[], call: Call, now: Millis): Refusal | undefined {
  if (call.deadlineAt === undefined) return undefined
  const left = call.deadlineAt - now
  if (left <= 0) return refuse('E_TOO_LATE', `the deadline passed ${-left} ms ago`)
  for (const need of call.needs) {
    const meanTimeMs = skillNamed(skills, need.skill)?.meanTimeMs
    if (meanTimeMs !== undefined && meanTimeMs > left) {
      const what = `${quote(need.skill)} takes ${meanTimeMs} ms on average`
      return refuse('E_TOO_LATE', `${what}, and the deadline is in ${left} ms`)
    }
  }
  return undefined
}

function noRoom(busy: number, capacity: number, call: Call): Refusal | undefined {
  if (busy < capacity) return undefined
  return refuse('E_BUSY', `all ${capacity} slots are taken, none is left for ${quote(call.task)}`)
}

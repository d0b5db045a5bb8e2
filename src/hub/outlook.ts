/**
 * How long an agent is expected to take for its part of a task, in all the skills of that part.
 * Must never happen here: a look at who else is there.
 */
import type { SkillName } from '../protocol/id.ts'
import type { Millis } from '../protocol/time.ts'
import { type Estimate, expectedTime, latestAfter } from '../strategy/score.ts'
import { skillPlace } from './judging.ts'
import type { HubState, RosterEntry, Task } from './state.ts'

/** What is expected of an agent in all that it could do of a task. An `Estimate` says it of one skill. */
export type Outlook = Pick<Estimate, 'weight' | 'slots' | 'typicalMs' | 'latestMs'>

export const unknown: Outlook = { weight: 0, slots: 1, typicalMs: undefined, latestMs: undefined }

/** With more skills it takes as long as with the slowest, and is as well known as in the best known. */
export function worse(a: Outlook, b: Outlook): Outlook {
  return {
    weight: Math.max(a.weight, b.weight),
    slots: Math.max(a.slots, b.slots),
    typicalMs: longer(a.typicalMs, b.typicalMs),
    latestMs: longer(a.latestMs, b.latestMs),
  }
}

function longer(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

/** Where the agent has named a time for this very task. */
export function asOffered(
  hub: HubState,
  entry: RosterEntry,
  place: number,
  expected: Estimate,
  offeredMs: Millis,
): Outlook {
  const { weight, slots, latestMs } = expected
  const name = entry.skills[place]?.name
  const standing = name === undefined ? undefined : hub.standings.get(entry.id)?.get(name)
  return { weight, slots, typicalMs: expectedTime(expected, offeredMs, standing?.timeWeight ?? 0), latestMs }
}

/** Where the initiator has stated one. */
export function asStated(expected: Estimate, statedMs: Millis): Outlook {
  const { weight, slots } = expected
  const typicalMs = statedMs * expected.pace
  return { weight, slots, typicalMs, latestMs: latestAfter(expected, typicalMs) }
}

/** Of an agent that has not been asked: as the catalog has it, and not made current for a mere look. */
export function outlookOf({ announcement }: Task, entry: RosterEntry, skills: readonly SkillName[]): Outlook {
  let outlook = unknown
  for (const skill of skills) {
    const expected = entry.estimates[skillPlace(entry, skill)]
    if (expected === undefined) continue
    const { expectedMs } = announcement
    const own = expectedMs === undefined ? expected : asStated(expected, expectedMs)
    outlook = outlook === unknown ? own : worse(outlook, own)
  }
  return outlook
}

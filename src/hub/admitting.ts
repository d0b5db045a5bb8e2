/**
 * Announcements that come to nothing for sure are refused at the door, where the initiator can still change them.
 * Must never happen here: a refusal for what may well change before the deadline.
 */
import { quote } from '../protocol/id.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import { type Requirement, rankOf } from '../protocol/skill.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { earliestMs, soonestMs, timesKnownFrom } from '../strategy/admit.ts'
import type { HubState, RosterEntry } from './state.ts'

/** Of more agents than this some may be fast enough. */
const looksMax = 64

/** Refuses a deadline within which nobody here has ever been done. */
export function hopelessness(hub: HubState, { requires, deadlineMs }: TaskAnnouncement): Refusal | undefined {
  if (deadlineMs === undefined) return undefined
  const timings = requires.map((need) => ({ count: need.count, earliest: timesOf(hub, need) }))
  const soonest = soonestMs(timings)
  if (soonest === undefined || soonest <= deadlineMs) return undefined
  const slowest = requires.find((_, i) => (soonestMs(timings.slice(i, i + 1)) ?? 0) === soonest)
  const least = Math.ceil(soonest)
  const what = `of the agents with ${quote(slowest?.skill ?? '')} hardly any work took less than ${least} ms`
  return refuse('E_HOPELESS', `${what}; the deadline is ${deadlineMs} ms`, {
    field: 'deadlineMs',
    hint: `Give it more than ${least} ms, or announce it again when a faster agent has joined.`,
  })
}

/** Of everybody who could, as far as so many are looked at; undefined for whom too little is known. */
function timesOf(hub: HubState, { skill, level }: Requirement): (Millis | undefined)[] {
  const times: (Millis | undefined)[] = []
  const rank = rankOf(hub.configuration.levels, level) ?? 0
  for (const slot of hub.catalog.agentsWith(skill, rank)) {
    const entry = hub.bySlot[slot]
    const time = entry === undefined || times.length >= looksMax ? undefined : timeOf(hub, entry, skill)
    times.push(time)
    if (time === undefined) return times
  }
  return times
}

function timeOf(hub: HubState, entry: RosterEntry, skill: string): Millis | undefined {
  const place = entry.skills.findIndex(({ name }) => name === skill)
  const claim = entry.skills[place]
  const expected = entry.estimates[place]
  const standing = claim === undefined ? undefined : hub.standings.get(entry.id)?.get(claim.name)
  if ((standing?.timeWeight ?? 0) < timesKnownFrom) return undefined
  const { typicalMs, latestMs } = expected ?? {}
  return typicalMs === undefined || latestMs === undefined ? undefined : earliestMs(typicalMs, latestMs)
}

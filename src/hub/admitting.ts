/**
 * Announcements that come to nothing for sure are refused at the door, where the initiator can still change them; of a
 * deadline that is likely to be missed it is warned.
 * Must never happen here: a refusal for what may well change before the deadline.
 */
import { quote, type TaskId } from '../protocol/id.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import { type Requirement, rankOf } from '../protocol/skill.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import type { Warning } from '../protocol/warning.ts'
import { earliestMs, soonestMs, timesKnownFrom } from '../strategy/admit.ts'
import { freeIn, remainingMs } from './planning.ts'
import type { HubState, RosterEntry } from './state.ts'

/** Of more agents than this some may be fast enough. */
const looksMax = 64

/** Refuses a deadline within which nobody here has ever been done. */
export function hopelessness(hub: HubState, { requires, deadlineMs }: TaskAnnouncement): Refusal | undefined {
  if (deadlineMs === undefined) return undefined
  const timings = requires.map((need) => ({
    count: need.count,
    earliest: timesOf(hub, need, (entry) => seenTimeOf(hub, entry, need.skill)),
  }))
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

/**
 * Warns of a deadline that is expected to be missed even when the task is the next to begin: what it waits for, and
 * the agents' work under way, end as expected, and the work takes as long as is stated or known. How many others
 * wait is not counted, since whose turn it is changes with whatever others do.
 */
export function lateness(hub: HubState, announcement: TaskAnnouncement): Warning | undefined {
  const { requires, dependsOn, deadlineMs, expectedMs } = announcement
  if (deadlineMs === undefined) return undefined
  const known = new Map<TaskId, Millis>()
  const begins = Math.max(0, ...dependsOn.map((id) => endsIn(hub, id, known)))
  const timings = requires.map((need) => ({
    count: need.count,
    earliest: timesOf(hub, need, (entry) => finishIn(hub, entry, need.skill, begins, expectedMs)),
  }))
  const expected = Math.ceil(soonestMs(timings) ?? begins + (expectedMs ?? 0))
  if (expected <= deadlineMs) return undefined
  const what = `it is expected to end after ${expected} ms, if it is the next to begin`
  return { kind: 'late', message: `${what}; its deadline is ${deadlineMs} ms`, expectedMs: expected }
}

/** When an agent that begins as soon as it may, and is free, has done its part; undefined when that is not known. */
function finishIn(
  hub: HubState,
  entry: RosterEntry,
  skill: string,
  begins: Millis,
  stated: Millis | undefined,
): Millis | undefined {
  const expected = entry.estimates[entry.skills.findIndex(({ name }) => name === skill)]
  const takes = stated === undefined ? expected?.typicalMs : stated * (expected?.pace ?? 1)
  const [free = 0] = freeIn(hub, entry, 1)
  return takes === undefined ? undefined : Math.max(begins, free) + takes
}

/** When a task and all that it waits for have ended, as far as it is known how long they take. */
function endsIn(hub: HubState, id: TaskId, known: Map<TaskId, Millis>): Millis {
  const task = hub.tasks.get(id)
  if (task === undefined) return 0
  const before = known.get(id)
  if (before !== undefined) return before
  const takes = task.expectedMs ?? task.announcement.expectedMs
  let ends = takes === undefined ? 0 : remainingMs(hub, task)
  if (task.group === undefined) {
    ends += Math.max(0, ...task.blockedOn.map((other) => endsIn(hub, other, known)))
  }
  known.set(id, ends)
  return ends
}

/** Of everybody who could, as far as so many are looked at; undefined for whom too little is known. */
function timesOf(
  hub: HubState,
  { skill, level }: Requirement,
  timeOf: (entry: RosterEntry) => Millis | undefined,
): (Millis | undefined)[] {
  const times: (Millis | undefined)[] = []
  const rank = rankOf(hub.configuration.levels, level) ?? 0
  for (const slot of hub.catalog.agentsWith(skill, rank)) {
    const entry = hub.bySlot[slot]
    const time = entry === undefined || times.length >= looksMax ? undefined : timeOf(entry)
    times.push(time)
    if (time === undefined) return times
  }
  return times
}

function seenTimeOf(hub: HubState, entry: RosterEntry, skill: string): Millis | undefined {
  const place = entry.skills.findIndex(({ name }) => name === skill)
  const claim = entry.skills[place]
  const expected = entry.estimates[place]
  const standing = claim === undefined ? undefined : hub.standings.get(entry.id)?.get(claim.name)
  if ((standing?.timeWeight ?? 0) < timesKnownFrom) return undefined
  const { typicalMs, latestMs } = expected ?? {}
  return typicalMs === undefined || latestMs === undefined ? undefined : earliestMs(typicalMs, latestMs)
}

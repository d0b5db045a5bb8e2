/**
 * Many groups wanted at once by several hubs: how long they wait, and how much is said for each, against queues that
 * have no distances, or none between hubs. The same arrivals and the same work in all of them.
 * Must never happen here: a comparison of runs with different tasks.
 */
import { type Configuration, defaultConfiguration, defaultLimits } from '../../src/protocol/limits.ts'
import type { Envelope, MessageKind } from '../../src/protocol/message.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { Town } from './town.ts'

export interface LoadOptions {
  readonly hubs: number
  readonly agents: number
  /** One member of each makes a group. */
  readonly classes: number
  /** Mean duration of the work of a group, exponentially distributed. */
  readonly workMs: Millis
  readonly latencyMs: readonly [Millis, Millis]
  /** Work that arrives, of what the agents could do. */
  readonly load: number
  readonly spanMs: Millis
  readonly seed: number
}

interface Arrival {
  readonly at: Millis
  readonly id: string
  readonly workMs: Millis
}

export interface LoadRun {
  readonly tasks: number
  readonly formed: number
  readonly completed: number
  /** From the acceptance to the group that stands, in the order of the tasks. */
  readonly waitsMs: readonly Millis[]
  /** How often each kind of message was sent for these tasks. */
  readonly messages: ReadonlyMap<MessageKind, number>
  readonly overbooked: number
}

/** Agents have joined, and hubs have heard of each other. */
const settledMs: Millis = 1_000

/** Plays one load on so many hubs. */
export function playLoad(options: LoadOptions, arrivals: readonly Arrival[], hubs: number): LoadRun {
  const { classes, seed, spanMs } = options
  const works = new Map(arrivals.map(({ id, workMs }) => [id, workMs]))
  const fate = fifo(seeded(seed + 1), options.latencyMs)
  const town: Town = new Town({
    seed,
    configuration: configurationOf(hubs),
    fate: (envelope) => fate(envelope, town.agenda.now),
    work: (_, task) => ({ ms: works.get(task) ?? options.workMs }),
  })
  for (const id of town.hubIds) town.openHub(id)
  const each = options.agents / classes
  const skills = Array.from({ length: classes }, (_, i) => `skill-${i}`)
  for (const skill of skills) for (let i = 0; i < each; i++) town.join(`${skill}-${i}`, [skill], 1)
  town.run(settledMs)
  const before = new Map(town.sent)
  const requires = skills.map((skill) => ({ skill, count: 1 }))
  for (const { at, id } of arrivals) town.agenda.at(settledMs + at, () => town.announce(id, requires))
  town.run(settledMs + spanMs)
  for (let i = 0; i < 60 && !isDone(town, arrivals.length); i++) town.run(town.agenda.now + 1_000)
  const entries = [...town.books.tasks.values()]
  const waitsMs = entries.flatMap(({ acceptedAt, formedAt }) =>
    formedAt === undefined ? [] : formedAt - acceptedAt,
  )
  return {
    tasks: arrivals.length,
    formed: waitsMs.length,
    completed: entries.filter(({ endedAs }) => endedAs === 'completed').length,
    waitsMs,
    messages: new Map([...town.sent].map(([kind, sent]) => [kind, sent - (before.get(kind) ?? 0)])),
    overbooked: town.books.overbooked.length,
  }
}

function isDone({ books }: Town, tasks: number): boolean {
  return books.tasks.size === tasks && [...books.tasks.values()].every(({ endedAs }) => endedAs !== undefined)
}

function configurationOf(partitions: number): Configuration {
  // Who lives is not in question here, and signs of life would only be counted.
  const calm = { heartbeatMs: 3_600_000, agentTimeoutMs: 36_000_000, skillUpdateIntervalMs: 36_000_000 }
  const room = { maxAnnouncements: 1_000_000, maxAnnouncementsPerInitiator: 1_000_000 }
  return { ...defaultConfiguration, partitions, limits: { ...defaultLimits, ...calm, ...room } }
}

/** Each message takes its time, and none overtakes another of its link. */
function fifo(random: () => number, [least, most]: readonly [Millis, Millis]) {
  const latest = new Map<string, Millis>()
  return ({ from, to }: Envelope, now: Millis): readonly Millis[] => {
    const link = `${from.id} ${to.id}`
    const at = Math.max(now + least + (most - least) * random(), latest.get(link) ?? 0)
    latest.set(link, at)
    return [at - now]
  }
}

/** As many tasks as make the load, at random instants, with random durations. */
export function arrivalsOf({ agents, classes, workMs, load, spanMs, seed }: LoadOptions): Arrival[] {
  const random = seeded(seed)
  const exponential = (mean: number): number => -mean * Math.log(1 - random())
  const betweenMs = workMs / ((load * agents) / classes)
  const arrivals: Arrival[] = []
  for (let at = exponential(betweenMs); at < spanMs; at += exponential(betweenMs))
    arrivals.push({ at, id: `task-${arrivals.length}`, workMs: exponential(workMs) })
  return arrivals
}

/**
 * How long the same tasks wait in one queue that knows everything at once and is served in the order of arrival.
 * `roundTripMs` is what a member costs beside its work: from the decision until it begins, and from its end until that
 * is known; 0 for agents without any distance, the queue M/M/c of the books.
 */
export function idealWaitsMs(
  { agents, classes }: LoadOptions,
  arrivals: readonly Arrival[],
  roundTripMs: Millis,
): Millis[] {
  const free = new Array<Millis>(agents / classes).fill(0)
  return arrivals.map(({ at, workMs }) => {
    let first = 0
    for (let i = 1; i < free.length; i++) if ((free[i] ?? 0) < (free[first] ?? 0)) first = i
    const begins = Math.max(at, free[first] ?? 0)
    free[first] = begins + workMs + roundTripMs
    return begins - at
  })
}

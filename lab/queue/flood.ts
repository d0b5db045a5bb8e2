/**
 * One initiator announces many times as much as each of the others, and more than there is room for: the shipped hub
 * and agents in virtual time, and how long the others wait.
 * Must never happen here: a flood that the agents can keep up with.
 */
import type { Fact } from '../../src/protocol/fact.ts'
import { defaultConfiguration } from '../../src/protocol/limits.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { World } from '../world.ts'

export interface Flood {
  readonly seed: number
  readonly agents: number
  /** Initiators beside the one that floods. */
  readonly others: number
  /** How much more than each of the others it announces. */
  readonly factor: number
  /** The share of the agents' time that the others ask for, all together. */
  readonly load: number
  /** Agents that one task needs at once. */
  readonly places: number
  /** How long it goes on, in services. */
  readonly services: number
}

export interface Flooded {
  /** Of the others' tasks: from acceptance to the standing group, in services. */
  readonly othersWait: readonly number[]
  /** The same tasks, if whoever comes first were served first. */
  readonly othersWaitInOrder: readonly number[]
  /** The same tasks, if nobody flooded: what the others make each other wait. */
  readonly othersWaitAlone: readonly number[]
  /** Tasks of the flood that were served, as a share of all. */
  readonly floodShare: number
  /** Tasks that began, of each initiator; the first is the one that floods. */
  readonly begun: readonly number[]
  /** Tasks that waited at the end. */
  readonly waiting: number
}

/** How long one task takes its agent. The messages that form a group take some milliseconds beside it. */
const workMs: Millis = 1_000
const flooder = 'flood'
const limits = {
  ...defaultConfiguration.limits,
  maxAnnouncements: 1_000_000,
  maxAnnouncementsPerInitiator: 1_000_000,
}

export async function playFlood(flood: Flood): Promise<Flooded> {
  const { seed, agents, places, services } = flood
  const seen = new Map<string, Life>()
  const world = new World({
    seed,
    configuration: { ...defaultConfiguration, limits },
    watch: (happening, at) => {
      if (happening.kind === 'durable') note(seen, happening.fact, at)
    },
  })
  world.openHub()
  await world.timeline.settle()
  for (const desk of desksOf(flood.others)) await world.openDesk(desk)
  for (let i = 0; i < agents; i++) {
    const skills = [{ name: `part-${i % places}`, level: 'expert' }]
    await world.join({ id: `agent-${i}`, skills, maxConcurrentTasks: 1, workMs })
  }
  await world.timeline.settle()
  const requires = Array.from({ length: places }, (_, i) => ({ skill: `part-${i}` }))
  for (const { at, by } of announcements(flood)) {
    await world.timeline.runUntil(at)
    world.announce(by, { description: 'a task', requires })
  }
  await world.timeline.runUntil(services * workMs)
  return summary(flood, [...seen.values()])
}

function desksOf(others: number): string[] {
  return [flooder, ...Array.from({ length: others }, (_, i) => `desk-${i}`)]
}

interface Life {
  readonly by: string
  readonly acceptedAt: Millis
  formedAt: Millis | undefined
}

function note(seen: Map<string, Life>, fact: Fact, at: Millis): void {
  if (fact.kind === 'task.accepted') {
    seen.set(fact.task, { by: fact.initiator, acceptedAt: at, formedAt: undefined })
  } else if (fact.kind === 'group.formed') {
    const life = seen.get(fact.task)
    if (life !== undefined) life.formedAt ??= at
  }
}

/** Everybody announces at random times, each at its own rate. */
function announcements(flood: Flood): { at: Millis; by: string }[] {
  const { seed, agents, others, factor, load, places, services } = flood
  const random = seeded(seed)
  const eachRate = (load * agents) / places / others
  const all: { at: Millis; by: string }[] = []
  const from = (by: string, rate: number): void => {
    for (let at = 0; ; ) {
      at += (workMs / rate) * -Math.log(1 - random())
      if (at >= services * workMs) return
      all.push({ at: Math.ceil(at), by })
    }
  }
  from(flooder, eachRate * factor)
  for (let i = 0; i < others; i++) from(`desk-${i}`, eachRate)
  return all.sort((a, b) => a.at - b.at)
}

function summary({ agents, places, services, others }: Flood, lives: readonly Life[]): Flooded {
  const end = services * workMs
  const wait = ({ acceptedAt, formedAt = end }: Life): number => (formedAt - acceptedAt) / workMs
  const mine = lives.filter(({ by }) => by !== flooder)
  const served = lives.filter(({ formedAt }) => formedAt !== undefined)
  return {
    othersWait: mine.map(wait),
    othersWaitInOrder: inOrder(lives, Math.floor(agents / places)),
    othersWaitAlone: inOrder(mine, Math.floor(agents / places)),
    floodShare: served.filter(({ by }) => by === flooder).length / served.length,
    begun: desksOf(others).map((desk) => served.filter(({ by }) => by === desk).length),
    waiting: lives.length - served.length,
  }
}

/** What the others would wait in one line, with as many groups at work at once as the agents can form. */
function inOrder(lives: readonly Life[], groups: number): number[] {
  const freeAt = Array.from({ length: groups }, () => 0)
  const waits: number[] = []
  for (const { by, acceptedAt } of lives) {
    const first = freeAt.indexOf(Math.min(...freeAt))
    const begins = Math.max(acceptedAt, freeAt[first] ?? 0)
    freeAt[first] = begins + workMs
    if (by !== flooder) waits.push((begins - acceptedAt) / workMs)
  }
  return waits
}

/**
 * Small worlds of several hubs, each drawn from a seed: messages are lost, doubled and overtake each other, hubs and
 * agents crash and come back or are cut off for a while, work fails; then it is calm, and everything must come to its
 * end.
 * Must never happen here: a choice that is not drawn from the seed.
 */

import { defaultConfiguration, defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { Town } from './town.ts'

export interface Schedule {
  readonly seed: number
  /** Things that went wrong on purpose. */
  readonly faults: number
  readonly events: number
  readonly tasks: number
  readonly overbooked: readonly string[]
  /** Promises that did not hold, one sentence each, with those of `overbooked`. */
  readonly broken: readonly string[]
}

const limits: Limits = {
  ...defaultLimits,
  groupTimeoutMs: 2_000,
  offerWindowMs: 150,
  holdMs: 200,
  heartbeatMs: 200,
  agentTimeoutMs: 800,
  workSilenceMs: 3_000,
  resendMs: 150,
  retryMs: 50,
  maintenanceIntervalMs: 1_000,
}

/** Where nothing goes wrong nothing runs out in time either: whoever waits in a circle waits for good. */
const quietLimits: Limits = { ...limits, groupTimeoutMs: 3_600_000 }

/** For so long things go wrong. */
const faultsMs: Millis = 1_500
/** After that, everything has ended within so long. */
const calmMs: Millis = 30_000
const quietMs: Millis = 5_000

/** What one seed draws. */
class Luck {
  readonly #random: () => number
  calm = false
  faults = 0
  readonly #loss: number
  readonly #double: number
  readonly #late: number
  /** Who is cut off from everybody, and until when. */
  readonly #cuts = new Map<string, Millis>()

  /** One world of four: nothing goes wrong in it, and many want the same at once. */
  readonly isQuiet: boolean

  constructor(random: () => number) {
    this.#random = random
    this.isQuiet = random() < 0.25
    this.calm = this.isQuiet
    const share = (): number => (random() < 0.5 ? 0 : 0.3 * random())
    this.#loss = share()
    this.#double = share()
    this.#late = share()
  }

  whole(below: number): number {
    return Math.floor(this.#random() * below)
  }

  cutOff(id: string, until: Millis): void {
    this.faults += 1
    this.#cuts.set(id, until)
  }

  fate({ from, to }: Envelope, now: Millis): readonly Millis[] {
    const after = 1 + this.whole(10)
    if (this.calm) return [after]
    if (from.id !== to.id && (this.#isCut(from.id, now) || this.#isCut(to.id, now))) return []
    const lot = this.#random()
    if (lot < this.#loss) return this.#wrong([])
    if (lot < this.#loss + this.#double) return this.#wrong([after, after + this.whole(100)])
    return lot < this.#loss + this.#double + this.#late ? this.#wrong([after + this.whole(300)]) : [after]
  }

  #isCut(id: string, now: Millis): boolean {
    return (this.#cuts.get(id) ?? 0) > now
  }

  #wrong(fate: readonly Millis[]): readonly Millis[] {
    this.faults += 1
    return fate
  }

  work(): { readonly ms: Millis; readonly fails: boolean } {
    const fails = !this.calm && this.whole(10) === 0
    if (fails) this.faults += 1
    return { ms: 20 + this.whole(200), fails }
  }
}

/** `tell` hears everything that happens, one line each. */
export function playSchedule(seed: number, tell: (line: string) => void = () => {}): Schedule {
  const random = seeded(seed)
  const luck = new Luck(random)
  const partitions = 2 + luck.whole(2)
  const town: Town = new Town({
    seed,
    configuration: { ...defaultConfiguration, limits: luck.isQuiet ? quietLimits : limits, partitions },
    fate: (envelope) => luck.fate(envelope, town.agenda.now),
    work: () => luck.work(),
    tell,
  })
  const agents = Array.from({ length: 2 + luck.whole(3) }, (_, i) => {
    const skills = luck.whole(4) === 0 ? ['clean', 'model'] : [i % 2 === 0 ? 'clean' : 'model']
    return { id: `agent-${luck.whole(1_000)}-${i}`, skills, capacity: 1 + luck.whole(2) }
  })
  for (const id of town.hubIds) town.openHub(id)
  for (const { id, skills, capacity } of agents) town.join(id, skills, capacity)
  const tasks = 2 + luck.whole(luck.isQuiet ? 8 : 4)
  const withinMs = luck.isQuiet ? 30 : faultsMs / 2
  for (let i = 0; i < tasks; i++) {
    const id = `task-${luck.whole(1_000)}-${i}`
    const needs = [['clean', 'model'], ['clean'], ['model']][luck.whole(4) % 3] ?? []
    town.agenda.at(luck.whole(withinMs), () =>
      town.announce(
        id,
        needs.map((skill) => ({ skill, count: 1 })),
      ),
    )
  }
  if (!luck.isQuiet && luck.whole(3) > 0) crashSome(town, luck, agents)
  if (!luck.isQuiet && luck.whole(3) === 0) cutSome(town, luck, agents)
  town.run(faultsMs)
  luck.calm = true
  const calmFrom = town.agenda.now
  while (town.agenda.now < calmFrom + (luck.isQuiet ? quietMs : calmMs) && !hasEnded(town, tasks))
    town.run(town.agenda.now + 500)
  const open = notEnded(town, tasks)
  town.run(town.agenda.now + 3 * limits.agentTimeoutMs)
  const broken = [
    ...town.books.overbooked,
    ...town.books.wrong,
    ...open,
    ...town.violations(),
    ...held(town, agents),
    ...unreported(town),
  ]
  return {
    seed,
    faults: luck.faults,
    events: town.agenda.steps,
    tasks,
    overbooked: town.books.overbooked,
    broken,
  }
}

interface Plan {
  readonly id: string
  readonly skills: readonly string[]
  readonly capacity: number
}

function crashSome(town: Town, luck: Luck, agents: readonly Plan[]): void {
  for (let i = 1 + luck.whole(3); i > 0; i--) {
    const hub = town.hubIds[luck.whole(town.hubIds.length)]
    const agent = agents[luck.whole(agents.length)]
    const isHub = luck.whole(2) === 0
    const at = luck.whole(faultsMs)
    const backMs = luck.whole(limits.agentTimeoutMs)
    luck.faults += 1
    town.agenda.at(at, () => {
      if (hub === undefined || agent === undefined) return
      town.crash(isHub ? hub : agent.id)
      town.agenda.at(town.agenda.now + backMs, () => {
        if (town.isAlive(isHub ? hub : agent.id)) return
        if (isHub) town.openHub(hub)
        else town.join(agent.id, agent.skills, agent.capacity)
      })
    })
  }
}

/** Somebody is cut off from everybody else, for longer than its silence goes unnoticed or for less. */
function cutSome(town: Town, luck: Luck, agents: readonly Plan[]): void {
  const all = [...town.hubIds, ...agents.map(({ id }) => id)]
  for (let i = 1 + luck.whole(2); i > 0; i--) {
    const id = all[luck.whole(all.length)] ?? ''
    const spanMs = luck.whole(2 * limits.agentTimeoutMs)
    town.agenda.at(luck.whole(faultsMs), () => luck.cutOff(id, town.agenda.now + spanMs))
  }
}

function hasEnded({ books }: Town, tasks: number): boolean {
  return books.tasks.size === tasks && [...books.tasks.values()].every(({ endedAs }) => endedAs !== undefined)
}

/** Every skill has an agent that lives, so every task completes. */
function notEnded(town: Town, tasks: number): string[] {
  const open = tasks - town.books.tasks.size
  const broken = open === 0 ? [] : [`${open} tasks were never accepted`]
  for (const [id, { endedAs }] of town.books.tasks) {
    if (endedAs === 'completed') continue
    const says = JSON.stringify(town.waiting(id))
    broken.push(`${id} ${endedAs === undefined ? `is open and says ${says}` : `has ${endedAs}`}`)
  }
  return broken
}

/** When all is done nobody holds anything. */
function held(town: Town, agents: readonly Plan[]): string[] {
  const broken: string[] = []
  for (const id of town.hubIds) {
    const hub = town.hub(id)?.state()
    if (hub === undefined) continue
    const { loans, line, borrowers } = hub.lending
    const own = [...hub.tasks.values()]
    if (loans.size > 0) broken.push(`${id} has ${loans.size} slots lent to nobody`)
    if (line.length > 0 && own.length === 0) broken.push(`${id} has ${line.length} reservations of nobody`)
    if (borrowers.size > own.length) broken.push(`${id} borrows for ${borrowers.size} tasks of ${own.length}`)
    for (const { id: agent, held, running } of hub.roster.values())
      if (held + running > 0) broken.push(`${id} holds ${held} and ${running} slots of ${agent}`)
  }
  for (const { id } of agents) {
    const agent = town.agent(id)?.state()
    if (agent === undefined) continue
    if (agent.presence !== 'present') broken.push(`${id} is ${agent.presence}`)
    if (agent.works.size + agent.holds.length > 0)
      broken.push(`${id} has ${agent.works.size} works and ${agent.holds.length} promises`)
  }
  return broken
}

/** What became of members was told to their homes, all of it and once. */
function unreported(town: Town): string[] {
  const broken: string[] = []
  for (const id of town.hubIds) {
    for (const [home, { serial, open }] of town.hub(id)?.state().reports.sent ?? []) {
      const counted = town.hub(home)?.state().reports.counted.get(id) ?? 0
      if (open.size > 0) broken.push(`${id} has ${open.size} reports for ${home} that are not noted`)
      if (counted !== serial) broken.push(`${home} has counted ${counted} of ${serial} reports of ${id}`)
    }
  }
  return broken
}

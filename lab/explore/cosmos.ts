/**
 * The states of a whole world: the machines, what is under way between them, the clock, and what may still go wrong.
 * A move leads from one to the next.
 * Must never happen here: a message that appears, vanishes or overtakes another but by a move that says so.
 */
import type { AgentEffect, AgentInput } from '../../src/agent/state.ts'
import type { HubInput } from '../../src/hub/hub.ts'
import type { HubEffect } from '../../src/hub/state.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { type Configuration, defaultConfiguration } from '../../src/protocol/limits.ts'
import type { Address, Envelope } from '../../src/protocol/message.ts'
import { hubsOf, partitionOf } from '../../src/protocol/partition.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import {
  type AgentBirth,
  type AgentMachine,
  type AgentShadow,
  agentSpecies,
  type MakeAgent,
} from './agent-species.ts'
import { Automaton, BrokenRule, type Step } from './automaton.ts'
import {
  type HubBirth,
  type HubMachine,
  type HubShadow,
  hubId,
  hubSpecies,
  type MakeHub,
} from './hub-species.ts'
import { Mail } from './mail.ts'
import type { Sight } from './sights.ts'
import { type Faults, type World, worldLimits } from './world.ts'

export type Luck = { readonly [Fault in keyof Faults]-?: number }

/** Numbers stand for states of automata and for messages: see `Automaton` and `Mail`. */
export interface State {
  readonly now: Millis
  /** One for each partition. */
  readonly hubs: readonly number[]
  readonly hubLives: readonly number[]
  /** The agents of the world, then the initiator; undefined for one that is not alive. */
  readonly nodes: readonly (number | undefined)[]
  readonly lives: readonly number[]
  /** What is under way, by `sender incarnation receiver`, the oldest first. No link is empty. */
  readonly links: ReadonlyMap<string, readonly number[]>
  /** How many of the world's tasks were announced. */
  readonly announced: number
  readonly clockSteps: number
  /** How often each fault may still happen. */
  readonly luck: Luck
}

export const noFaults: Luck = {
  losses: 0,
  delays: 0,
  duplicates: 0,
  agentCrashes: 0,
  hubCrashes: 0,
  failures: 0,
  rejections: 0,
  returns: 0,
  cancellations: 0,
  departures: 0,
  checkpoints: 0,
}

export interface Machines {
  readonly hub: MakeHub
  readonly agent: MakeAgent
}

const initiatorId = 'you'

/** Everything of a world that does not change, and the automata that learn as they go. */
export class Cosmos {
  readonly world: World
  readonly configuration: Configuration
  readonly mail: Mail = new Mail()
  readonly hubs: Automaton<HubBirth, HubInput, Fact, HubEffect, HubShadow, HubMachine>
  readonly agents: Automaton<AgentBirth, AgentInput, never, AgentEffect, AgentShadow, AgentMachine>
  readonly hubIds: readonly HubId[]
  readonly tasks: readonly TaskAnnouncement[]
  /** Names of `State.nodes`. */
  readonly names: readonly string[]
  readonly initiator: number
  readonly sights: Set<Sight> = new Set()

  constructor(world: World, machines: Machines) {
    const limits = { ...defaultConfiguration.limits, ...worldLimits, ...world.limits }
    const { partitions = 1 } = world
    const configuration = { ...defaultConfiguration, limits, partitions }
    this.hubIds = hubsOf(partitions)
    this.world = world
    this.configuration = configuration
    this.hubs = new Automaton(hubSpecies(machines.hub, configuration), this.mail)
    this.agents = new Automaton(agentSpecies(machines.agent, configuration), this.mail)
    this.tasks = world.tasks.map((spec) => {
      const task = checkAnnouncement(spec, { id: spec.id as TaskId, limits, levels: configuration.levels })
      if (isRefusal(task)) throw new Error(`${world.name}: ${task.message}`)
      return task
    })
    this.names = [...world.agents.map(({ id }) => id), initiatorId]
    this.initiator = world.agents.length
  }

  /** Everybody is there and known, and the first task is announced. */
  genesis(): State {
    const draft = new Draft(this, {
      now: 1,
      hubs: this.hubIds.map(() => 0),
      hubLives: this.hubIds.map(() => 0),
      nodes: this.names.map(() => undefined),
      lives: this.names.map(() => 0),
      links: new Map(),
      announced: 0,
      clockSteps: this.world.clockSteps,
      luck: { ...noFaults, ...this.world.faults },
    })
    for (let hub = 0; hub < this.hubIds.length; hub++) draft.bearHub(hub, [], [])
    for (let node = 0; node < this.names.length; node++) draft.bear(node)
    draft.deliverAll()
    draft.announce()
    return draft.done()
  }

  birthOf(node: number, incarnation: number): AgentBirth {
    const id = (this.names[node] ?? initiatorId) as NodeId
    const agent = this.world.agents[node]
    const skills = (agent?.skills ?? []).map((name) => {
      return { name: name as SkillName, level: 'expert', successRate: agent?.successRate ?? 1 }
    })
    const capacity = agent?.capacity ?? 0
    const { confirms = false, openOffer = false } = agent ?? {}
    return {
      self: { id, incarnation },
      profile: { skills, capacity, price: undefined, considers: false, openOffer, confirms },
    }
  }

  keyOf(state: State): string {
    const { now, hubs, hubLives, nodes, lives, links, announced, clockSteps, luck } = state
    let key = `${now} ${hubs.join()} ${hubLives.join()} ${nodes.join()} ${lives.join()} ${announced} ${clockSteps} `
    for (const name in luck) key += `${luck[name as keyof Luck]},`
    for (const name of [...links.keys()].sort()) key += ` ${name}:${this.#queueKey(links.get(name) ?? [])}`
    return key
  }

  /** Where messages overtake each other, the order in which they were sent is nothing. */
  #queueKey(queue: readonly number[]): string {
    return (this.world.network === 'fifo' ? queue : [...queue].sort((a, b) => a - b)).join()
  }
}

/** A state in the making: one move, and what it sets off at once. */
export class Draft {
  readonly #cosmos: Cosmos
  readonly #nodes: (number | undefined)[]
  readonly #lives: number[]
  readonly #links: Map<string, readonly number[]>
  #now: Millis
  readonly #hubs: number[]
  readonly #hubLives: number[]
  #announced: number
  #clockSteps: number
  #luck: Luck

  constructor(cosmos: Cosmos, state: State) {
    this.#cosmos = cosmos
    this.#nodes = [...state.nodes]
    this.#lives = [...state.lives]
    this.#links = new Map(state.links)
    this.#now = state.now
    this.#hubs = [...state.hubs]
    this.#hubLives = [...state.hubLives]
    this.#announced = state.announced
    this.#clockSteps = state.clockSteps
    this.#luck = state.luck
  }

  spend(fault: keyof Luck): void {
    this.#luck = { ...this.#luck, [fault]: this.#luck[fault] - 1 }
  }

  pass(until: Millis): void {
    this.#now = until
    this.#clockSteps -= 1
  }

  announce(): void {
    const announcement = this.#cosmos.tasks[this.#announced]
    if (announcement === undefined) throw new RangeError('everything was announced')
    this.#announced += 1
    const name = `announce ${announcement.id}`
    this.act(this.#cosmos.initiator, name, { kind: 'announce', announcement, fresh: true })
  }

  take(link: string, place: number): number {
    const queue = this.#links.get(link) ?? []
    const mail = queue[place]
    if (mail === undefined) throw new RangeError(`there is no message ${place} on ${link}`)
    if (queue.length === 1) this.#links.delete(link)
    else this.#links.set(link, queue.toSpliced(place, 1))
    return mail
  }

  /** A message arrives: at whoever lives under the address, or nowhere. */
  arrive(mail: number): void {
    const envelope = this.#cosmos.mail.open(mail)
    const hub = this.#cosmos.hubIds.indexOf(envelope.to.id as HubId)
    if (hub >= 0) this.actHub(hub, `m${mail}`, { kind: 'received', envelope })
    else {
      const node = this.#cosmos.names.indexOf(envelope.to.id)
      this.act(node, `m${mail}`, { kind: 'received', envelope })
    }
  }

  act(node: number, name: string, input: AgentInput): void {
    const at = this.#nodes[node]
    if (at === undefined) return
    const step = this.#cosmos.agents.step(at, name, input, this.#now)
    this.#nodes[node] = step.to
    this.#send(step)
    if (node === this.#cosmos.initiator) this.#compare(step.to)
  }

  /** Answers whether it decided facts. */
  actHub(hub: number, name: string, input: HubInput): boolean {
    const { hubs } = this.#cosmos
    const at = this.#hubs[hub] ?? 0
    const before = hubs.state(at).shadow.journal.length
    const step = hubs.step(at, name, input, this.#now)
    this.#hubs[hub] = step.to
    this.#send(step)
    return hubs.state(step.to).shadow.journal.length > before
  }

  bear(node: number): void {
    const life = (this.#lives[node] ?? 0) + 1
    this.#lives[node] = life
    const birth = this.#cosmos.birthOf(node, life)
    const first: AgentInput = birth.profile.skills.length > 0 ? { kind: 'join' } : { kind: 'woke' }
    const step = this.#cosmos.agents.birth(`${node} ${life}`, birth, first, this.#now)
    this.#nodes[node] = step.to
    this.#send(step)
  }

  bearHub(hub: number, journal: readonly Fact[], replayed: readonly Fact[]): void {
    const incarnation = (this.#hubLives[hub] ?? 0) + 1
    this.#hubLives[hub] = incarnation
    const name = `${hub} ${this.#hubs[hub]} ${incarnation}`
    const id = this.#cosmos.hubIds[hub] ?? hubId
    const birth = { id, incarnation, journal, replayed }
    const step = this.#cosmos.hubs.birth(name, birth, { kind: 'opened' }, this.#now)
    this.#hubs[hub] = step.to
    this.#send(step)
  }

  /** Its memory is gone, its journal is not; the next hub begins at once. */
  crashHub(hub: number): void {
    const { hubs, world } = this.#cosmos
    const at = this.#hubs[hub] ?? 0
    const { journal } = hubs.state(at).shadow
    this.bearHub(hub, journal, world.compacts ? hubs.machine(at).snapshot() : journal)
  }

  /** It decided, and what it decided is durable; before it could say a word of it, it was gone. */
  crashHubAfter(hub: number, name: string, input: HubInput): void {
    const { to } = this.#cosmos.hubs.step(this.#hubs[hub] ?? 0, name, input, this.#now)
    this.#hubs[hub] = to
    this.crashHub(hub)
  }

  crashHubHearing(mail: number): void {
    const envelope = this.#cosmos.mail.open(mail)
    const hub = this.#cosmos.hubIds.indexOf(envelope.to.id as HubId)
    this.crashHubAfter(hub, `m${mail}`, { kind: 'received', envelope })
  }

  crash(node: number): void {
    this.#nodes[node] = undefined
  }

  deliverAll(): void {
    for (let link = this.#links.keys().next().value; link !== undefined; ) {
      this.arrive(this.take(link, 0))
      link = this.#links.keys().next().value
    }
  }

  done(): State {
    this.#settleNear()
    this.#dropUnreachable()
    return {
      now: this.#now,
      hubs: this.#hubs,
      hubLives: this.#hubLives,
      nodes: this.#nodes,
      lives: this.#lives,
      links: this.#links,
      announced: this.#announced,
      clockSteps: this.#clockSteps,
      luck: this.#luck,
    }
  }

  #send({ sent, sights }: Step): void {
    for (const sight of sights) this.#cosmos.sights.add(sight)
    for (const mail of sent) {
      const { from, to } = this.#cosmos.mail.open(mail)
      const link = `${from.id} ${from.incarnation} ${to.id}`
      this.#links.set(link, [...(this.#links.get(link) ?? []), mail])
    }
  }

  /** Between the hub and an initiator beside it nothing is ever under way. */
  #settleNear(): void {
    if (this.#cosmos.world.initiator === 'far') return
    const isNear = (link: string) => link.includes(initiatorId)
    for (let link = [...this.#links.keys()].find(isNear); link !== undefined; ) {
      this.arrive(this.take(link, 0))
      link = [...this.#links.keys()].find(isNear)
    }
  }

  /** What is addressed to a life that is over will never be heard. */
  #dropUnreachable(): void {
    for (const [link, queue] of this.#links) {
      const reachable = queue.filter((mail) => this.#isReachable(this.#cosmos.mail.open(mail)))
      if (reachable.length === queue.length) continue
      if (reachable.length === 0) this.#links.delete(link)
      else this.#links.set(link, reachable)
    }
  }

  #isReachable({ to }: Envelope): boolean {
    if (to.incarnation === 0 || this.#cosmos.hubIds.includes(to.id as HubId)) return true
    return this.#livingIncarnation(to) === to.incarnation
  }

  #livingIncarnation({ id }: Address): number | undefined {
    const node = this.#cosmos.names.indexOf(id)
    return this.#nodes[node] === undefined ? undefined : this.#lives[node]
  }

  /** Of the hub that decides on a task. */
  #shadowFor(task: TaskId): HubShadow {
    const { hubIds, hubs } = this.#cosmos
    return hubs.state(this.#hubs[partitionOf(task, hubIds.length)] ?? 0).shadow
  }

  /** What the initiator was told is what the journal says. */
  #compare(at: number): void {
    const { accepted, outcomes } = this.#cosmos.agents.state(at).shadow
    for (const task of accepted) {
      const { journal } = this.#shadowFor(task)
      if (!journal.some((fact) => fact.kind === 'task.accepted' && fact.task === task))
        throw new BrokenRule(`the initiator was told that ${task} is accepted; the journal does not know it`)
    }
    for (const [task, status] of outcomes) {
      if (status !== 'refused' && this.#shadowFor(task).ended.get(task) !== status)
        throw new BrokenRule(`the initiator was told that ${task} ended as ${status}; the journal says other`)
    }
  }
}

/**
 * One agent machine in its shell: it takes part with its skills, or only announces. Tells the machine what comes in,
 * and performs what it decides.
 */

import { Agent } from '../agent/agent.ts'
import type { AgentEffect, AgentInput, News, Profile } from '../agent/state.ts'
import { type AnnouncementContext, checkAnnouncement, taskConflict } from '../protocol/announce.ts'
import { type HubId, isId, type NodeId, type TaskId } from '../protocol/id.ts'
import { checkAgent } from '../protocol/join.ts'
import type { Configuration } from '../protocol/limits.ts'
import { never } from '../protocol/machine.ts'
import type { Address, Envelope, HubAsk, HubTell } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { isRefusal, type Refusal } from '../protocol/refusal.ts'
import { Table } from '../protocol/table.ts'
import type { MemberResult, TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { checkDefinition, checkPrice, messageOf, verificationIn } from './answers.ts'
import { resultsBySkill } from './assignment.ts'
import type { AgentDefinition, AnnounceSpec, Verifier } from './autonomous.ts'
import type { Explanation } from './explain.ts'
import { Fault } from './fault.ts'
import { Node } from './node.ts'
import { Performer } from './performing.ts'
import type { Clock, Link, Soon, Transport } from './ports.ts'
import { RefusedError } from './refused.ts'
import { Settlement } from './settlement.ts'
import { TaskHandle, type TaskPorts } from './task-handle.ts'

export interface ParticipantPorts {
  readonly transport: Transport
  readonly clock: Clock
  readonly soon: Soon
  readonly configuration: Configuration
  /** A new id for a task that brings none along, of the same hub as a task that it has to do with. */
  mint(now: Millis, near?: TaskId): TaskId
  explain(task: TaskId): Promise<Explanation>
}

export interface Participation {
  readonly self: Address
  readonly profile: Profile
  /** Absent for a node that only announces. */
  readonly definition?: AgentDefinition
}

/** How a node that only announces presents itself. */
export const announcer: Profile = {
  skills: [],
  capacity: 0,
  price: undefined,
  considers: false,
  openOffer: false,
  confirms: false,
}

/** How an agent takes part, or the first thing that is wrong with what it says of itself. */
export function participationOf(
  definition: AgentDefinition,
  incarnation: number,
  { limits, levels }: Configuration,
): Participation | Refusal {
  const wrong = checkDefinition(definition) ?? checkPrice(definition.price, 'price')
  if (wrong !== undefined) return wrong
  const { id, skills, maxConcurrentTasks, price } = definition
  const capacity = maxConcurrentTasks === undefined ? {} : { capacity: maxConcurrentTasks }
  const checked = checkAgent({ id, skills, ...capacity }, limits, levels)
  if (isRefusal(checked)) return checked
  const considers = definition.consider !== undefined
  const confirms = definition.confirm !== undefined
  // Without a judgement of its own it would answer every question the same: its offer stands.
  const openOffer = !considers
  const profile = {
    skills: checked.skills,
    capacity: checked.capacity,
    price,
    considers,
    openOffer,
    confirms,
  }
  return { self: { id: checked.id, incarnation }, profile, definition }
}

/** A task that is open. A class, so that it lies among what is young: see `protocol/recent`. */
class Followed {
  readonly handle: TaskHandle
  readonly announcement: TaskAnnouncement
  verifier: Verifier | undefined
  /** Of its last claim: the same claim may be put again. */
  judgement: { readonly epoch: number; readonly judgement: ReturnType<typeof judgementOf> } | undefined

  constructor(handle: TaskHandle, announcement: TaskAnnouncement) {
    this.handle = handle
    this.announcement = announcement
  }
}

export class Participant {
  readonly #self: Address
  readonly #ports: ParticipantPorts
  readonly #node: Node<AgentInput, never, AgentEffect>
  readonly #performer: Performer | undefined
  /** Tasks that are open, as far as this node knows. */
  readonly #followed = new Table<TaskId, Followed>()
  readonly #asked = new Map<number, Pick<PromiseWithResolvers<HubTell>, 'resolve' | 'reject'>>()
  readonly #joined = new Settlement<void>()
  readonly #taskPorts: TaskPorts = {
    cancel: (task, reason) => this.#node.take({ kind: 'cancel', task, reason }),
    start: (task, epoch) => this.#node.take({ kind: 'start', task, epoch }),
    explain: (task) => this.#ports.explain(task),
  }
  #link: Link | undefined
  #requests = 0
  #closed: Fault | undefined

  private constructor({ self, profile, definition }: Participation, ports: ParticipantPorts) {
    this.#self = self
    this.#ports = ports
    const { configuration, clock, soon } = ports
    const home = homeOf(self.id, configuration.partitions ?? 1)
    this.#node = new Node<AgentInput, never, AgentEffect>(new Agent(self, home, profile, configuration), {
      clock,
      soon,
      append: async () => {},
      appendTakesTime: false,
      perform: (effect) => this.#perform(effect),
      woke: { kind: 'woke' },
      failed: (cause) => this.#fail(cause),
      inboxMax: configuration.limits.inboxMax,
    })
    if (definition === undefined) return
    this.#performer = new Performer(definition, {
      limits: configuration.limits,
      take: (input) => this.#node.take(input),
      announce: (spec, parent) => this.announce(spec, parent),
    })
  }

  static async open(participation: Participation, ports: ParticipantPorts): Promise<Participant> {
    const participant = new Participant(participation, ports)
    const deliver = (envelope: Envelope): void => participant.#node.take({ kind: 'received', envelope })
    participant.#link = await ports.transport.open(participation.self, deliver)
    return participant
  }

  get id(): NodeId {
    return this.#self.id
  }

  /** Resolves when the hub has welcomed it; throws `RefusedError` when it will not have it. */
  async join(): Promise<void> {
    this.#node.take({ kind: 'join' })
    await this.#joined.promise()
  }

  /** Resolves when the announcement is durable. Throws `RefusedError`, or a `Fault` when the network has closed. */
  announce(spec: AnnounceSpec, parent?: AnnouncementContext['parent']): Promise<TaskHandle> {
    try {
      return this.#announce(spec, parent).accepted()
    } catch (cause) {
      return Promise.reject(cause)
    }
  }

  #announce(spec: AnnounceSpec, parent: AnnouncementContext['parent']): TaskHandle {
    if (this.#closed !== undefined) throw this.#closed
    const { configuration, clock } = this.#ports
    const id = this.#ports.mint(clock.now(), parent?.task ?? firstIn(spec?.dependsOn))
    const verify = spec?.verify
    const plain = typeof verify === 'function' ? { ...spec, verify: 'initiator' } : spec
    const { limits, levels } = configuration
    const announcement = checkAnnouncement(plain, { id, limits, levels, parent })
    if (isRefusal(announcement)) throw new RefusedError(announcement)
    const known = this.#followed.get(announcement.id)
    if (known !== undefined && !isSame(known.announcement, announcement)) {
      throw new RefusedError(taskConflict(announcement.id))
    }
    const followed = known ?? this.#newlyFollowed(announcement)
    if (typeof verify === 'function') followed.verifier = verify
    if (known === undefined)
      this.#node.take({ kind: 'announce', announcement, fresh: announcement.id === id })
    // A verifier that comes with a second announcement is to hear the claim that is already made.
    else if (typeof verify === 'function') this.#node.take({ kind: 'follow', task: announcement.id })
    return followed.handle
  }

  /** Holds a task that is known from the journal, as if this program had announced it. */
  follow(announcement: TaskAnnouncement): TaskHandle {
    const { id } = announcement
    const known = this.#followed.get(id)
    if (known !== undefined) return known.handle
    const { handle } = this.#newlyFollowed(announcement)
    this.#node.take({ kind: 'follow', task: id })
    return handle
  }

  /** Asks a hub about itself: the one that is named, that of the task which is asked about, or its own. */
  ask(about: HubAsk['about'], named?: HubId): Promise<HubTell> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    this.#requests += 1
    const request = this.#requests
    const { promise, resolve, reject } = Promise.withResolvers<HubTell>()
    this.#asked.set(request, { resolve, reject })
    const { partitions = 1 } = this.#ports.configuration
    const hub = named ?? (about.kind === 'task' ? homeOf(about.task, partitions) : undefined)
    this.#node.take({ kind: 'ask', request, about, ...(hub === undefined ? {} : { hub }) })
    return promise
  }

  /** Tells it that what waits for an answer may be said again now. */
  nudge(): void {
    this.#node.take({ kind: 'nudged' })
  }

  async leave(reason: string): Promise<void> {
    this.#node.take({ kind: 'leave', reason })
    await this.#node.idle()
    await this.close(new Fault('E_CLOSED', `The agent "${this.#self.id}" has left.`))
  }

  /** Stops everything that runs here and tells whoever waits. */
  async close(fault: Fault): Promise<void> {
    if (this.#closed !== undefined) return
    this.#closed = fault
    this.#node.stop()
    this.#performer?.stopAll(fault.message)
    for (const { handle } of this.#followed.values()) handle.abandon(fault)
    for (const { reject } of this.#asked.values()) reject(fault)
    this.#followed.clear()
    this.#asked.clear()
    this.#joined.reject(fault)
    await this.#link?.close()
  }

  #newlyFollowed(announcement: TaskAnnouncement): Followed {
    const { id } = announcement
    const followed = new Followed(new TaskHandle(id, this.#taskPorts), announcement)
    this.#followed.set(id, followed)
    return followed
  }

  #perform(effect: AgentEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#link?.send(effect)
      case 'begin':
        return this.#performer?.begin(effect)
      case 'regroup':
        return this.#performer?.regroup(effect.run, effect.members)
      case 'word':
        return this.#performer?.word(effect.run, effect.from, effect.data)
      case 'stop':
        return this.#performer?.stop(effect.run, effect.reason)
      case 'consider':
        void this.#performer?.consider(effect)
        return
      case 'joined':
        return this.#joined.resolve(undefined)
      case 'expelled':
        this.#joined.reject(new RefusedError(effect.refusal))
        return
      case 'news':
        return this.#hear(effect.task, effect.news)
      case 'told': {
        const { request } = effect.tell
        this.#asked.get(request)?.resolve(effect.tell)
        this.#asked.delete(request)
        return
      }
      default:
        return never(effect)
    }
  }

  #hear(task: TaskId, news: News): void {
    const followed = this.#followed.get(task)
    if (followed === undefined) return
    followed.handle.hear(news)
    if (news.kind === 'claimed') void this.#verify(followed, news.epoch, news.results)
    if (news.kind === 'ended' || news.kind === 'refused') this.#followed.delete(task)
  }

  /** Judges a claim once, when the announcement brought a function for it; otherwise the claim waits for one. */
  async #verify(followed: Followed, epoch: number, results: readonly MemberResult[]): Promise<void> {
    const { verifier, judgement: known, announcement } = followed
    if (verifier === undefined) return
    const judgement = known?.epoch === epoch ? known.judgement : judgementOf(verifier, results)
    followed.judgement = { epoch, judgement }
    const { accepted, reason } = await judgement
    this.#node.take({ kind: 'judged', task: announcement.id, epoch, accepted, reason })
  }

  #fail(cause: unknown): void {
    void this.close(new Fault('E_BROKEN', `The agent "${this.#self.id}" has stopped.`, { cause }))
  }
}

/** Of a list that nobody has looked at yet. */
function firstIn(given: unknown): TaskId | undefined {
  const first: unknown = Array.isArray(given) ? given[0] : undefined
  return isId(first) ? (first as TaskId) : undefined
}

function isSame(a: TaskAnnouncement, b: TaskAnnouncement): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

async function judgementOf(
  verifier: Verifier,
  results: readonly MemberResult[],
): Promise<ReturnType<typeof verificationIn>> {
  try {
    return verificationIn(await verifier(resultsBySkill(results)))
  } catch (cause) {
    return { accepted: false, reason: `the check failed: ${messageOf(cause)}` }
  }
}

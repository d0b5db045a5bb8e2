/**
 * Several hubs and their agents, the real machines, in virtual time and without a shell: what one decides is performed
 * at once, messages take their time, and facts are kept for the next life of their hub.
 * Must never happen here: a hub that knows of another but by message.
 */
import { Agent } from '../../src/agent/agent.ts'
import type { AgentEffect, AgentInput } from '../../src/agent/state.ts'
import { Hub, type HubInput } from '../../src/hub/hub.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import type { Configuration } from '../../src/protocol/limits.ts'
import type { Decision, Machine } from '../../src/protocol/machine.ts'
import type { Envelope, MessageKind, WaitingFor } from '../../src/protocol/message.ts'
import { homeOf, hubsOf } from '../../src/protocol/partition.ts'
import { isRefusal, refuse } from '../../src/protocol/refusal.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { Agenda } from './agenda.ts'
import { Books } from './books.ts'

export interface TownOptions {
  readonly seed: number
  readonly configuration: Configuration
  /** When each copy of a message arrives, from now; none: it is lost. */
  readonly fate: (envelope: Envelope) => readonly Millis[]
  /** How long a member works on a task, and whether it fails. */
  readonly work: (agent: string, task: TaskId) => { readonly ms: Millis; readonly fails?: boolean }
  /** Hears everything that happens, one line each. */
  readonly tell?: (line: string) => void
}

type Live<Input, Effect> = Machine<Input, unknown, Effect> & { wakeAt(): Millis | undefined }

/** One life of a hub or an agent. */
interface Resident<Input, Effect> {
  readonly machine: Live<Input, Effect>
  readonly incarnation: number
  alive: boolean
  wakeAt: Millis | undefined
}

export class Town {
  readonly agenda: Agenda = new Agenda()
  readonly books: Books
  readonly hubIds: readonly HubId[]
  /** How often each kind of message was sent. */
  readonly sent: Map<MessageKind, number> = new Map()
  readonly #options: TownOptions
  readonly #hubs = new Map<
    string,
    Resident<HubInput, import('../../src/hub/state.ts').HubEffect> & { hub: Hub }
  >()
  readonly #agents = new Map<
    string,
    Resident<AgentInput, AgentEffect> & { agent: Agent; skills: string[]; capacity: number }
  >()
  readonly #lives = new Map<string, number>()
  readonly #logs = new Map<string, Fact[]>()
  readonly #invariants = new Map<string, Invariants>()

  constructor(options: TownOptions) {
    this.#options = options
    this.books = new Books()
    this.hubIds = hubsOf(options.configuration.partitions ?? 1)
    for (const id of this.hubIds) {
      this.#logs.set(id, [])
      this.#invariants.set(id, new Invariants())
    }
  }

  // ---- who lives

  openHub(id: HubId): void {
    const incarnation = this.#nextLife(id)
    const { configuration, seed } = this.#options
    const hub = new Hub(
      { id, incarnation },
      seeded(seed + 7919 * incarnation + this.hubIds.indexOf(id)),
      configuration,
    )
    for (const fact of this.#logs.get(id) ?? []) hub.replay(fact)
    const resident = { machine: hub, hub, incarnation, alive: true, wakeAt: undefined }
    this.#hubs.set(id, resident)
    this.#tellHub(id, { kind: 'opened' })
  }

  join(id: string, skills: readonly string[], capacity: number): void {
    const incarnation = this.#nextLife(id)
    const profile = {
      skills: skills.map((name) => ({ name: name as SkillName, level: 'novice' })),
      capacity,
      price: undefined,
      considers: false,
      openOffer: true,
      confirms: false,
    }
    const { configuration } = this.#options
    const home = homeOf(id, this.hubIds.length)
    const agent = new Agent({ id: id as NodeId, incarnation }, home, profile, configuration)
    const resident = {
      machine: agent,
      agent,
      incarnation,
      alive: true,
      wakeAt: undefined,
      skills: [...skills],
      capacity,
    }
    this.#agents.set(id, resident)
    this.books.capacity(id, incarnation, capacity)
    this.#tellAgent(id, { kind: 'join' })
  }

  crash(id: string): void {
    const resident = this.#hubs.get(id) ?? this.#agents.get(id)
    if (resident === undefined) return
    resident.alive = false
    this.#tell(() => `${id} crashes`)
    this.#hubs.delete(id)
    this.#agents.delete(id)
    this.books.died(id)
  }

  isAlive(id: string): boolean {
    return this.#hubs.has(id) || this.#agents.has(id)
  }

  hub(id: HubId): Hub | undefined {
    return this.#hubs.get(id)?.hub
  }

  agent(id: string): Agent | undefined {
    return this.#agents.get(id)?.agent
  }

  /** Rules that the log of a hub has broken. */
  violations(): string[] {
    return [...this.#invariants].flatMap(([id, invariants]) => {
      return invariants.violations().map(({ rule, what, task }) => `${id}: ${rule} ${task ?? ''} ${what}`)
    })
  }

  /** What an open task is waiting for, as its hub says. */
  waiting(task: string): WaitingFor | undefined {
    return this.hub(homeOf(task, this.hubIds.length))
      ?.state()
      .tasks.get(task as TaskId)?.waitingFor
  }

  /** A program that only announces says so, and says it again until its hub has heard. */
  announce(id: string, requires: readonly { readonly skill: string; readonly count: number }[]): void {
    const { configuration } = this.#options
    const said = { description: id, requires, maxAttempts: 100 }
    const task = checkAnnouncement(said, { id: id as TaskId, ...configuration })
    if (isRefusal(task)) throw new Error(task.message)
    const hub = homeOf(id, this.hubIds.length)
    const say = (): void => {
      if (this.books.isAccepted(id)) return
      this.#send({
        from: { id: 'you' as NodeId, incarnation: 1 },
        to: { id: hub, incarnation: 0 },
        message: { kind: 'TASK_ANNOUNCE', task },
      })
      this.agenda.at(this.agenda.now + configuration.limits.resendMs, say)
    }
    say()
  }

  run(until: Millis): void {
    while (this.agenda.step(until)) {}
    this.agenda.now = Math.max(this.agenda.now, until)
  }

  // ---- how they live

  #nextLife(id: string): number {
    const life = (this.#lives.get(id) ?? 0) + 1
    this.#lives.set(id, life)
    return life
  }

  /** What machines are told of the time: incarnations and instants are above 0. */
  #now(): Millis {
    return this.agenda.now + 1
  }

  #tellHub(id: string, input: HubInput): void {
    const resident = this.#hubs.get(id)
    if (resident === undefined) return
    resident.machine.receive(input, this.#now())
    const { facts, effects } = resident.machine.drain() as ReturnType<Hub['drain']>
    for (const fact of facts) {
      const log = this.#logs.get(id) ?? []
      this.#invariants.get(id)?.observe(fact, log.push(fact))
      this.books.observe(fact, this.agenda.now)
      this.#tell(() => `${id} decides ${textOf(fact)}`)
    }
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(effect)
      else if (effect.kind === 'recall') {
        const { task } = effect
        const known = (this.#logs.get(id) ?? []).filter((fact) => 'task' in fact && fact.task === task)
        this.agenda.at(this.agenda.now, () => {
          if (resident.alive) this.#tellHub(id, { kind: 'recalled', task, facts: known })
        })
      }
    }
    this.#arm(resident, () => this.#tellHub(id, { kind: 'woke' }))
  }

  #tellAgent(id: string, input: AgentInput): void {
    const resident = this.#agents.get(id)
    if (resident === undefined) return
    resident.machine.receive(input, this.#now())
    const { effects } = resident.machine.drain() as Decision<never, AgentEffect>
    for (const effect of effects) this.#perform(id, resident.incarnation, effect)
    this.#arm(resident, () => this.#tellAgent(id, { kind: 'woke' }))
  }

  #perform(id: string, incarnation: number, effect: AgentEffect): void {
    const isSame = (): boolean => this.#agents.get(id)?.incarnation === incarnation
    if (effect.kind === 'send') return this.#send(effect)
    if (effect.kind === 'begin') {
      const { run, assignment } = effect
      this.books.begins(id, assignment.task, run)
      const { ms, fails } = this.#options.work(id, assignment.task)
      this.agenda.at(this.agenda.now + ms, () => {
        if (!isSame()) return
        this.books.ends(id, run)
        const ending = fails ? refuse('E_WORK_FAILED', 'it went wrong') : jsonNull
        this.#tellAgent(id, { kind: 'settled', task: assignment.task, run, ending })
      })
    }
    if (effect.kind === 'expelled') {
      // Its namesake of before is not forgotten yet: it tries again when that has been silent for long enough.
      const resident = this.#agents.get(id)
      this.crash(id)
      this.agenda.at(this.agenda.now + this.#options.configuration.limits.agentTimeoutMs, () => {
        if (resident !== undefined && !this.isAlive(id)) this.join(id, resident.skills, resident.capacity)
      })
    }
  }

  /** One wake for each life: the earliest that was asked for. */
  #arm(
    resident: Resident<never, never> | Resident<HubInput, unknown> | Resident<AgentInput, unknown>,
    wake: () => void,
  ): void {
    const at = resident.machine.wakeAt()
    if (at === undefined || at === Number.POSITIVE_INFINITY) return
    const due = Math.max(this.agenda.now, at - 1)
    if (resident.wakeAt !== undefined && resident.wakeAt <= due) return
    resident.wakeAt = due
    this.agenda.at(due, () => {
      if (!resident.alive || resident.wakeAt !== due) return
      resident.wakeAt = undefined
      wake()
    })
  }

  #send(envelope: Envelope): void {
    const { kind } = envelope.message
    this.sent.set(kind, (this.sent.get(kind) ?? 0) + 1)
    for (const afterMs of this.#options.fate(envelope))
      this.agenda.at(this.agenda.now + afterMs, () => this.#arrive(envelope))
  }

  #tell(line: () => string): void {
    this.#options.tell?.(`${Math.round(this.agenda.now)} ${line()}`)
  }

  #arrive(envelope: Envelope): void {
    this.#tell(() => `${envelope.from.id} -> ${envelope.to.id} ${textOf(envelope.message)}`)
    const { id, incarnation } = envelope.to
    const input = { kind: 'received', envelope } as const
    const hub = this.#hubs.get(id)
    const agent = this.#agents.get(id)
    const life = hub?.hub.address().incarnation ?? agent?.incarnation
    if (life === undefined || (incarnation !== 0 && incarnation !== life)) return
    if (hub !== undefined) this.#tellHub(id, input)
    else this.#tellAgent(id, input)
  }
}

/** A message or a fact in a line, without what is the same in all of them. */
function textOf(said: object): string {
  return JSON.stringify(said, (key, value: unknown) => (left.has(key) ? undefined : value))
}

const left: ReadonlySet<string> = new Set([
  'description',
  'payload',
  'metadata',
  'considered',
  'evidence',
  'strategy',
  'skills',
  'standings',
])

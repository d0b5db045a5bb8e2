/**
 * A small network in virtual time: the shipped hub host and participants behind simulated ports. Transcripts, property
 * tests and the fault simulator all play in it; the same seed and the same calls give the same trace.
 * Must never happen here: a loop of its own around a machine, or a choice that is not drawn from the seed.
 */
import type { AgentDefinition, AnnounceSpec } from '../src/host/autonomous.ts'
import type { Explanation } from '../src/host/explain.ts'
import type { HubHost } from '../src/host/hub-host.ts'
import { explainTask } from '../src/host/network.ts'
import { announcer, Participant, type Participation, participationOf } from '../src/host/participant.ts'
import type { Clock, Random, Soon } from '../src/host/ports.ts'
import { RefusedError } from '../src/host/refused.ts'
import type { TaskHandle } from '../src/host/task-handle.ts'
import type { HubId, NodeId, TaskId } from '../src/protocol/id.ts'
import { type Configuration, defaultConfiguration } from '../src/protocol/limits.ts'
import type { AgentReport, HubAsk, HubTell } from '../src/protocol/message.ts'
import { homeOf } from '../src/protocol/partition.ts'
import { isRefusal, refuse } from '../src/protocol/refusal.ts'
import type { Millis } from '../src/protocol/time.ts'
import { seeded } from '../src/strategy/random.ts'
import { type Behaviour, type Stage, scripted } from './world/behaviour.ts'
import type { Disk } from './world/disk.ts'
import type { Happening } from './world/happening.ts'
import { Hubs } from './world/hubs.ts'
import { type Event, type Life, newLife, origin, settled, Timeline } from './world/timeline.ts'
import { type Fate, Wire } from './world/wire.ts'

export type { Happening } from './world/happening.ts'

export interface WorldOptions {
  readonly seed: number
  readonly configuration?: Configuration
  /** What happens to each message; without it, all arrive after one millisecond. */
  readonly fate?: Fate
  /** Lets messages of one link overtake each other, which the port does not allow. */
  readonly unordered?: boolean
  /** Turns of one instant run in an order drawn from the seed. */
  readonly shuffled?: boolean
  readonly commitMs?: () => Millis
  /** Whether an agent wants to be asked about every task, also without a judgement of its own. */
  readonly isAsked?: (agent: string) => boolean
  readonly watch?: (happening: Happening, at: Millis) => void
}

interface Resident {
  readonly life: Life
  readonly incarnation: number
  /** Set once it is open. */
  participant: Participant | undefined
}

/** An agent that plays on the stage of its own life. */
export type Player = (stage: Stage) => AgentDefinition

export const hubName = 'hub' as HubId

export class World {
  readonly timeline: Timeline = new Timeline()
  readonly wire: Wire
  readonly configuration: Configuration
  readonly #options: WorldOptions
  readonly #random: Random
  readonly #residents = new Map<string, Resident>()
  readonly #incarnations = new Map<string, number>()
  readonly #hubs: Hubs
  #minted = 0

  constructor(options: WorldOptions) {
    this.#options = options
    this.#random = seeded(options.seed)
    this.configuration = options.configuration ?? defaultConfiguration
    this.wire = new Wire(this.timeline, {
      limits: this.configuration.limits,
      ordered: !options.unordered,
      fate: options.fate ?? (() => [1]),
      sent: (envelope, copies) => this.#tell({ kind: 'sent', envelope, copies }),
      lost: (envelope, why) => this.#tell({ kind: 'lost', envelope, why }),
      malformed: (refusal) => this.#tell({ kind: 'malformed', refusal }),
    })
    this.#hubs = new Hubs(this.configuration.partitions ?? 1, {
      timeline: this.timeline,
      commitMs: options.commitMs,
      portsOf: (life) => ({
        transport: this.wire.transport(life),
        clock: this.#clock(life),
        soon: this.#soon(life),
        random: this.#random,
        configuration: this.configuration,
      }),
      durable: (hub, fact, position) => this.#tell({ kind: 'durable', hub, fact, position }),
      started: (node, incarnation) => this.#tell({ kind: 'started', node, incarnation }),
      crashed: (node, incarnation) => this.#tell({ kind: 'crashed', node, incarnation }),
      stopped: (node, fault) => this.#tell({ kind: 'stopped', node, fault }),
    })
  }

  // ---- the hubs; where none is named it is the first

  get hubIds(): readonly HubId[] {
    return this.#hubs.ids
  }

  /** Starts the hub on what the disk has, unless it runs. It serves once its first facts are durable. */
  openHub(id?: HubId): void {
    this.#hubs.open(this.#hubs.named(id))
  }

  /** Ends the hub's process. Of the commits under way the first `kept` reach the disk; by default all do. */
  crashHub(kept: number = Number.POSITIVE_INFINITY, id?: HubId): void {
    this.#hubs.crash(this.#hubs.named(id), kept)
  }

  /** Absent while it is down or not yet open. */
  get hub(): HubHost | undefined {
    return this.hostOf()
  }

  hostOf(id?: HubId): HubHost | undefined {
    return this.#hubs.host(this.#hubs.named(id))
  }

  get disk(): Disk {
    return this.diskOf()
  }

  diskOf(id?: HubId): Disk {
    return this.#hubs.disk(this.#hubs.named(id))
  }

  // ---- agents and initiators

  /** A node that only announces. It lives as long as the world. */
  async openDesk(id: string): Promise<void> {
    const self = { id: id as NodeId, incarnation: this.#nextIncarnation(id) }
    await this.#open({ self, profile: announcer })
  }

  /** Starts an agent's process; a namesake that still runs is not touched. */
  async join(agent: AgentDefinition | Behaviour | Player): Promise<void> {
    const life = newLife()
    const definition =
      typeof agent === 'function'
        ? agent(this.#stage(life))
        : 'perform' in agent
          ? agent
          : scripted(agent, this.#stage(life))
    const { id } = definition
    const incarnation = this.#nextIncarnation(id)
    const participation = participationOf(definition, incarnation, this.configuration)
    if (isRefusal(participation)) {
      this.#tell({ kind: 'refused', node: id, refusal: participation })
      return
    }
    const openOffer = participation.profile.openOffer && !this.#options.isAsked?.(id)
    const profile = { ...participation.profile, openOffer }
    const participant = await this.#open({ ...participation, profile }, life)
    participant.join().catch((cause: unknown) => this.#tellRefused(id, cause, incarnation))
  }

  /** Ends a node's process without a word. */
  crash(id: string): void {
    if (this.#hubs.has(id)) return this.crashHub(undefined, id)
    const resident = this.#residents.get(id)
    if (resident === undefined) return
    resident.life.alive = false
    this.#residents.delete(id)
    this.#tell({ kind: 'crashed', node: id, incarnation: resident.incarnation })
  }

  /** The process stands still, as under SIGSTOP; nothing in it is lost. */
  pause(id: string, spanMs: Millis): void {
    const life = this.#lifeOf(id)
    if (life !== undefined) life.pausedUntil = Math.max(life.pausedUntil, this.timeline.now + spanMs)
  }

  /** Every turn of a node begins this much later than it could, as on a machine that has too much to do. */
  slow(id: string, byMs: Millis): void {
    const life = this.#lifeOf(id)
    if (life !== undefined) life.slowMs = byMs
  }

  /** Moves one node's clock, forwards or back. */
  skew(id: string, byMs: Millis): void {
    const life = this.#lifeOf(id)
    if (life !== undefined) life.skewMs += byMs
  }

  /** One that has not opened yet has nobody to say it to: it ends without a word. */
  leave(id: string, reason: string): void {
    const participant = this.#residents.get(id)?.participant
    if (participant === undefined) return this.crash(id)
    void participant.leave(reason)
    this.#residents.delete(id)
  }

  /** `accepted` is given the task once its announcement is durable. */
  announce(by: string, spec: AnnounceSpec, accepted: (task: TaskHandle) => void = () => {}): void {
    this.#participant(by)
      .announce(spec)
      .then(accepted, (cause: unknown) => this.#tellRefused(by, cause))
  }

  /** Asks for the end of a task that this node has announced or followed. */
  async cancel(by: string, task: string, reason: string): Promise<void> {
    void (await this.#handle(by, task))?.cancel(reason).catch(() => {})
  }

  /** Lets the members begin, where the announcement left that to the initiator. */
  async start(by: string, task: string): Promise<void> {
    void (await this.#handle(by, task))?.start()
  }

  /** As `task.explain()` does it. Runs the world until the hub has answered. */
  async explain(by: string, task: string): Promise<Explanation | undefined> {
    const hub = this.#hostFor(task)
    if (hub === undefined) return undefined
    return this.#awaited(explainTask(hub, this.#participant(by), task as TaskId))
  }

  /** As `network.agents()` does it. Runs the world until the hubs have answered. */
  async agents(by: string): Promise<readonly AgentReport[]> {
    const told = await this.#askAll(by, { kind: 'agents' })
    return told.flatMap(({ agents }) => agents)
  }

  /** Why open tasks are not further, as the hubs say it. Runs the world until they have answered. */
  async waits(by: string): Promise<HubTell['waits']> {
    const told = await this.#askAll(by, { kind: 'tasks' })
    return told.flatMap(({ waits }) => waits)
  }

  /** The incarnation of the life that runs under this name, if one does. */
  incarnationOf(id: string): number | undefined {
    if (this.#hubs.has(id)) return this.hostOf(id)?.address().incarnation
    return this.#residents.get(id)?.incarnation
  }

  /** Whether a node runs and can be asked: a process that has just begun cannot yet. */
  isOpen(id: string): boolean {
    return this.#residents.get(id)?.participant !== undefined
  }

  // ---- inside

  #lifeOf(id: string): Life | undefined {
    return this.#hubs.has(id) ? this.#hubs.lifeOf(id) : this.#residents.get(id)?.life
  }

  #homeOf(id: string): HubId {
    return homeOf(id, this.hubIds.length)
  }

  #hostFor(task: string): HubHost | undefined {
    return this.hostOf(this.#homeOf(task))
  }

  async #askAll(by: string, about: HubAsk['about']): Promise<HubTell[]> {
    const told: HubTell[] = []
    for (const hub of this.hubIds) {
      const tell = await this.#awaited(this.#participant(by).ask(about, hub))
      if (tell !== undefined) told.push(tell)
    }
    return told
  }

  async #handle(by: string, task: string): ReturnType<typeof openedHandle> {
    return openedHandle(this.#hostFor(task), this.#participant(by), task as TaskId)
  }

  /** Lets the world go on until a question is answered, or until nothing is under way that could answer it. */
  async #awaited<Answer>(question: Promise<Answer>): Promise<Answer | undefined> {
    let answer: Answer | undefined
    let failure: unknown
    question.then(
      (value) => {
        answer = value
      },
      (cause: unknown) => {
        failure = cause
      },
    )
    // A question is asked in steps, and each may begin only when a promise has settled.
    do {
      await settled()
    } while (answer === undefined && failure === undefined && (await this.timeline.settle()) > 0)
    if (failure !== undefined) throw failure
    return answer
  }

  async #open(participation: Participation, life: Life = newLife()): Promise<Participant> {
    const { self } = participation
    const resident: Resident = { life, incarnation: self.incarnation, participant: undefined }
    this.#residents.set(self.id, resident)
    const participant = await Participant.open(participation, {
      transport: this.wire.transport(life),
      clock: this.#clock(life),
      soon: this.#soon(life),
      configuration: this.configuration,
      mint: (_, near) => this.#mint(near),
      explain: (task) => this.#explain(self.id, task),
    })
    resident.participant = participant
    this.#tell({ kind: 'started', node: self.id, incarnation: self.incarnation })
    return participant
  }

  #mint(near: TaskId | undefined): TaskId {
    for (;;) {
      this.#minted += 1
      const id = `t${this.#minted}` as TaskId
      if (near === undefined || this.#homeOf(id) === this.#homeOf(near)) return id
    }
  }

  async #explain(by: string, task: TaskId): Promise<Explanation> {
    const hub = this.#hostFor(task)
    if (hub === undefined) throw new RefusedError(refuse('E_CLOSED', 'the hub is down'))
    return explainTask(hub, this.#participant(by), task)
  }

  #nextIncarnation(id: string): number {
    const incarnation = (this.#incarnations.get(id) ?? 0) + 1
    this.#incarnations.set(id, incarnation)
    return incarnation
  }

  #participant(id: string): Participant {
    const participant = this.#residents.get(id)?.participant
    if (participant === undefined) throw new Error(`there is no node "${id}" in this world`)
    return participant
  }

  #clock(life: Life): Clock {
    const { timeline } = this
    // As the system's clock: after a jump back it goes on from where it was.
    let [latest, lookedAt] = [0, timeline.now]
    let armed: Event | undefined
    const now = (): Millis => {
      const shown = origin + timeline.now + life.skewMs
      const passed = latest + timeline.now - lookedAt
      latest = Math.max(passed, shown)
      lookedAt = timeline.now
      return latest
    }
    const arm = (at: Millis | undefined, wake: () => void): void => {
      if (armed !== undefined) timeline.cancel(armed)
      armed = undefined
      if (at === undefined) return
      const delayMs = Math.max(0, at - now())
      armed = timeline.schedule('wake', life, timeline.now + delayMs, wake)
    }
    return { now, arm }
  }

  #soon(life: Life): Soon {
    return (turn) => {
      const tie = this.#options.shuffled ? this.#random() : 0
      this.timeline.schedule('turn', life, this.timeline.now + life.slowMs, turn, undefined, tie)
    }
  }

  #stage(life: Life): Stage {
    return {
      sleep: (spanMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve(false)
          const at = this.timeline.now + spanMs
          const event = this.timeline.schedule('work', life, at, () => resolve(true))
          signal?.addEventListener('abort', () => {
            this.timeline.cancel(event)
            resolve(false)
          })
        }),
      acted: (agent, { task, epoch }, what) => this.#tell({ kind: 'acted', agent, task, epoch, what }),
    }
  }

  #tellRefused(node: string, cause: unknown, life?: number): void {
    if (!(cause instanceof RefusedError)) return
    this.#tell({ kind: 'refused', node, refusal: cause.refusal, ...(life === undefined ? {} : { life }) })
  }

  #tell(happening: Happening): void {
    this.#options.watch?.(happening, this.timeline.now)
  }
}

/** A handle on a task that may have been announced by another life of the node. */
async function openedHandle(
  hub: HubHost | undefined,
  participant: Participant,
  task: TaskId,
): Promise<ReturnType<Participant['follow']> | undefined> {
  const record = await hub?.record(task)
  return record === undefined ? undefined : participant.follow(record.announcement)
}

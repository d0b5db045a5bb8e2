/**
 * A network as a program holds it: the agents that it brings along, and the desk from which it announces tasks. One
 * string decides where the network lives.
 */
import { type AgentId, type HubId, quote, type TaskId } from '../protocol/id.ts'
import type { AgentReport, HubAsk, HubTell, WaitingFor } from '../protocol/message.ts'
import { hubsOf } from '../protocol/partition.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import { type AgentDefinition, type AgentHandle, type AnnounceSpec, AutonomousAgent } from './autonomous.ts'
import { systemClock } from './clock.ts'
import { openEmbedded } from './embedded.ts'
import { type Explanation, explain } from './explain.ts'
import { Fault } from './fault.ts'
import type { TaskForecast } from './forecasting.ts'
import { taskIds } from './mint.ts'
import { isNatsPlace } from './nats/place.ts'
import { type CheckedOptions, checkOptions, idTaken, isOfHub, type NetworkOptions } from './options.ts'
import { announcer, Participant, type ParticipantPorts, participationOf } from './participant.ts'
import type { Observation, Records } from './records.ts'
import { RefusedError } from './refused.ts'
import type { HubCounts, NetworkStatus, Site } from './site.ts'
import type { TaskHandle } from './task-handle.ts'
import type { GroupView, TaskView } from './views.ts'

/** What there is as soon as it is known how many hubs the network has. */
interface Place {
  readonly ports: ParticipantPorts
  /** The node under which this program announces. */
  readonly desk: Participant
}

export class Network {
  readonly #options: CheckedOptions
  readonly #site: Site
  #place: Place | undefined
  readonly #placed: Promise<Place>
  readonly #agents = new Set<Participant>()
  /** Whoever of this program has a place on the transport. */
  readonly #names: Set<string>
  #stop: Fault | undefined
  #closing: Promise<void> | undefined
  readonly #closed = Promise.withResolvers<Fault | undefined>()

  private constructor(options: CheckedOptions, site: Site) {
    this.#options = options
    this.#site = site
    this.#names = new Set<string>([options.name])
    this.#placed = this.#takePlace()
    // Whoever waits for it is told; nobody need wait.
    this.#placed.catch(() => {})
    site.onStopped((fault) => {
      this.#stop ??= fault
      void this.close()
    })
    site.onReplaced((id) => void this.#giveUp(id))
    site.onNudge(() => {
      for (const node of [this.#place?.desk, ...this.#agents]) node?.nudge()
    })
  }

  /**
   * Opens a network: `':memory:'`; the path of a file, which is made when it does not exist; or
   * `'nats://HOST/NETWORK'`, where it spans processes and machines. Throws `RefusedError` for a wrong option, and a
   * `Fault` when the place cannot be used.
   */
  static async open(where: string, options: NetworkOptions = {}): Promise<Network> {
    const checked = checkOptions(where, options)
    if (isRefusal(checked)) throw new RefusedError(checked)
    const site = await openSite(where, checked)
    try {
      const network = new Network(checked, site)
      // On NATS a network may be opened before its first hub, and then nobody knows yet how many it has.
      if (typeof site.partitions === 'number') await network.#placed
      return network
    } catch (cause) {
      await site.close(true)
      throw cause
    }
  }

  /** Takes an agent in. Throws `RefusedError`: its id is taken, a skill is unknown, … */
  async join(definition: AgentDefinition): Promise<AgentHandle> {
    this.#assertOpen()
    const clock = systemClock()
    const { configuration } = this.#options
    const participation = participationOf(definition, this.#nextIncarnation(clock.now()), configuration)
    if (isRefusal(participation)) throw new RefusedError(participation)
    const id = participation.self.id as AgentId
    // Before the first `await`: of two that join at once under one id, one is taken.
    if (this.#names.has(id) || isOfHub(id)) throw new RefusedError(idTaken(id, 'id'))
    const notOurs = this.#site.admits(id)
    if (notOurs !== undefined) throw new RefusedError(notOurs)
    this.#names.add(id)
    const { ports } = this.#place ?? (await this.#here())
    this.#assertOpen()
    const participant = await Participant.open(participation, { ...ports, clock })
    this.#agents.add(participant)
    const gone = (): void => {
      if (this.#agents.delete(participant)) this.#names.delete(id)
    }
    const handle: AgentHandle = {
      id,
      announce: (spec) => participant.announce(spec),
      leave: async (reason = 'it wanted to') => {
        await participant.leave(reason)
        gone()
      },
    }
    // Work may begin before `join` resolves here.
    if (definition instanceof AutonomousAgent) definition.attach(handle)
    try {
      await participant.join()
    } catch (cause) {
      await participant.close(new Fault('E_CLOSED', `The agent ${quote(id)} was not taken in.`, { cause }))
      gone()
      throw cause
    }
    return handle
  }

  /** Announces a need. Resolves when it is accepted and durable; throws `RefusedError` otherwise. */
  announce(spec: AnnounceSpec): Promise<TaskHandle> {
    if (this.#stop !== undefined) return Promise.reject(this.#stop)
    if (this.#place !== undefined) return this.#place.desk.announce(spec)
    return this.#here().then(({ desk }) => desk.announce(spec))
  }

  /** A task that was announced before, by whomever; undefined for one that never was. */
  async task(id: string): Promise<TaskHandle | undefined> {
    this.#assertOpen()
    const record = await this.#site.records.record(id as TaskId)
    return record === undefined ? undefined : (await this.#here()).desk.follow(record.announcement)
  }

  /**
   * Every open task, and the last that have ended since the file was opened or since its last snapshot, in the order in
   * which they were announced. `task(id)` and the command line know all that ever were.
   */
  async tasks(): Promise<TaskView[]> {
    this.#assertOpen()
    const told = this.#place === undefined ? [] : await askAll(this.#place, { kind: 'tasks' })
    const waits = told.flatMap(({ tell }) => tell?.waits ?? [])
    const waiting = new Map(waits.map((wait) => [wait.task, wait.waiting]))
    const { records } = this.#site
    const forecasts = await records.forecasts(waits)
    const tasks = await records.tasks()
    return tasks.map((task) => withLive(task, waiting.get(task.id), forecasts.get(task.id)))
  }

  /** The groups that stand now. */
  async groups(): Promise<readonly GroupView[]> {
    this.#assertOpen()
    return this.#site.records.groups()
  }

  /**
   * Who is present, and who is remembered, with the evidence on each skill. On NATS it throws the fault E_UNREACHABLE
   * when a hub does not answer.
   */
  async agents(): Promise<readonly AgentReport[]> {
    this.#assertOpen()
    const place = this.#place ?? (await answered(this.#here()))
    const told = place === undefined ? [] : await askAll(place, { kind: 'agents' })
    const silent = told.find(({ tell }) => tell === undefined)
    if (told.length === 0 || silent !== undefined) throw unanswered(told.length > 1 ? silent?.hub : undefined)
    const agents = told.flatMap(({ tell }) => tell?.agents ?? [])
    return told.length === 1 ? agents : agents.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Why a task stands where it stands. Throws `RefusedError` for a task that never was. */
  async explain(id: string): Promise<Explanation> {
    this.#assertOpen()
    return this.#explain(id as TaskId)
  }

  /** Asks for the end of a task and waits for it. */
  async cancel(id: string, reason?: string): Promise<void> {
    const task = await this.task(id)
    if (task === undefined) throw new RefusedError(noSuchTask(id))
    await task.cancel(reason)
  }

  /** Durable facts and messages, as they pass. Ends with the signal, or with the network. */
  watch(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<Observation> {
    this.#assertOpen()
    return this.#site.records.observe(options.signal)
  }

  /** Resolves when the network has closed: with the fault that stopped it, or with none when it was asked to. */
  closed(): Promise<Fault | undefined> {
    return this.#closed.promise
  }

  /** Whether there is a connection, and where the hub is. An embedded network always has both here. */
  status(): NetworkStatus {
    return this.#site.status()
  }

  /** What the hub has refused and lost, where it is in this process; undefined where it is not. */
  counts(): HubCounts | undefined {
    return this.#site.counts()
  }

  /**
   * Stops the agents' work and closes the journal. Open tasks go on when the file is opened again; on NATS, with the
   * agents of others, under the hub that takes over.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const failed = this.#stop !== undefined
    const fault = this.#stop ?? new Fault('E_CLOSED', 'The network is closed.')
    this.#stop = fault
    await Promise.all([...this.#agents].map((agent) => agent.close(fault)))
    await this.#place?.desk.close(fault)
    await this.#site.close(failed)
    this.#closed.resolve(failed ? fault : undefined)
  }

  /** Somebody has opened a node of this program anew elsewhere: what is under way here ends. */
  async #giveUp(id: string): Promise<void> {
    const fault = new Fault('E_CLOSED', `${quote(id)} was opened anew elsewhere.`, {
      hint: 'Give every program and every agent an id of its own.',
    })
    if (id === this.#options.name) {
      this.#stop ??= fault
      await this.close()
    }
    for (const agent of [...this.#agents]) {
      if (agent.id !== id) continue
      this.#agents.delete(agent)
      this.#names.delete(id)
      await agent.close(fault)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #lastIncarnation = 0

  #nextIncarnation(now: number): number {
    this.#lastIncarnation = Math.max(now, this.#lastIncarnation + 1)
    return this.#lastIncarnation
  }

  #assertOpen(): void {
    if (this.#stop !== undefined) throw this.#stop
  }

  async #takePlace(): Promise<Place> {
    const { name, configuration: given } = this.#options
    const site = this.#site
    const partitions = typeof site.partitions === 'number' ? site.partitions : await site.partitions
    const configuration = partitions === 1 ? given : { ...given, partitions }
    const ports: ParticipantPorts = {
      transport: site.transport,
      clock: systemClock(),
      soon: site.soon,
      configuration,
      mint: taskIds(partitions),
      explain: (task) => this.#explain(task),
    }
    const self = { id: name, incarnation: site.incarnation }
    const desk = await Participant.open({ self, profile: announcer }, { ...ports, clock: systemClock() })
    if (this.#stop !== undefined) {
      await desk.close(this.#stop)
      throw this.#stop
    }
    this.#place = { ports, desk }
    return this.#place
  }

  async #explain(task: TaskId): Promise<Explanation> {
    const { desk } = this.#place ?? (await this.#here())
    return explainTask(this.#site.records, desk, task)
  }

  /** Throws the fault with which the network was closed before. */
  async #here(): Promise<Place> {
    try {
      return await this.#placed
    } catch (cause) {
      throw this.#stop ?? cause
    }
  }
}

interface Told {
  readonly hub: HubId
  /** Undefined from a hub that does not answer. */
  readonly tell: HubTell | undefined
}

/** What every hub of the network says to a question. */
function askAll({ desk, ports }: Place, about: HubAsk['about']): Promise<Told[]> {
  const hubs = hubsOf(ports.configuration.partitions ?? 1)
  return Promise.all(hubs.map(async (hub) => ({ hub, tell: await answered(desk.ask(about, hub)) })))
}

/** `hub`: the one of several that does not answer. */
function unanswered(hub: HubId | undefined): Fault {
  const what =
    hub === undefined
      ? 'No hub answers, and only a hub knows who is present.'
      : `The hub ${quote(hub)} does not answer, and only it knows which of its agents are present.`
  return new Fault('E_UNREACHABLE', what, {
    hint: 'Start one: any program that opens this network with a hub, or convoke up.',
  })
}

function noSuchTask(id: string): Refusal {
  return refuse('E_NO_SUCH_TASK', `there is no task ${quote(id)}`, { field: 'id' })
}

/** What speaks NATS is loaded where it is asked for; whoever is embedded does not wait for it. */
async function openSite(where: string, options: CheckedOptions): Promise<Site> {
  if (!isNatsPlace(where)) return openEmbedded(where, options)
  const { openOnNats } = await import('./nats/site.ts')
  return openOnNats(where, options)
}

/** Why a task stands where it stands, from what the journal and the hub itself say. */
export async function explainTask(records: Records, desk: Participant, task: TaskId): Promise<Explanation> {
  const record = await records.record(task)
  if (record === undefined) throw new RefusedError(noSuchTask(task))
  if (record.endedAt !== undefined) return explain(record, { considered: [] })
  const told = await answered(desk.ask({ kind: 'task', task }))
  const { waits, considered } = told ?? { waits: [], considered: [] }
  const waiting = waits.find((wait) => wait.task === task)?.waiting
  const forecast = (await records.forecasts(waits)).get(task)
  return explain(record, {
    considered,
    ...(waiting === undefined ? {} : { waiting }),
    ...(forecast === undefined ? {} : { forecast }),
  })
}

/** How long a hub has to answer a reader, who can also do without. In one process it answers at once. */
const answerMs = 5_000

async function answered<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), answerMs)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

function withLive(
  task: TaskView,
  waiting: WaitingFor | undefined,
  forecast: TaskForecast | undefined,
): TaskView {
  if (task.endedAt !== undefined || (waiting === undefined && forecast === undefined)) return task
  return {
    ...task,
    ...(waiting === undefined ? {} : { waiting }),
    ...(forecast === undefined ? {} : { forecast }),
  }
}

/**
 * A network in one process: a hub with its journal, the agents that join, and the desk from which tasks are announced.
 * One string decides where its journal lives.
 */
import { type AgentId, quote, type TaskId } from '../protocol/id.ts'
import type { Configuration } from '../protocol/limits.ts'
import type { AgentReport, WaitingFor } from '../protocol/message.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import { seeded } from '../strategy/random.ts'
import { type AgentDefinition, type AgentHandle, type AnnounceSpec, AutonomousAgent } from './autonomous.ts'
import { runSoon, systemClock } from './clock.ts'
import { type Explanation, explain } from './explain.ts'
import { Fault } from './fault.ts'
import { HubHost, type Observation } from './hub-host.ts'
import { openMemoryJournal } from './journal/memory.ts'
import { openSqliteJournal } from './journal/sqlite.ts'
import { taskIds } from './mint.ts'
import { type CheckedOptions, checkOptions, hubId, idTaken, type NetworkOptions } from './options.ts'
import { announcer, Participant, type ParticipantPorts, participationOf } from './participant.ts'
import type { Journal } from './ports.ts'
import { RefusedError } from './refused.ts'
import type { TaskHandle } from './task-handle.ts'
import { memoryTransport } from './transport/memory.ts'
import type { GroupView, TaskView } from './views.ts'

export class Network {
  readonly #configuration: Configuration
  readonly #ports: ParticipantPorts
  readonly #hub: HubHost
  readonly #desk: Participant
  readonly #agents = new Set<Participant>()
  /** Whoever has a place on the transport. */
  readonly #names: Set<string>
  readonly #stop: { fault: Fault | undefined }
  #closing: Promise<void> | undefined

  private constructor(
    configuration: Configuration,
    ports: ParticipantPorts,
    hub: HubHost,
    desk: Participant,
    stop: { fault: Fault | undefined },
  ) {
    this.#configuration = configuration
    this.#ports = ports
    this.#hub = hub
    this.#desk = desk
    this.#names = new Set<string>([hubId, desk.id])
    this.#stop = stop
  }

  /**
   * Opens a network: `':memory:'`, or the path of a file, which is made when it does not exist.
   * Throws `RefusedError` for a wrong option, and a `Fault` when the file cannot be used.
   */
  static async open(where: string, options: NetworkOptions = {}): Promise<Network> {
    const checked = checkOptions(where, options)
    if (isRefusal(checked)) throw new RefusedError(checked)
    const { name, configuration } = checked
    const journal = await openJournal(where, checked)
    const soon = runSoon()
    const transport = memoryTransport(soon)
    const stop: { fault: Fault | undefined; network?: Network } = { fault: undefined }
    const failed = (fault: Fault): void => {
      stop.fault = fault
      void stop.network?.[Symbol.asyncDispose]()
    }
    const random = seeded(checked.seed ?? Date.now())
    const hub = await openHub({
      journal,
      transport,
      clock: systemClock(),
      soon,
      random,
      configuration,
      failed,
    })
    if (stop.fault !== undefined) throw stop.fault
    const ports: ParticipantPorts = {
      transport,
      clock: systemClock(),
      soon,
      configuration,
      hub: hubId,
      mint: taskIds(),
      explain: (task) => explainTask(hub, desk, task),
    }
    const self = { id: name, incarnation: hub.address().incarnation }
    const desk = await Participant.open({ self, profile: announcer }, { ...ports, clock: systemClock() })
    stop.network = new Network(configuration, ports, hub, desk, stop)
    return stop.network
  }

  /** Takes an agent in. Throws `RefusedError`: its id is taken, a skill is unknown, … */
  async join(definition: AgentDefinition): Promise<AgentHandle> {
    this.#assertOpen()
    const clock = systemClock()
    const participation = participationOf(definition, this.#nextIncarnation(clock.now()), this.#configuration)
    if (isRefusal(participation)) throw new RefusedError(participation)
    const id = participation.self.id as AgentId
    // Before the first `await`: of two that join at once under one id, one is taken.
    if (this.#names.has(id)) throw new RefusedError(idTaken(id, 'id'))
    this.#names.add(id)
    const participant = await Participant.open(participation, { ...this.#ports, clock })
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
  async announce(spec: AnnounceSpec): Promise<TaskHandle> {
    this.#assertOpen()
    return this.#desk.announce(spec)
  }

  /** A task that was announced before, by whomever; undefined for one that never was. */
  async task(id: string): Promise<TaskHandle | undefined> {
    this.#assertOpen()
    const record = await this.#hub.record(id as TaskId)
    return record === undefined ? undefined : this.#desk.follow(record.announcement)
  }

  /**
   * Every open task, and the last that have ended since the file was opened or since its last snapshot, in the order in
   * which they were announced. `task(id)` and the command line know all that ever were.
   */
  async tasks(): Promise<TaskView[]> {
    this.#assertOpen()
    const { waits } = await this.#desk.ask({ kind: 'tasks' })
    const waiting = new Map(waits.map((wait) => [wait.task, wait.waiting]))
    return this.#hub.views.tasks().map((task) => withWaiting(task, waiting.get(task.id)))
  }

  /** The groups that stand now. */
  async groups(): Promise<GroupView[]> {
    this.#assertOpen()
    return this.#hub.views.groups()
  }

  /** Who is present, and who is remembered, with the evidence on each skill. */
  async agents(): Promise<readonly AgentReport[]> {
    this.#assertOpen()
    return (await this.#desk.ask({ kind: 'agents' })).agents
  }

  /** Why a task stands where it stands. Throws `RefusedError` for a task that never was. */
  async explain(id: string): Promise<Explanation> {
    this.#assertOpen()
    return this.#ports.explain(id as TaskId)
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
    return this.#hub.observe(options.signal)
  }

  /** Stops the agents' work and closes the journal. Open tasks go on when the file is opened again. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const failed = this.#stop.fault !== undefined
    const fault = this.#stop.fault ?? new Fault('E_CLOSED', 'The network is closed.')
    this.#stop.fault = fault
    await Promise.all([...this.#agents].map((agent) => agent.close(fault)))
    await this.#desk.close(fault)
    await (failed ? this.#hub.abandon() : this.#hub.close())
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
    if (this.#stop.fault !== undefined) throw this.#stop.fault
  }
}

function noSuchTask(id: string): Refusal {
  return refuse('E_NO_SUCH_TASK', `there is no task ${quote(id)}`, { field: 'id' })
}

async function openJournal(where: string, { durability, configuration }: CheckedOptions): Promise<Journal> {
  if (where === ':memory:') return openMemoryJournal({ endedKept: configuration.limits.endedKept })
  if (/^[a-z]+:\/\//.test(where)) {
    throw new Fault('E_UNREACHABLE', `${quote(where)} is no place that this version can open.`, {
      hint: "Use ':memory:' or the path of a file.",
    })
  }
  return openSqliteJournal(where, { durability })
}

async function openHub(ports: Parameters<typeof HubHost.open>[1]): Promise<HubHost> {
  try {
    return await HubHost.open(hubId, ports)
  } catch (cause) {
    await ports.journal.close()
    throw cause
  }
}

/** Why a task stands where it stands, from what the hub's journal and the hub itself say. */
export async function explainTask(hub: HubHost, desk: Participant, task: TaskId): Promise<Explanation> {
  const record = await hub.record(task)
  if (record === undefined) throw new RefusedError(noSuchTask(task))
  if (record.endedAt !== undefined) return explain(record, { considered: [] })
  const { waits, considered } = await desk.ask({ kind: 'task', task })
  const waiting = waits[0]?.waiting
  return explain(record, waiting === undefined ? { considered } : { waiting, considered })
}

function withWaiting(task: TaskView, waiting: WaitingFor | undefined): TaskView {
  return waiting === undefined || task.endedAt !== undefined ? task : { ...task, waiting }
}

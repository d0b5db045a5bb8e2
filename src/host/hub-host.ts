/**
 * The hub machine in its shell: replays its journal, drives the corridor, and feeds what readers see.
 * Must never happen here: a reader that is told of a fact before it is durable.
 */
import { Hub, type HubInput } from '../hub/hub.ts'
import type { HubEffect } from '../hub/state.ts'
import type { Fact } from '../protocol/fact.ts'
import { isId, type NodeId, type TaskId } from '../protocol/id.ts'
import type { Configuration } from '../protocol/limits.ts'
import { never } from '../protocol/machine.ts'
import type { Address, Envelope, HubTell } from '../protocol/message.ts'
import type { Millis } from '../protocol/time.ts'
import { Planner } from '../strategy/plan.ts'
import { seeded } from '../strategy/random.ts'
import { Channel } from './channel.ts'
import { Fault } from './fault.ts'
import type { TaskForecast } from './forecasting.ts'
import { Node } from './node.ts'
import type { Clock, Journal, Link, Position, Random, Soon, Transport } from './ports.ts'
import { type Observation, observationsMax, type Records } from './records.ts'
import type { HubCounts } from './site.ts'
import { foldTask, type GroupView, type TaskRecord, type TaskView, Views } from './views.ts'

export interface HubPorts {
  readonly journal: Journal
  readonly transport: Transport
  readonly clock: Clock
  readonly soon: Soon
  readonly random: Random
  readonly configuration: Configuration
  /** The hub has stopped for good. */
  failed(fault: Fault): void
}

/** A slice of planning: about a millisecond. */
const planSliceSteps = 25_000

/** What looking ahead has cost since the hub was opened. */
export class Planning {
  plans = 0
  meanMs = 0
  maxMs = 0

  count(tookMs: number): void {
    this.plans += 1
    this.meanMs += (tookMs - this.meanMs) / this.plans
    this.maxMs = Math.max(this.maxMs, tookMs)
  }
}

/** Its records are those of the facts that it has made durable itself. */
export class HubHost implements Records {
  readonly views: Views
  /** What looking ahead has cost. */
  readonly planning: Planning = new Planning()
  readonly #ports: HubPorts
  readonly #hub: Hub
  readonly #node: Node<HubInput, Fact, HubEffect>
  readonly #observers = new Set<Channel<Observation>>()
  #link: Link | undefined
  /**
   * How much later the last fact was decided than this machine's clock shows: time goes on from there. A hub that
   * waited for its clock to catch up would keep no deadline until then.
   */
  #aheadMs: Millis = 0
  #position: Position = 0
  #snapshotAt: Position = 0

  private constructor(id: NodeId, ports: HubPorts) {
    const { clock, soon, random, configuration } = ports
    this.#ports = ports
    this.views = new Views(configuration.limits.endedKept)
    this.#hub = new Hub({ id, incarnation: clock.now() }, random, configuration)
    this.#node = new Node<HubInput, Fact, HubEffect>(this.#hub, {
      clock: {
        now: () => clock.now() + this.#aheadMs,
        arm: (at, wake) => clock.arm(at === undefined ? undefined : at - this.#aheadMs, wake),
      },
      soon,
      append: (facts) => this.#append(facts),
      appendTakesTime: ports.journal.takesTime,
      perform: (effect) => this.#perform(effect),
      woke: { kind: 'woke' },
      failed: (cause) => ports.failed(faultOf(cause)),
      inboxMax: configuration.limits.inboxMax,
    })
  }

  /** Reads the journal and takes the hub into service. */
  static async open(id: NodeId, ports: HubPorts): Promise<HubHost> {
    const host = new HubHost(id, ports)
    let latest: Millis = 0
    host.#position = await ports.journal.replay((fact) => {
      latest = Math.max(latest, fact.at)
      host.#hub.replay(fact)
      host.views.fold(fact)
    })
    host.#aheadMs = Math.max(0, latest - ports.clock.now())
    host.#snapshotAt = host.#position
    host.#link = await ports.transport.open(host.#hub.address(), (envelope) => {
      if (host.#observers.size > 0) host.#observeMessage(envelope)
      host.#node.take({ kind: 'received', envelope })
    })
    host.#node.take({ kind: 'opened' })
    await host.#node.idle()
    return host
  }

  address(): Address {
    return this.#hub.address()
  }

  counts(): HubCounts {
    const refusals = [...this.#hub.state().refusals].sort(([a], [b]) => (a < b ? -1 : 1))
    return { refusals: Object.fromEntries(refusals), inputsLost: this.#node.lost }
  }

  openTasks(): number {
    return this.#hub.state().tasks.size
  }

  async record(task: TaskId): Promise<TaskRecord | undefined> {
    const known = this.views.record(task)
    if (known !== undefined) return known
    if (!isId(task)) return undefined
    let record: TaskRecord | undefined
    for (const fact of await this.#ports.journal.history(task)) record = foldTask(record, fact)
    return record
  }

  async tasks(): Promise<readonly TaskView[]> {
    return this.views.tasks()
  }

  async groups(): Promise<readonly GroupView[]> {
    return this.views.groups()
  }

  async forecasts(waits: HubTell['waits']): Promise<Map<TaskId, TaskForecast>> {
    return this.views.forecasts(waits, this.#ports.clock.now() + this.#aheadMs)
  }

  observe(signal: AbortSignal | undefined): AsyncIterable<Observation> {
    const observer: Channel<Observation> = new Channel(observationsMax, () =>
      this.#observers.delete(observer),
    )
    this.#observers.add(observer)
    signal?.addEventListener('abort', () => observer.close(), { once: true })
    if (signal?.aborted) observer.close()
    return observer
  }

  /** Lets what is under way finish, writes a snapshot, and closes the journal. */
  async close(): Promise<void> {
    await this.#node.idle()
    this.#node.stop()
    await this.#link?.close()
    if (this.#position > this.#snapshotAt) await this.#ports.journal.snapshot(this.#hub.snapshot())
    await this.abandon()
  }

  /** Closes without asking anything more of a hub or a journal that has failed. */
  async abandon(): Promise<void> {
    this.#node.stop()
    for (const observer of [...this.#observers]) observer.close()
    await this.#link?.close()
    await this.#ports.journal.close()
  }

  async #append(facts: readonly Fact[]): Promise<void> {
    const { journal, configuration } = this.#ports
    const due = this.#position + facts.length - this.#snapshotAt >= configuration.limits.snapshotEvery
    // Before the first `await`: the hub goes on, and the snapshot is to stand for these facts and no others.
    const snapshot = due ? this.#hub.snapshot() : undefined
    this.#position = await journal.append(facts)
    this.#show(facts)
    if (snapshot === undefined) return
    await journal.snapshot(snapshot)
    this.#snapshotAt = this.#position
  }

  #show(facts: readonly Fact[]): void {
    for (const fact of facts) this.views.fold(fact)
    if (this.#observers.size > 0) this.#observeFacts(facts)
  }

  #observeFacts(facts: readonly Fact[]): void {
    let position = this.#position - facts.length
    for (const fact of facts) {
      position += 1
      this.#observe({ kind: 'fact', position, fact })
    }
  }

  #observeMessage({ from, to, message }: Envelope): void {
    this.#observe({ kind: 'message', envelope: { from, to, message } })
  }

  #observe(observation: Observation): void {
    for (const observer of this.#observers) observer.push(observation, observation.kind === 'message')
  }

  #perform(effect: HubEffect): void {
    switch (effect.kind) {
      case 'send':
        if (this.#observers.size > 0) this.#observeMessage(effect)
        return this.#link?.send(effect)
      case 'recall':
        void this.#recall(effect.task)
        return
      case 'plan':
        return this.#plan(effect)
      default:
        return never(effect)
    }
  }

  /**
   * Looks for a schedule in slices between turns, so that nobody waits for a turn longer than one slice takes.
   */
  #plan({ project, round, problem, stepsMax }: Extract<HubEffect, { kind: 'plan' }>): void {
    const planner = new Planner(problem, seeded(round), stepsMax)
    let tookMs = 0
    const slice = (): void => {
      const began = performance.now()
      planner.work(planSliceSteps)
      tookMs += performance.now() - began
      if (!planner.done) {
        this.#ports.soon(slice)
        return
      }
      this.planning.count(tookMs)
      this.#node.take({ kind: 'planned', project, round, schedule: planner.best() })
    }
    this.#ports.soon(slice)
  }

  async #recall(task: TaskId): Promise<void> {
    try {
      const facts = await this.#ports.journal.history(task)
      this.#node.take({ kind: 'recalled', task, facts })
    } catch (cause) {
      this.#node.stop()
      this.#ports.failed(faultOf(cause))
    }
  }
}

function faultOf(cause: unknown): Fault {
  if (cause instanceof Fault) return cause
  const what = cause instanceof Error ? cause.message : String(cause)
  return new Fault('E_BROKEN', `The hub has stopped: ${what}.`, {
    hint: 'The journal is intact. Open the network again, and report this.',
    cause,
  })
}

/**
 * Reads the logs on NATS along, for whoever looks at a network from any process: one view of all of them. Hears that
 * something is being written, and reads what was: the word on the wire is a hint, and only what the stream has is a
 * fact.
 * Must never happen here: a fact that is shown and not in a log.
 */
import { decode } from '../../protocol/codec.ts'
import { isId, type TaskId } from '../../protocol/id.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { HubTell } from '../../protocol/message.ts'
import { partitionOf } from '../../protocol/partition.ts'
import { isRefusal } from '../../protocol/refusal.ts'
import { Channel } from '../channel.ts'
import { systemClock } from '../clock.ts'
import { Fault } from '../fault.ts'
import type { TaskForecast } from '../forecasting.ts'
import { logStart } from '../journal/nats-batch.ts'
import { NatsLog } from '../journal/nats-log.ts'
import { storesOf } from '../journal/nats-store.ts'
import type { Recorded } from '../ports.ts'
import { type Observation, observationsMax, type Records } from '../records.ts'
import { framesIn } from '../transport/nats-parts.ts'
import { foldTask, type GroupView, type TaskRecord, type TaskView, Views } from '../views.ts'
import type { Line } from './line.ts'
import { isOn, type Subjects } from './subjects.ts'

/** How often the log is looked at although no word of it was heard. */
const lookMs = 1_000

export interface FollowerOptions {
  readonly line: Line
  readonly subjects: Subjects
  readonly limits: Limits
}

interface Followed {
  readonly log: NatsLog
  /** Which one, where there are several. */
  readonly of: { readonly partition?: number }
  reading: Promise<void>
}

export class Follower implements Records {
  readonly #options: FollowerOptions
  readonly #clock = systemClock()
  #views: Views
  readonly #observers = new Set<Channel<Observation>>()
  /** By partition. */
  #logs: Promise<readonly Followed[] | undefined> | undefined
  #endings: (() => void)[] = []
  /** What is being looked at: a partition, or all. */
  readonly #hinted = new Set<number | undefined>()
  #closed = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#views = new Views(options.limits.endedKept)
  }

  async record(task: TaskId): Promise<TaskRecord | undefined> {
    const logs = await this.#current()
    const known = this.#views.record(task)
    if (known !== undefined || logs === undefined || !isId(task)) return known
    let record: TaskRecord | undefined
    const facts = await logs[partitionOf(task, logs.length)]?.log.history(task)
    for (const fact of facts ?? []) record = foldTask(record, fact)
    return record
  }

  async tasks(): Promise<readonly TaskView[]> {
    const logs = await this.#current()
    const tasks = this.#views.tasks()
    // Within a log they are in order, and between logs the instant decides.
    return (logs?.length ?? 0) > 1 ? tasks.sort((a, b) => a.announcedAt - b.announcedAt) : tasks
  }

  async forecasts(waits: HubTell['waits']): Promise<Map<TaskId, TaskForecast>> {
    await this.#current()
    return this.#views.forecasts(waits, this.#clock.now())
  }

  async groups(): Promise<readonly GroupView[]> {
    await this.#current()
    return this.#views.groups()
  }

  observe(signal: AbortSignal | undefined): AsyncIterable<Observation> {
    const observer: Channel<Observation> = new Channel(observationsMax, () => {
      this.#observers.delete(observer)
      if (this.#observers.size === 0) this.#deafen()
    })
    signal?.addEventListener('abort', () => observer.close(), { once: true })
    if (signal?.aborted || this.#closed) {
      observer.close()
      return observer
    }
    // What was before is not shown: the log is read up to its present end first.
    const start = this.#current().then(
      () => {
        if (this.#closed) return observer.close()
        this.#observers.add(observer)
        this.#attend()
      },
      () => observer.close(),
    )
    return startedBy(start, observer)
  }

  close(): void {
    this.#closed = true
    this.#deafen()
    for (const observer of [...this.#observers]) observer.close()
  }

  /**
   * The logs, read up to their ends at the time of the call, or only that of one partition; undefined as long as no hub
   * has made them.
   */
  async #current(only?: number): Promise<readonly Followed[] | undefined> {
    if (this.#closed) throw new Fault('E_CLOSED', 'The network is closed.')
    this.#logs ??= this.#open()
    try {
      const logs = await this.#logs
      if (logs === undefined) this.#logs = undefined
      else await Promise.all(logs.map((each, i) => (i === (only ?? i) ? this.#read(each) : undefined)))
      return logs
    } catch (cause) {
      this.#logs = undefined
      throw cause
    }
  }

  async #open(): Promise<readonly Followed[] | undefined> {
    const { line, subjects, limits } = this.#options
    const stores = await storesOf(line, subjects)
    if (stores === undefined) return undefined
    const logs = await Promise.all(stores.map((store) => NatsLog.open(store, logStart)))
    this.#views = new Views(limits.endedKept)
    await Promise.all(logs.map((log) => log.replay((fact) => this.#views.fold(fact))))
    return logs.map((log, i) => {
      return { log, of: logs.length === 1 ? {} : { partition: i }, reading: Promise.resolve() }
    })
  }

  /** One reading at a time of each log: the next begins where this one ends. */
  #read(followed: Followed): Promise<void> {
    const { log, of } = followed
    const reading = followed.reading.then(() => log.refresh((recorded) => this.#show(recorded, of)))
    followed.reading = reading.catch(() => {})
    return reading
  }

  #show({ position, fact }: Recorded, of: Followed['of']): void {
    this.#views.fold(fact)
    for (const observer of this.#observers) observer.push({ kind: 'fact', ...of, position, fact }, false)
  }

  #attend(): void {
    if (this.#endings.length > 0) return
    const { line, subjects } = this.#options
    const timer = setInterval(() => this.#look(undefined), lookMs)
    timer.unref()
    const hints = line.subscribe(subjects.log('*'), ({ subject }) => {
      const partition = Number(subject.slice(subject.lastIndexOf('.') + 1))
      setImmediate(() => this.#look(partition))
    })
    this.#endings = [() => clearInterval(timer), () => hints.unsubscribe(), this.#tap(line, subjects)]
  }

  /** At one log, or at all. */
  #look(partition: number | undefined): void {
    if (this.#hinted.has(partition) || this.#closed) return
    this.#hinted.add(partition)
    void this.#current(partition)
      .catch(() => {})
      .finally(() => this.#hinted.delete(partition))
  }

  /** Hears along what nodes say to each other. */
  #tap(line: Line, subjects: Subjects): () => void {
    const tap = line.subscribe(subjects.all, (message) => {
      for (const frame of framesIn(message.data)) {
        const envelope = decode(frame, this.#options.limits)
        if (isRefusal(envelope) || !isOn(message.subject, envelope.from.id, envelope.to.id)) continue
        for (const observer of this.#observers) observer.push({ kind: 'message', envelope }, true)
      }
    })
    return () => tap.unsubscribe()
  }

  #deafen(): void {
    for (const end of this.#endings) end()
    this.#endings = []
  }
}

async function* startedBy(
  start: Promise<void>,
  observer: AsyncIterable<Observation>,
): AsyncGenerator<Observation> {
  await start
  yield* observer
}

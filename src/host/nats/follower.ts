/**
 * Reads a log on NATS along, for whoever looks at a network from any process. Hears that something is being written,
 * and reads what was: the word on the wire is a hint, and only what the stream has is a fact.
 * Must never happen here: a fact that is shown and not in the log.
 */
import { decode } from '../../protocol/codec.ts'
import { isId, type TaskId } from '../../protocol/id.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { HubTell } from '../../protocol/message.ts'
import { isRefusal } from '../../protocol/refusal.ts'
import { Channel } from '../channel.ts'
import { systemClock } from '../clock.ts'
import { Fault } from '../fault.ts'
import type { TaskForecast } from '../forecasting.ts'
import { logStart } from '../journal/nats-batch.ts'
import { NatsLog } from '../journal/nats-log.ts'
import { findStore } from '../journal/nats-store.ts'
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
  readonly partition: number
  readonly limits: Limits
}

export class Follower implements Records {
  readonly #options: FollowerOptions
  readonly #clock = systemClock()
  #views: Views
  readonly #observers = new Set<Channel<Observation>>()
  #log: Promise<NatsLog | undefined> | undefined
  #reading: Promise<void> = Promise.resolve()
  #endings: (() => void)[] = []
  #hinted = false
  #closed = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#views = new Views(options.limits.endedKept)
  }

  async record(task: TaskId): Promise<TaskRecord | undefined> {
    const log = await this.#current()
    const known = this.#views.record(task)
    if (known !== undefined || log === undefined || !isId(task)) return known
    let record: TaskRecord | undefined
    for (const fact of await log.history(task)) record = foldTask(record, fact)
    return record
  }

  async tasks(): Promise<readonly TaskView[]> {
    await this.#current()
    return this.#views.tasks()
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

  /** The log, read up to its end at the time of the call; undefined as long as no hub has made one. */
  async #current(): Promise<NatsLog | undefined> {
    if (this.#closed) throw new Fault('E_CLOSED', 'The network is closed.')
    this.#log ??= this.#open()
    try {
      const log = await this.#log
      if (log === undefined) this.#log = undefined
      else await this.#read(log)
      return log
    } catch (cause) {
      this.#log = undefined
      throw cause
    }
  }

  async #open(): Promise<NatsLog | undefined> {
    const { line, subjects, partition } = this.#options
    const store = await findStore(line, subjects, partition)
    if (store === undefined) return undefined
    const log = await NatsLog.open(store, logStart)
    this.#views = new Views(this.#options.limits.endedKept)
    await log.replay((fact) => this.#views.fold(fact))
    return log
  }

  /** One reading at a time: the next begins where this one ends. */
  #read(log: NatsLog): Promise<void> {
    const reading = this.#reading.then(() => log.refresh((recorded) => this.#show(recorded)))
    this.#reading = reading.catch(() => {})
    return reading
  }

  #show({ position, fact }: Recorded): void {
    this.#views.fold(fact)
    for (const observer of this.#observers) observer.push({ kind: 'fact', position, fact }, false)
  }

  #attend(): void {
    if (this.#endings.length > 0) return
    const { line, subjects, partition } = this.#options
    const look = (): void => {
      if (this.#hinted || this.#closed) return
      this.#hinted = true
      void this.#current()
        .catch(() => {})
        .finally(() => {
          this.#hinted = false
        })
    }
    const timer = setInterval(look, lookMs)
    timer.unref()
    const hints = line.subscribe(subjects.log(partition), () => setImmediate(look))
    this.#endings = [() => clearInterval(timer), () => hints.unsubscribe(), this.#tap(line, subjects)]
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

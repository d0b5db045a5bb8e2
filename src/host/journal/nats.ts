/**
 * The durable journal of a network on NATS: one subject of JetStream, to which only its owner can append. An append is
 * a publish that names the last message it knows; when somebody else has written since, it fails, whatever any clock
 * says.
 * Must never happen here: a conclusion from the answer to a publish that was sent twice. The log is asked instead.
 */
import { randomBytes } from 'node:crypto'
import { JetStreamApiError } from '@nats-io/jetstream'
import type { Fact } from '../../protocol/fact.ts'
import { quote, type TaskId } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import { answerMs, forbidden, isForbidden, pause } from '../nats/line.ts'
import type { Journal, Position, Recorded } from '../ports.ts'
import { pieces } from '../transport/nats-parts.ts'
import { chain, encodeFacts } from './batch.ts'
import { headersOf, idOf, type Label, type LogEnd, labelOf, logStart } from './nats-batch.ts'
import { lastMessage, NatsLog, truncated } from './nats-log.ts'
import { writeSnapshot } from './nats-snapshot.ts'
import { fenced, type NatsStore, openStore, type StoreOptions, storeFaultOf } from './nats-store.ts'
import { Packer } from './packing.ts'

export interface NatsJournalOptions extends StoreOptions {
  /** The furthest end of this log that this process has seen; a log that is shorter is refused. */
  readonly remembered?: LogEnd
}

/** Left free in a message for its headers. */
const headerBytes = 1_024
/** Pause before what is not known is looked at again; doubled each time. */
const againMs = 50
const againMsMax = 2_000
/** Reading back that finds less than was acknowledged may have asked an old leader; for so long it is asked again. */
const staleMs = 15_000

/** A journal that also says where it ends, so that whoever opens it next can see a loss. */
export interface NatsJournal extends Journal {
  end(): LogEnd
  /** Resolves when the log still ends with what was written here. Rejects with E_FENCED when it does not. */
  confirm(): Promise<void>
}

/**
 * Opens or creates the journal of one partition. Errors: a `Fault` with E_UNREACHABLE, E_STORE_OPEN, E_STORE_FULL,
 * E_LOG_TRUNCATED or E_LOG_CORRUPT. Appends reject with E_FENCED once another hub has appended.
 */
export async function openNatsJournal(options: NatsJournalOptions): Promise<NatsJournal> {
  const store = await openStore(options)
  return new Writer(await NatsLog.open(store, options.remembered ?? logStart))
}

class Writer implements NatsJournal {
  readonly takesTime = true
  readonly #log: NatsLog
  readonly #store: NatsStore
  /** Names the appends of this journal. */
  readonly #source = randomBytes(9).toString('base64url')
  readonly #packer = new Packer()
  #appends = 0
  /** The last message of the stream that we know of: what the next publish names. */
  #last: number
  #queue: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined
  /** When whoever waits for an unknown outcome is told that it stays unknown. */
  #giveUpAt = Number.POSITIVE_INFINITY
  #broken: Fault | undefined

  constructor(log: NatsLog) {
    this.#log = log
    this.#store = log.store
    this.#last = log.tip
  }

  end(): LogEnd {
    return this.#log.end
  }

  append(facts: readonly Fact[]): Promise<Position> {
    const [body, count, own] = [encodeFacts(facts, this.#packer), facts.length, [...facts]]
    return this.#enqueue(async () => {
      if (count > 0) await this.#append(body, own)
      return this.#log.end.position
    })
  }

  replay(apply: (fact: Fact) => void): Promise<Position> {
    return this.#enqueue(() => this.#log.replay(apply))
  }

  snapshot(facts: readonly Fact[]): Promise<void> {
    const body = encodeFacts(facts, this.#packer)
    return this.#enqueue(() => writeSnapshot(this.#log, body, this.#room()))
  }

  history(task: TaskId): Promise<readonly Fact[]> {
    return this.#enqueue(() => this.#log.history(task))
  }

  read(after: Position): AsyncIterable<Recorded> {
    return this.#read(after, this.#closing === undefined ? this.end() : undefined)
  }

  confirm(): Promise<void> {
    return this.#enqueue(async () => {
      const seq = (await lastMessage(this.#store, 'once'))?.seq ?? 0
      if (seq > this.#last) throw this.#break(fenced(this.#store))
      if (seq < this.#last) throw unknown(this.#store)
    })
  }

  /** Waits for earlier calls; for an outcome that stays unknown, for one request more. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    this.#giveUpAt = performance.now() + answerMs
    this.#closing = this.#queue.then(() => {})
    return this.#closing
  }

  async *#read(after: Position, to: LogEnd | undefined): AsyncGenerator<Recorded> {
    if (to === undefined) throw this.#closedFault()
    yield* this.#log.read(after, to)
  }

  #enqueue<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedFault())
    const result = this.#queue.then(act)
    this.#queue = result.catch(() => {})
    return result
  }

  #closedFault(): Fault {
    return new Fault('E_CLOSED', `the journal ${quote(this.#store.logStream)} is closed`)
  }

  #room(): number {
    return this.#store.line.payloadBytesMax - headerBytes
  }

  #break(fault: Fault): Fault {
    this.#broken ??= fault
    return this.#broken
  }

  async #append(body: Uint8Array, facts: readonly Fact[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const { end } = this.#log
    const first = end.position + 1
    const position = end.position + facts.length
    const hash = chain(end.hash, first, position, body)
    const parts = pieces(body, this.#room())
    this.#appends += 1
    const batch = `${this.#source}.${this.#appends}`
    const seq = this.#last + 1
    for (const [i, part] of parts.entries()) {
      const label = { batch, part: i + 1, parts: parts.length, first, last: position, hash }
      this.#last = await this.#publish(label, part)
    }
    this.#log.advance({ seq, first, facts, end: { seq: this.#last, position, hash } })
  }

  /** Resolves with the sequence of the message once it is known to be stored, however often that has to be asked. */
  async #publish(label: Label, bytes: Uint8Array): Promise<number> {
    let waitMs = againMs
    const from = performance.now()
    for (let tries = 0; ; tries++) {
      const seq = await this.#send(label, bytes)
      // The one answer that says what it seems to say: the first, and a yes.
      if (seq !== undefined && tries === 0) return seq
      const stored = await this.#lookBack(label, from)
      if (stored !== undefined) return stored
      if (performance.now() > this.#giveUpAt) throw this.#break(unknown(this.#store))
      await pause(waitMs)
      waitMs = Math.min(2 * waitMs, againMsMax)
    }
  }

  /** The sequence, or undefined when nobody knows. Rejects when the server has room for nothing more. */
  async #send(label: Label, bytes: Uint8Array): Promise<number | undefined> {
    const { streams, logSubject, line } = this.#store
    if (!line.isUp()) return undefined
    try {
      const expect = { lastSubjectSequence: this.#last }
      const settings = { msgID: idOf(label), headers: headersOf(label), expect }
      const answer = await line.during(streams.publish(logSubject, bytes, settings))
      return answer.duplicate ? undefined : answer.seq
    } catch (cause) {
      if (isForbidden(cause)) throw this.#break(forbidden(line.shown, cause))
      const fault = storeFaultOf(this.#store.logStream, cause)
      if (cause instanceof JetStreamApiError && fault.code === 'E_STORE_FULL') throw this.#break(fault)
      return undefined
    }
  }

  /** Looks for the message at the end of the log: its sequence, or undefined when it is not there yet. */
  async #lookBack(label: Label, from: number): Promise<number | undefined> {
    let last: Awaited<ReturnType<typeof lastMessage>>
    try {
      last = await lastMessage(this.#store, 'once')
    } catch {
      // Whether it is there is said by the next one that answers.
      return undefined
    }
    const seq = last?.seq ?? 0
    if (last !== undefined && seq > this.#last) {
      if (idOf(labelOf(last)) === idOf(label)) return seq
      throw this.#break(fenced(this.#store))
    }
    if (seq < this.#last && performance.now() - from > staleMs) {
      const found = last === undefined ? 0 : labelOf(last).last
      throw this.#break(truncated(this.#log.end.position, found))
    }
    return undefined
  }
}

function unknown({ logStream, line }: NatsStore): Fault {
  return new Fault(
    'E_UNREACHABLE',
    `whether the log ${quote(logStream)} at ${line.shown} has the last append is unknown`,
    {
      hint: 'Whoever opens the network next reads it there.',
    },
  )
}

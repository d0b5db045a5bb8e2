/**
 * The log of one partition as it is read: its end, its batches, its newest snapshot, and where the facts of a task lie.
 * Whoever reads keeps the end that was seen and the index of what lies behind the newest snapshot.
 * Must never happen here: a change of the log.
 */
import { createHash } from 'node:crypto'
import type { StoredMsg } from '@nats-io/jetstream'
import type { Fact } from '../../protocol/fact.ts'
import type { TaskId } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { Position, Recorded } from '../ports.ts'
import { chain, taskOf, tasksOf } from './batch.ts'
import { type Batch, Batches, corrupt, factsIn, type LogEnd, labelOf, logStart } from './nats-batch.ts'
import type { NatsStore } from './nats-store.ts'

/** Messages that are asked for at one time. */
const windowMax = 128
/** The index of a task lies in one of so many subjects. */
const buckets = 256

/** The newest snapshot: where its text lies, and the end of the log that it stands for. */
export interface Manifest {
  /** Of this message itself, in the side stream. */
  readonly at: number
  readonly position: Position
  /** Of the last message of the log that it stands for. */
  readonly logSeq: number
  /** The link at that position, and that of the snapshot, in hexadecimal. */
  readonly logHash: string
  readonly hash: string
  /** Messages of the side stream with its facts. */
  readonly parts: readonly number[]
}

export class NatsLog {
  readonly store: NatsStore
  /** The last message of the stream when it was opened. Behind the end there may be parts of what was never whole. */
  readonly tip: number
  #end: LogEnd
  /** Where the facts of a task lie, behind the newest snapshot. Undefined until it is asked for. */
  #tail: Map<TaskId, number[]> | undefined

  private constructor(store: NatsStore, tip: number, end: LogEnd) {
    this.store = store
    this.tip = tip
    this.#end = end
  }

  /**
   * Finds the end of the log. Errors: E_LOG_TRUNCATED when it is shorter than its newest snapshot or than what this
   * process remembers of it, E_LOG_CORRUPT when it is another log.
   */
  static async open(store: NatsStore, remembered: LogEnd): Promise<NatsLog> {
    const manifest = await newestManifest(store)
    const tip = (await lastMessage(store))?.seq ?? 0
    const log = new NatsLog(store, tip, await endBefore(store, tip))
    await log.#mustHold(endAt(manifest))
    await log.#mustHold(remembered)
    return log
  }

  async #mustHold({ seq, position, hash }: LogEnd): Promise<void> {
    if (position > this.#end.position) throw truncated(position, this.#end.position)
    if (position === 0) return
    const found = labelOf(await this.#messageAt(seq))
    if (Buffer.compare(found.hash, hash) !== 0) throw corrupt(`it is another one at position ${position}`)
  }

  /** The end that was last seen, or written. */
  get end(): LogEnd {
    return this.#end
  }

  /** Hands over the newest snapshot and every fact after it, up to the end that was last seen. */
  async replay(apply: (fact: Fact) => void): Promise<Position> {
    const { manifest, facts } = await newestSnapshot(this.store)
    for (const fact of facts) apply(fact)
    const snapshotEnd = endAt(manifest)
    // It may stand for what was written since the end was found.
    if (snapshotEnd.position > this.#end.position) this.#end = snapshotEnd
    const tail = new Map<TaskId, number[]>()
    for await (const batch of this.#batches(snapshotEnd, this.#end.seq)) {
      note(tail, batch)
      for (const fact of batch.facts) apply(fact)
    }
    this.#tail = tail
    return this.#end.position
  }

  /** Goes on to the present end of the log and hands over what is new. */
  async refresh(apply: (recorded: Recorded) => void): Promise<void> {
    const last = await lastMessage(this.store)
    if (last === undefined || last.seq <= this.#end.seq) return
    for await (const batch of this.#batches(this.#end, last.seq)) {
      if (this.#tail !== undefined) note(this.#tail, batch)
      this.#end = batch.end
      for (const [i, fact] of batch.facts.entries()) apply({ position: batch.first + i, fact })
    }
  }

  /** What was appended here. */
  advance(batch: Batch): void {
    this.#end = batch.end
    if (this.#tail !== undefined) note(this.#tail, batch)
  }

  async *read(after: Position, to: LogEnd): AsyncGenerator<Recorded> {
    if (after >= to.position) return
    const from = await this.#seek(after, to)
    for await (const { first, facts } of this.#batches(from, to.seq)) {
      for (const [i, fact] of facts.entries()) {
        if (first + i > after) yield { position: first + i, fact }
      }
    }
  }

  /** Every fact about one task, by the index and by what lies behind the newest snapshot. */
  async history(task: TaskId): Promise<readonly Fact[]> {
    const tail = await this.#tailIndex()
    const places = new Set<number>()
    for (const named of await this.#indexed(task)) places.add(named)
    for (const named of tail.get(task) ?? []) places.add(named)
    const all = [...places].sort((a, b) => a - b)
    const facts: Fact[] = []
    for await (const batch of inOrder(all, (seq) => this.#batchAt(seq))) {
      for (const fact of batch) if (taskOf(fact) === task) facts.push(fact)
    }
    return facts
  }

  /** What lies behind the newest snapshot, by the bucket of the index. */
  async tailByBucket(): Promise<ReadonlyMap<number, Readonly<Record<string, readonly number[]>>>> {
    const all = new Map<number, Record<string, number[]>>()
    for (const [task, places] of await this.#tailIndex()) {
      const bucket = bucketOf(task)
      const entries = all.get(bucket) ?? Object.create(null)
      entries[task] = places
      all.set(bucket, entries)
    }
    return all
  }

  /** The newest snapshot stands for everything up to now, and the index is written. */
  clearTail(): void {
    this.#tail = new Map()
  }

  async #tailIndex(): Promise<ReadonlyMap<TaskId, readonly number[]>> {
    if (this.#tail !== undefined) return this.#tail
    const tail = new Map<TaskId, number[]>()
    const manifest = await newestManifest(this.store)
    for await (const batch of this.#batches(endAt(manifest), this.#end.seq)) note(tail, batch)
    this.#tail = tail
    return tail
  }

  async #indexed(task: TaskId): Promise<number[]> {
    const { store } = this
    const places: number[] = []
    for (const message of await messagesOn(store, store.subjects.index(store.partition, bucketOf(task)))) {
      const entries = entriesIn(message)
      if (Object.hasOwn(entries, task)) places.push(...(entries[task] ?? []))
    }
    return places
  }

  async #batchAt(seq: number): Promise<readonly Fact[]> {
    const first = await this.#messageAt(seq)
    const { parts, first: position } = labelOf(first)
    const pieces = [first.data]
    for (let part = 1; part < parts; part++) pieces.push((await this.#messageAt(seq + part)).data)
    return factsIn(Buffer.concat(pieces), position)
  }

  async #messageAt(seq: number): Promise<StoredMsg> {
    const message = await this.store.message(this.store.logStream, { seq })
    if (message === undefined) throw corrupt(`the message ${seq} is gone`)
    return message
  }

  async *#batches(after: LogEnd, upTo: number): AsyncGenerator<Batch> {
    const batches = new Batches(after)
    const all = range(after.seq + 1, upTo)
    for await (const message of inOrder(all, (seq) => this.#messageAt(seq))) {
      const batch = batches.take(message)
      if (batch !== undefined) yield batch
    }
  }

  /** The end of a batch at or before a position: where reading on from there begins. */
  async #seek(position: Position, to: LogEnd): Promise<LogEnd> {
    let [low, high] = [0, to.seq]
    // `low` is a message that ends at or before the position; `high` one that does not.
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      const { last } = labelOf(await this.#messageAt(middle))
      if (last <= position) low = middle
      else high = middle
    }
    return low === 0 ? logStart : endBefore(this.store, low)
  }
}

interface Snapshot {
  readonly manifest: Manifest | undefined
  readonly facts: readonly Fact[]
}

/** The newest snapshot. One that is replaced twice while it is read, by a process that is slow, is not damaged. */
async function newestSnapshot(store: NatsStore): Promise<Snapshot> {
  let manifest = await newestManifest(store)
  for (;;) {
    if (manifest === undefined) return { manifest, facts: [] }
    try {
      return { manifest, facts: await snapshotText(store, manifest) }
    } catch (cause) {
      const newer = await newestManifest(store)
      if (newer?.at === manifest.at) throw cause
      manifest = newer
    }
  }
}

/** The facts of a snapshot. Errors: E_LOG_CORRUPT when they are not what was written. */
export async function snapshotText(store: NatsStore, manifest: Manifest): Promise<readonly Fact[]> {
  const { position, logHash, hash, parts } = manifest
  const pieces: Uint8Array[] = []
  for (const seq of parts) {
    const message = await store.message(store.sideStream, { seq })
    if (message === undefined) throw corrupt(`a part of the snapshot at position ${position} is gone`)
    pieces.push(message.data)
  }
  const body = Buffer.concat(pieces)
  const link = Buffer.from(chain(Buffer.from(logHash, 'hex'), position, position, body)).toString('hex')
  if (link !== hash) throw corrupt(`the snapshot at position ${position} is damaged`)
  return factsIn(body, position)
}

/** Every message of the index. */
export async function* indexOf(store: NatsStore): AsyncGenerator<StoredMsg> {
  const { partition, subjects } = store
  for await (const messages of inOrder(range(0, buckets - 1), (bucket) =>
    messagesOn(store, subjects.index(partition, bucket)),
  )) {
    yield* messages
  }
}

async function messagesOn(store: NatsStore, subject: string): Promise<StoredMsg[]> {
  const all: StoredMsg[] = []
  for (let seq = 1; ; ) {
    const message = await store.message(store.sideStream, { seq, next_by_subj: subject })
    if (message === undefined) return all
    all.push(message)
    seq = message.seq + 1
  }
}

export function bucketOf(task: TaskId): number {
  return (createHash('sha256').update(task).digest()[0] ?? 0) % buckets
}

export function truncated(expected: Position, found: Position): Fault {
  return new Fault(
    'E_LOG_TRUNCATED',
    `the log on NATS has lost its tail: expected >= ${expected} facts, found ${found}`,
    { hint: 'Restore the stream from a backup, or accept the loss by deleting the streams of this network.' },
  )
}

export async function newestManifest(store: NatsStore): Promise<Manifest | undefined> {
  const query = { last_by_subj: store.subjects.newest(store.partition) }
  const message = await store.message(store.sideStream, query)
  if (message === undefined) return undefined
  try {
    return { ...(message.json() as Omit<Manifest, 'at'>), at: message.seq }
  } catch {
    throw corrupt('the record of its newest snapshot cannot be read')
  }
}

/** `once`: without asking again; whoever asks has its own patience. */
export async function lastMessage(
  store: NatsStore,
  how: 'patiently' | 'once' = 'patiently',
): Promise<StoredMsg | undefined> {
  return store.message(store.logStream, { last_by_subj: store.logSubject }, how)
}

/** The end of the last batch that is whole at a message. */
async function endBefore(store: NatsStore, from: number): Promise<LogEnd> {
  for (let seq = from; seq > 0; seq--) {
    const message = await store.message(store.logStream, { seq })
    if (message === undefined) throw corrupt(`the message ${seq} is gone`)
    const { part, parts, last, hash } = labelOf(message)
    if (part === parts) return { seq, position: last, hash }
  }
  return logStart
}

function endAt(manifest: Manifest | undefined): LogEnd {
  if (manifest === undefined) return logStart
  const { position, logSeq, logHash } = manifest
  return { seq: logSeq, position, hash: Buffer.from(logHash, 'hex') }
}

function note(tail: Map<TaskId, number[]>, { facts, seq }: Batch): void {
  for (const task of tasksOf(facts)) {
    const places = tail.get(task)
    if (places === undefined) tail.set(task, [seq])
    else places.push(seq)
  }
}

export function entriesIn(message: StoredMsg): Readonly<Record<string, readonly number[]>> {
  try {
    return message.json()
  } catch {
    throw corrupt(`the message ${message.seq} of its index cannot be read`)
  }
}

export function* range(from: number, to: number): Generator<number> {
  for (let seq = from; seq <= to; seq++) yield seq
}

/** Asks for many at once and gives the answers in order. */
export async function* inOrder<Key, Value>(
  keys: Iterable<Key>,
  ask: (key: Key) => Promise<Value>,
): AsyncGenerator<Value> {
  const waiting: Promise<Value>[] = []
  for (const key of keys) {
    const asked = ask(key)
    // Looked at below; until then a failure is nobody's.
    asked.catch(() => {})
    waiting.push(asked)
    if (waiting.length < windowMax) continue
    const next = waiting.shift()
    if (next !== undefined) yield await next
  }
  for (const next of waiting) yield await next
}

/**
 * Writes a snapshot of a log on NATS beside it: first the index of what lies behind the snapshot before, then the
 * facts, then the record that names both. A snapshot counts when its record is there.
 * Must never happen here: an index that lacks what the newest snapshot lies behind.
 */
import type { JetStreamClient } from '@nats-io/jetstream'
import { answerMs, pause } from '../nats/line.ts'
import { pieces } from '../transport/nats-parts.ts'
import { chain } from './batch.ts'
import { corrupt } from './nats-batch.ts'
import { type Manifest, type NatsLog, newestManifest } from './nats-log.ts'
import { fenced } from './nats-store.ts'

/** Messages that may be under way at one time. */
const windowMax = 64
const triesMax = 5

/** `body` has the facts; `room` is how many bytes one message may have. */
export async function writeSnapshot(log: NatsLog, body: Uint8Array, room: number): Promise<void> {
  const { store } = log
  const { streams, partition, subjects } = store
  const before = await newestManifest(store)
  const { seq, position, hash } = log.end
  if (before !== undefined && before.position > position) throw fenced(store)
  await writeIndex(log, room)
  const parts: number[] = []
  for (const piece of pieces(body, room)) parts.push(await put(streams, subjects.snapshot(partition), piece))
  const link = chain(hash, position, position, body)
  const manifest: Omit<Manifest, 'at'> = {
    position,
    logSeq: seq,
    logHash: Buffer.from(hash).toString('hex'),
    hash: Buffer.from(link).toString('hex'),
    parts,
  }
  // A hub that was replaced meanwhile does not put its own record over that of its successor.
  await streams.publish(subjects.newest(partition), JSON.stringify(manifest), {
    expect: { lastSubjectSequence: before?.at ?? 0 },
  })
  log.clearTail()
  const oldest = before?.parts[0]
  // The one before is kept: a way back for whoever repairs a log by hand.
  if (oldest !== undefined) await store.forget(subjects.snapshot(partition), oldest)
}

async function writeIndex(log: NatsLog, room: number): Promise<void> {
  const { streams, partition, subjects } = log.store
  const waiting = new Set<Promise<unknown>>()
  for (const [bucket, entries] of await log.tailByBucket()) {
    for (const text of texts(entries, room)) {
      const writing = put(streams, subjects.index(partition, bucket), text)
      writing.catch(() => {})
      waiting.add(writing)
      void writing.finally(() => waiting.delete(writing)).catch(() => {})
      if (waiting.size >= windowMax) await Promise.race(waiting)
    }
  }
  await Promise.all(waiting)
}

/** JSON objects of at most `room` bytes that together have all entries. */
function* texts(entries: Readonly<Record<string, readonly number[]>>, room: number): Generator<Buffer> {
  let some: string[] = []
  let size = 2
  for (const [task, places] of Object.entries(entries)) {
    const text = `${JSON.stringify(task)}:${JSON.stringify(places)}`
    if (text.length + 2 > room) throw corrupt(`one task has ${places.length} appends`)
    if (size + text.length + 1 > room) {
      yield Buffer.from(`{${some.join(',')}}`)
      some = []
      size = 2
    }
    some.push(text)
    size += text.length + 1
  }
  if (some.length > 0) yield Buffer.from(`{${some.join(',')}}`)
}

/** Stores a message whose second copy does no harm. */
async function put(streams: JetStreamClient, subject: string, bytes: Uint8Array): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return (await streams.publish(subject, bytes, { timeout: answerMs })).seq
    } catch (cause) {
      if (tries >= triesMax) throw cause
      await pause(2 ** tries * 100)
    }
  }
}

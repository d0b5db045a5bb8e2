/**
 * What both journals know of facts: which task one is about, and how a batch is written and chained.
 * Must never happen here: a change of the bytes or of the hash without a new format version.
 */
import { createHash } from 'node:crypto'
import type { Fact } from '../../protocol/fact.ts'
import type { TaskId } from '../../protocol/id.ts'
import type { Position } from '../ports.ts'
import { packedFormat } from './packed.ts'
import type { Packer } from './packing.ts'
import { unpack } from './unpacking.ts'

/** The facts of an append or of a snapshot: packed, or JSON text as journals were written before. */
export type Body = Uint8Array | string

/** The task that a fact is about. A change of standing is about the task that caused it. */
export function taskOf(fact: Fact): TaskId | undefined {
  return fact.kind === 'hub.started' ? undefined : fact.task
}

/** The different tasks of a batch, in order of appearance. */
export function tasksOf(facts: readonly Fact[]): TaskId[] {
  const tasks = new Set<TaskId>()
  for (const fact of facts) {
    const task = taskOf(fact)
    if (task !== undefined) tasks.add(task)
  }
  return [...tasks]
}

export function encodeFacts(facts: readonly Fact[], packer: Packer): Uint8Array<ArrayBuffer> {
  return packer.pack(facts)
}

/** For what the hash was checked of: we wrote it, so it is not examined again. */
export function decodeFacts(body: Body): Fact[] {
  if (typeof body !== 'string' && body[0] === packedFormat) return unpack(body) as Fact[]
  return JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString()) as Fact[]
}

/** What the first batch is chained to. */
export const origin: Uint8Array = new Uint8Array(32)

/**
 * The link of a batch in the chain: SHA-256 of the link before it, the positions of its first and last fact (8 bytes
 * each, most significant first) and its bytes, of a text in UTF-8. A changed, lost, added or moved batch breaks every
 * later link.
 */
export function chain(previous: Uint8Array, first: Position, last: Position, body: Body): Uint8Array {
  const place = Buffer.alloc(16)
  place.writeBigUInt64BE(BigInt(first), 0)
  place.writeBigUInt64BE(BigInt(last), 8)
  return createHash('sha256').update(previous).update(place).update(body).digest()
}

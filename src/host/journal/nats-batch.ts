/**
 * How an append lies in a stream: its facts packed, in as many messages as their size asks for, each with the
 * positions and the link of the whole. A batch counts when its last part is there, so it is whole or absent.
 * Must never happen here: a part that is taken for a batch.
 */
import type { StoredMsg } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import type { Fact } from '../../protocol/fact.ts'
import { Fault } from '../fault.ts'
import type { Position } from '../ports.ts'
import { chain, decodeFacts, origin } from './batch.ts'

/** Where a log ends: in the stream, in facts, and with which link. */
export interface LogEnd {
  readonly seq: number
  readonly position: Position
  readonly hash: Uint8Array
}

export const logStart: LogEnd = { seq: 0, position: 0, hash: origin }

/** What a message says of itself, besides a piece of the facts. */
export interface Label {
  /** Names the append, and with its number the part. */
  readonly batch: string
  readonly part: number
  readonly parts: number
  readonly first: Position
  readonly last: Position
  readonly hash: Uint8Array
}

const partHeader = 'Convoke-Part'
const factsHeader = 'Convoke-Facts'
const linkHeader = 'Convoke-Link'

export function headersOf(label: Label): MsgHdrs {
  const all = headers()
  all.set(partHeader, `${label.batch}/${label.part}/${label.parts}`)
  all.set(factsHeader, `${label.first}-${label.last}`)
  all.set(linkHeader, Buffer.from(label.hash).toString('hex'))
  return all
}

/** The id by which a message is recognised when nobody knows whether it was stored. */
export function idOf({ batch, part }: Label): string {
  return `${batch}/${part}`
}

/** Errors: E_LOG_CORRUPT for a message that no hub has written. */
export function labelOf(message: StoredMsg): Label {
  const { header, seq } = message
  const [, batch, part, parts] = /^(\S{1,64})\/(\d{1,9})\/(\d{1,9})$/.exec(header.get(partHeader)) ?? []
  const [, first, last] = /^(\d{1,16})-(\d{1,16})$/.exec(header.get(factsHeader)) ?? []
  const link = header.get(linkHeader)
  if (batch === undefined || first === undefined || !/^[0-9a-f]{64}$/.test(link)) {
    throw corrupt(`the message ${seq} is none of a log`)
  }
  return {
    batch,
    part: Number(part),
    parts: Number(parts),
    first: Number(first),
    last: Number(last),
    hash: Buffer.from(link, 'hex'),
  }
}

export interface Batch {
  /** Of the first part. */
  readonly seq: number
  readonly first: Position
  readonly facts: readonly Fact[]
  readonly end: LogEnd
}

/** Puts batches together from the messages of a stream, in order, and follows their chain. */
export class Batches {
  #end: LogEnd
  #parts: { readonly batch: string; readonly seq: number; readonly pieces: Uint8Array[] } | undefined

  constructor(after: LogEnd) {
    this.#end = after
  }

  /** The end of the last whole batch. */
  get end(): LogEnd {
    return this.#end
  }

  /**
   * Takes the next message; gives the batch that it completes. A batch whose writer was replaced before the last part
   * never was. Errors: E_LOG_CORRUPT with the position.
   */
  take(message: StoredMsg): Batch | undefined {
    const label = labelOf(message)
    if (label.part === 1) this.#parts = { batch: label.batch, seq: message.seq, pieces: [] }
    const parts = this.#parts
    if (parts === undefined || parts.batch !== label.batch || parts.pieces.length !== label.part - 1) {
      throw corrupt(`a part is missing at position ${label.first}`)
    }
    parts.pieces.push(message.data)
    if (label.part < label.parts) return undefined
    this.#parts = undefined
    const body = Buffer.concat(parts.pieces)
    const { first, last, hash } = label
    const link = chain(this.#end.hash, first, last, body)
    if (first !== this.#end.position + 1 || Buffer.compare(link, hash) !== 0) {
      throw corrupt(`it is damaged at position ${this.#end.position + 1}`)
    }
    this.#end = { seq: message.seq, position: last, hash }
    return { seq: parts.seq, first, facts: factsIn(body, first), end: this.#end }
  }
}

export function factsIn(body: Uint8Array, first: Position): readonly Fact[] {
  try {
    return decodeFacts(body)
  } catch {
    throw corrupt(`the facts at position ${first} cannot be read`)
  }
}

export function corrupt(what: string): Fault {
  return new Fault('E_LOG_CORRUPT', `the log on NATS is not what was written: ${what}`, {
    hint: 'Restore the streams from a backup, and look at who may write to them.',
  })
}

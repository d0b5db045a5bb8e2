/**
 * How frames lie in messages of NATS: several in one, a line each; or one in several, where it is larger than a message
 * may be. What one sender says to one receiver arrives in order, so a part that is not the next one ends the frame.
 * Must never happen here: parts of a frame that never ends and are kept for ever.
 */
import { isUtf8 } from 'node:buffer'

/** Names a part: `FRAME/K/N`, the K-th of N, from 1. */
export const partHeader = 'Convoke-Part'

/** Between two frames of one message. JSON text as it is written has none inside. */
export const frameEnd = '\n'

/** The frames of one message: text where there are several. What is no UTF-8 is left for the codec to refuse. */
export function framesIn(bytes: Uint8Array): readonly (string | Uint8Array)[] {
  if (!bytes.includes(frameEnd.charCodeAt(0))) return [bytes]
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return isUtf8(text)
    ? text
        .toString()
        .split(frameEnd)
        .filter((frame) => frame !== '')
    : [bytes]
}

/** Senders whose frames may be incomplete at one time; the one that waits longest is given up. */
const sendersMax = 64

export interface NamedPart {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Pieces of at most `bytesMax` bytes, in order. */
export function pieces(whole: Uint8Array, bytesMax: number): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0; at < whole.length; at += bytesMax) all.push(whole.subarray(at, at + bytesMax))
  return all
}

export function cut(frame: Uint8Array, bytesMax: number, name: string): NamedPart[] {
  const all = pieces(frame, bytesMax)
  return all.map((bytes, i) => ({ name: `${name}/${i + 1}/${all.length}`, bytes }))
}

interface Partial {
  readonly frame: string
  readonly count: number
  readonly parts: Uint8Array[]
  bytes: number
}

export class Assembly {
  readonly #bytesMax: number
  /** By sender, the one that was begun last at the end. */
  readonly #partial = new Map<string, Partial>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Takes one part; gives the frame with its last one, and nothing for a part that fits nowhere. */
  add(sender: string, name: string, bytes: Uint8Array): Uint8Array | undefined {
    const [, frame = '', k = '', n = ''] = /^([\w.]{1,64})\/(\d{1,6})\/(\d{1,6})$/.exec(name) ?? []
    const [number, count] = [Number(k), Number(n)]
    if (number < 1 || number > count) return undefined
    const known = number === 1 ? this.#begin(sender, frame, count) : this.#partial.get(sender)
    const fits = known?.frame === frame && known.count === count && known.parts.length === number - 1
    if (known === undefined || !fits || known.bytes + bytes.length > this.#bytesMax) {
      this.#partial.delete(sender)
      return undefined
    }
    known.parts.push(bytes)
    known.bytes += bytes.length
    if (number < count) return undefined
    this.#partial.delete(sender)
    return Buffer.concat(known.parts)
  }

  #begin(sender: string, frame: string, count: number): Partial {
    const fresh = { frame, count, parts: [], bytes: 0 }
    this.#partial.delete(sender)
    this.#partial.set(sender, fresh)
    for (const oldest of this.#partial.keys()) {
      if (this.#partial.size <= sendersMax) break
      this.#partial.delete(oldest)
    }
    return fresh
  }
}

/**
 * What processes say to each other of who is the hub. A server can let hubs alone speak, and everybody ask.
 * Must never happen here: an exception for whatever bytes arrive.
 */
import { isId } from '../../protocol/id.ts'
import { isWhole } from '../../protocol/limits.ts'
import type { Millis } from '../../protocol/time.ts'
import { partitionsMax } from './subjects.ts'

/** Of one partition. */
export type Word =
  | { readonly kind: 'beat'; readonly incarnation: number; readonly name: string }
  /** `to`: whom the partition is handed to; absent where it is for whoever has the fewest. */
  | { readonly kind: 'released'; readonly incarnation: number; readonly name: string; readonly to?: string }
  /** Whoever also waits leaves it the first try. */
  | { readonly kind: 'claims'; readonly name: string }
  | { readonly kind: 'who' }
  /** The answer of one who stands by and may be a hub: there was one, so long ago. */
  | { readonly kind: 'heard'; readonly agoMs: Millis }

/** Of a process that may be a hub, and of the network as a whole. */
export type HostWord =
  | { readonly kind: 'lives'; readonly name: string; readonly partitions: number }
  | { readonly kind: 'leaves'; readonly name: string }

/** The longest that is said has about 150. */
const wordBytesMax = 1_024

/** Undefined for what is no word. */
export function wordIn(data: Uint8Array): Word | undefined {
  const word = objectIn(data)
  switch (word?.kind) {
    case 'beat':
    case 'released':
      return isCount(word.incarnation) && isName(word.name) ? (word as unknown as Word) : undefined
    case 'heard':
      return Number(word.agoMs) >= 0 ? (word as unknown as Word) : undefined
    case 'claims':
      return isName(word.name) ? (word as unknown as Word) : undefined
    case 'who':
      return { kind: 'who' }
    default:
      return undefined
  }
}

/** Undefined for what is no word of a process. */
export function hostWordIn(data: Uint8Array): HostWord | undefined {
  const word = objectIn(data)
  if (word === undefined || !isName(word.name)) return undefined
  if (word.kind === 'leaves') return { kind: 'leaves', name: word.name }
  const { kind, name, partitions } = word
  return kind === 'lives' && isCount(partitions) && isWhole(partitions, 1, partitionsMax)
    ? { kind, name, partitions }
    : undefined
}

function objectIn(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (data.length > wordBytesMax) return undefined
  try {
    const word: unknown = JSON.parse(Buffer.from(data).toString())
    return typeof word === 'object' && word !== null ? (word as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isId(value)
}

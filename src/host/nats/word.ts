/**
 * What processes say to each other of who is the hub. A server can let hubs alone speak, and everybody ask.
 * Must never happen here: an exception for whatever bytes arrive.
 */
import type { Millis } from '../../protocol/time.ts'

export type Word =
  | { readonly kind: 'beat'; readonly incarnation: number; readonly name: string }
  | { readonly kind: 'released'; readonly name: string }
  /** Whoever also waits leaves it the first try. */
  | { readonly kind: 'claims'; readonly name: string }
  | { readonly kind: 'who' }
  /** The answer of one who stands by and may be a hub: there was one, so long ago. */
  | { readonly kind: 'heard'; readonly agoMs: Millis }

/** The longest that is said has about 150. */
const wordBytesMax = 1_024

/** Undefined for what is no word. */
export function wordIn(data: Uint8Array): Word | undefined {
  if (data.length > wordBytesMax) return undefined
  try {
    const word: unknown = JSON.parse(Buffer.from(data).toString())
    if (typeof word !== 'object' || word === null || !('kind' in word)) return undefined
    if (word.kind === 'beat')
      return 'incarnation' in word && isCount(word.incarnation) ? (word as Word) : undefined
    if (word.kind === 'heard') return 'agoMs' in word && Number(word.agoMs) >= 0 ? (word as Word) : undefined
    const simple = ['released', 'claims', 'who'] as readonly unknown[]
    return simple.includes(word.kind) ? (word as Word) : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

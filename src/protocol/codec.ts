/**
 * The form of a message on a wire: one JSON object with the version, the two addresses and the message. Decoding is the
 * door of the house: what comes out of it is valid in every field, and what is not becomes a refusal.
 * Must never happen here: an exception for whatever bytes arrive, or a field that nobody checked.
 */
import * as z from 'zod'
import { complaint } from './codec/complaint.ts'
import { type MessageSchemas, messageKinds, messageSchemas } from './codec/messages.ts'
import { receiver, sender } from './codec/parts.ts'
import { halfCharacter, scan } from './codec/scan.ts'
import { quote } from './id.ts'
import type { Limits } from './limits.ts'
import type { Envelope, MessageKind } from './message.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

/** Written into every frame. A frame of another version is refused as a whole. */
export const wireVersion = 1

/** Objects and lists inside each other in one frame. The deepest message of ours needs eight. */
export const frameDepthMax = 32

/** A longer text is looked over before it is parsed: it could nest deeper than is good for a parser. */
const plainCharactersMax = 16_384

/**
 * Writes an envelope as text. Half a character (a lone surrogate) becomes U+FFFD, as it would on any wire; everything
 * else comes back from `decode` as it was. Numbers are finite, as JSON has no others.
 */
export function encode(envelope: Envelope): string {
  const { from, to, message } = envelope
  const frame = { v: wireVersion, from, to, message }
  const text = JSON.stringify(frame)
  return text.includes('\\ud') ? JSON.stringify(frame, wellFormed) : text
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

/**
 * Reads a frame. Refuses with E_TOO_LARGE, E_JSON (no JSON, no UTF-8, half a character, a field twice), E_DEPTH,
 * E_VERSION, E_UNKNOWN_KIND, E_UNKNOWN_FIELD, E_MISSING_FIELD, E_BAD_ID, E_BAD_PRIORITY, E_TYPE or E_RANGE, with the
 * path of the field. What a message means (is the level known, is the group large enough) is for its receiver to judge.
 * Hand in the same `limits` object each time: the schemas are made once for each.
 */
export function decode(frame: string | Uint8Array, limits: Limits): Envelope | Refusal {
  if (frame.length > limits.frameBytesMax) {
    const size = `${frame.length} ${typeof frame === 'string' ? 'characters' : 'bytes'}`
    return refuse('E_TOO_LARGE', `the message has ${size}; the limit is ${limits.frameBytesMax}`)
  }
  const text = typeof frame === 'string' ? frame : textOf(frame)
  if (text === undefined) return refuse('E_JSON', 'the message is not UTF-8')
  const plain = asWritten(text)
  if (plain !== undefined) {
    const envelope = check(plain, limits)
    if (!isRefusal(envelope)) return envelope
  }
  if (text.trim() === '') return refuse('E_JSON', 'the message is empty')
  if (!text.isWellFormed()) return halfCharacter()
  const refusal = scan(text, frameDepthMax)
  if (refusal !== undefined) return refusal
  const value = parse(text)
  return value === undefined
    ? refuse('E_JSON', `the message ${quote(text)} is not JSON`)
    : check(value, limits)
}

/**
 * The value of a text that is, character for character, what `encode` would write for it: so no field is in it twice,
 * and none in disguise. Nearly every frame is such a text, and need not be looked over character by character. Of any
 * other text `undefined` says nothing.
 */
function asWritten(text: string): unknown {
  if (text.length > plainCharactersMax || text.includes('__proto__') || text.includes('\\ud'))
    return undefined
  const value = parse(text)
  try {
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    // Nested deeper than the writer can follow.
    return undefined
  }
}

/** A JSON text is never `undefined`, so that it can stand for what is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function check(value: unknown, limits: Limits): Envelope | Refusal {
  const version = fieldOf(value, 'v')
  if (version !== wireVersion) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return refuse('E_TYPE', `the message must be an object, got ${quote(value)}`)
    }
    const supported = `this side speaks version ${wireVersion}`
    return refuse('E_VERSION', `the message has version ${quote(version)}; ${supported}`, { field: 'v' })
  }
  const kind = kindOf(fieldOf(value, 'message'))
  if (typeof kind !== 'string') return kind
  const result = envelopeSchemas(limits)[kind].safeParse(value)
  if (result.success) {
    const { from, to, message } = result.data
    return { from, to, message }
  }
  const issue = result.error.issues[0]
  return issue === undefined ? refuse('E_TYPE', 'the message is not valid') : complaint(issue, value)
}

function kindOf(message: unknown): MessageKind | Refusal {
  const field = 'message.kind'
  const kind = fieldOf(message, 'kind')
  if (isKind(kind)) return kind
  if (message === undefined) return refuse('E_MISSING_FIELD', 'message is missing', { field: 'message' })
  if (kind === undefined) return refuse('E_MISSING_FIELD', `${field} is missing`, { field })
  if (typeof kind !== 'string')
    return refuse('E_TYPE', `${field} must be a text, got ${quote(kind)}`, { field })
  return refuse('E_UNKNOWN_KIND', `the message kind ${quote(kind)} is not known here`, { field })
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined
}

const kinds: ReadonlySet<unknown> = new Set(messageKinds)

function isKind(kind: unknown): kind is MessageKind {
  return kinds.has(kind)
}

type Framed = z.ZodType<Envelope & { readonly v: typeof wireVersion }>
type EnvelopeSchemas = Readonly<Record<MessageKind, Framed>>

/** Schemas are costly to make and depend on nothing but the limits; each set of limits has its own. */
const made = new WeakMap<Limits, EnvelopeSchemas>()

function envelopeSchemas(limits: Limits): EnvelopeSchemas {
  const before = made.get(limits)
  if (before !== undefined) return before
  const schemas = framed(messageSchemas(limits))
  made.set(limits, schemas)
  return schemas
}

function framed(schemas: MessageSchemas): EnvelopeSchemas {
  const entries = messageKinds.map((kind): [MessageKind, Framed] => [
    kind,
    z.strictObject({ v: z.literal(wireVersion), from: sender, to: receiver, message: schemas[kind] }),
  ])
  return Object.fromEntries(entries) as EnvelopeSchemas
}

/**
 * The platform's own decoder, which every runtime has: no I/O, no state, the same answer everywhere. It is declared
 * here because the pure floors see no library but the language.
 */
declare const TextDecoder: {
  new (
    label: 'utf-8',
    options: { readonly fatal: true; readonly ignoreBOM: true },
  ): { decode(bytes: Uint8Array): string }
}

/** It keeps nothing from one text to the next. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

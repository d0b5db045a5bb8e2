/**
 * What a SQLite journal and its thread say to each other: one request, one answer, in order.
 * Must never happen here: an error object as it is; a copied one would have lost its class and its code.
 */
import { Fault, type FaultCode } from '../fault.ts'
import type { Position } from '../ports.ts'
import type { FormatVersion, Written } from './sqlite-file.ts'
import type { Durability } from './sqlite-writer.ts'

export interface ThreadData {
  readonly file: string
  readonly durability: Durability
}

/** Packed facts in memory of their own, which goes over to the thread with them. */
export type OwnBody = Uint8Array<ArrayBuffer> | string

export type Request =
  | { readonly kind: 'append'; readonly body: OwnBody; readonly count: number; readonly tasks: string }
  | { readonly kind: 'snapshot'; readonly body: OwnBody }
  | { readonly kind: 'newest' }
  | { readonly kind: 'rows'; readonly after: Position; readonly upTo: Position }
  | { readonly kind: 'history'; readonly task: string }
  | { readonly kind: 'close' }

/** To every request, and first of all to the opening, which also says how facts are written. */
export type Answer =
  | { readonly kind: 'opened'; readonly position: Position; readonly format: FormatVersion }
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'written'; readonly all: readonly Written[] }
  | { readonly kind: 'fault'; readonly fault: FaultText }

export interface FaultText {
  readonly code: FaultCode
  readonly message: string
  readonly hint: string | undefined
  readonly cause: CauseText | undefined
}

interface CauseText {
  readonly message: string
  readonly stack: string | undefined
  /** `code`, `errcode`, `syscall`, …: what SQLite and the file system add to an error. */
  readonly details: Readonly<Record<string, unknown>>
}

export function faultAnswer({ code, message, hint, cause }: Fault): Answer {
  return { kind: 'fault', fault: { code, message, hint, cause: causeText(cause) } }
}

export function faultFrom({ code, message, hint, cause }: FaultText): Fault {
  const details = hint === undefined ? {} : { hint }
  if (cause === undefined) return new Fault(code, message, details)
  const error = Object.assign(new Error(cause.message), cause.details)
  if (cause.stack !== undefined) error.stack = cause.stack
  return new Fault(code, message, { ...details, cause: error })
}

function causeText(cause: unknown): CauseText | undefined {
  if (cause === undefined) return undefined
  if (!(cause instanceof Error)) return { message: String(cause), stack: undefined, details: {} }
  const details = Object.entries(cause).filter(([, value]) => typeof value !== 'object')
  return { message: cause.message, stack: cause.stack, details: Object.fromEntries(details) }
}

/**
 * What users hand over (payloads, results, checkpoints) travels as JSON text. The hub carries it and never opens it,
 * so a user's object cannot be shared between agents, and its size is known before it goes anywhere.
 */
import { type Refusal, refuse } from './refusal.ts'

declare const brand: unique symbol

/** A JSON value in text form. */
export type JsonText = string & { readonly [brand]: 'json' }

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export const jsonNull = 'null' as JsonText

/**
 * Turns a user's value into JSON text, or says why it cannot be: it has a cycle, a BigInt, a function, or is too large.
 * `undefined` becomes `null`.
 */
export function toJsonText(value: unknown, field: string, bytesMax: number): JsonText | Refusal {
  let text: string | undefined
  try {
    text = value === undefined ? 'null' : JSON.stringify(value)
  } catch (cause) {
    return refuse('E_NOT_SERIALISABLE', `${field} cannot be written as JSON: ${firstLine(cause)}`, {
      field,
      hint: 'Return plain data: objects, arrays, strings, numbers, booleans, null.',
    })
  }
  if (text === undefined) {
    return refuse('E_NOT_SERIALISABLE', `${field} is a ${typeof value}, which JSON cannot carry`, {
      field,
      hint: 'Return plain data: objects, arrays, strings, numbers, booleans, null.',
    })
  }
  if (text.length > bytesMax) return tooLarge(field, text.length, bytesMax)
  return text as JsonText
}

export function tooLarge(field: string, bytes: number, bytesMax: number): Refusal {
  return refuse('E_TOO_LARGE', `${field} has ${bytes} characters of JSON; the limit is ${bytesMax}`, {
    field,
    hint: 'Put the data into a file or a store that the agents share, and pass its name.',
  })
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.split('\n', 1)[0] ?? text
}

/**
 * What a program says on its standard output, line by line, and which part of it is the result.
 * Must never happen here: a line that is meant for us and is passed over in silence.
 */
import { quote } from '../protocol/id.ts'

/** One line, understood. `text` is whatever is not addressed to us. */
export type Said =
  | { readonly kind: 'progress'; readonly fraction: number; readonly note?: string }
  | { readonly kind: 'checkpoint'; readonly data: unknown }
  | { readonly kind: 'say'; readonly data: unknown; readonly to?: string }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  /** Addressed to us and wrong. */
  | { readonly kind: 'mistake'; readonly why: string }

/** The keys that a line of each kind may have. An object with any other key is text. */
const allowed = { progress: ['note'], checkpoint: [], say: ['to'], result: [] } as const
const kinds = ['progress', 'checkpoint', 'say', 'result'] as const

/** Understands one line. Never throws. */
export function understand(line: string): Said {
  const text: Said = { kind: 'text', text: line }
  if (!line.trimStart().startsWith('{')) return text
  const value = parseJson(line)?.value
  if (typeof value !== 'object' || value === null) return text
  const fields = value as Readonly<Record<string, unknown>>
  switch (kindOf(Object.keys(value))) {
    case 'progress':
      return progress(fields)
    case 'checkpoint':
      return { kind: 'checkpoint', data: fields.checkpoint }
    case 'say':
      return say(fields)
    case 'result':
      return { kind: 'result', value: fields.result }
    case undefined:
      return text
  }
}

function kindOf(keys: readonly string[]): (typeof kinds)[number] | undefined {
  const kind = kinds.find((name) => keys.includes(name))
  if (kind === undefined) return undefined
  const more: readonly string[] = allowed[kind]
  return keys.every((key) => key === kind || more.includes(key)) ? kind : undefined
}

function progress(fields: Readonly<Record<string, unknown>>): Said {
  const { progress: fraction, note } = fields
  if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1)) {
    return { kind: 'mistake', why: `"progress" must be a number from 0 to 1, got ${quote(fraction)}` }
  }
  if (note === undefined) return { kind: 'progress', fraction }
  if (typeof note === 'string') return { kind: 'progress', fraction, note }
  return { kind: 'mistake', why: `"note" must be text, got ${quote(note)}` }
}

function say(fields: Readonly<Record<string, unknown>>): Said {
  const { say: data, to } = fields
  if (to === undefined) return { kind: 'say', data }
  if (typeof to === 'string') return { kind: 'say', data, to }
  return { kind: 'mistake', why: `"to" must be the id of a member, got ${quote(to)}` }
}

/**
 * The result of a program that printed no `{"result": …}` line: all its text, when that is JSON (on one line or many);
 * else its last line, when that is a JSON object or array (what came before was a log); else its text as a string,
 * without the white space at its end; else `null`.
 */
export function resultOfText(lines: readonly string[]): unknown {
  const text = lines.join('\n').trimEnd()
  if (text === '') return null
  const whole = parseJson(text)
  if (whole !== undefined) return whole.value
  const last = text.slice(text.lastIndexOf('\n') + 1)
  const value = /^\s*[[{]/.test(last) ? parseJson(last) : undefined
  return value === undefined ? text : value.value
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

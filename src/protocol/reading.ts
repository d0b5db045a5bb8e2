/**
 * Reads what a user wrote, field by field, and remembers the first thing that is wrong. It looks at the shape alone:
 * what the values mean is checked behind it, where messages from other nodes arrive too.
 * Must never happen here: a getter of the user called twice, or a key taken from the prototype.
 */
import { quote } from './id.ts'
import { didYouMean } from './nearest.ts'
import { type Refusal, type RefusalCode, type RefusalDetails, refuse } from './refusal.ts'

export interface Notes {
  refusal?: Refusal
}

export interface Reading {
  readonly notes: Notes
  /** Where the object stands, with a dot at the end: `requires[1].`, or nothing for the outermost. */
  readonly path: string
  /** Its fields, known or not; of those that are known, the values in the same order. */
  readonly names: readonly string[]
  readonly values: readonly unknown[]
}

/** Undefined for a field that is not there, too. */
export function valueIn({ names, values }: Reading, key: string): unknown {
  for (let i = 0; i < names.length; i++) if (names[i] === key) return values[i]
  return undefined
}

/** Notes a refusal, unless there was one before. */
export function note(notes: Notes, code: RefusalCode, message: string, details: RefusalDetails): void {
  notes.refusal ??= refuse(code, message, details)
}

/** Opens an object. Unknown keys are refused, with the key that was probably meant. */
export function read(notes: Notes, given: unknown, path: string, keys: readonly string[]): Reading {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    wrongType(notes, path.replace(/\.$/, '') || 'the input', `an object with ${keys.join(', ')}`, given)
    return { notes, path, names: nothing, values: nothing }
  }
  const names = Object.keys(given)
  const values = new Array<unknown>(names.length)
  for (let i = 0; i < names.length; i++) {
    const key = names[i] ?? ''
    if (keys.includes(key)) {
      values[i] = (given as Readonly<Record<string, unknown>>)[key]
      continue
    }
    note(
      notes,
      'E_UNKNOWN_FIELD',
      `${path === '' ? '' : `${path.slice(0, -1)} has `}an unknown field ${quote(key)}`,
      {
        field: path + (/^\w{1,64}$/.test(key) ? key : quote(key)),
        hint: didYouMean(key, keys, 'Known are'),
      },
    )
  }
  return { notes, path, names, values }
}

const nothing: readonly never[] = []

export function wrongType(notes: Notes, field: string, expected: string, value: unknown): void {
  if (value === undefined) note(notes, 'E_MISSING_FIELD', `${field} is missing; it is ${expected}`, { field })
  else note(notes, 'E_TYPE', `${field} must be ${expected}, got ${shown(value)}`, { field })
}

/** A value in a message. An object may have a cycle or a hostile toJSON, so it is only named. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'bigint') return `${value}n`.slice(0, 80)
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  return quote(value)
}

export function text(reading: Reading, key: string): string {
  return asText(reading, key, valueIn(reading, key))
}

export function textOr<Fallback>(reading: Reading, key: string, fallback: Fallback): string | Fallback {
  const value = valueIn(reading, key)
  return value === undefined ? fallback : asText(reading, key, value)
}

function asText(reading: Reading, key: string, value: unknown): string {
  if (typeof value === 'string') return value
  wrongType(reading.notes, reading.path + key, 'a text', value)
  return ''
}

/** A number of any size and kind; its range is checked behind. */
export function numberOr<Fallback>(reading: Reading, key: string, fallback: Fallback): number | Fallback {
  const value = valueIn(reading, key)
  if (value === undefined || typeof value === 'number') return value ?? fallback
  wrongType(reading.notes, reading.path + key, 'a number', value)
  return fallback
}

export function oneOf<Word extends string>(
  reading: Reading,
  key: string,
  words: readonly Word[],
  code: RefusalCode,
  fallback: Word,
): Word {
  const value = valueIn(reading, key)
  if (value === undefined) return fallback
  const word = words.find((one) => one === value)
  if (word !== undefined) return word
  const field = reading.path + key
  note(reading.notes, code, `${field} ${shown(value)} is not one of ${words.join(', ')}`, { field })
  return fallback
}

/** A list of at most `max` entries; an absent one is empty. */
export function list<Item>(
  reading: Reading,
  key: string,
  max: number,
  item: (value: unknown, field: string) => Item,
): readonly Item[] {
  const value = valueIn(reading, key)
  if (value === undefined) return nothing
  const field = reading.path + key
  if (!Array.isArray(value)) {
    wrongType(reading.notes, field, 'a list', value)
    return []
  }
  if (value.length > max) {
    note(reading.notes, 'E_RANGE', `${field} has ${value.length} entries; the limit is ${max}`, { field })
    return []
  }
  // A copy has no holes, which map() would pass over.
  return [...(value as unknown[])].map((entry, index) => item(entry, `${field}[${index}]`))
}

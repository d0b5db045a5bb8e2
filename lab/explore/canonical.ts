/**
 * The identity of a machine's state as a text: equal texts, equal behaviour from here on. It is taken from everything
 * that the state holds, so that a field that somebody adds counts by itself.
 * Must never happen here: leaving out what a later decision depends on. What is left out says why.
 */

import { Table } from '../../src/protocol/table.ts'

/** Left out of every state, wherever the name occurs. */
const omitted: ReadonlySet<string> = new Set([
  // Given to the machine at its birth and the same for its whole life.
  'configuration',
  'random',
  'profile',
  // The last input's instant: a machine never uses it but together with the next one's, which is not smaller.
  'now',
  // For those who ask the hub about itself.
  'considered',
  'lastConsidered',
  'refusals',
  'why',
  // Emptied by every drain.
  'effects',
  // Derived from the needs of the search, to be made once.
  'reaches',
  // Derived from the keys of a memory.
  'marks',
  // Instants of facts: what depends on one of them is in the state that the fact made.
  'at',
])

/**
 * Object graphs with cycles, maps and sets, in the order in which they are walked; what was printed once is named by
 * its number afterwards. What classes keep in private fields is not seen: the caller adds it.
 */
export function canonical(value: unknown): string {
  const seen = new Map<object, number>()
  const text = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return atom(value)
    const known = seen.get(value)
    if (known !== undefined) return `#${known}`
    seen.set(value, seen.size)
    let out = ''
    if (Array.isArray(value)) {
      for (const item of value) out += `${text(item)},`
      return `[${out}]`
    }
    if (value instanceof Table) {
      for (const key of value.keys()) out += `${text(key)}>${text(value.get(key))},`
      return `<${out}>`
    }
    if (value instanceof Map) {
      for (const [key, item] of value) out += `${text(key)}>${text(item)},`
      return `<${out}>`
    }
    if (value instanceof Set) {
      for (const item of value) out += `${text(item)},`
      return `(${out})`
    }
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined || typeof item === 'function' || omitted.has(key)) continue
      out += `${key}:${text(item)},`
    }
    return `{${out}}`
  }
  return text(value)
}

function atom(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

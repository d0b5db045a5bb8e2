/**
 * What a user's own functions answer and throw, and how a user defines an agent: `unknown` here, and typed behind.
 * Must never happen here: an answer that nobody could mean and that is taken for a yes.
 */
import type { Judgement } from '../agent/state.ts'
import { quote } from '../protocol/id.ts'
import { ceilings, checkWhole } from '../protocol/limits.ts'
import { type Notes, numberOr, read, text, valueIn, wrongType } from '../protocol/reading.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import { RefusedError } from './refused.ts'

/** Said to an agent, to a hub and in a log; a longer text is cut. */
const wordsMax = 1000

/** Refuses what is no agent: `join` takes an object with a function `perform`. */
export function checkDefinition(given: unknown): Refusal | undefined {
  const notes: Notes = {}
  if (typeof given !== 'object' || given === null) {
    wrongType(notes, 'the agent', 'an object with id, skills and perform', given)
    return notes.refusal
  }
  const { perform, consider, confirm, maxConcurrentTasks } = given as Partial<Record<Property, unknown>>
  if (typeof perform !== 'function') wrongType(notes, 'perform', 'a function', perform)
  for (const [field, hook] of Object.entries({ consider, confirm })) {
    if (hook !== undefined && typeof hook !== 'function') wrongType(notes, field, 'a function', hook)
  }
  return notes.refusal ?? checkSlots(maxConcurrentTasks) ?? checkStray(given)
}

type Property = 'perform' | 'consider' | 'confirm' | 'maxConcurrentTasks'

function checkSlots(count: unknown): Refusal | undefined {
  const field = 'maxConcurrentTasks'
  if (count === undefined) return undefined
  if (typeof count === 'number') return checkWhole(count, field, 1, ceilings.capacity)
  const notes: Notes = {}
  wrongType(notes, field, 'a number', count)
  return notes.refusal
}

/**
 * An agent may have properties of its own. One of them is elsewhere the name of its slots: whoever writes it down in a
 * definition means these, and would not be heard.
 */
function checkStray(given: object): Refusal | undefined {
  if (Object.getPrototypeOf(given) !== Object.prototype || !Object.hasOwn(given, 'capacity')) return undefined
  return refuse('E_UNKNOWN_FIELD', 'an agent has no property "capacity"', {
    field: 'capacity',
    hint: 'Did you mean "maxConcurrentTasks"?',
  })
}

export function checkPrice(price: unknown, field: string): Refusal | undefined {
  if (price === undefined) return undefined
  if (typeof price === 'number' && price >= 0 && price <= Number.MAX_SAFE_INTEGER) return undefined
  return refuse('E_RANGE', `${field} must be a number of at least 0, got ${quote(price)}`, { field })
}

/** An agent's own answer to a question. Nothing at all is an offer without further words. */
export function considerationIn(answer: unknown): Judgement {
  if (answer === undefined || answer === null) return { kind: 'yes' }
  const notes: Notes = {}
  const from = read(notes, answer, 'consider.', ['price', 'expectedMs', 'decline'])
  if (valueIn(from, 'decline') !== undefined) return no(text(from, 'decline'), notes.refusal)
  const price = numberOr(from, 'price', undefined)
  const expectedMs = numberOr(from, 'expectedMs', undefined)
  const refusal = notes.refusal ?? checkPrice(price, 'consider.price') ?? checkSpan(expectedMs)
  if (refusal !== undefined) return no('', refusal)
  return {
    kind: 'yes',
    ...(price === undefined ? {} : { price }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
  }
}

function checkSpan(span: number | undefined): Refusal | undefined {
  if (span === undefined || (span > 0 && span <= ceilings.spanMs)) return undefined
  return refuse('E_RANGE', `consider.expectedMs must be a number of milliseconds above 0, got ${quote(span)}`)
}

/** An agent's own answer to an invitation. */
export function confirmationIn(answer: unknown): Judgement {
  if (answer === true) return { kind: 'yes' }
  if (answer === false) return no('it does not want to')
  const notes: Notes = {}
  const reason = text(read(notes, answer, 'confirm.', ['reject']), 'reject')
  return no(reason, notes.refusal)
}

/** A function's verdict on a claim; what is no verdict is a no. */
export function verificationIn(answer: unknown): { readonly accepted: boolean; readonly reason: string } {
  if (typeof answer === 'boolean') return { accepted: answer, reason: answer ? 'accepted' : 'not accepted' }
  if (typeof answer !== 'object' || answer === null) {
    return { accepted: false, reason: 'the check gave no verdict' }
  }
  const { accepted, reason } = answer as { readonly accepted?: unknown; readonly reason?: unknown }
  return { accepted: accepted === true, reason: typeof reason === 'string' ? reason : 'no reason given' }
}

/** A decline. `unreadable`: why the answer could not be understood. */
export function no(reason: string, unreadable?: Refusal): Judgement {
  const said = unreadable === undefined ? reason : `its answer cannot be read: ${unreadable.message}`
  return { kind: 'no', refusal: refuse('E_DECLINED', said.slice(0, wordsMax)) }
}

/** Why the work of an agent failed, whatever it threw. */
export function failureOf(cause: unknown, agent: string): Refusal {
  if (isRefused(cause)) return cause.refusal
  return refuse('E_WORK_FAILED', `${quote(agent)} failed: ${messageOf(cause)}`)
}

function isRefused(cause: unknown): cause is RefusedError {
  try {
    return cause instanceof RefusedError
  } catch {
    // A proxy may refuse to say what it is.
    return false
  }
}

/** One line of what was thrown, whatever was thrown. */
export function messageOf(cause: unknown): string {
  try {
    const said = String(cause instanceof Error ? cause.message : cause)
    return (said.split('\n', 1)[0] ?? '').slice(0, wordsMax)
  } catch {
    return 'it threw what cannot be written as text'
  }
}

/**
 * What the schema library found wrong, as a refusal: one code, the path, the value, one sentence.
 * Must never happen here: a value of a stranger in a message unescaped, or a word of the library's own.
 */
import type * as z from 'zod'
import { quote } from '../id.ts'
import { type Refusal, type RefusalCode, refusalCodes, refuse } from '../refusal.ts'

type Issue = z.core.$ZodIssue

const codes: ReadonlySet<string> = new Set(refusalCodes)

/** Turns the first issue into a refusal. `frame` is the parsed frame in which its path is looked up. */
export function complaint(issue: Issue, frame: unknown): Refusal {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    const field = pathOf([...issue.path, key])
    return refuse('E_UNKNOWN_FIELD', `the message has an unknown field ${quote(field)}`, {
      field: printable(field),
    })
  }
  const field = pathOf(issue.path)
  const value = valueAt(frame, issue.path)
  if (value === undefined) return refuse('E_MISSING_FIELD', `${field} is missing`, { field })
  const code = codeOf(issue, value)
  return refuse(code, `${field} ${sentence(issue, code, value)}`, { field })
}

function codeOf(issue: Issue, value: unknown): RefusalCode {
  if (codes.has(issue.message)) return issue.message as RefusalCode
  switch (issue.code) {
    case 'too_big':
    case 'too_small':
      return issue.origin === 'string' && issue.code === 'too_big' ? 'E_TOO_LARGE' : 'E_RANGE'
    case 'invalid_type':
      return typeof value === 'number' && isNumeric(issue.expected) ? 'E_RANGE' : 'E_TYPE'
    case 'invalid_union':
      return 'E_UNKNOWN_KIND'
    default:
      return 'E_TYPE'
  }
}

function isNumeric(expected: string): boolean {
  return expected === 'number' || expected === 'int'
}

function sentence(issue: Issue, code: RefusalCode, value: unknown): string {
  const got = typeof value === 'object' ? nameOf(value) : quote(value)
  switch (code) {
    case 'E_BAD_ID':
      return `${got} is not an id`
    case 'E_BAD_PRIORITY':
      return `${got} is not a priority`
    case 'E_JSON':
      return `${got} is not JSON text`
    case 'E_TOO_LARGE':
      return `has ${String(value).length} characters; the limit is ${boundOf(issue)}`
    default:
      break
  }
  switch (issue.code) {
    case 'too_big':
    case 'too_small': {
      const bound = `${issue.code === 'too_big' ? 'at most' : 'at least'} ${boundOf(issue)}`
      if (issue.origin === 'array')
        return `has ${Array.isArray(value) ? value.length : 0} entries; ${bound} are allowed`
      if (issue.origin === 'string') return `must have ${bound} characters, got ${got}`
      return `must be ${bound}, got ${got}`
    }
    case 'invalid_type':
      return `must be ${expectation(issue.expected)}, got ${got}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}, got ${got}`
    case 'invalid_union':
      return `${got} is not a kind that is known here`
    default:
      return `cannot be ${Object.is(value, -0) ? '-0' : got}`
  }
}

function boundOf(issue: Issue): string {
  if (issue.code === 'too_big') return `${issue.maximum}`
  return issue.code === 'too_small' ? `${issue.minimum}` : ''
}

const expectations: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a finite number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

function expectation(expected: string): string {
  return expectations[expected] ?? expected
}

function nameOf(value: object | null): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
}

/** `['message', 'task', 'requires', 0, 'level']` → `message.task.requires[0].level`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
}

function printable(field: string): string {
  return /^[\w.[\]]{1,120}$/.test(field) ? field : quote(field)
}

function valueAt(frame: unknown, path: readonly PropertyKey[]): unknown {
  let value = frame
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}

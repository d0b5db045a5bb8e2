/**
 * Looks over the text of a frame once, before it is parsed: how deep it nests, and which keys it has. What a parser
 * would quietly accept (a key twice, a key that reaches the prototype) or choke on (a hundred thousand brackets) is
 * refused here.
 * Must never happen here: a second look at the same character.
 */
import { quote } from '../id.ts'
import { type Refusal, refuse } from '../refusal.ts'

const quoteMark = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c

/**
 * Returns the first thing that is wrong with the nesting, the keys or the characters of a JSON text. Text that is no
 * JSON may pass; the parser will say so.
 */
export function scan(text: string, depthMax: number): Refusal | undefined {
  /** The keys seen in each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = []
  let keyNext = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quoteMark: {
        const end = endOfString(text, at)
        if (end === undefined) return halfCharacter()
        const refusal = keyNext ? checkKey(text.slice(at + 1, end), open.at(-1)) : undefined
        if (refusal !== undefined) return refusal
        keyNext = false
        at = end
        break
      }
      case openBrace:
      case openBracket:
        if (open.length === depthMax) return tooDeep(depthMax)
        keyNext = text.charCodeAt(at) === openBrace
        open.push(keyNext ? new Set() : undefined)
        break
      case closeBrace:
      case closeBracket:
        open.pop()
        keyNext = false
        break
      case comma:
        keyNext = open.at(-1) !== undefined
        break
      default:
        break
    }
  }
  return undefined
}

/** Position of the closing quote, or of the end of the text; undefined for a string with half a character in it. */
function endOfString(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === quoteMark) return at
    if (char !== backslash) continue
    at += 1
    if (text[at] !== 'u') continue
    const unit = Number.parseInt(text.slice(at + 1, at + 5), 16)
    at += 4
    if (unit >= 0xdc00 && unit <= 0xdfff) return undefined
    if (!(unit >= 0xd800 && unit <= 0xdbff)) continue
    const low = text.slice(at + 1, at + 3) === '\\u' ? Number.parseInt(text.slice(at + 3, at + 7), 16) : 0
    if (!(low >= 0xdc00 && low <= 0xdfff)) return undefined
    at += 6
  }
  return text.length
}

/** No field of ours is written with an escape, so keys can be compared as they stand in the text. */
function checkKey(key: string, seen: Set<string> | undefined): Refusal | undefined {
  if (key === '__proto__' || key.includes('\\')) {
    return refuse('E_UNKNOWN_FIELD', `the message has an unknown field ${quote(key)}`, { field: quote(key) })
  }
  if (seen?.has(key)) {
    return refuse('E_JSON', `the message has the field ${quote(key)} twice in one object`, {
      field: quote(key),
    })
  }
  seen?.add(key)
  return undefined
}

function tooDeep(depthMax: number): Refusal {
  return refuse('E_DEPTH', `the message nests deeper than ${depthMax} levels`, {
    hint: 'Data of your own travels as JSON text in one field, however deep it is.',
  })
}

export function halfCharacter(): Refusal {
  return refuse('E_JSON', 'the message has half a character (a lone surrogate)')
}

/**
 * Hostile frames: noise, bent frames, and frames that are well-formed in all but one place.
 * Must never happen here: a frame that depends on anything but the seed and its number.
 */
import fc from 'fast-check'
import { encode } from '../../src/protocol/codec.ts'
import { envelope } from '../arbitrary.ts'
import { bentText, type Chance, hostileText, hostileValue } from './chance.ts'

const tokens: readonly string[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '\\u',
    '\\ud800',
    '\\u0000',
    'null',
    'true',
    '-',
    '1e400',
    '-0',
    ' ',
  ],
  ...[
    '"__proto__":{"polluted":1},',
    '"constructor":{"prototype":{"polluted":1}},',
    '"kind":"TASK_ENDED",',
    '"v":99,',
  ],
  ...['"to":', '{"a":', '[[[[[[[[', '\u0000', '\ud800', '\u2028', '\ufeff', '/*', '//'],
]

/** Valid frames to start from. The same seed gives the same. */
export function corpus(seed: number, size: number): readonly string[] {
  return fc.sample(envelope, { seed, numRuns: size }).map(encode)
}

const bytes = new TextEncoder()

export function hostileFrame(valid: readonly string[], chance: Chance): string | Uint8Array {
  const frame = chance.pick(valid)
  switch (chance.below(20)) {
    case 0:
      return Uint8Array.from({ length: chance.below(300) }, () => chance.below(256))
    case 1:
      return Array.from({ length: chance.below(40) }, () => chance.pick(tokens)).join('')
    case 2:
      return spoiled(bytes.encode(frame), chance)
    case 3:
      return chance.oneIn(1_000) ? bomb(chance) : frame
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return bentText(frame, chance.pick(valid), tokens, chance)
    default:
      return grafted(frame, chance.pick(valid), chance)
  }
}

function spoiled(frame: Uint8Array, chance: Chance): Uint8Array {
  for (let times = 1 + chance.below(3); times > 0; times--)
    frame[chance.below(frame.length)] = chance.below(256)
  return frame
}

/** Large in one way. */
function bomb(chance: Chance): string {
  const size = chance.pick([100, 10_000, 1_000_000, 4_194_304])
  switch (chance.below(6)) {
    case 5:
      return listOfNothing(size / 4, chance)
    case 0:
      return '['.repeat(size)
    case 1:
      return '{"a":'.repeat(size / 5)
    case 2:
      return `{"v":1,${Array.from({ length: size / 10 }, (_, i) => `"k${i}":1`).join()}}`
    case 3:
      return `{"v":1,"message":{"kind":"${'x'.repeat(size)}"}}`
    default:
      return `{"v":1,"from":${'9'.repeat(size / 2)}}`
  }
}

/** A list in a message that is well-formed, except that every one of its items is wrong. */
function listOfNothing(items: number, chance: Chance): string {
  const [head, tail] = chance.pick([
    ['{"kind":"HUB_TELL","request":1,"agents":[],"waits":[],"considered":[', ']}'],
    ['{"kind":"HUB_TELL","request":1,"waits":[],"considered":[],"agents":[', ']}'],
    ['{"kind":"AGENT_HEARTBEAT","busy":0,"working":[', ']}'],
    ['{"kind":"TASK_COMPLETE","task":"a","epoch":1,"results":[', ']}'],
    ['{"kind":"AGENT_JOIN","capacity":1,"skills":[', ']}'],
  ])
  const ada = '{"id":"ada","incarnation":1}'
  return `{"v":1,"from":${ada},"to":${ada},"message":${head}${'{},'.repeat(items)}{}${tail}}`
}

type Tree = Record<string, unknown> | unknown[]

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

/** Walks down to a random place. */
function placeIn(tree: Tree, chance: Chance): { readonly at: Tree; readonly key: string } | undefined {
  let at = tree
  for (;;) {
    const keys = Object.keys(at)
    if (keys.length === 0) return undefined
    // Most of what can go wrong stands in the message itself.
    const key = keys.includes('message') && !chance.oneIn(4) ? 'message' : chance.pick(keys)
    const value = Reflect.get(at, key)
    if (!isTree(value) || Object.keys(value).length === 0 || (key !== 'message' && chance.oneIn(4)))
      return { at, key }
    at = value
  }
}

/** Changes one or two places of a valid frame. */
function grafted(frame: string, other: string, chance: Chance): string {
  const tree = JSON.parse(frame) as Tree
  const donor = JSON.parse(other) as Tree
  let proto = false
  for (let times = 1 + chance.below(2); times > 0; times--) {
    const place = placeIn(tree, chance)
    if (place === undefined) break
    const { at, key } = place
    switch (chance.below(6)) {
      case 0:
        Reflect.deleteProperty(at, key)
        break
      case 1:
        Reflect.set(at, chance.pick(['x', 'extra', 'constructor', 'toJSON', hostileText(chance)]), 1)
        break
      case 2: {
        const from = placeIn(donor, chance)
        if (from !== undefined) Reflect.set(at, key, structuredClone(Reflect.get(from.at, from.key)))
        break
      }
      case 3:
        proto = true
        break
      default:
        Reflect.set(at, key, hostileValue(chance))
    }
  }
  const text = JSON.stringify(tree)
  return proto ? text.replace('{', '{"__proto__":{"polluted":true},') : text
}

/**
 * Choices for hostile inputs, all drawn from one seeded generator.
 * Must never happen here: a choice that cannot be repeated.
 */
import { seeded } from '../../src/strategy/random.ts'

export interface Chance {
  /** A whole number from 0 up to, and without, `below`. */
  below(below: number): number
  /** True in one of `n` cases. */
  oneIn(n: number): boolean
  pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item
}

export function chanceOf(seed: number): Chance {
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick(items) {
      const index = below(items.length)
      if (index >= items.length) throw new Error('there is nothing to choose from')
      return items[index] as (typeof items)[number]
    },
  }
}

/** Texts that parsers, prototypes and terminals have stumbled over. */
const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '\u202e\u0007\u001b[2J',
  '\ud800',
  '\udc00x',
  '\ufeff',
  'агент',
  'E_OK',
  '-0',
  '1e400',
  '9007199254740993',
  'NaN',
  'x'.repeat(65),
  'x'.repeat(5_000),
  '*',
  '>',
  'a.b',
  '{{7*7}}',
  "'; DROP TABLE log; --",
]

export function hostileText(chance: Chance): string {
  return chance.pick(hostileTexts)
}

/** Any JSON value that stands where another was expected. */
export function hostileValue(chance: Chance): unknown {
  const values: readonly unknown[] = [
    null,
    true,
    0,
    -1,
    -0,
    0.5,
    1e21,
    1e308,
    2 ** 53,
    -(2 ** 31),
    [],
    {},
    [[[]]],
    [null],
    { kind: 'TASK_ENDED' },
    { length: 1e9 },
    { toJSON: 1, valueOf: {} },
    Array.from({ length: 100 }, (_, i) => i),
    hostileText(chance),
    hostileText(chance),
  ]
  return chance.pick(values)
}

/** Cuts, doubles, moves and replaces a few characters; what comes out may still be what it was. */
export function bentText(text: string, other: string, tokens: readonly string[], chance: Chance): string {
  let bent = text
  for (let times = 1 + chance.below(4); times > 0; times--) {
    const at = chance.below(bent.length + 1)
    const to = Math.min(bent.length, at + chance.below(chance.oneIn(4) ? 200 : 8))
    switch (chance.below(6)) {
      case 0:
        bent = bent.slice(0, at) + bent.slice(to)
        break
      case 1:
        bent = bent.slice(0, to) + bent.slice(at)
        break
      case 2:
        bent = bent.slice(0, at) + chance.pick(tokens) + bent.slice(at)
        break
      case 3:
        bent = bent.slice(0, at) + chance.pick(tokens) + bent.slice(to)
        break
      case 4:
        bent =
          bent.slice(0, at) +
          String.fromCharCode(chance.below(chance.oneIn(3) ? 65_536 : 128)) +
          bent.slice(at + 1)
        break
      default:
        bent = bent.slice(0, at) + other.slice(chance.below(other.length + 1))
    }
  }
  return bent
}

/**
 * Chance with a name: each part of a run has its own dice, drawn from the seed, so that leaving one part out does not
 * change the luck of the others. That is what lets a failing run be cut down.
 */
import { seeded } from '../../src/strategy/random.ts'

export interface Dice {
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  whole(below: number): number
  /** A whole number in [least, most]. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  pick<Value>(values: readonly Value[]): Value
}

export function diceOf(seed: number, name: string): Dice {
  const next = seeded((seed ^ hashOf(name)) >>> 0)
  const whole = (below: number): number => Math.floor(next() * below)
  return {
    next,
    whole,
    between: (least, most) => least + whole(most - least + 1),
    chance: (probability) => next() < probability,
    pick: <Value>(values: readonly Value[]): Value => {
      const value = values[whole(values.length)]
      if (value === undefined) throw new Error('there is nothing to pick from')
      return value
    },
  }
}

/** 32 bits of a text. Source: FNV-1a, G. Fowler, L. C. Noll, K.-P. Vo. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}

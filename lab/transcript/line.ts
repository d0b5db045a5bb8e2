/**
 * One command of a transcript: `word word key=value flag`, where a value may stand in quotes.
 * Must never happen here: a key that no command reads and nobody complains about.
 */
import type { RequirementSpec } from '../../src/protocol/announce.ts'
import type { SkillSpec } from '../../src/protocol/join.ts'
import type { Millis } from '../../src/protocol/time.ts'

export class Line {
  readonly text: string
  readonly command: string
  readonly #words: string[] = []
  readonly #values = new Map<string, string>()
  readonly #unread: Set<string>

  constructor(text: string) {
    this.text = text
    for (const [, key, double, single, plain] of text.matchAll(
      /(?:([a-zA-Z]+)=)?(?:"([^"]*)"|'([^']*)'|([^\s"']+))/g,
    )) {
      const value = double ?? single ?? plain ?? ''
      if (key === undefined) this.#words.push(value)
      else this.#values.set(key, value)
    }
    this.command = this.#words.shift() ?? ''
    this.#unread = new Set(this.#values.keys())
  }

  /** The words after the command. */
  words(): readonly string[] {
    return this.#words
  }

  word(what: string): string {
    const word = this.#words[0]
    if (word === undefined) throw new Error(`"${this.text}" lacks its ${what}`)
    return word
  }

  has(flag: string): boolean {
    return this.#words.includes(flag)
  }

  value(key: string): string | undefined {
    this.#unread.delete(key)
    return this.#values.get(key)
  }

  number(key: string): number | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : Number(value)
  }

  span(key: string): Millis | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : spanOf(value)
  }

  list(key: string): string[] | undefined {
    return this.value(key)?.split(',')
  }

  /** `data_cleaning:expert*3`: a skill, its level, how many. */
  requirements(key: string): RequirementSpec[] | undefined {
    return this.list(key)?.map((text) => {
      const [, skill = '', level, count] = /^([^:*]+)(?::([^*]+))?(?:\*(\d+))?$/.exec(text) ?? []
      return {
        skill,
        ...(level === undefined ? {} : { level }),
        ...(count === undefined ? {} : { count: Number(count) }),
      }
    })
  }

  /** `data_cleaning:expert`: a skill and the level that is claimed. */
  skills(key: string): SkillSpec[] {
    return (this.list(key) ?? []).map((text) => {
      const [name = '', level] = text.split(':')
      return level === undefined ? { name } : { name, level }
    })
  }

  /** Keys that were not read, and are therefore a slip of the pen. */
  unread(): readonly string[] {
    return [...this.#unread]
  }
}

/** `250ms`, `5s`, `2m`, `1h`. */
export function spanOf(text: string): Millis {
  const [, digits, unit] = /^([\d.]+)(ms|s|m|h)$/.exec(text) ?? []
  const units: Readonly<Record<string, Millis>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  const factor = unit === undefined ? undefined : units[unit]
  if (digits === undefined || factor === undefined)
    throw new Error(`"${text}" is no span such as 250ms or 5s`)
  return Number(digits) * factor
}

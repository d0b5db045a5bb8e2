/**
 * What an experiment of the lab is: a name, options with defaults, examples, and a report that says by itself whether
 * a promise was broken.
 * Must never happen here: an option without a default, or a word on standard output.
 */
import { parseArgs } from 'node:util'

export interface Option {
  /** What to put for its value in the help, such as `N` or `FILE`; absent for a switch. */
  readonly value?: string
  readonly help: string
  /** A number means that a whole number of at least 0 is expected. An empty text means: not given. */
  readonly otherwise?: number | string
}

export interface Outcome {
  /** Printed as one JSON object. */
  readonly report: object
  /** Promises that did not hold, one sentence each; empty when all did. */
  readonly broken: readonly string[]
}

/** Tells whoever waits at the terminal how far it is. */
export type Progress = (line: string) => void

export interface Experiment {
  /** One line, without a full stop. */
  readonly about: string
  readonly options: Readonly<Record<string, Option>>
  /** A command line after `npm run lab --`, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  run(given: Given, progress: Progress): Promise<Outcome>
}

/** The options of one run, with the defaults filled in. */
export interface Given {
  whole(name: string): number
  text(name: string): string
  flag(name: string): boolean
}

/** What every experiment understands. */
export const commonOptions: Readonly<Record<string, Option>> = {
  json: { help: 'print the report in one line' },
  help: { help: 'show this help' },
}

/** One line for each option, as `--help` shows them. */
export function optionLines(options: Readonly<Record<string, Option>>): string[] {
  return Object.entries(options).map(([option, { value, help, otherwise }]) => {
    const left = `--${option}${value === undefined ? '' : ` ${value}`}`
    const fallback = otherwise === undefined || otherwise === '' ? '' : ` (${otherwise})`
    return `  ${left.padEnd(18)} ${help}${fallback}`
  })
}

/** Reads the words of a command line. Errors: a sentence that says what is wrong. */
export function readOptions(
  options: Readonly<Record<string, Option>>,
  words: readonly string[],
): Given | string {
  const kinds = Object.entries(options).map(([name, { value }]) => {
    return [name, { type: value === undefined ? ('boolean' as const) : ('string' as const) }] as const
  })
  try {
    return givenOf(options, parseArgs({ args: [...words], options: Object.fromEntries(kinds) }).values)
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** Reads the values of a command line against the options. Errors: a sentence that says what is wrong. */
export function givenOf(
  options: Readonly<Record<string, Option>>,
  values: Readonly<Record<string, unknown>>,
): Given | string {
  const read = new Map<string, number | string | boolean>()
  for (const [name, { otherwise = false }] of Object.entries(options)) {
    const value = values[name] ?? otherwise
    const isNumber = typeof otherwise === 'number'
    if (isNumber && !/^\d{1,15}$/.test(String(value))) {
      return `--${name} must be a whole number, got ${JSON.stringify(value)}`
    }
    read.set(name, isNumber ? Number(value) : (value as string | boolean))
  }
  const value = (name: string): number | string | boolean => {
    const found = read.get(name)
    if (found === undefined) throw new Error(`the experiment has no option --${name}`)
    return found
  }
  return {
    whole: (name) => Number(value(name)),
    text: (name) => String(value(name)),
    flag: (name) => value(name) === true,
  }
}

/**
 * Reads a command line against what a command takes. Says what is wrong before anything is done.
 */
import { parseArgs } from 'node:util'
import { quote } from '../protocol/id.ts'
import { didYouMean } from '../protocol/nearest.ts'
import { type Command, type OptionSpec, optionsOfAll } from './command.ts'
import { usage } from './problem.ts'

export interface CommandLine {
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, string | true>>
}

/** Throws a `Problem` with E_USAGE. With `--help` the operands are not checked. */
export function readCommandLine(command: Command, words: readonly string[]): CommandLine {
  const known = { ...command.options, ...optionsOfAll }
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(known).map(([name, spec]) => [
        name,
        { type: spec.value === undefined ? 'boolean' : 'string', ...(name === 'help' ? { short: 'h' } : {}) },
      ]),
    ),
  })
  const operands: string[] = []
  const options: Record<string, string | true> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    if (Object.hasOwn(options, token.name)) throw usage(`the option --${token.name} is given twice`)
    options[token.name] = optionValue(command, known, token)
  }
  if (options.help === undefined) checkOperands(command, operands)
  return { operands, options }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function optionValue(
  command: Command,
  known: Readonly<Record<string, OptionSpec>>,
  token: OptionToken,
): string | true {
  const spec = Object.hasOwn(known, token.name) ? known[token.name] : undefined
  if (spec === undefined) {
    const hint = didYouMean(token.name, Object.keys(known), `The options of "convoke ${command.name}" are`)
    throw usage(`unknown option ${quote(token.rawName)}`, hint.replace(/"(\w+)"/g, '"--$1"'))
  }
  const { value } = token
  if (spec.value === undefined) {
    if (value !== undefined) throw usage(`the option --${token.name} takes no value, got ${quote(value)}`)
    return true
  }
  if (value === undefined || value === '' || (token.inlineValue !== true && value.startsWith('-'))) {
    throw usage(`the option --${token.name} needs a value`, `Write --${token.name} ${spec.value}.`)
  }
  return value
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { name, operands: wanted } = command
  const missing = wanted[operands.length]
  if (missing !== undefined) throw usage(`${missing} is missing`, `Write convoke ${usageOf(command)}.`)
  const extra = operands[wanted.length]
  if (extra !== undefined) {
    throw usage(`"convoke ${name}" does not take ${quote(extra)}`, `Write convoke ${usageOf(command)}.`)
  }
}

/** Such as `run PROJECT.yaml [--network FILE] [--json]`. */
export function usageOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, { value }]) =>
    value === undefined ? `[--${name}]` : `[--${name} ${value}]`,
  )
  return [command.name, ...command.operands, ...options, '[--json]'].join(' ')
}

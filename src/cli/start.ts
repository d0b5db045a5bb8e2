/**
 * Finds the command, reads its words, runs it, and turns whatever happens into one sentence and an exit code. The only
 * place that touches the process.
 */
import { quote } from '../protocol/id.ts'
import { didYouMean } from '../protocol/nearest.ts'
import { readCommandLine } from './arguments.ts'
import type { Command, CommandCall } from './command.ts'
import { commands } from './commands.ts'
import { commandHelp, familyHelp, overview } from './help.ts'
import { type ExitCode, exit, type Problem, problemOf, usage } from './problem.ts'
import { openTerminal, type Terminal } from './terminal.ts'
import { version } from './version.ts'

/** Runs one command line to its end, and the process with it. */
export async function start(words: readonly string[]): Promise<void> {
  const terminal = openTerminal()
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The first one lets the command put things in order; the second does not wait for it.
      if (interruption.signal.aborted) process.exit(exit.interrupted)
      interruption.abort(signal)
    })
  }
  const outside = { terminal, interrupted: interruption.signal, env: process.env }
  const fail = (cause: unknown): void => {
    const problem = problemOf(cause)
    process.exitCode = problem.exit
    // Whoever interrupts a command knows why what it used is closed.
    const expected = interruption.signal.aborted && problem.code === 'E_CLOSED'
    if (!expected) complain(terminal, problem, words.includes('--debug'))
  }
  // Thrown where nobody could catch it, such as in a timer of an agent's module.
  process.on('uncaughtException', (cause) => {
    fail(cause)
    process.exit()
  })
  try {
    process.exitCode = await main(outside, words)
  } catch (cause) {
    fail(cause)
  }
  if (interruption.signal.aborted) process.exitCode = exit.interrupted
  await terminal.flushed()
  // What a command may have left behind, such as a timer, is not waited for.
  process.exit()
}

type Outside = Pick<CommandCall, 'terminal' | 'interrupted' | 'env'>

async function main(outside: Outside, words: readonly string[]): Promise<ExitCode> {
  const { terminal } = outside
  const [first, second] = words
  switch (first) {
    case undefined:
    case '--help':
    case '-h':
    case 'help':
      return print(terminal, helpOn(terminal, words.slice(1)))
    case '--version':
    case 'version':
      return print(terminal, [second === '--json' ? JSON.stringify({ version }) : `convoke ${version}`])
    default: {
      if (second === '--help' && familyOf(first).length > 0) return print(terminal, helpOn(terminal, [first]))
      const { command, rest } = find(words)
      const { operands, options } = readCommandLine(command, rest)
      if (options.help !== undefined) return print(terminal, commandHelp(terminal, command))
      return command.run({ ...outside, operands, options, json: options.json !== undefined })
    }
  }
}

/** On everything, on commands that begin with the same word, or on one command. */
function helpOn(terminal: Terminal, words: readonly string[]): string[] {
  const [first] = words
  if (first === undefined) return overview(terminal, commands)
  const family = words.length === 1 ? familyOf(first) : []
  return family.length > 0 ? familyHelp(terminal, first, family) : commandHelp(terminal, find(words).command)
}

/** Commands of two words with this first one. */
function familyOf(first: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `))
}

/** The command that the first word names, or the first two. */
function find(words: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first = '', second = ''] = words
  for (const length of [2, 1]) {
    const command = commands.find((known) => known.name === words.slice(0, length).join(' '))
    if (command !== undefined) return { command, rest: words.slice(length) }
  }
  if (first.startsWith('-'))
    throw usage(`unknown option ${quote(first)}`, 'Write convoke COMMAND [OPTIONS], or convoke help.')
  const family = familyOf(first).map(({ name }) => name)
  const name = family.length === 0 ? first : `${first} ${second}`.trim()
  const names = family.length === 0 ? [...commands.map((known) => known.name), 'help'] : family
  throw usage(`unknown command ${quote(name)}`, didYouMean(name, names, 'The commands are'))
}

function print(terminal: Terminal, lines: readonly string[]): ExitCode {
  for (const line of lines) terminal.out(line)
  return exit.done
}

function complain(terminal: Terminal, problem: Problem, debug: boolean): void {
  terminal.status('')
  terminal.err(`${terminal.errorStyle('red', 'error')} ${problem.code}: ${problem.message}`)
  if (problem.hint !== undefined) terminal.err(`${terminal.errorStyle('dim', 'hint:')} ${problem.hint}`)
  if (!debug) return
  for (let at: unknown = problem; at instanceof Error; at = at.cause) terminal.err(at.stack ?? at.message)
}

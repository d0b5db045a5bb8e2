#!/usr/bin/env node
/**
 * The command line `convoke`: finds the command, reads its words, runs it, and turns whatever happens into one sentence
 * and an exit code. The only place that touches the process.
 */
import { quote } from '../protocol/id.ts'
import { readCommandLine } from './arguments.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { commandHelp, overview } from './help.ts'
import { didYouMean } from './nearest.ts'
import { type ExitCode, exit, problemOf, usage } from './problem.ts'
import { openTerminal, type Terminal } from './terminal.ts'
import { version } from './version.ts'

const terminal = openTerminal()
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The first one lets the command put things in order; the second does not wait for it.
    if (interruption.signal.aborted) process.exit(exit.interrupted)
    interruption.abort(signal)
  })
}

const words = process.argv.slice(2)
process.exitCode = await main(words).catch((cause: unknown) =>
  complain(terminal, cause, words.includes('--debug')),
)
await terminal.flushed()
// What a command left running, such as the journal's thread, is not waited for.
process.exit()

async function main([first, ...rest]: readonly string[]): Promise<ExitCode> {
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') return help(rest)
  if (first === '--version' || first === '-V' || first === 'version') return showVersion(rest)
  const command = find(first)
  const { operands, options } = readCommandLine(command, rest)
  if (options.help !== undefined) return print(commandHelp(terminal, command))
  const json = options.json !== undefined
  const code = await command.run({
    operands,
    options,
    json,
    terminal,
    env: process.env,
    interrupted: interruption.signal,
  })
  return interruption.signal.aborted ? exit.interrupted : code
}

function find(name: string): Command {
  const command = commands.find((known) => known.name === name)
  if (command !== undefined) return command
  if (name.startsWith('-'))
    throw usage(`unknown option ${quote(name)}`, 'Write convoke COMMAND [OPTIONS], or convoke help.')
  const names = [...commands.map((known) => known.name), 'help']
  throw usage(`unknown command ${quote(name)}`, didYouMean(name, names, 'The commands are'))
}

function help([about]: readonly string[]): ExitCode {
  return print(about === undefined ? overview(terminal, commands) : commandHelp(terminal, find(about)))
}

function showVersion([option]: readonly string[]): ExitCode {
  return print([option === '--json' ? JSON.stringify({ version }) : `convoke ${version}`])
}

function print(lines: readonly string[]): ExitCode {
  for (const line of lines) terminal.out(line)
  return exit.done
}

function complain(terminal: Terminal, cause: unknown, debug: boolean): ExitCode {
  terminal.status('')
  if (interruption.signal.aborted && !debug) return exit.interrupted
  const problem = problemOf(cause)
  terminal.err(`${terminal.errorStyle('red', 'error')} ${problem.code}: ${problem.message}`)
  if (problem.hint !== undefined) terminal.err(`${terminal.errorStyle('dim', 'hint:')} ${problem.hint}`)
  if (debug)
    for (let at: unknown = problem; at instanceof Error; at = at.cause) terminal.err(at.stack ?? at.message)
  return problem.exit
}

/**
 * What `convoke help` and `convoke COMMAND --help` print. All of it comes from the commands themselves.
 */
import { usageOf } from './arguments.ts'
import { type Command, optionsOfAll } from './command.ts'
import { type Terminal, table } from './terminal.ts'

export function overview(terminal: Terminal, commands: readonly Command[]): string[] {
  const bold = (text: string): string => terminal.style('bold', text)
  return [
    'convoke: independent agents announce needs, form a group, do the work, and part.',
    '',
    bold('Usage'),
    '  convoke COMMAND [OPTIONS]',
    '',
    bold('Commands'),
    ...indented(
      table([
        ...commands.map((command) => [[command.name, ...command.operands].join(' '), command.summary]),
        ['help COMMAND', 'what a command takes, with examples'],
        ['--version', 'which version this is'],
      ]),
    ),
    '',
    bold('Exit codes'),
    ...indented(
      table([
        ['0', 'done; for a run: all tasks completed'],
        ['2', 'the command line or the project file is wrong; nothing was started'],
        ['3', 'refused, or not all tasks completed'],
        ['4', 'what was asked for does not exist'],
        ['5', 'something that is needed is not available'],
        ['6', 'the file of the network cannot be used'],
        ['130', 'interrupted; what was acknowledged is kept'],
      ]),
    ),
  ]
}

/** Of commands that begin with the same word. */
export function familyHelp(terminal: Terminal, first: string, family: readonly Command[]): string[] {
  return [
    `convoke ${first}: the first word of ${family.length} commands.`,
    `What one of them takes: convoke help ${family[0]?.name ?? first}.`,
    '',
    terminal.style('bold', 'Commands'),
    ...indented(table(family.map(({ name, operands, summary }) => [[name, ...operands].join(' '), summary]))),
  ]
}

export function commandHelp(terminal: Terminal, command: Command): string[] {
  const bold = (text: string): string => terminal.style('bold', text)
  const options = Object.entries({ ...command.options, ...optionsOfAll }).map(([name, { value, help }]) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    help,
  ])
  return [
    `convoke ${command.name}: ${command.summary}.`,
    '',
    bold('Usage'),
    `  convoke ${usageOf(command)}`,
    '',
    bold('Options'),
    ...indented(table(options)),
    '',
    bold('Examples'),
    ...command.examples.flatMap(([line, what]) => [`  ${line}`, `      ${terminal.style('dim', what)}`]),
    ...(command.notes ?? []).flatMap((note) => ['', note]),
  ]
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

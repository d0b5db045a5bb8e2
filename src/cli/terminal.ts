/**
 * The two streams that a command prints to. Results go to standard output, everything else to standard error.
 * Must never happen here: text of others printed as it came, or a complaint about a reader that has gone.
 */
import { stripVTControlCharacters, styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

export interface Terminal {
  /** Whether somebody may be looking at standard error, where progress is shown. */
  readonly watched: boolean
  readonly columns: number
  /** Prints a line to standard output. */
  out(line: string): void
  /** Prints a line to standard error. */
  err(line: string): void
  /** Shows one passing line below everything else, if watched; empty takes it away. */
  status(line: string): void
  /** A style for standard output; unchanged unless it is a terminal and colours are wanted. */
  style(style: Style, text: string): string
  /** The same for standard error. */
  errorStyle(style: Style, text: string): string
  /** Resolves when all that was printed has been handed over. */
  flushed(): Promise<void>
}

export function openTerminal(): Terminal {
  const { stdout, stderr } = process
  let shown = ''
  // Whoever reads us may stop, as `head` does. That ends the command, and is no error.
  stdout.on('error', () => process.exit(process.exitCode ?? 0))
  stderr.on('error', () => {})
  const watched = stderr.isTTY === true
  const wipe = (): void => {
    if (shown !== '') stderr.write('\r\x1b[K')
  }
  const around = (print: () => void): void => {
    wipe()
    print()
    if (shown !== '') stderr.write(shown)
  }
  return {
    watched,
    columns: stderr.columns ?? 100,
    out: (line) => around(() => void stdout.write(`${line}\n`)),
    err: (line) => around(() => void stderr.write(`${line}\n`)),
    status(line) {
      if (!watched) return
      wipe()
      shown = line
      stderr.write(shown)
    },
    style: (style, text) => styleText(style, text, { stream: stdout }),
    errorStyle: (style, text) => styleText(style, text, { stream: stderr }),
    async flushed() {
      wipe()
      shown = ''
      await Promise.all([stdout, stderr].map(drained))
    },
  }
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

/** Text of others on one line: what a terminal obeys, and what is invisible, is written out. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char]
    return short ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/** At most `max` characters, the last of them an ellipsis if something was cut off. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, Math.max(0, max - 1))}…`
}

/** Rows in columns, left-aligned, two spaces apart. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  )
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}

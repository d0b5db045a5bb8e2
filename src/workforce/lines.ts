/**
 * Cuts a stream of text into lines without ever holding more than a bound.
 * Must never happen here: memory that grows with what a program prints.
 */
import type { Readable } from 'node:stream'

export interface LineBounds {
  /** Characters of one line. */
  readonly lineMax: number
  /** Characters of all lines together. */
  readonly totalMax: number
}

/** The stream went over a bound. */
export class TooMuchText extends Error {
  override readonly name = 'TooMuchText'
  readonly bound: 'line' | 'total'
  readonly max: number

  constructor(bound: 'line' | 'total', max: number) {
    super(bound === 'line' ? `a line is longer than ${max} characters` : `more than ${max} characters`)
    this.bound = bound
    this.max = max
  }
}

/**
 * Yields every line without its end (`\n` or `\r\n`), and what follows the last end if it is not empty. Reads on only
 * when it is asked for the next line, so a slow reader slows the writer down.
 * Throws `TooMuchText` at a bound. The stream must have an encoding set.
 */
export async function* linesOf(stream: Readable, bounds: LineBounds): AsyncGenerator<string, void> {
  let total = 0
  let open = ''
  for await (const chunk of stream) {
    const text = String(chunk)
    total += text.length
    if (total > bounds.totalMax) throw new TooMuchText('total', bounds.totalMax)
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield checked(open + text.slice(start, end), bounds.lineMax)
      open = ''
      start = end + 1
    }
    open = checked(open + text.slice(start), bounds.lineMax)
  }
  if (open !== '') yield checked(open, bounds.lineMax)
}

function checked(line: string, max: number): string {
  if (line.length > max) throw new TooMuchText('line', max)
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

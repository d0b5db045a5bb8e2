/**
 * How the programs of this example end: an error is a sentence on stderr and an exit code, a closed pipe is no error.
 */
import { Problem } from './problem.ts'

/** Writes what went wrong and gives the exit code: 2 for a wrong command line, 1 for anything else. */
export function tell(cause: unknown): number {
  const { code, message, hint } = saying(cause)
  process.stderr.write(`error ${code}: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`)
  return code === 'E_USAGE' ? 2 : 1
}

export interface Saying {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** The sentence for whatever was thrown: a problem, a refusal of the network, a fault of the outside. */
export function saying(cause: unknown): Saying {
  const { code, message, hint } = wordsOf(cause)
  return hint === undefined ? { code, message } : { code, message, hint }
}

function wordsOf(cause: unknown): { code: string; message: string; hint: string | undefined } {
  if (cause instanceof Problem) return { code: cause.code, message: cause.message, hint: cause.hint }
  if (typeof cause === 'object' && cause !== null) {
    const inner = 'refusal' in cause ? cause.refusal : cause
    if (typeof inner === 'object' && inner !== null && 'code' in inner && 'message' in inner) {
      const hint = 'hint' in inner && typeof inner.hint === 'string' ? inner.hint : undefined
      return { code: String(inner.code), message: String(inner.message), hint }
    }
  }
  return { code: 'E_WORK', message: cause instanceof Error ? cause.message : String(cause), hint: undefined }
}

/** `… | head` closes our standard output early: then there is nobody left to tell. */
export function quietOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EPIPE') process.exit(0)
      throw cause
    })
  }
}

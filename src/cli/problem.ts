/**
 * How a command says no: one sentence with a code, a hint, and an exit code that a script can act on.
 * Must never happen here: a stack trace in what a user reads without asking for it.
 */
import { Fault, type FaultCode } from '../host/fault.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../protocol/refusal.ts'

export const exit = {
  done: 0,
  broken: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  unavailable: 5,
  store: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof exit)[keyof typeof exit]

/** Codes that only a command line has. */
export type ProblemCode = RefusalCode | FaultCode | 'E_USAGE' | 'E_YAML'

/** What a command cannot do, ready to be printed. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly exit: ExitCode
  readonly hint: string | undefined

  constructor(
    code: ProblemCode,
    message: string,
    details: { exit: ExitCode; hint?: string | undefined; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.exit = details.exit
    this.hint = details.hint
  }
}

/** The command line is wrong. */
export function usage(message: string, hint?: string): Problem {
  return new Problem('E_USAGE', message, { exit: exit.usage, hint })
}

const faultExits: Readonly<Record<FaultCode, ExitCode>> = {
  E_STORE_OPEN: exit.store,
  E_STORE_LOCKED: exit.store,
  E_STORE_READ_ONLY: exit.store,
  E_STORE_FULL: exit.store,
  E_STORE_IO: exit.store,
  E_STORE_VERSION: exit.store,
  E_NOT_A_STORE: exit.store,
  E_LOG_CORRUPT: exit.store,
  E_LOG_TRUNCATED: exit.store,
  E_FENCED: exit.unavailable,
  E_UNREACHABLE: exit.unavailable,
  E_FORBIDDEN: exit.refused,
  E_RUNTIME: exit.unavailable,
  E_CLOSED: exit.unavailable,
  E_FILE: exit.notFound,
  E_BROKEN: exit.broken,
}

/** Anything that was thrown, as a problem. */
export function problemOf(cause: unknown): Problem {
  if (cause instanceof Problem) return cause
  if (cause instanceof Fault) {
    const { code, message, hint } = cause
    return new Problem(code, message, { exit: faultExits[code], hint, cause })
  }
  if (cause instanceof Error && 'refusal' in cause && isRefusal(cause.refusal)) {
    return refusalProblem(cause.refusal, cause)
  }
  const message = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause)
  return new Problem('E_BROKEN', `something went wrong that should not: ${message}`, {
    exit: exit.broken,
    hint: 'Run the command again with --debug to see where, and report it.',
    cause,
  })
}

function refusalProblem({ code, message, hint }: Refusal, cause: Error): Problem {
  const missing = code === 'E_NO_SUCH_TASK' || code === 'E_NO_SUCH_AGENT'
  return new Problem(code, message, { exit: missing ? exit.notFound : exit.refused, hint, cause })
}

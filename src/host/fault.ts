/**
 * The outside broke: a disk, a server, a process, a file. A fault names what it happened to and the way out.
 * What a peer or a user asks wrongly is a `Refusal`, not a fault.
 */

export const faultCodes = [
  'E_STORE_OPEN',
  'E_STORE_LOCKED',
  'E_STORE_READ_ONLY',
  'E_STORE_FULL',
  'E_STORE_IO',
  'E_STORE_VERSION',
  'E_NOT_A_STORE',
  'E_LOG_CORRUPT',
  'E_LOG_TRUNCATED',
  'E_FENCED',
  'E_UNREACHABLE',
  'E_FORBIDDEN',
  'E_RUNTIME',
  'E_CLOSED',
  'E_FILE',
  'E_BROKEN',
] as const

export type FaultCode = (typeof faultCodes)[number]

export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly hint: string | undefined

  constructor(code: FaultCode, message: string, details: { hint?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
  }
}

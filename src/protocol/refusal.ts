/**
 * A polite no, as a value: what was wrong, with which input, and the way out. The same code is used on the command
 * line, over HTTP and between agents.
 * Must never happen here: a refusal without a code, or a code that changes its meaning.
 */
import type { Millis } from './time.ts'

/** Each code with the question whether the same request can succeed later, unchanged. */
const codes = {
  // what came in is malformed
  E_BAD_ID: false,
  E_BAD_LEVEL: false,
  E_BAD_PRIORITY: false,
  E_RANGE: false,
  E_TYPE: false,
  E_JSON: false,
  E_DEPTH: false,
  E_VERSION: false,
  E_UNKNOWN_KIND: false,
  E_UNKNOWN_FIELD: false,
  E_MISSING_FIELD: false,
  E_DUPLICATE_SKILL: false,
  E_NO_REQUIREMENTS: false,
  E_TOO_LARGE: false,
  E_NOT_SERIALISABLE: false,
  // an announcement that cannot be taken
  E_GROUP_TOO_SMALL: false,
  E_DEADLINE_PAST: false,
  E_TASK_CONFLICT: false,
  E_DEPENDENCY_CYCLE: false,
  E_DEPENDENCY_FAILED: false,
  E_DEPTH_LIMIT: false,
  E_NO_SUCH_TASK: false,
  E_TASK_TERMINAL: false,
  E_FULL: true,
  E_QUOTA: true,
  E_HOPELESS: true,
  // agents
  E_AGENT_ID_TAKEN: false,
  E_NO_SUCH_AGENT: false,
  E_STALE_INCARNATION: false,
  E_STALE_EPOCH: false,
  E_STALE_INVITE: false,
  E_NOT_MEMBER: false,
  E_BAD_STATE: false,
  // an agent's own no
  E_BUSY: true,
  E_NOT_SKILLED: false,
  E_TOO_LATE: false,
  E_DECLINED: false,
  E_LEAVING: false,
  // work
  E_WORK_FAILED: true,
  E_WORK_SILENT: true,
  E_AGENT_LOST: true,
  E_RESTARTED: true,
  E_VERDICT_NO: true,
  E_ATTEMPTS: false,
  E_CANCELLED: false,
  E_DEADLINE: false,
  E_CLOSED: false,
} as const

export type RefusalCode = keyof typeof codes

export const refusalCodes: readonly RefusalCode[] = Object.keys(codes) as RefusalCode[]

export interface Refusal {
  readonly code: RefusalCode
  /** What happened, with the offending value, in one sentence without a full stop. */
  readonly message: string
  /** Path of the input that is wrong, such as `requires[1].level`. */
  readonly field?: string
  /** What to do. */
  readonly hint?: string
  /** When it makes sense to ask again, as a span. */
  readonly retryAfterMs?: Millis
}

export interface RefusalDetails {
  readonly field?: string
  readonly hint?: string
  readonly retryAfterMs?: Millis
}

export function refuse(code: RefusalCode, message: string, details?: RefusalDetails): Refusal {
  return { code, message, ...details }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value
}

/** True when the same request may succeed later without being changed. */
export function isRetryable(refusal: Refusal): boolean {
  return codes[refusal.code]
}

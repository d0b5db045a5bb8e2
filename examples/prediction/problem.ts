/**
 * What a user can be told: one sentence, a code that stays, and what to do about it.
 */

export type ProblemCode =
  | 'E_USAGE'
  | 'E_CSV_UNREADABLE'
  | 'E_CSV_TOO_LARGE'
  | 'E_CSV_EMPTY'
  | 'E_CSV_NOT_TEXT'
  | 'E_CSV_SYNTAX'
  | 'E_CSV_HEADER'
  | 'E_CSV_RAGGED'
  | 'E_CSV_NO_ROWS'
  | 'E_CSV_NO_TARGET'
  | 'E_CSV_NO_COLUMN'
  | 'E_CSV_ONE_CLASS'
  | 'E_CSV_MANY_CLASSES'
  | 'E_CSV_NUMBER_TARGET'
  | 'E_CSV_TOO_FEW'
  | 'E_CSV_NO_FEATURES'
  | 'E_MODEL'
  | 'E_OUT'
  | 'E_WORK'

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly hint: string | undefined

  constructor(code: ProblemCode, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}

/** Names from a file, quoted, as many as fit into a sentence. */
export function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map((name) => JSON.stringify(name.slice(0, 60)))
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ')
}

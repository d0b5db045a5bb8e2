/**
 * A refusal at the public face, where a program expects an error to be thrown.
 */
import type { Refusal, RefusalCode } from '../protocol/refusal.ts'

export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code: RefusalCode
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.hint === undefined ? refusal.message : `${refusal.message}. ${refusal.hint}`)
    this.code = refusal.code
    this.refusal = refusal
  }
}

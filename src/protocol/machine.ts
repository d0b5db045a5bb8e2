/**
 * The contract between a pure machine and the shell that drives it (`host/node`).
 *
 * Law: facts are durable before any effect is performed. Effects may be lost in a crash, facts may not; a machine
 * therefore reaches its goal by wakes and by sending again, and whoever receives deduplicates.
 */
import type { Millis } from './time.ts'

export interface Decision<Fact, Effect> {
  readonly facts: readonly Fact[]
  readonly effects: readonly Effect[]
}

export interface Machine<Input, Fact, Effect> {
  /** Takes one input: records facts (each applied at once) and collects effects. Performs nothing. */
  receive(input: Input, now: Millis): void
  /**
   * Hands over what was collected since the last call.
   *
   * @param isPart More inputs wait, and are given to it next: what is best decided knowing all of them can wait.
   */
  drain(isPart?: boolean): Decision<Fact, Effect>
  /** Applies a fact from the journal. Total and dumb: it asks no strategy and never refuses a fact once written. */
  replay(fact: Fact): void
  /** When the machine wants to be given `{ kind: 'woke' }`: derived from its state, so it survives a crash. */
  wakeAt(): Millis | undefined
}

/** Stops the node on a mistake of ours. What a peer or a user can cause is a refusal, never this. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new BrokenInvariant(what)
}

/** For the end of an exhaustive switch. */
export function never(value: never): never {
  throw new BrokenInvariant(`unexpected value ${JSON.stringify(value)}`)
}

/** We broke a rule of our own. The node stops; the journal is intact. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
}

/**
 * The sockets in the wall: what a node needs from the outside. Small, without optional methods and without options
 * of one driver. Each has one suite that examines every driver (`lab/conformance`).
 */
import type { Fact } from '../protocol/fact.ts'
import type { TaskId } from '../protocol/id.ts'
import type { Address, Envelope } from '../protocol/message.ts'
import type { Millis } from '../protocol/time.ts'

/**
 * Carries messages between nodes.
 * Promised: what arrives over one link arrives in the order in which it was sent, and is a valid envelope; `deliver` is
 * never called from inside `send`.
 * Not promised: that it arrives, that it arrives once, or any order between links.
 */
export interface Transport {
  /** Makes `self` reachable. An older incarnation under the same id is reachable no longer. */
  open(self: Address, deliver: (envelope: Envelope) => void): Promise<Link>
}

export interface Link {
  /** Never throws and never waits: what cannot be sent is lost, as any message may be. */
  send(envelope: Envelope): void
  /** Nothing is delivered after this. Closing twice is closing once. */
  close(): Promise<void>
}

/** How many facts were written before and with this one: 1 for the first fact of a journal. */
export type Position = number

export interface Recorded {
  readonly position: Position
  readonly fact: Fact
}

/**
 * The durable log of one hub.
 * Promised: a resolved `append` is durable in the sense that the driver states; facts of one append are kept together
 * and in order; what `replay` gives is all that was appended, less what a snapshot has made unnecessary.
 * Errors: every method may reject with a `Fault`. After a rejected `append` the journal takes nothing more until it is
 * opened again, since what is on the disk is then unknown.
 */
export interface Journal {
  /** An append waits for a device, and there is time to decide more meanwhile. */
  readonly takesTime: boolean
  /** Hands over the newest snapshot and every fact after it. Resolves with the position of the last fact. */
  replay(apply: (fact: Fact) => void): Promise<Position>
  /** Resolves when the facts are durable. One append at a time. */
  append(facts: readonly Fact[]): Promise<Position>
  /** Keeps `facts` as a substitute for everything up to now, so that the next start is short. Deletes nothing. */
  snapshot(facts: readonly Fact[]): Promise<void>
  /** Every fact about one task, in order; empty for a task that was never accepted. */
  history(task: TaskId): Promise<readonly Fact[]>
  /** The log after a position, in order, up to its end at the time of the call. */
  read(after: Position): AsyncIterable<Recorded>
  close(): Promise<void>
}

/** A journal without its pen. */
export type JournalReader = Pick<Journal, 'replay' | 'history' | 'read' | 'close'>

export interface Clock {
  now(): Millis
  /** Calls `wake` once, at or after `at`. A new call replaces the previous one; `undefined` takes it back. */
  arm(at: Millis | undefined, wake: () => void): void
}

/** Runs `turn` soon, after the callers on the stack have returned. The simulator decides in which order. */
export type Soon = (turn: () => void) => void

/** A source of random numbers in [0, 1), seeded, so that a run can be repeated. */
export type Random = () => number

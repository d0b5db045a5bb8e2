/**
 * What stands between a hub and the world where the log decides who is the hub.
 * Must never happen here: a message of a hub that cannot be sure to own the log.
 */
import type { Address, Envelope } from '../../protocol/message.ts'
import type { Millis } from '../../protocol/time.ts'
import type { Journal, Link, Transport } from '../ports.ts'

/**
 * It lets a hub be heard once its start is durable, and neither speak nor hear when the log has not confirmed it for
 * too long: a process that was paused finds out before it says anything.
 */
export class Guard {
  readonly journal: Journal
  readonly transport: Transport
  readonly #spanMs: Millis
  readonly #lapsed: () => void
  #validUntil = Number.NEGATIVE_INFINITY
  #deaf = false
  #shut = false

  constructor(journal: Journal, transport: Transport, spanMs: Millis, lapsed: () => void) {
    this.#spanMs = spanMs
    this.#lapsed = lapsed
    let real: Link | undefined
    let opening: (() => Promise<Link>) | undefined
    let closed = false
    this.transport = {
      open: async (self: Address, deliver) => {
        const heard = (envelope: Envelope): void => {
          if (!this.#deaf && this.#mayAct()) deliver(envelope)
        }
        opening = () => transport.open(self, heard)
        return {
          send: (envelope) => {
            if (this.#mayAct()) real?.send(envelope)
          },
          close: async () => {
            closed = true
            await real?.close()
          },
        }
      },
    }
    this.journal = {
      takesTime: journal.takesTime,
      append: async (facts) => {
        const since = performance.now()
        const position = await journal.append(facts)
        this.extend(since)
        if (opening !== undefined) real = await opening()
        opening = undefined
        // Whoever was ended meanwhile keeps no place on the transport.
        if (closed) await real?.close()
        return position
      },
      replay: (apply) => journal.replay(apply),
      snapshot: (facts) => journal.snapshot(facts),
      history: (task) => journal.history(task),
      read: (after) => journal.read(after),
      close: () => journal.close(),
    }
  }

  isValid(): boolean {
    return !this.#shut && performance.now() < this.#validUntil
  }

  /** The log was ours at an instant of the steady clock. */
  extend(since: number): void {
    this.#validUntil = Math.max(this.#validUntil, since + this.#spanMs)
  }

  /** Lets nothing in any more: what is under way comes to its end. */
  deafen(): void {
    this.#deaf = true
  }

  shut(): void {
    this.#shut = true
  }

  #mayAct(): boolean {
    if (this.isValid()) return true
    if (!this.#shut) this.#lapsed()
    return false
  }
}

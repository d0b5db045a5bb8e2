/**
 * The simulated network. Every message goes through the real codec, and what happens to it on the way is decided by
 * whoever made the world: lost, late, twice, overtaken, cut off.
 * Must never happen here: a message that arrives otherwise than through `decode`.
 */
import type { Link, Transport } from '../../src/host/ports.ts'
import { decode, encode } from '../../src/protocol/codec.ts'
import type { Limits } from '../../src/protocol/limits.ts'
import type { Address, Envelope } from '../../src/protocol/message.ts'
import { isRefusal, type Refusal } from '../../src/protocol/refusal.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { type Life, newLife, type Timeline } from './timeline.ts'

/**
 * Decides what happens to one message: after how many milliseconds each copy arrives; none means that it is lost.
 * Copies of one link keep their order unless `ordered` is false.
 */
export type Fate = (envelope: Envelope) => readonly Millis[]

export interface WireOptions {
  readonly limits: Limits
  fate: Fate
  /** As the port promises. Without it, messages of one link overtake each other. */
  ordered: boolean
  sent(envelope: Envelope, copies: number): void
  lost(envelope: Envelope, why: 'cut' | 'unreachable'): void
  malformed(refusal: Refusal): void
}

interface Endpoint {
  readonly self: Address
  readonly life: Life
  readonly deliver: (envelope: Envelope) => void
}

export class Wire {
  readonly options: WireOptions
  readonly #timeline: Timeline
  readonly #endpoints = new Map<string, Endpoint>()
  /** Pairs `from to` between which nothing passes. */
  readonly #cuts = new Set<string>()
  /** When the last message of a link arrives, so that none overtakes it. */
  readonly #latest = new Map<string, Millis>()
  readonly #always: Life = newLife()

  constructor(timeline: Timeline, options: WireOptions) {
    this.#timeline = timeline
    this.options = options
  }

  /** The port as one life sees it. */
  transport(life: Life): Transport {
    return {
      open: async (self, deliver): Promise<Link> => {
        const endpoint = { self, life, deliver }
        const known = this.#endpoints.get(self.id)
        if (known === undefined || known.self.incarnation <= self.incarnation) {
          this.#endpoints.set(self.id, endpoint)
        }
        let open = true
        return {
          send: (envelope) => {
            if (open && life.alive) this.#send(envelope)
          },
          close: async () => {
            open = false
            if (this.#endpoints.get(self.id) === endpoint) this.#endpoints.delete(self.id)
          },
        }
      },
    }
  }

  /** Nothing passes from one node to another any more, whether it is under way or not. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`)
  }

  heal(): void {
    this.#cuts.clear()
  }

  /** Puts a frame on the wire that no node has sent. */
  inject(frame: string): void {
    const envelope = decode(frame, this.options.limits)
    if (isRefusal(envelope)) this.options.malformed(envelope)
    else this.#arrive(envelope)
  }

  #send(envelope: Envelope): void {
    const frame = encode(envelope)
    const { from, to } = envelope
    const copies = this.#isCut(envelope) ? [] : this.options.fate(envelope)
    this.options.sent(envelope, copies.length)
    const link = `${from.id} ${from.incarnation} ${to.id}`
    for (const delayMs of copies) {
      let at = this.#timeline.now + delayMs
      if (this.options.ordered) {
        at = Math.max(at, this.#latest.get(link) ?? 0)
        this.#latest.set(link, at)
      }
      this.#timeline.schedule('message', this.#always, at, () => this.inject(frame), envelope)
    }
  }

  #arrive(envelope: Envelope): void {
    const { to } = envelope
    if (this.#isCut(envelope)) return this.options.lost(envelope, 'cut')
    const endpoint = this.#endpoints.get(to.id)
    const isThere = endpoint?.life.alive === true
    if (!isThere || (to.incarnation !== 0 && to.incarnation !== endpoint.self.incarnation)) {
      return this.options.lost(envelope, 'unreachable')
    }
    const { life, deliver } = endpoint
    const at = Math.max(this.#timeline.now, life.pausedUntil)
    if (at === this.#timeline.now) deliver(envelope)
    else this.#timeline.schedule('wake', life, at, () => deliver(envelope))
  }

  #isCut({ from, to }: Envelope): boolean {
    return this.#cuts.has(`${from.id} ${to.id}`)
  }
}

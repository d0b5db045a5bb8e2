/**
 * Carries messages between processes over core NATS: one subscription a node, one subject for each pair of receiver and
 * sender, frames through the codec.
 * Must never happen here: a sender that the subject does not name, or a memory that grows with what strangers send.
 */
import { randomBytes } from 'node:crypto'
import { headers, type Msg, type Subscription } from '@nats-io/transport-node'
import { decode, encode } from '../../protocol/codec.ts'
import { isId, quote } from '../../protocol/id.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { Address, Envelope } from '../../protocol/message.ts'
import { isRefusal } from '../../protocol/refusal.ts'
import type { Line } from '../nats/line.ts'
import type { Tell } from '../nats/notice.ts'
import { type Subjects, senderIn } from '../nats/subjects.ts'
import type { Link, Transport } from '../ports.ts'
import { Assembly, cut, partHeader } from './nats-parts.ts'

export interface NatsTransportOptions {
  readonly line: Line
  readonly subjects: Subjects
  readonly limits: Limits
  readonly tell: Tell
  /** Another life of a node took the place of one that was opened here. */
  readonly replaced: (self: Address) => void
}

/** Left free for the headers of a message. */
const headerBytes = 512

export function natsTransport(options: NatsTransportOptions): Transport {
  return {
    async open(self, deliver): Promise<Link> {
      const link = new NatsLink(self, deliver, options)
      await link.opened()
      return link
    },
  }
}

class NatsLink implements Link {
  readonly #self: Address
  readonly #deliver: (envelope: Envelope) => void
  readonly #options: NatsTransportOptions
  readonly #subscriptions: readonly Subscription[]
  readonly #assembly: Assembly
  readonly #forgetBack: () => void
  readonly #source: string
  #frames = 0
  #closed = false

  constructor(self: Address, deliver: (envelope: Envelope) => void, options: NatsTransportOptions) {
    const { line, subjects, limits } = options
    this.#self = self
    this.#deliver = deliver
    this.#options = options
    this.#assembly = new Assembly(limits.frameBytesMax)
    this.#source = randomBytes(6).toString('hex')
    this.#subscriptions = [
      line.subscribe(subjects.allTo(self.id), (message) => this.#hear(message)),
      line.subscribe(subjects.life(self.id), (message) => this.#hearLife(message)),
    ]
    // Whoever took this place while the line was gone is heard now, and whoever is older is told.
    this.#forgetBack = line.onBack(() => this.#sayLife())
  }

  /** Resolves when the server knows the subscriptions and has passed on the word of this life. */
  async opened(): Promise<void> {
    this.#sayLife()
    await this.#options.line.nats.flush()
  }

  send(envelope: Envelope): void {
    if (this.#closed) return
    const { line, subjects, limits, tell } = this.#options
    const { from, to, message } = envelope
    if (!isId(to.id) || !isId(from.id)) return
    const subject = subjects.to(to.id, from.id)
    const frame = Buffer.from(encode(envelope))
    if (frame.length > limits.frameBytesMax) {
      const size = `${frame.length} bytes; the limit is ${limits.frameBytesMax} (frameBytesMax)`
      tell({ code: 'message-dropped', text: `${message.kind} from ${from.id} to ${to.id} has ${size}` })
      return
    }
    const room = line.payloadBytesMax - headerBytes
    if (frame.length <= room) {
      line.publish(subject, frame)
      return
    }
    this.#frames += 1
    for (const part of cut(frame, room, `${this.#source}.${this.#frames}`)) {
      const named = headers()
      named.set(partHeader, part.name)
      line.publish(subject, part.bytes, { headers: named })
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forgetBack()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  #hear(message: Msg): void {
    if (this.#closed) return
    const part = message.headers?.get(partHeader)
    const sender = senderIn(message.subject)
    const frame =
      part === undefined || part === '' ? message.data : this.#assembly.add(sender, part, message.data)
    if (frame === undefined) return
    const envelope = decode(frame, this.#options.limits)
    if (isRefusal(envelope)) {
      const { code, message: why } = envelope
      this.#options.tell({ code: 'message-dropped', text: `${quote(sender)} sent ${code}: ${why}` })
      return
    }
    const { from, to } = envelope
    if (from.id !== sender || to.id !== this.#self.id) {
      const text = `${quote(sender)} sent a message as ${quote(from.id)} to ${quote(to.id)}`
      this.#options.tell({ code: 'message-dropped', text })
      return
    }
    if (to.incarnation === 0 || to.incarnation === this.#self.incarnation) this.#deliver(envelope)
  }

  #sayLife(): void {
    if (this.#closed) return
    const { line, subjects } = this.#options
    line.publish(subjects.life(this.#self.id), `${this.#self.incarnation}`)
  }

  /** The newer life has the place; an older one that does not know it yet is told. */
  #hearLife(message: Msg): void {
    if (this.#closed || !/^\d{1,16}$/.test(message.string())) return
    const incarnation = Number(message.string())
    if (incarnation < this.#self.incarnation) this.#sayLife()
    if (incarnation <= this.#self.incarnation) return
    void this.close()
    const { id } = this.#self
    this.#options.tell({
      code: 'replaced',
      text: `${quote(id)} was opened anew elsewhere, and is left to it`,
    })
    this.#options.replaced(this.#self)
  }
}

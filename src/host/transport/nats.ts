/**
 * Carries messages between processes over core NATS: one subscription a principal, one subject for each pair of
 * receiver and sender, frames through the codec.
 * Must never happen here: a sender that the subject does not name, or a memory that grows with what strangers send.
 */
import { randomBytes } from 'node:crypto'
import { headers, type Msg, type Subscription } from '@nats-io/transport-node'
import { decode, encode } from '../../protocol/codec.ts'
import { isId, type NodeId, quote } from '../../protocol/id.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { Address, Envelope } from '../../protocol/message.ts'
import { isRefusal } from '../../protocol/refusal.ts'
import type { Line } from '../nats/line.ts'
import type { Tell } from '../nats/notice.ts'
import { isOn, principalOf, type Subjects, senderIn } from '../nats/subjects.ts'
import type { Link, Transport } from '../ports.ts'
import { Assembly, cut, frameEnd, framesIn, partHeader } from './nats-parts.ts'

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
/** Frames that share a message have so many bytes at most: who hears the first begins while the last are written. */
const sharedBytesMax = 32_768

export function natsTransport(options: NatsTransportOptions): Transport {
  const desks = new Map<string, MailDesk>()
  const outbox = new Outbox(options.line)
  return {
    async open(self, deliver): Promise<Link> {
      const principal = principalOf(self.id)
      let desk = desks.get(principal)
      if (desk === undefined) {
        desk = new MailDesk(self.id, options, () => desks.delete(principal))
        desks.set(principal, desk)
      }
      const link = new NatsLink(self, deliver, options, desk, outbox)
      await link.opened()
      return link
    },
  }
}

/** Takes what is said to a principal, once for all of its nodes here, and hands it to the one it is meant for. */
class MailDesk {
  readonly #options: NatsTransportOptions
  /** By id: of one that is opened anew here the older life is there until it is told. */
  readonly #links = new Map<string, NatsLink[]>()
  readonly #assembly: Assembly
  readonly #subscriptions: readonly Subscription[]
  readonly #empty: () => void

  constructor(id: NodeId, options: NatsTransportOptions, empty: () => void) {
    const { line, subjects, limits } = options
    this.#options = options
    this.#assembly = new Assembly(limits.frameBytesMax)
    this.#empty = empty
    this.#subscriptions = [
      line.subscribe(subjects.allTo(id), (message) => this.#hear(message)),
      line.subscribe(subjects.life(id), (message) => this.#hearLife(message)),
    ]
  }

  add(link: NatsLink): void {
    this.#links.set(link.self.id, [...this.#linksOf(link.self.id), link])
  }

  remove(link: NatsLink): void {
    const { id } = link.self
    const others = this.#linksOf(id).filter((other) => other !== link)
    if (others.length > 0) this.#links.set(id, others)
    else this.#links.delete(id)
    if (this.#links.size > 0) return
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#empty()
  }

  #linksOf(id: string): readonly NatsLink[] {
    return this.#links.get(id) ?? []
  }

  #hear(message: Msg): void {
    const part = message.headers?.get(partHeader)
    const sender = senderIn(message.subject)
    const whole = part === undefined || part === ''
    const frame = whole ? undefined : this.#assembly.add(sender, part, message.data)
    const frames = whole ? framesIn(message.data) : frame === undefined ? [] : [frame]
    let dropped: string | undefined
    for (const each of frames) {
      // A mistake behind one frame does not take those behind it along.
      this.#options.line.safely(message.subject, () => {
        const why = this.#hearFrame(each, sender, message.subject)
        dropped ??= why
      })
    }
    // Once for a message, however much of it is wrong.
    if (dropped !== undefined) this.#options.tell({ code: 'message-dropped', text: dropped })
  }

  /** Hands it over, or answers why not. */
  #hearFrame(frame: string | Uint8Array, sender: string, subject: string): string | undefined {
    const envelope = decode(frame, this.#options.limits)
    if (isRefusal(envelope)) return `${quote(sender)} sent ${envelope.code}: ${envelope.message}`
    const { from, to } = envelope
    if (!isOn(subject, from.id, to.id)) {
      return `${quote(sender)} sent a message as ${quote(from.id)} to ${quote(to.id)}`
    }
    // One that is meant for a node of the same principal elsewhere is heard there.
    for (const link of this.#linksOf(to.id)) link.hear(envelope)
    return undefined
  }

  #hearLife(message: Msg): void {
    if (message.data.length > lifeBytesMax) return
    const [, incarnation, id] = /^(\d{1,16})(?: (\S+))?$/.exec(message.string()) ?? []
    if (incarnation === undefined) return
    const principal = message.subject.slice(message.subject.lastIndexOf('.') + 1)
    for (const link of this.#linksOf(id ?? principal)) link.hearLife(Number(incarnation))
  }
}

/** A number and an id. */
const lifeBytesMax = 16 + 1 + 64

/**
 * What is said in one turn to the nodes of one principal goes out as one message: a message costs a server and both
 * sides more than its bytes do.
 */
class Outbox {
  readonly #line: Line
  #waiting = new Map<string, { frames: string[]; bytes: number }>()

  constructor(line: Line) {
    this.#line = line
  }

  put(subject: string, frame: string, bytes: number): void {
    const before = this.#waiting.get(subject)
    if (before === undefined) {
      if (this.#waiting.size === 0) queueMicrotask(() => this.#letOut())
      this.#waiting.set(subject, { frames: [frame], bytes })
      return
    }
    if (before.bytes + 1 + bytes > Math.min(sharedBytesMax, this.#line.payloadBytesMax)) {
      this.letOutTo(subject)
      this.put(subject, frame, bytes)
      return
    }
    before.frames.push(frame)
    before.bytes += 1 + bytes
  }

  /** So that what is sent beside it does not overtake it. */
  letOutTo(subject: string): void {
    const waiting = this.#waiting.get(subject)
    if (waiting === undefined) return
    this.#waiting.delete(subject)
    this.#line.publish(subject, Buffer.from(waiting.frames.join(frameEnd)))
  }

  #letOut(): void {
    const waiting = this.#waiting
    this.#waiting = new Map()
    for (const [subject, { frames }] of waiting)
      this.#line.publish(subject, Buffer.from(frames.join(frameEnd)))
  }
}

class NatsLink implements Link {
  readonly self: Address
  readonly #deliver: (envelope: Envelope) => void
  readonly #options: NatsTransportOptions
  readonly #desk: MailDesk
  readonly #outbox: Outbox
  readonly #forgetBack: () => void
  readonly #source: string
  #frames = 0
  #closed = false

  constructor(
    self: Address,
    deliver: (envelope: Envelope) => void,
    options: NatsTransportOptions,
    desk: MailDesk,
    outbox: Outbox,
  ) {
    this.self = self
    this.#deliver = deliver
    this.#options = options
    this.#desk = desk
    this.#outbox = outbox
    this.#source = randomBytes(6).toString('hex')
    desk.add(this)
    // Whoever took this place while the line was gone is heard now, and whoever is older is told.
    this.#forgetBack = options.line.onBack(() => this.#sayLife())
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
    const text = encode(envelope)
    const bytes = Buffer.byteLength(text)
    if (bytes > limits.frameBytesMax) {
      const size = `${bytes} bytes; the limit is ${limits.frameBytesMax} (frameBytesMax)`
      tell({ code: 'message-dropped', text: `${message.kind} from ${from.id} to ${to.id} has ${size}` })
      return
    }
    const room = line.payloadBytesMax - headerBytes
    if (bytes <= room) {
      this.#outbox.put(subject, text, bytes)
      return
    }
    this.#outbox.letOutTo(subject)
    this.#frames += 1
    for (const part of cut(Buffer.from(text), room, `${this.#source}.${this.#frames}`)) {
      const named = headers()
      named.set(partHeader, part.name)
      line.publish(subject, part.bytes, { headers: named })
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forgetBack()
    this.#desk.remove(this)
  }

  hear(envelope: Envelope): void {
    const { incarnation } = envelope.to
    if (this.#closed || (incarnation !== 0 && incarnation !== this.self.incarnation)) return
    this.#deliver(envelope)
  }

  /** The newer life has the place; an older one that does not know it yet is told. */
  hearLife(incarnation: number): void {
    if (incarnation < this.self.incarnation) this.#sayLife()
    if (this.#closed || incarnation <= this.self.incarnation) return
    void this.close()
    const { id } = this.self
    this.#options.tell({
      code: 'replaced',
      text: `${quote(id)} was opened anew elsewhere, and is left to it`,
    })
    this.#options.replaced(this.self)
  }

  #sayLife(): void {
    if (this.#closed) return
    const { line, subjects } = this.#options
    const { id, incarnation } = this.self
    line.publish(subjects.life(id), principalOf(id) === id ? `${incarnation}` : `${incarnation} ${id}`)
  }
}

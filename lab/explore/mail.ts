/**
 * Messages under way, each known by a small number: a queue is a list of numbers, and equal messages are one.
 */
import type { Envelope } from '../../src/protocol/message.ts'

export class Mail {
  readonly #byText = new Map<string, number>()
  readonly #envelopes: Envelope[] = []

  /** The number of a message as it is on the wire: what the sender does to its own copy later is not seen. */
  post({ from, to, message }: Envelope): number {
    const text = JSON.stringify({ from, to, message })
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const number = this.#envelopes.length
    this.#byText.set(text, number)
    this.#envelopes.push(JSON.parse(text) as Envelope)
    return number
  }

  open(number: number): Envelope {
    const envelope = this.#envelopes[number]
    if (envelope === undefined) throw new RangeError(`there is no message ${number}`)
    return envelope
  }
}

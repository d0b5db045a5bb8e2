/**
 * Unpacks values: the reading half of `packed`.
 * Must never happen here: a value from bytes that are none, or a reading that does not end.
 */
import { headerBytes, listTag, objectTag, packedFormat, tag, textTag, textTags, viewOf } from './packed.ts'

/**
 * The value in a block. Errors: anything but a block is answered with an error of the language, at the latest at its
 * end; what was changed in a block may also give another value.
 */
export function unpack(block: Uint8Array): unknown {
  return new Unpacker(block).read()
}

class Unpacker {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0
  #texts: readonly string[] = []
  #shapes: readonly (readonly string[])[] = []
  #last = 0

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, length)
    this.#view = viewOf(this.#bytes)
  }

  read(): unknown {
    if (this.#byte() !== packedFormat) throw new RangeError('not a block of packed values')
    this.#at = this.#view.getUint32(1)
    this.#texts = this.#several(() => this.#spelled())
    this.#shapes = this.#several(() => this.#several(() => this.#spelled()))
    this.#at = headerBytes
    return this.#value()
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError('the block ends too early')
    return byte
  }

  #value(): unknown {
    const byte = this.#byte()
    if (byte < textTag) return byte
    if (byte < textTag + textTags) return this.#text(byte - textTag)
    if (byte >= objectTag) return this.#object(((byte - objectTag) << 8) + this.#byte())
    if (byte >= listTag) return this.#list(byte - listTag)
    switch (byte) {
      case tag.null:
        return null
      case tag.false:
        return false
      case tag.true:
        return true
      case tag.number:
        return this.#number()
      case tag.whole:
        return this.#whole()
      case tag.millionths:
        return this.#whole() / 1e6
      case tag.moved:
        this.#last += this.#whole()
        return this.#last
      case tag.text:
        return this.#text(this.#count())
      case tag.list:
        return this.#list(this.#count())
      default:
        throw new RangeError(`no value begins with ${byte}`)
    }
  }

  #number(): number {
    const number = this.#view.getFloat64(this.#at)
    this.#at += 8
    if (Number.isSafeInteger(number)) this.#last = number
    return number
  }

  #count(): number {
    let count = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte()
      count |= (byte & 0x7f) << shift
      if (byte < 0x80 || shift > 28) return count >>> 0
    }
  }

  #whole(): number {
    const count = this.#count()
    return (count >>> 1) ^ -(count & 1)
  }

  #text(number: number): string {
    const text = this.#texts[number]
    if (text === undefined) throw new RangeError(`no text has the number ${number}`)
    return text
  }

  #list(length: number): unknown[] {
    const values: unknown[] = []
    for (let i = 0; i < length; i++) values.push(this.#value())
    return values
  }

  #object(number: number): Record<string, unknown> {
    const keys = this.#shapes[number]
    if (keys === undefined) throw new RangeError(`no shape has the number ${number}`)
    const fields: Record<string, unknown> = {}
    for (let i = 0; i < keys.length; i++) fields[keys[i] as string] = this.#value()
    return fields
  }

  #several<Entry>(entry: () => Entry): Entry[] {
    const length = this.#count()
    const entries: Entry[] = []
    for (let i = 0; i < length; i++) entries.push(entry())
    return entries
  }

  #spelled(): string {
    const length = this.#count()
    const from = this.#at
    this.#at += length >> 1
    if (this.#at > this.#bytes.length) throw new RangeError('the block ends too early')
    return this.#bytes.toString(length % 2 === 0 ? 'utf8' : 'utf16le', from, this.#at)
  }
}

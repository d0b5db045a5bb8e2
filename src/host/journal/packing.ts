/**
 * Packs values: the writing half of `packed`.
 * Must never happen here: a block that rests on another one.
 */
import { assert } from '../../protocol/machine.ts'
import {
  headerBytes,
  listTag,
  listTags,
  objectTag,
  packedFormat,
  shapesMax,
  tag,
  textTag,
  textTags,
  viewOf,
} from './packed.ts'

/** Kept for the next block; what a larger one needed is given back. */
const scratchBytes = 1024 * 1024
/** More than any value takes besides the values in it. */
const valueBytes = 16
/** A text up to here is copied character by character, which takes less time than asking the runtime to. */
const shortText = 48

/** A node in the tree of all keys: objects with the same keys in the same order end at the same node. */
interface Shape {
  readonly keys: readonly string[]
  /** What a table says of it, once one has had to. */
  spelled: Uint8Array | undefined
  /** Its number, in the block `block`. */
  number: number
  block: number
  /** The key that was the first to follow, and where it leads; then the others. */
  key: string | undefined
  next: Shape | undefined
  readonly others: Map<string, Shape>
}

function shapeOf(keys: readonly string[]): Shape {
  return { keys, spelled: undefined, number: 0, block: 0, key: undefined, next: undefined, others: new Map() }
}

/** Writes one block after the other. */
export class Packer {
  #bytes = Buffer.allocUnsafeSlow(scratchBytes)
  #view = viewOf(this.#bytes)
  /** From here on there may be no room for a value. */
  #full = scratchBytes - valueBytes
  #at = 0
  #block = 0
  readonly #texts = new Map<string, number>()
  /** Of this block. The tree stays from block to block, for what is packed has few shapes. */
  readonly #shapes: Shape[] = []
  readonly #noKeys = shapeOf([])
  #last = 0

  /** A block in memory of its own. A field that is undefined is left out and -0 is 0, as in JSON. */
  pack(value: unknown): Uint8Array<ArrayBuffer> {
    this.#block += 1
    this.#at = headerBytes
    this.#value(value)
    this.#bytes[0] = packedFormat
    this.#view.setUint32(1, this.#at)
    this.#tables()
    const block = new Uint8Array(this.#bytes.subarray(0, this.#at))
    if (this.#bytes.length > scratchBytes) this.#write(Buffer.allocUnsafeSlow(scratchBytes))
    this.#texts.clear()
    this.#shapes.length = 0
    this.#last = 0
    return block
  }

  #write(bytes: Buffer<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#full = bytes.length - valueBytes
  }

  #room(count: number): void {
    const needed = this.#at + count
    if (needed <= this.#bytes.length) return
    const more = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(more, 0, 0, this.#at)
    this.#write(more)
  }

  #value(value: unknown): void {
    if (this.#at > this.#full) this.#room(valueBytes)
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'boolean') this.#bytes[this.#at++] = value ? tag.true : tag.false
    else if (typeof value !== 'object' || value === null) this.#bytes[this.#at++] = tag.null
    else if (Array.isArray(value)) this.#list(value)
    else this.#object(value as Readonly<Record<string, unknown>>)
  }

  #text(text: string): void {
    let number = this.#texts.get(text)
    if (number === undefined) {
      number = this.#texts.size
      this.#texts.set(text, number)
    }
    if (number < textTags) this.#bytes[this.#at++] = textTag + number
    else {
      this.#bytes[this.#at++] = tag.text
      this.#count(number)
    }
  }

  #number(value: number): void {
    const whole = value | 0
    if (whole === value) {
      if (whole >= 0 && whole < textTag) this.#bytes[this.#at++] = whole
      else this.#whole(tag.whole, whole)
      return
    }
    if (Number.isSafeInteger(value)) {
      const more = value - this.#last
      this.#last = value
      if ((more | 0) === more) {
        this.#whole(tag.moved, more)
        return
      }
    } else {
      const millionths = Math.round(value * 1e6)
      if ((millionths | 0) === millionths && millionths / 1e6 === value) {
        this.#whole(tag.millionths, millionths)
        return
      }
    }
    this.#bytes[this.#at] = tag.number
    this.#view.setFloat64(this.#at + 1, value)
    this.#at += 9
  }

  #whole(kind: number, value: number): void {
    this.#bytes[this.#at++] = kind
    this.#count(((value << 1) ^ (value >> 31)) >>> 0)
  }

  #count(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  #list(values: readonly unknown[]): void {
    if (values.length < listTags) this.#bytes[this.#at++] = listTag + values.length
    else {
      this.#bytes[this.#at++] = tag.list
      this.#count(values.length)
    }
    // An iterator would take a seventh of the whole time.
    for (let i = 0; i < values.length; i++) this.#value(values[i])
  }

  #object(fields: Readonly<Record<string, unknown>>): void {
    const at = this.#at
    this.#at += 2
    let shape = this.#noKeys
    for (const key in fields) {
      const value = fields[key]
      if (value === undefined) continue
      shape = shape.key === key && shape.next !== undefined ? shape.next : withKey(shape, key)
      this.#value(value)
    }
    if (shape.block !== this.#block) this.#enter(shape)
    this.#bytes[at] = objectTag + (shape.number >> 8)
    this.#bytes[at + 1] = shape.number & 0xff
  }

  #enter(shape: Shape): void {
    shape.block = this.#block
    shape.number = this.#shapes.length
    assert(shape.number < shapesMax, 'the objects of a block have few shapes')
    this.#shapes.push(shape)
  }

  #tables(): void {
    this.#room(valueBytes)
    this.#count(this.#texts.size)
    for (const text of this.#texts.keys()) this.#spell(text)
    this.#room(valueBytes)
    this.#count(this.#shapes.length)
    for (const shape of this.#shapes) {
      shape.spelled ??= this.#spellKeys(shape.keys)
      this.#room(shape.spelled.length)
      this.#bytes.set(shape.spelled, this.#at)
      this.#at += shape.spelled.length
    }
  }

  #spellKeys(keys: readonly string[]): Uint8Array {
    const from = this.#at
    this.#room(valueBytes)
    this.#count(keys.length)
    for (const key of keys) this.#spell(key)
    const spelled = new Uint8Array(this.#bytes.subarray(from, this.#at))
    this.#at = from
    return spelled
  }

  #spell(text: string): void {
    this.#room(3 * text.length + valueBytes)
    if (text.length <= shortText && this.#spellShort(text)) return
    // Half a character would become another one in UTF-8.
    const encoding = text.isWellFormed() ? 'utf8' : 'utf16le'
    this.#count(2 * Buffer.byteLength(text, encoding) + (encoding === 'utf8' ? 0 : 1))
    this.#at += this.#bytes.write(text, this.#at, encoding)
  }

  /** Whether it could: only a text of the first 128 characters has a byte for each. */
  #spellShort(text: string): boolean {
    let at = this.#at
    this.#bytes[at++] = 2 * text.length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      this.#bytes[at++] = code
    }
    this.#at = at
    return true
  }
}

function withKey(shape: Shape, key: string): Shape {
  if (shape.key === key && shape.next !== undefined) return shape.next
  const known = shape.others.get(key)
  if (known !== undefined) return known
  assert(key !== '__proto__', 'no field is named __proto__')
  const longer = shapeOf([...shape.keys, key])
  if (shape.key === undefined) {
    shape.key = key
    shape.next = longer
  } else shape.others.set(key, longer)
  return longer
}

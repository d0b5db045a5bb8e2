/**
 * Values of JSON in few bytes. A text, and the keys of an object, stand once in a block and are named by a number: the
 * facts of an append say the same names again and again. A block stands for itself and needs no other.
 * Must never happen here: knowledge of what the values mean; or bytes that say something else than they did, without
 * another first byte.
 *
 *     block   first byte 1 · where the tables begin (4 bytes) · value · tables
 *     tables  how many texts, and these · how many shapes, and of each how many keys, and these
 *     text    its bytes times 2, plus 1 for UTF-16 in place of UTF-8 · these bytes
 *     value   0x00–0x3f  the whole numbers 0 to 63
 *             0x40–0xbf  the texts 0 to 127
 *             0xc0       null
 *             0xc1 0xc2  false, true
 *             0xc3       any number, in 8 bytes
 *             0xc4       a whole number of 32 bits
 *             0xc5       millionths: how many, by a whole number of 32 bits
 *             0xc6       a whole number beyond 32 bits: how much more, by one of 32 bits, than the last such
 *             0xc7       a text, by its number
 *             0xc8       a list: how many values, and these
 *             0xd0–0xdf  a list of 0 to 15 values
 *             0xe0–0xff  an object: 5 bits and the next byte are the number of its shape · its values
 *
 * Numbers of no stated size lie in groups of 7 bits, the lowest first, with the top bit on all but the last; whole
 * numbers that may be negative as 2n or -2n - 1. Everything else in several bytes begins with the highest. Before the
 * first whole number beyond 32 bits there is 0; one that is too far from the last stands as 0xc3, and is the last then.
 */

/** The first byte of a block. JSON text begins with another one. */
export const packedFormat = 1

export const headerBytes = 5
export const textTag = 0x40
export const textTags = 0x80
export const tag = {
  null: 0xc0,
  false: 0xc1,
  true: 0xc2,
  number: 0xc3,
  whole: 0xc4,
  millionths: 0xc5,
  moved: 0xc6,
  text: 0xc7,
  list: 0xc8,
} as const
export const listTag = 0xd0
export const listTags = 0x10
export const objectTag = 0xe0
/** The shapes that an object can name. */
export const shapesMax = 0x2000

export function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}

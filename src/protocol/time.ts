/**
 * Time as numbers. The pure floors are handed `now`; they own no clock.
 * Must never happen here: a call of a clock.
 */

/**
 * A span, or an instant since 1970, in milliseconds. Names tell which: `…Ms` is a span, `…At` and `…Until` an instant.
 */
export type Millis = number

/** The earlier of two optional instants. */
export function earliest(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  if (a === undefined) return b
  if (b === undefined) return a
  return a < b ? a : b
}

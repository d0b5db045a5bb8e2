/**
 * Spans of time as people read them.
 */
import type { Millis } from '../protocol/time.ts'

/** Two digits that matter, in the unit that fits: `8 ms`, `3.4 s`, `12 min`, `1.5 h`, `3 d`. */
export function showDuration(span: Millis): string {
  const ms = Math.max(0, span)
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${short(ms / 1_000)} s`
  if (ms < 3_597_000) return `${short(ms / 60_000)} min`
  if (ms < 86_220_000) return `${short(ms / 3_600_000)} h`
  return `${short(ms / 86_400_000)} d`
}

function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0)
}

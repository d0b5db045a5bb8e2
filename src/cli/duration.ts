/**
 * Spans of time as people write and read them: `500ms`, `30s`, `10m`, `1h`, `2d`.
 */
import type { Millis } from '../protocol/time.ts'

const units: Readonly<Record<string, Millis>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `undefined` for what is no span: without a unit, negative, or beyond what a number holds exactly. */
export function parseDuration(text: string): Millis | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  const factor = units[unit ?? '']
  if (amount === undefined || factor === undefined) return undefined
  const span = Math.round(Number(amount) * factor)
  return Number.isSafeInteger(span) ? span : undefined
}

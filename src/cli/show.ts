/**
 * How tasks, members, results and times look on a terminal. Used by every command that shows them.
 */
import type { Style, Terminal } from './terminal.ts'
import { clip, printable } from './terminal.ts'

const styles: Readonly<Record<string, Style>> = {
  completed: 'green',
  failed: 'red',
  expired: 'red',
  cancelled: 'yellow',
  working: 'cyan',
  verifying: 'cyan',
}

export function showStatus(terminal: Terminal, status: string): string {
  const style = styles[status]
  return style === undefined ? status : terminal.style(style, status)
}

/** `cleaning: ada, bob · training: cleo` */
export function showMembers(members: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(members)
    .map(([skill, agents]) => `${skill}: ${agents.join(', ')}`)
    .join(' · ')
}

/** A value on a few lines: text as it is, everything else as JSON; escaped and bounded. */
export function showValue(value: unknown, bounds: { lines: number; columns: number }): string[] {
  const lines = (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')).split('\n')
  const shown = lines.slice(0, bounds.lines).map((line) => clip(printable(line), bounds.columns))
  return lines.length > bounds.lines ? [...shown, `… ${lines.length - bounds.lines} more lines`] : shown
}

/** Minutes and seconds since the start: `00:07.3`. */
export function showClock(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(2, '0')}:${(seconds % 60).toFixed(1).padStart(4, '0')}`
}

/** `████████░░░░` */
export function showBar(fraction: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

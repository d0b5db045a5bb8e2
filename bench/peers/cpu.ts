/**
 * The processor time of running processes, as Linux tells it. On a machine that others use as well it says more than
 * the clock: a library with one process gets one share of a busy machine, one with many servers gets many.
 */
import { existsSync, readFileSync } from 'node:fs'

/** What `/proc` counts in. */
const ticksPerSecond = 100

/** Milliseconds used so far by these processes and their descendants, ended ones included. 0 where `/proc` is not. */
export function cpuMs(pids: readonly number[]): number {
  let sum = 0
  for (const pid of pids) {
    const place = `/proc/${pid}`
    if (!existsSync(place)) continue
    sum += (1000 / ticksPerSecond) * ticksOf(readFileSync(`${place}/stat`, 'utf8'))
    const children = readFileSync(`${place}/task/${pid}/children`, 'utf8').split(' ').map(Number)
    sum += cpuMs(children.filter((child) => child > 0))
  }
  return sum
}

/** User and system time, of the process and of those of its children that have ended. See proc(5), `stat`. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

/**
 * Real time: the only place of the shell that reads a clock or sets a timer.
 */
import type { Millis } from '../protocol/time.ts'
import type { Clock, Soon } from './ports.ts'

/** The longest span that a timer takes. */
const timerMaxMs = 2_147_483_647

/**
 * A clock for one node. When the machine's clock is set back, this one neither goes back nor stands still: it goes on
 * from where it was, and forwards with the machine's clock when that is ahead again.
 */
export function systemClock(): Clock {
  let latest = 0
  /** The reading of the steady clock at which `latest` was true. */
  let steadyAt = performance.now()
  let armedAt: Millis | undefined
  let timer: NodeJS.Timeout | undefined
  const now = (): Millis => {
    const passedMs = Math.floor(performance.now() - steadyAt)
    const shown = Date.now()
    steadyAt += passedMs
    latest = Math.max(latest + passedMs, shown)
    return latest
  }
  const arm = (at: Millis | undefined, wake: () => void): void => {
    // A timer that is early costs one idle wake and is armed again; that is cheaper than a new timer at every turn.
    if (timer !== undefined && armedAt !== undefined && at !== undefined && at >= armedAt) return
    clearTimeout(timer)
    timer = undefined
    armedAt = at
    if (at === undefined) return
    timer = setTimeout(
      () => {
        timer = undefined
        armedAt = undefined
        wake()
      },
      Math.min(timerMaxMs, Math.max(0, at - now())),
    )
  }
  return { now, arm }
}

/** How long turns may follow each other before sockets, timers and disks get their share. */
const stretchMs = 5

/** Runs turns in the order in which they were asked for, in stretches, and lets the rest of the process live. */
export function runSoon(): Soon {
  let waiting: (() => void)[] = []
  let scheduled = false
  const run = (): void => {
    const until = performance.now() + stretchMs
    scheduled = false
    while (waiting.length > 0) {
      const turns = waiting
      waiting = []
      for (const turn of turns) turn()
      if (performance.now() >= until) break
    }
    if (waiting.length > 0) schedule()
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(run)
  }
  return (turn) => {
    waiting.push(turn)
    schedule()
  }
}

/**
 * Runs inside a changed copy of the source: plays the small worlds of several hubs that want the same agents, one after
 * the other, until a promise is broken, and prints what it found.
 * Must never happen here: a look at the source outside of the copy.
 */
import { playSchedule } from '../contention/schedules.ts'
import type { Finding } from './laboratory.ts'

function meet(schedules: number): Finding {
  for (let seed = 1; seed <= schedules; seed++) {
    const [what] = playSchedule(seed).broken
    if (what !== undefined) return { caught: true, by: what.slice(0, 160), seeds: seed }
  }
  return { caught: false, seeds: schedules }
}

process.stdout.write(JSON.stringify(meet(Number(process.argv[2]))))

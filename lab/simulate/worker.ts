/**
 * Plays the seeds that it is given, one after the other, in a thread of its own.
 * Must never happen here: state that one run leaves to the next.
 */
import { parentPort } from 'node:worker_threads'
import { type Run, simulate } from './simulate.ts'
import { surroundingsOf } from './surroundings.ts'

export interface Job {
  readonly seeds: readonly number[]
  /** Whether everything that happens is to be digested, for comparison with another run. */
  readonly traced: boolean
}

/** What is told of a run: not what happened in it, which whoever wants to see plays again. */
export type Summary = Omit<Run, 'last'>

export async function play({ seeds, traced }: Job): Promise<Summary[]> {
  const runs: Summary[] = []
  for (const seed of seeds) {
    const { last: _, ...run } = await simulate(surroundingsOf(seed), { traced })
    runs.push(run)
  }
  return runs
}

parentPort?.on('message', (job: Job) => {
  play(job).then((runs) => parentPort?.postMessage(runs))
})

/**
 * Jobs on several threads.
 * Must never happen here: an answer that depends on which thread had the job.
 */
import { Worker } from 'node:worker_threads'

/** What an answer of a thread means: more of the same job is to come, the next job is wanted, or none is any more. */
export type Taken = 'more' | 'next' | 'enough'

/** Hands jobs out, the first to the first thread, until there are none or `taken` has had enough. */
export async function spread<Job, Answer>(
  program: URL,
  jobs: readonly Job[],
  threads: number,
  taken: (job: number, answer: Answer) => Taken,
): Promise<void> {
  const workers = Array.from({ length: Math.max(1, threads) }, () => new Worker(program))
  let next = 0
  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let current = -1
      const give = (): void => {
        current = next++
        const job = jobs[current]
        if (job === undefined) resolve()
        else worker.postMessage(job)
      }
      worker.on('message', (answer: Answer) => {
        const what = taken(current, answer)
        if (what === 'enough') next = jobs.length
        if (what !== 'more') give()
      })
      worker.on('error', reject)
      give()
    })
  try {
    await Promise.all(workers.map(serve))
  } finally {
    for (const worker of workers) await worker.terminate()
  }
}

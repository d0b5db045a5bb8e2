/**
 * `npm run lab -- explore`: goes through every state of the small worlds, and says which rule was broken and how one
 * gets there.
 */
import { Worker } from 'node:worker_threads'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import type { Answer, Job, WorldReport } from './worker.ts'
import { worlds } from './worlds.ts'

export const exploration: Experiment = {
  about: 'every interleaving of small worlds: what must always, sometimes and in the end be true',
  options: {
    world: { value: 'TEXT', help: 'only the worlds whose name contains this', otherwise: '' },
    deeper: {
      value: 'N',
      help: 'let the clock move on N times more; each makes a world many times larger',
      otherwise: 0,
    },
    threads: { value: 'N', help: 'worlds at once', otherwise: 2 },
  },
  examples: [
    ['explore --json', 'all worlds, in one to two minutes'],
    ['explore --world contention --deeper 1', 'one question, further than the ordinary run goes'],
  ],
  run,
}

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const chosen = worlds.filter(({ name }) => name.includes(given.text('world')))
  const broken: string[] = []
  if (chosen.length === 0) broken.push(`no world has "${given.text('world')}" in its name`)
  const deeper = given.whole('deeper')
  const jobs = chosen.map(({ name }) => ({ world: name, deeper }))
  const found = await spread(jobs, Math.min(Math.max(1, given.whole('threads')), jobs.length), progress)
  for (const each of found) broken.push(...each.broken)
  const reports = found.map(({ report }) => report)
  const sum = (count: (report: WorldReport) => number) => reports.reduce((total, r) => total + count(r), 0)
  const total = { states: sum((r) => r.states), transitions: sum((r) => r.transitions) }
  return { report: { worlds: reports, ...total, violations: sum((r) => r.violations) }, broken }
}

type Explored = Extract<Answer, { kind: 'explored' }>

/** Gives each thread a world as soon as it has none. The last one is the largest, and comes first. */
async function spread(jobs: readonly Job[], threads: number, progress: Progress): Promise<Explored[]> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./worker.ts', import.meta.url)))
  const answers: Explored[] = []
  let next = jobs.length
  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let current = -1
      const give = (): void => {
        current = --next
        const job = jobs[current]
        if (job === undefined) resolve()
        else worker.postMessage(job)
      }
      worker.on('message', (answer: Answer) => {
        if (answer.kind === 'progress') {
          progress(answer.line)
          return
        }
        const { name, states, transitions, seconds } = answer.report
        progress(`${name}: ${states} states, ${transitions} transitions, ${seconds} s`)
        answers[current] = answer
        give()
      })
      worker.on('error', reject)
      give()
    })
  try {
    await Promise.all(workers.map(serve))
  } finally {
    for (const worker of workers) await worker.terminate()
  }
  return answers
}

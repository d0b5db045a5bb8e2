/**
 * `npm run lab -- explore`: goes through every state of the small worlds, and says which rule was broken and how one
 * gets there.
 */
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { spread } from '../threads.ts'
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
  const found = await exploreAll(jobs, Math.min(given.whole('threads'), jobs.length), progress)
  for (const each of found) broken.push(...each.broken)
  const reports = found.map(({ report }) => report)
  const sum = (count: (report: WorldReport) => number) => reports.reduce((total, r) => total + count(r), 0)
  const total = { states: sum((r) => r.states), transitions: sum((r) => r.transitions) }
  return { report: { worlds: reports, ...total, violations: sum((r) => r.violations) }, broken }
}

type Explored = Extract<Answer, { kind: 'explored' }>

/** The last world is the largest, and comes first. Answers in the order of the jobs. */
async function exploreAll(jobs: readonly Job[], threads: number, progress: Progress): Promise<Explored[]> {
  const found: Explored[] = []
  const program = new URL('./worker.ts', import.meta.url)
  await spread(program, jobs.toReversed(), threads, (job, answer: Answer) => {
    if (answer.kind === 'progress') {
      progress(answer.line)
      return 'more'
    }
    const { name, states, transitions, seconds } = answer.report
    progress(`${name}: ${states} states, ${transitions} transitions, ${seconds} s`)
    found[jobs.length - 1 - job] = answer
    return 'next'
  })
  return found
}

/**
 * `npm run lab -- explore`: goes through every state of the small worlds, and says which rule was broken and how one
 * gets there.
 */
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { type Exploration, exploreWorld } from './explore.ts'
import { sights } from './sights.ts'
import type { World } from './world.ts'
import { worlds } from './worlds.ts'

interface WorldReport {
  readonly name: string
  readonly about: string
  /** What was explored, all of it: one more loss or one more step of the clock was not. */
  readonly bounds: object
  readonly states: number
  readonly transitions: number
  readonly ends: number
  readonly violations: number
  readonly sometimes: Exploration['sometimes']
  readonly seconds: number
}

export const exploration: Experiment = {
  about: 'every interleaving of small worlds: what must always, sometimes and in the end be true',
  options: {
    world: { value: 'TEXT', help: 'only the worlds whose name contains this', otherwise: '' },
    deeper: {
      value: 'N',
      help: 'let the clock move on N times more; each makes a world many times larger',
      otherwise: 0,
    },
  },
  examples: [
    ['explore --json', 'all worlds, in about a minute'],
    ['explore --world contention --deeper 1', 'one question, further than the ordinary run goes'],
  ],
  run,
}

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const reports: WorldReport[] = []
  const broken: string[] = []
  const chosen = worlds.filter(({ name }) => name.includes(given.text('world')))
  if (chosen.length === 0) broken.push(`no world has "${given.text('world')}" in its name`)
  for (const world of chosen) {
    const deeper = { ...world, clockSteps: world.clockSteps + given.whole('deeper') }
    const report = explore(deeper, broken, progress)
    progress(`${world.name}: ${report.states} states, ${report.transitions} transitions, ${report.seconds} s`)
    reports.push(report)
  }
  const sum = (count: (report: WorldReport) => number) => reports.reduce((total, r) => total + count(r), 0)
  const total = { states: sum((r) => r.states), transitions: sum((r) => r.transitions) }
  return { report: { worlds: reports, ...total, violations: sum((r) => r.violations) }, broken }
}

function explore(world: World, broken: string[], progress: Progress): WorldReport {
  const started = performance.now()
  const found = exploreWorld(world, {}, (states) => {
    if (states > 1_000_000) progress(`${world.name}: ${states} states so far`)
  })
  const { name, about } = world
  if (found.broken !== undefined) {
    const lines = found.broken.trace.map((line, i) => `  ${i + 1}. ${line}`)
    broken.push(`${name}: ${found.broken.what}\n${lines.join('\n')}`)
  }
  for (const [sight, reached] of Object.entries(found.sometimes))
    if (!reached) broken.push(`${name}: never seen: ${sights[sight as keyof typeof sights]}`)
  return {
    name,
    about,
    bounds: boundsOf(world),
    states: found.states,
    transitions: found.transitions,
    ends: found.ends,
    violations: found.broken === undefined ? 0 : 1,
    sometimes: found.sometimes,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  }
}

function boundsOf({
  network,
  initiator,
  agents,
  tasks,
  clockSteps,
  faults,
  compacts,
  limits,
}: World): object {
  return {
    network,
    initiator,
    agents: agents.length,
    tasks: tasks.length,
    clockSteps,
    ...faults,
    ...(compacts ? { compacts } : {}),
    ...limits,
  }
}

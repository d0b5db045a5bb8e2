/**
 * Explores the worlds that it is given, one after the other, in a thread of its own.
 * Must never happen here: state that one world leaves to the next.
 */
import { parentPort } from 'node:worker_threads'
import { type Exploration, exploreWorld } from './explore.ts'
import { sights } from './sights.ts'
import type { World } from './world.ts'
import { worlds } from './worlds.ts'

export interface Job {
  readonly world: string
  /** Steps of the clock beyond those of the world. */
  readonly deeper: number
}

export interface WorldReport {
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

/** What is said while a world is explored, and at its end. */
export type Answer =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'explored'; readonly report: WorldReport; readonly broken: readonly string[] }

const say = (answer: Answer): void => parentPort?.postMessage(answer)

parentPort?.on('message', ({ world: name, deeper }: Job) => {
  const world = worlds.find((each) => each.name === name)
  if (world === undefined) throw new Error(`there is no world "${name}"`)
  const broken: string[] = []
  const report = explore({ ...world, clockSteps: world.clockSteps + deeper }, broken)
  say({ kind: 'explored', report, broken })
})

function explore(world: World, broken: string[]): WorldReport {
  const started = performance.now()
  const found = exploreWorld(world, {}, (states) => {
    if (states > 1_000_000) say({ kind: 'progress', line: `${world.name}: ${states} states so far` })
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

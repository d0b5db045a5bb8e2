/** convoke: 96 agents. A flow is three tasks, each needing the one before: a plan, a group of three, a merge. */
import { type Assignment, Network, type ResultsBySkill, type TaskSpec } from '../../src/index.ts'
import { each, job, merge, type Peer, plan, work } from './peer.ts'

const workers = ['worker-a', 'worker-b', 'worker-c']
const abilities: Readonly<Record<string, (assignment: Assignment) => unknown>> = {
  job: ({ payload }) => job(String(payload)),
  planner: ({ payload }) => plan(String(payload)),
  ...Object.fromEntries(
    workers.map((skill, part) => [skill, ({ inputs }: Assignment) => work(String(partsIn(inputs)[part]))]),
  ),
  merger: ({ inputs }) => {
    const parts = onlyIn(inputs)
    return merge(workers.map((skill) => String(parts[skill]?.[0]?.result)))
  },
}
const agentCount = 96

export async function open(server: string): Promise<Peer> {
  const limits = { maxAnnouncements: 10_000, maxAnnouncementsPerInitiator: 10_000 }
  const network = await Network.open(server, { limits, seed: 1 })
  const skills = Object.keys(abilities)
  for (let i = 0; i < agentCount; i++) {
    const name = skills[i % skills.length] ?? 'job'
    await network.join({
      id: `agent-${i}`,
      skills: [{ name, level: 'advanced' }],
      maxConcurrentTasks: 64,
      perform: (assignment) => abilities[name]?.(assignment),
    })
  }
  return {
    jobs: (inputs, inFlight) => each(inputs, inFlight, (input) => ask(network, input)),
    flows: (inputs, inFlight) => each(inputs, inFlight, (input) => flow(network, input)),
    close: () => network[Symbol.asyncDispose](),
  }
}

async function ask(network: Network, payload: string): Promise<string> {
  const task = await network.announce({ ...need('job'), payload })
  return resultOf((await task.outcome()).results, 'job')
}

async function flow(network: Network, payload: string): Promise<string> {
  const first = await network.announce({ ...need('planner'), payload })
  const group = await network.announce({ ...need(...workers), dependsOn: [first.id] })
  const last = await network.announce({ ...need('merger'), dependsOn: [group.id] })
  return resultOf((await last.outcome()).results, 'merger')
}

function need(...skills: string[]): TaskSpec {
  return { description: 'a benchmark task', requires: skills.map((skill) => ({ skill, level: 'novice' })) }
}

function resultOf(results: ResultsBySkill, skill: string): string {
  return String(results[skill]?.[0]?.result)
}

/** The results of the one task that this one depends on. */
function onlyIn(inputs: Assignment['inputs']): ResultsBySkill {
  return Object.values(inputs)[0] ?? {}
}

function partsIn(inputs: Assignment['inputs']): readonly unknown[] {
  const parts = onlyIn(inputs).planner?.[0]?.result
  return Array.isArray(parts) ? parts : []
}

/**
 * One hub with very many agents and very many groups at work: what an agent weighs, and how long the hub takes to form
 * one more group. The hub is the shipped machine; the agents are stand-ins of a few lines that offer and accept at once
 * and weigh nothing, so that every byte and nearly every microsecond is the hub's.
 */
import type { Progress } from '../lab/experiment.ts'
import { atMost, type Benchmark, type Measured } from './benchmark.ts'
import { heapUsed } from './memory.ts'
import { percentile } from './percentile.ts'
import { type Crowd, CrowdedHub } from './scale/crowd.ts'

const skillsEach = 3
/** What a group is asked for. */
const groupSize = 3
const crowds: readonly Crowd[] = [
  { agents: 1_000, groups: 10 },
  { agents: 10_000, groups: 100 },
  { agents: 100_000, groups: 1_000 },
  { agents: 1_000_000, groups: 10_000 },
]
const warmUp = 2_000
const formations = 5_000
const beats = 200_000
/** Of the project's limits. */
const bytesPerAgentMax = 1_000
const bytesPerSkillMax = 500

export const scale: Benchmark = {
  about: 'one hub with up to a million agents and ten thousand groups: memory, time to form a group',
  needs: { kind: 'nothing' },
  options: {
    agents: { value: 'N', help: 'no crowd larger than this', otherwise: 1_000_000 },
  },
  examples: [
    ['scale --json', 'all figures in one line; takes some minutes and 3 GB'],
    ['scale --agents 100000', 'without the largest crowd'],
  ],
  run: (given, progress) => measureAll(given.whole('agents'), progress),
}

export interface CrowdResult extends Crowd {
  readonly skillsEach: number
  /** Of the hub with these agents, before and after the groups were formed. */
  readonly bytesPerAgent: number
  readonly bytesPerAgentWithGroups: number
  readonly joinUs: number
  /** From the announcement to the formed group, by the clock on the wall. */
  readonly formationMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** What the thread computed to form and to finish, in the mean: what else the machine does adds nothing. */
  readonly groupCpuMs: number
  /** Between announcement and start, the initiator's included; and until the group has dissolved. */
  readonly messagesToForm: number
  readonly messagesPerGroup: number
  readonly heartbeatUs: number
}

async function measureAll(agentsMax: number, progress: Progress): Promise<Measured> {
  const results: CrowdResult[] = []
  for (const crowd of crowds) {
    if (crowd.agents > agentsMax) continue
    progress(`${crowd.agents} agents, ${crowd.groups} groups …`)
    results.push(await measure(crowd))
  }
  const top = results.at(-1)
  if (top === undefined) throw new Error('there is no crowd as small as that')
  const bytesMax = bytesPerAgentMax + skillsEach * bytesPerSkillMax
  return {
    report: {
      skillsEach,
      groupSize,
      bytesPerAgentMax: bytesMax,
      formationP99Ms: top.formationMs.p99,
      crowds: results,
    },
    rows: [
      {
        figure: `memory of an agent with ${skillsEach} skills, ${top.agents} agents at work`,
        value: top.bytesPerAgentWithGroups,
        unit: 'B',
        target: atMost(bytesMax),
      },
      {
        figure: `forming a group among ${top.agents} agents and ${top.groups} groups, 99 %`,
        value: top.formationMs.p99,
        unit: 'ms',
        target: atMost(5),
      },
      { figure: 'the same, median', value: top.formationMs.p50, unit: 'ms' },
      { figure: 'messages per group, from announcement to end', value: top.messagesPerGroup, unit: '' },
    ],
    charts: [
      {
        kind: 'lines',
        name: 'scale',
        title: `Forming a group of ${groupSize}`,
        values: 'milliseconds',
        along: 'registered agents',
        lines: [
          {
            label: 'median',
            points: results.map(({ agents, formationMs }) => ({ x: agents, y: formationMs.p50 })),
          },
          {
            label: '99 %',
            points: results.map(({ agents, formationMs }) => ({ x: agents, y: formationMs.p99 })),
          },
        ],
      },
    ],
  }
}

export async function measure(crowd: Crowd): Promise<CrowdResult> {
  const empty = await heapUsed()
  const hub = new CrowdedHub(groupSize)
  const joinStarted = performance.now()
  for (let i = 0; i < crowd.agents; i++) hub.join(i, skillsEach)
  const joinUs = ((performance.now() - joinStarted) * 1000) / crowd.agents
  const joined = await heapUsed()
  for (let i = 0; i < crowd.groups; i++) hub.form()
  const working = await heapUsed()
  for (let i = 0; i < warmUp; i++) {
    hub.form()
    hub.finishOldest()
  }
  const wall: number[] = []
  const before = hub.messages
  let toForm = 0
  const cpuBefore = process.threadCpuUsage()
  for (let i = 0; i < formations; i++) {
    const said = hub.messages
    const started = performance.now()
    hub.form()
    wall.push(performance.now() - started)
    toForm += hub.messages - said
    hub.finishOldest()
  }
  const { user, system } = process.threadCpuUsage(cpuBefore)
  const messages = hub.messages - before
  const beatStarted = performance.now()
  for (let i = 0; i < beats; i++) hub.beat(i % crowd.agents)
  const heartbeatUs = ((performance.now() - beatStarted) * 1000) / beats
  return {
    ...crowd,
    skillsEach,
    bytesPerAgent: Math.round((joined - empty) / crowd.agents),
    bytesPerAgentWithGroups: Math.round((working - empty) / crowd.agents),
    joinUs: round(joinUs),
    formationMs: {
      p50: round(percentile(wall, 0.5)),
      p99: round(percentile(wall, 0.99)),
      max: round(Math.max(...wall)),
    },
    groupCpuMs: round((user + system) / 1000 / formations),
    messagesToForm: round(toForm / formations),
    messagesPerGroup: round(messages / formations),
    heartbeatUs: round(heartbeatUs),
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

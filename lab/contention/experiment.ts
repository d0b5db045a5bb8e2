/**
 * Several hubs that want the same agents: do all groups form, how long do they wait, how much is said, and is nobody
 * promised twice, whatever goes wrong.
 */
import type { MessageKind } from '../../src/protocol/message.ts'
import type { Millis } from '../../src/protocol/time.ts'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { arrivalsOf, idealWaitsMs, type LoadOptions, type LoadRun, playLoad } from './load.ts'
import { playSchedule } from './schedules.ts'

export const contention: Experiment = {
  about: 'several hubs want the same agents: waits and messages against one queue, and nobody promised twice',
  options: {
    hubs: { value: 'N', help: 'hubs, each the home of its share of the agents', otherwise: 8 },
    agents: { value: 'N', help: 'agents with one slot each, in equal classes', otherwise: 60 },
    classes: { value: 'N', help: 'classes of agents; a group has one of each', otherwise: 4 },
    work: { value: 'MS', help: 'mean duration of the work of a group', otherwise: 500 },
    load: { value: 'PERCENT', help: 'work that arrives, of what the agents could do', otherwise: 80 },
    span: { value: 'MS', help: 'for how long tasks arrive', otherwise: 42_000 },
    seeds: { value: 'N', help: 'runs of the load, with seeds from 1', otherwise: 10 },
    schedules: { value: 'N', help: 'small worlds in which things go wrong', otherwise: 1_000 },
    from: { value: 'SEED', help: 'the seed of the first small world', otherwise: 1 },
    trace: { value: 'SEED', help: 'tell what happens in one small world, and nothing else', otherwise: '' },
  },
  examples: [
    ['contention --json', 'ten loads and a thousand small worlds; about two minutes'],
    ['contention --seeds 0 --schedules 1000000 --from 1000000', 'a million small worlds, more than an hour'],
    ['contention --trace 491', 'the small world 491, line by line, on standard error'],
  ],
  run,
}

/** What is said to form a group and to give its slots back. */
const forming: ReadonlySet<MessageKind> = new Set<MessageKind>([
  'SLOT_RESERVE',
  'SLOT_GRANT',
  'SLOT_CONFIRM',
  'SLOT_RELEASE',
  'SLOT_RECALL',
  'SLOT_LOST',
  'SKILL_QUERY',
  'SKILL_OFFER',
  'SKILL_DECLINE',
  'GROUP_INVITE',
  'GROUP_ACCEPT',
  'GROUP_REJECT',
  'GROUP_RELEASE',
  'GROUP_FORMED',
  'AGENT_HEARTBEAT',
])

const latencyMs: readonly [Millis, Millis] = [5, 20]
const messagesMax = 60
const waitRatioMax = 1.5

async function run(given: Given, progress: Progress): Promise<Outcome> {
  if (given.text('trace') !== '') {
    const told = playSchedule(Number(given.text('trace')), progress)
    return { report: told, broken: told.broken }
  }
  const loads = given.whole('seeds') === 0 ? undefined : measureLoads(given, progress)
  const schedules = playSchedules(given.whole('from'), given.whole('schedules'), progress)
  const broken = [...(loads === undefined ? [] : objections(loads)), ...schedules.broken]
  return { report: { ...loads, schedules }, broken }
}

function measureLoads(given: Given, progress: Progress): Loads {
  const hubs = given.whole('hubs')
  const runs: Compared[] = []
  for (let seed = 1; seed <= given.whole('seeds'); seed++) {
    progress(`load ${seed} of ${given.whole('seeds')} …`)
    const options: LoadOptions = {
      hubs,
      agents: given.whole('agents'),
      classes: given.whole('classes'),
      workMs: given.whole('work'),
      latencyMs,
      load: given.whole('load') / 100,
      spanMs: given.whole('span'),
      seed,
    }
    const arrivals = arrivalsOf(options)
    const oneWayMs = (latencyMs[0] + latencyMs[1]) / 2
    runs.push({
      spread: playLoad(options, arrivals, hubs),
      central: playLoad(options, arrivals, 1),
      // Invited, accepted, begun, and its end reported: four messages, of which two are waited for.
      idealMs: idealWaitsMs(options, arrivals, 4 * oneWayMs).map((wait) => wait + 2 * oneWayMs),
      booksMs: idealWaitsMs(options, arrivals, 0).map((wait) => wait + 2 * oneWayMs),
    })
  }
  return summaryOf(hubs, runs)
}

interface Compared {
  readonly spread: LoadRun
  readonly central: LoadRun
  readonly idealMs: readonly Millis[]
  readonly booksMs: readonly Millis[]
}

interface Loads {
  readonly hubs: number
  readonly groups: number
  /** Of 1. */
  readonly formed: number
  readonly completed: number
  readonly waitMs: { readonly mean: Millis; readonly p50: Millis; readonly p99: Millis }
  /** The same machines with one hub: what being several costs. */
  readonly oneHubMs: Millis
  /** One queue that knows all at once, whose members cost the same messages. */
  readonly idealMs: Millis
  /** One queue of agents without any distance, and one round trip. */
  readonly withoutDistanceMs: Millis
  readonly waitOverOneHub: number
  readonly waitOverIdeal: number
  readonly waitOverWithoutDistance: number
  /** To form a group, and to give its slots back. */
  readonly messagesPerGroup: number
  /** Everything that was said, the work and its end included. */
  readonly messagesInAll: number
  readonly messages: Readonly<Record<string, number>>
  readonly overbooked: number
}

function summaryOf(hubs: number, runs: readonly Compared[]): Loads {
  const groups = sum(runs.map(({ spread }) => spread.tasks))
  const waits = runs.flatMap(({ spread }) => spread.waitsMs).sort((a, b) => a - b)
  const mean = meanOf(waits)
  const oneHubMs = meanOf(runs.flatMap(({ central }) => central.waitsMs))
  const idealMs = meanOf(runs.flatMap(({ idealMs }) => idealMs))
  const withoutDistanceMs = meanOf(runs.flatMap(({ booksMs }) => booksMs))
  const messages = new Map<MessageKind, number>()
  for (const { spread } of runs)
    for (const [kind, sent] of spread.messages) messages.set(kind, (messages.get(kind) ?? 0) + sent)
  const perGroup = [...messages]
    .sort((a, b) => b[1] - a[1])
    .map(([kind, sent]) => [kind, round(sent / groups)])
  const said = (counts: (kind: MessageKind) => boolean): number => {
    return round(sum([...messages].map(([kind, sent]) => (counts(kind) ? sent : 0))) / groups)
  }
  return {
    hubs,
    groups,
    formed: waits.length / groups,
    completed: sum(runs.map(({ spread }) => spread.completed)) / groups,
    waitMs: { mean: round(mean), p50: round(quantile(waits, 0.5)), p99: round(quantile(waits, 0.99)) },
    oneHubMs: round(oneHubMs),
    idealMs: round(idealMs),
    withoutDistanceMs: round(withoutDistanceMs),
    waitOverOneHub: round(mean / oneHubMs, 100),
    waitOverIdeal: round(mean / idealMs, 100),
    waitOverWithoutDistance: round(mean / withoutDistanceMs, 100),
    messagesPerGroup: said((kind) => forming.has(kind)),
    messagesInAll: said(() => true),
    messages: Object.fromEntries(perGroup),
    overbooked: sum(runs.map(({ spread }) => spread.overbooked)),
  }
}

function objections(loads: Loads): string[] {
  const wrong: readonly (readonly [boolean, string])[] = [
    [loads.formed < 1 || loads.completed < 1, 'not every group was formed and came to its end'],
    [
      loads.waitOverIdeal > waitRatioMax,
      `groups wait ${loads.waitOverIdeal} times as long as in an ideal queue`,
    ],
    [loads.messagesPerGroup > messagesMax, `a group takes ${loads.messagesPerGroup} messages`],
    [loads.overbooked > 0, `${loads.overbooked} agents were promised twice under load`],
  ]
  return wrong.filter(([is]) => is).map(([, what]) => what)
}

interface Schedules {
  readonly played: number
  readonly events: number
  /** Messages lost, doubled and late, crashes, and work that failed. */
  readonly faults: number
  readonly tasks: number
  readonly overbooked: number
  /** The first that broke a promise, and which. */
  readonly broken: readonly string[]
  readonly perSecond: number
}

const toldMax = 20

function playSchedules(from: number, count: number, progress: Progress): Schedules {
  const began = performance.now()
  const all = { events: 0, faults: 0, tasks: 0, overbooked: 0 }
  const broken: string[] = []
  for (let seed = from; seed < from + count; seed++) {
    if (seed > from && (seed - from) % 10_000 === 0) progress(`${seed - from} of ${count} small worlds …`)
    const played = playSchedule(seed)
    all.events += played.events
    all.faults += played.faults
    all.tasks += played.tasks
    all.overbooked += played.overbooked.length
    if (broken.length < toldMax) broken.push(...played.broken.map((what) => `seed ${seed}: ${what}`))
  }
  const perSecond = Math.round(count / ((performance.now() - began) / 1_000))
  return { played: count, ...all, broken, perSecond }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length
}

/** Of values in order. */
function quantile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0
}

function round(value: number, parts = 10): number {
  return Math.round(value * parts) / parts
}

/**
 * Measures what a network sustains, offers it a multiple of that for a while, and watches memory, refusals and how
 * long it takes until everything is as before. The bottleneck is the agents' work, as it is in life.
 * Must never happen here: an overload that is smaller than what the report says.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Network, RefusedError } from '../../src/index.ts'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'

export const overload: Experiment = {
  about: 'a multiple of the sustainable rate for a while: memory, refusals, and the way back to normal',
  options: {
    factor: { value: 'N', help: 'how many times the sustainable rate', otherwise: 10 },
    seconds: { value: 'N', help: 'how long', otherwise: 10 },
    measure: { value: 'MS', help: 'how long the sustainable rate is measured', otherwise: 3_000 },
  },
  examples: [
    ['overload --json', 'ten times the rate for ten seconds, in memory and on a file; about a minute'],
    ['overload --factor 20 --seconds 60', 'more of it'],
  ],
  run,
}

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const factor = given.whole('factor')
  const seconds = given.whole('seconds')
  const measureMs = given.whole('measure')
  const folder = mkdtempSync(join(tmpdir(), 'convoke-overload-'))
  try {
    progress('in memory …')
    const memory = await measure(':memory:', factor, seconds, measureMs)
    progress('on a file, durability full …')
    const file = await measure(join(folder, 'network.db'), factor, seconds, measureMs)
    const broken = [...objections('memory', memory), ...objections('file', file)]
    return { report: { factor, seconds, memory, file }, broken }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Measured {
  /** Tasks per second, with as many clients as keep the agents busy. */
  readonly sustainable: number
  readonly offered: number
  readonly offeredPerSecond: number
  readonly accepted: number
  readonly refused: number
  readonly refusals: Readonly<Record<string, number>>
  /** Refusals that do not say when to ask again. */
  readonly withoutRetryAfter: number
  readonly completedPerSecondMeanwhile: number
  /** Accepted tasks that have not come to their end. */
  readonly unfinished: number
  /** Resident memory before, and the most there was until it was over. */
  readonly memoryBeforeBytes: number
  readonly peakMemoryBytes: number
  /** From the last offer until new tasks complete at nine tenths of that rate. Clients wait as told. */
  readonly backToNormalMs: number
}

/** What the overload may add to the memory: the open tasks, and what is on its way. */
const memoryMaxBytes = 300_000_000
const normalMsMax = 10_000
/** The share of the wanted rate below which the experiment was not what it says. */
const offeredLeast = 0.8

function objections(where: string, measured: Measured & { readonly wantedPerSecond: number }): string[] {
  const { withoutRetryAfter, unfinished, memoryBeforeBytes, peakMemoryBytes, backToNormalMs } = measured
  const grown = peakMemoryBytes - memoryBeforeBytes
  const wrong: readonly (readonly [boolean, string])[] = [
    [withoutRetryAfter > 0, `${withoutRetryAfter} refusals do not say when to ask again`],
    [measured.refused === 0, 'nothing was refused'],
    [unfinished > 0, `${unfinished} accepted tasks have not ended`],
    [grown > memoryMaxBytes, `the memory has grown by ${grown} bytes`],
    [backToNormalMs > normalMsMax, `it took ${backToNormalMs} ms until everything was as before`],
    [
      measured.offeredPerSecond < offeredLeast * measured.wantedPerSecond,
      `only ${measured.offeredPerSecond} announcements a second could be offered, not ${measured.wantedPerSecond}`,
    ],
  ]
  return wrong.flatMap(([isWrong, what]) => (isWrong ? [`${where}: ${what}`] : []))
}

const agentCount = 10
const slots = 4
const workMs = 50
/** Clients that wait for one task after the other: more than the agents have slots. */
const clients = 2 * agentCount * slots

async function measure(
  where: string,
  factor: number,
  seconds: number,
  measureMs: number,
): Promise<Measured & { readonly wantedPerSecond: number }> {
  await using network = await Network.open(where, { seed: 1 })
  for (let i = 0; i < agentCount; i++) {
    const skills = [{ name: 'etl', level: 'expert' }]
    await network.join({
      id: `agent-${i}`,
      skills,
      maxConcurrentTasks: slots,
      perform: () => sleep(workMs, 'done'),
    })
  }
  const load = new Load(network)
  await load.steady(measureMs / 3)
  const sustainable = await load.steady(measureMs)
  const memory = watchMemory()
  const wantedPerSecond = Math.round(factor * sustainable)
  const before = load.completed
  const offeredMs = await load.flood(wantedPerSecond, seconds * 1_000)
  const meanwhile = load.completed - before
  const backToNormalMs = await load.untilNormal(0.9 * sustainable)
  const unfinished = await load.rest()
  return {
    sustainable: Math.round(sustainable),
    wantedPerSecond,
    offered: load.offered,
    offeredPerSecond: Math.round((load.offered * 1_000) / offeredMs),
    accepted: load.accepted,
    refused: load.refused,
    refusals: Object.fromEntries(load.refusals),
    withoutRetryAfter: load.withoutRetryAfter,
    completedPerSecondMeanwhile: Math.round((meanwhile * 1_000) / offeredMs),
    unfinished,
    ...memory(),
    backToNormalMs: Math.round(backToNormalMs),
  }
}

/** Answers, when called, what the memory was and the most that was seen since. */
function watchMemory(): () => { memoryBeforeBytes: number; peakMemoryBytes: number } {
  const memoryBeforeBytes = process.memoryUsage.rss()
  let peakMemoryBytes = memoryBeforeBytes
  const look = (): void => {
    peakMemoryBytes = Math.max(peakMemoryBytes, process.memoryUsage.rss())
  }
  const timer = setInterval(look, 20)
  return () => {
    clearInterval(timer)
    look()
    return { memoryBeforeBytes, peakMemoryBytes }
  }
}

const need = { description: 'one more', requires: [{ skill: 'etl' }] }
/** New tasks are counted in stretches of this length until they come at the normal rate. */
const stretchMs = 250
const restMsMax = 30_000

class Load {
  readonly refusals = new Map<string, number>()
  offered = 0
  accepted = 0
  refused = 0
  completed = 0
  withoutRetryAfter = 0
  readonly #network: Network
  #open = 0

  constructor(network: Network) {
    this.#network = network
  }

  /** Clients that each wait for the end of one task before they announce the next. Answers tasks per second. */
  async steady(spanMs: number): Promise<number> {
    const until = performance.now() + spanMs
    const before = this.completed
    await Promise.all(Array.from({ length: clients }, () => this.#client(() => performance.now() < until)))
    return ((this.completed - before) * 1_000) / (performance.now() - until + spanMs)
  }

  /** Offers at a fixed rate and waits for no answer. Answers how long it took. */
  async flood(perSecond: number, spanMs: number): Promise<number> {
    const startedAt = performance.now()
    const all = (perSecond * spanMs) / 1_000
    while (this.offered < all) {
      const due = Math.min(all, (perSecond * (performance.now() - startedAt)) / 1_000)
      while (this.offered < due) void this.#offer()
      await sleep(1)
    }
    return performance.now() - startedAt
  }

  async #offer(): Promise<void> {
    this.offered += 1
    try {
      const task = await this.#network.announce(need)
      this.accepted += 1
      this.#open += 1
      await task.outcome()
      this.#open -= 1
      this.completed += 1
    } catch (cause) {
      this.#refused(cause)
    }
  }

  /** Answers how long to wait before asking again. */
  #refused(cause: unknown): number {
    if (!(cause instanceof RefusedError)) throw cause
    const { code, retryAfterMs } = cause.refusal
    this.refused += 1
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    if (retryAfterMs === undefined) this.withoutRetryAfter += 1
    return retryAfterMs ?? 0
  }

  /** How long until new tasks complete at this rate. Clients that are refused wait as long as they are told. */
  async untilNormal(perSecond: number): Promise<number> {
    const startedAt = performance.now()
    let going = true
    let done = 0
    const counted = (): boolean => {
      done += 1
      return going
    }
    const all = Promise.all(Array.from({ length: clients }, () => this.#client(counted)))
    let tookMs = 0
    for (let before = 0, since = startedAt; ; ) {
      await sleep(stretchMs)
      const now = performance.now()
      const rate = ((done - before) * 1_000) / (now - since)
      tookMs = now - startedAt
      if (rate >= perSecond || tookMs > 2 * normalMsMax) break
      before = done
      since = now
    }
    going = false
    await all
    return tookMs
  }

  /** Announces one task after the other; asks after the end of each whether to go on. */
  async #client(goesOn: () => boolean): Promise<void> {
    for (;;) {
      try {
        const task = await this.#network.announce(need)
        await task.outcome()
        this.completed += 1
        if (!goesOn()) return
      } catch (cause) {
        await sleep(this.#refused(cause))
      }
    }
  }

  /** Waits for what the flood has left open. Answers how many tasks have no end. */
  async rest(): Promise<number> {
    const until = performance.now() + restMsMax
    while (this.#open > 0 && performance.now() < until) await sleep(20)
    return this.#open
  }
}

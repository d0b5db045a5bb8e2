/**
 * BullMQ with single jobs, between the runs of ours: on a Redis that writes every command, and on one that flushes it
 * before it answers.
 */
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Given, Progress } from '../../lab/experiment.ts'
import { installPeers, installServers } from '../peers/install.ts'
import { startRedis } from '../peers/servers.ts'
import { type Subject, subjects } from '../peers/subjects.ts'
import { type Pass, startWorker, type Worker } from '../peers/worker.ts'
import { percentile } from '../percentile.ts'

/** nats-server 2.9 writes what it acknowledges and flushes later: here is a Redis that does the same. */
const written: Subject = {
  ...subjects.bullmqDurable,
  name: 'BullMQ, Redis writing',
  keeps: 'every command, written; flushed once a second (appendfsync everysec)',
  serve: (folder) => startRedis(folder, 'everysec'),
}
const compared = {
  bullmqWritten: { subject: written, goal: 1 },
  bullmqDurable: { subject: subjects.bullmqDurable, goal: undefined },
} as const

export type PeerReport = Readonly<
  Record<
    string,
    {
      readonly name: string
      readonly perSecond: number
      readonly cpuMsPerJob: number
      readonly keeps: string
      readonly goal: number | undefined
    }
  >
>

interface Running {
  readonly name: string
  readonly subject: Subject
  readonly goal: number | undefined
  readonly worker: Worker
  readonly passes: Pass[]
}

export class Peers {
  readonly #running: readonly Running[]
  readonly #ends: AsyncDisposableStack
  #isWarm = false

  private constructor(running: readonly Running[], ends: AsyncDisposableStack) {
    this.#running = running
    this.#ends = ends
  }

  /** Errors: `Wanting` without redis-server. Fetches the packages of BullMQ once. */
  static async open(progress: Progress): Promise<Peers> {
    installPeers(progress)
    installServers(['redis-server'], false, progress)
    await using ends = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'convoke-nats-peers-'))
    ends.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
    const running: Running[] = []
    for (const [name, { subject, goal }] of Object.entries(compared)) {
      const place = join(folder, name)
      mkdirSync(place)
      const server = await subject.serve(place)
      ends.defer(() => server.stop())
      const worker = await startWorker(subject, server)
      ends.defer(() => worker.stop())
      running.push({ name, subject, goal, worker, passes: [] })
    }
    return new Peers(running, ends.move())
  }

  /** One pass of each, with as many jobs as we have tasks, and as many at once. */
  async run(given: Given): Promise<void> {
    const order = { kind: 'jobs', count: given.whole('tasks'), inFlight: given.whole('at-once') } as const
    for (const { worker, passes } of this.#running) {
      if (!this.#isWarm) await worker.run(order)
      passes.push(await worker.run(order))
    }
    this.#isWarm = true
  }

  report(): PeerReport {
    const median = (passes: readonly Pass[], figure: keyof Pass): number =>
      percentile(
        passes.map((pass) => pass[figure]),
        0.5,
      )
    return Object.fromEntries(
      this.#running.map(({ name, subject, goal, passes }) => [
        name,
        {
          name: subject.name,
          perSecond: Math.round(median(passes, 'perSecond')),
          cpuMsPerJob: Math.round(median(passes, 'cpuMicros')) / 1_000,
          keeps: subject.keeps,
          goal,
        },
      ]),
    )
  }

  close(): Promise<void> {
    return this.#ends.disposeAsync()
  }
}

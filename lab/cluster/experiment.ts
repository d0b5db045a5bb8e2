/**
 * A network on a cluster of real servers under load: hubs are killed and paused, servers are killed, and an auditor
 * compares what clients and agents saw with the log.
 * Must never happen here: a fault that only seems to have happened.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Line as Connection } from '../../src/host/nats/line.ts'
import { readPlace } from '../../src/host/nats/place.ts'
import { Network, RefusedError } from '../../src/index.ts'
import { isRefusal, type Limits, type NodeId } from '../../src/protocol/index.ts'
import { seeded } from '../../src/strategy/random.ts'
import { plan } from '../crash/load.ts'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { type NatsServer, natsMissing, startCluster } from '../nats-server.ts'
import { auditCluster, type Told } from './audit.ts'
import type { Line, Orders } from './orders.ts'

export const cluster: Experiment = {
  about:
    'hubs, agents and nats-servers as processes: kills and pauses under load, and the log against what was seen',
  options: {
    hubs: { value: 'N', help: 'processes that may be hubs', otherwise: 3 },
    partitions: { value: 'N', help: 'partitions of the network, each with a log and a hub', otherwise: 4 },
    agents: { value: 'N', help: 'agents, in three processes', otherwise: 30 },
    tasks: { value: 'N', help: 'tasks that are announced', otherwise: 3000 },
    'kill-hubs': { value: 'N', help: 'how often a process that decides is killed', otherwise: 6 },
    'pause-hubs': { value: 'N', help: 'how often one is stopped for longer than its lease', otherwise: 4 },
    'kill-nats': { value: 'N', help: 'how often one of the servers is killed', otherwise: 2 },
    servers: { value: 'N', help: 'nats-servers; three make a cluster of three replicas', otherwise: 3 },
    lease: { value: 'MS', help: 'hubLeaseMs', otherwise: 6000 },
    seed: { value: 'N', help: 'of the load and of the moments', otherwise: 1 },
  },
  examples: [
    ['cluster --json', 'twelve faults on a cluster of three servers, about four minutes'],
    ['cluster --servers 1 --tasks 500 --kill-hubs 2 --pause-hubs 1 --kill-nats 0', 'in short'],
  ],
  run,
}

/** Tasks that are open at one time. */
const openMost = 60
/** How long all that is open may take once the faults are over. */
const settleMs = 120_000

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const missing = natsMissing()
  if (missing !== undefined) return { report: { skipped: missing }, broken: [missing] }
  const stage = new Stage(given, await startCluster(given.whole('servers')), progress)
  try {
    return await stage.play()
  } finally {
    await stage.end()
  }
}

interface Hub {
  readonly name: string
  readonly child: ChildProcess
}

class Stage {
  readonly #given: Given
  readonly #servers: readonly NatsServer[]
  readonly #progress: Progress
  readonly #random: () => number
  readonly #url: string
  readonly #limits: Partial<Limits>
  readonly #children = new Set<ChildProcess>()
  readonly #hubs: Hub[] = []
  readonly #accepted = new Set<string>()
  readonly #outcomes = new Map<string, string>()
  readonly #begun: { task: string; epoch: number; agent: string }[] = []
  readonly #ended: { at: number; task: string; agent: string; epoch: number }[] = []
  readonly #takeoverMs: number[] = []
  #busyMost = 0
  /** The share of all tasks that may have been announced by now. */
  #wave = 0
  #started = 0
  /** By partition: the process that decides. */
  readonly #deciding = new Map<number, string>()
  /** By partition: when the hub that decided was taken away, until another one decides. */
  readonly #vacantSince = new Map<number, number>()

  constructor(given: Given, servers: readonly NatsServer[], progress: Progress) {
    this.#given = given
    this.#servers = servers
    this.#progress = progress
    this.#random = seeded(given.whole('seed'))
    this.#url = servers.map(({ url }) => url.replace('nats://', '')).join(',')
    this.#limits = {
      hubLeaseMs: given.whole('lease'),
      heartbeatMs: 1_000,
      agentTimeoutMs: 6_000,
      resendMs: 1_000,
      retryMs: 200,
      snapshotEvery: 2_000,
    }
  }

  async play(): Promise<Outcome> {
    const { whole } = this.#given
    const from = performance.now()
    for (let i = 0; i < whole('hubs'); i++) this.#startHub()
    await this.#until(() => this.#isWhole(), 'every partition has a hub')
    await this.#startCrew()
    const network = await Network.open(`nats://${this.#url}`, {
      name: 'client',
      hub: false,
      limits: this.#limits,
    })
    const load = this.#load(network)
    const faults = this.#faults()
    await Promise.race([Promise.all([load, faults]), this.#tooLong(faults)])
    const waiting = await this.#whyWaiting(network)
    await network.close()
    return this.#conclude(Math.round((performance.now() - from) / 1_000), waiting)
  }

  /** What the network itself says of some of those that have not ended. */
  async #whyWaiting(network: Network): Promise<string[]> {
    const open = [...this.#accepted].filter((id) => !this.#outcomes.has(id)).slice(0, 5)
    return Promise.all(
      open.map(async (id) => {
        const { summary, formations, losses } = await network.explain(id)
        return `${summary} ${JSON.stringify({ formations, losses })}`
      }),
    )
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(this.#servers.map((server) => server.end()))
  }

  async #tooLong(faults: Promise<void>): Promise<void> {
    await faults
    await pause(settleMs, undefined, { ref: false })
  }

  // ---- the load

  async #load(network: Network): Promise<void> {
    let next = 0
    const tasks = this.#given.whole('tasks')
    const client = async (): Promise<void> => {
      while (next < tasks) {
        if (next < tasks * this.#wave) await this.#one(network, next++)
        else await pause(20)
      }
    }
    await Promise.all(Array.from({ length: openMost }, client))
  }

  async #one(network: Network, number: number): Promise<void> {
    const { spec, cancelAfterMs } = plan(number, this.#given.whole('seed'))
    try {
      const handle = await network.announce(spec)
      this.#accepted.add(handle.id)
      if (this.#accepted.size % 500 === 0) this.#progress(`${this.#accepted.size} tasks accepted`)
      if (cancelAfterMs !== undefined)
        setTimeout(() => void handle.cancel('changed my mind').catch(() => {}), cancelAfterMs)
      this.#outcomes.set(handle.id, (await handle.outcome()).status)
    } catch (cause) {
      // What it depends on has failed, or was refused itself.
      if (!(cause instanceof RefusedError)) throw cause
    }
  }

  // ---- the faults

  async #faults(): Promise<void> {
    const { whole } = this.#given
    const kinds = [
      ...Array.from({ length: whole('kill-hubs') }, () => 'kill' as const),
      ...Array.from({ length: whole('pause-hubs') }, () => 'pause' as const),
      ...Array.from({ length: whole('kill-nats') }, () => 'nats' as const),
    ]
    const order = kinds.map((kind) => ({ kind, at: this.#random() })).sort((a, b) => a.at - b.at)
    for (const [i, { kind }] of order.entries()) {
      await pause(1_000 + 2_000 * this.#random())
      await this.#until(() => this.#isWhole(), 'every partition has a hub again')
      // The fault strikes into the next wave of tasks, whatever was done of those before.
      this.#wave = (i + 1) / (order.length + 1)
      await pause(1_000 * this.#random())
      if (kind === 'nats') await this.#killServer()
      else await this.#takeAway(kind)
    }
    await this.#until(() => this.#isWhole(), 'every partition has a hub at the end')
    this.#wave = 1
  }

  #isWhole(): boolean {
    return this.#deciding.size === this.#given.whole('partitions')
  }

  async #takeAway(kind: 'kill' | 'pause'): Promise<void> {
    const deciding = this.#hubs.filter(({ name }) => [...this.#deciding.values()].includes(name))
    const hub = deciding[Math.floor(this.#random() * deciding.length)]
    // They stepped down by themselves a moment ago; the next one is taken instead.
    if (hub === undefined) return
    const lost = [...this.#deciding].flatMap(([partition, name]) => (name === hub.name ? partition : []))
    this.#progress(`${kind} ${hub.name}, the hub of ${lost.join(', ')}`)
    for (const partition of lost) {
      this.#deciding.delete(partition)
      this.#vacantSince.set(partition, Date.now())
    }
    if (kind === 'kill') {
      hub.child.kill('SIGKILL')
      this.#hubs.splice(this.#hubs.indexOf(hub), 1)
      setTimeout(() => this.#startHub(), 500)
      return
    }
    hub.child.kill('SIGSTOP')
    await pause(this.#given.whole('lease') * (1.5 + this.#random()))
    hub.child.kill('SIGCONT')
  }

  async #killServer(): Promise<void> {
    const server = this.#servers[Math.floor(this.#random() * this.#servers.length)]
    if (server === undefined) return
    this.#progress(`kill ${server.url}`)
    await server.kill()
    await pause(4_000)
    await server.restart()
    // The next fault comes when the cluster is whole again: two of three must stay.
    await pause(10_000)
  }

  // ---- the processes

  #startHub(): void {
    this.#started += 1
    const name = `hub-process-${this.#started}`
    const child = this.#spawn('hub.ts', name, [], (line) => {
      if (line.kind === 'decides') this.#noteDeciding(line.partition, name, line.at)
      else if (line.kind === 'stands-by' && this.#deciding.get(line.partition) === name)
        this.#deciding.delete(line.partition)
    })
    this.#hubs.push({ name, child })
  }

  #noteDeciding(partition: number, name: string, at: number): void {
    const since = this.#vacantSince.get(partition)
    if (since !== undefined) this.#takeoverMs.push(at - since)
    this.#vacantSince.delete(partition)
    this.#deciding.set(partition, name)
  }

  async #startCrew(): Promise<void> {
    const numbers = Array.from({ length: this.#given.whole('agents') }, (_, i) => i)
    let up = 0
    for (let i = 0; i < 3; i++) {
      const agents = numbers.filter((number) => number % 3 === i)
      this.#spawn('crew.ts', `crew-${i}`, agents, (line) => {
        if (line.kind === 'up') up += 1
        if (line.kind === 'ended') this.#ended.push(line)
        if (line.kind !== 'begun') return
        this.#busyMost = Math.max(this.#busyMost, line.busy)
        this.#begun.push(line)
      })
    }
    await this.#until(() => up === 3, 'all agents have joined')
  }

  #spawn(script: string, name: string, agents: readonly number[], hear: (line: Line) => void): ChildProcess {
    const orders: Orders = {
      url: `nats://${this.#url}`,
      name,
      seed: this.#given.whole('seed'),
      limits: this.#limits,
      partitions: this.#given.whole('partitions'),
      agents,
    }
    const file = fileURLToPath(new URL(`./${script}`, import.meta.url))
    const child = spawn(process.execPath, [file, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    createInterface({ input: child.stdout }).on('line', (text) => hear(JSON.parse(text) as Line))
    return child
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    for (const until = performance.now() + settleMs; performance.now() < until; await pause(20)) {
      if (holds()) return
    }
    throw new Error(`it never came true that ${what}`)
  }

  // ---- the verdict

  async #conclude(seconds: number, waiting: readonly string[]): Promise<Outcome> {
    const place = readPlace(`nats://${this.#url}`)
    if (isRefusal(place)) throw new Error(place.message)
    const line = await Connection.open(place, {
      name: 'audit' as NodeId,
      credentials: undefined,
      tls: undefined,
      tell: () => {},
    })
    const told: Told = {
      accepted: this.#accepted,
      outcomes: this.#outcomes,
      begun: this.#begun,
      ended: this.#ended,
      busyMost: this.#busyMost,
    }
    const { facts, hubs, ...found } = await auditCluster(line, place.network, told)
    await line.close()
    const broken = Object.entries(found).flatMap(([what, all]) =>
      all.slice(0, 5).map((one) => `${what}: ${one}`),
    )
    const counts = Object.fromEntries(Object.entries(found).map(([what, all]) => [what, all.length]))
    const untold = this.#accepted.size - this.#outcomes.size
    if (untold > 0) broken.push(`${untold} clients were not told an outcome`, ...waiting)
    const leaseMs = this.#given.whole('lease')
    const report = {
      ...counts,
      accepted: this.#accepted.size,
      told: this.#outcomes.size,
      begun: this.#begun.length,
      facts,
      partitions: this.#given.whole('partitions'),
      hubs,
      leaseMs,
      takeovers: this.#takeoverMs.length,
      takeoverMs: { p50: quantile(this.#takeoverMs, 0.5), p99: quantile(this.#takeoverMs, 0.99) },
      seconds,
    }
    return { report, broken }
  }
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

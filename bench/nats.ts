/**
 * How much hubs coordinate over NATS: one server, the hubs, a hundred agents and the client each in a process of its
 * own. In the same run: what the server does with nothing of ours in between, the processor time of a task, and what
 * BullMQ does with single jobs.
 * Must never happen here: a figure of one machine compared with a figure of another run.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Given, Progress } from '../lab/experiment.ts'
import { type NatsServer, natsMissing, startNats } from '../lab/nats-server.ts'
import { readNatsJournal } from '../src/host/nats/reader.ts'
import { Network } from '../src/index.ts'
import { atLeast, type Benchmark, type Measured, type Row, Wanting } from './benchmark.ts'
import { need } from './nats/load.ts'
import { type PeerReport, Peers } from './nats/peers.ts'
import type { Role } from './nats/process.ts'
import { type RawRates, rawRates } from './nats/raw.ts'
import { percentile } from './percentile.ts'

export const nats: Benchmark = {
  about: 'tasks per second over NATS, each part in a process of its own, beside the raw rates of the server',
  needs: { kind: 'servers' },
  options: {
    tasks: { value: 'N', help: 'tasks of one counted run', otherwise: 6_000 },
    'at-once': { value: 'N', help: 'tasks that are open', otherwise: 512 },
    partitions: { value: 'N', help: 'partitions of the network, each with a hub', otherwise: 1 },
    hubs: { value: 'N', help: 'processes that share the partitions', otherwise: 1 },
    alone: { help: 'without BullMQ, which needs redis-server and its packages' },
  },
  examples: [
    ['nats --json', 'all figures in one line; it needs nats-server and redis-server'],
    ['nats --alone', 'without redis-server'],
    ['nats --alone --partitions 4 --hubs 2', 'four hubs, two in each of two processes'],
  ],
  run: measure,
}

const agentCount = 100
const runs = 3
/** To count what one of them needs. */
const tasksAlone = 50
/** Ticks of the processor time in /proc, by the ABI of Linux. */
const ticksPerSecond = 100

interface SizeResult {
  readonly tasksPerSecond: number
  /** Publishes to the log for one task: turns of the hub share them. */
  readonly appendsPerTask: number
  /** Processor time of one task, by process. */
  readonly cpuMsPerTask: Readonly<Record<'hub' | 'agents' | 'client' | 'server', number>>
}

async function measure(given: Given, progress: Progress): Promise<Measured> {
  const missing = natsMissing()
  if (missing !== undefined) throw new Wanting(missing.replace('skipped: ', ''))
  const peers = given.flag('alone') ? undefined : await Peers.open(progress)
  const server = await startNats()
  const parts: Part[] = []
  try {
    progress('the server alone …')
    const raw = await rawRates(server.url)
    const [partitions, hubs] = [given.whole('partitions'), given.whole('hubs')]
    for (let number = 0; number < hubs; number++) {
      parts.push(new Part({ url: server.url, role: 'hub', number, agents: 0, partitions }))
    }
    await Promise.all(parts.map((part) => part.ready))
    parts.push(new Part({ url: server.url, role: 'agents', number: 0, agents: agentCount, partitions }))
    await parts.at(-1)?.ready
    await using client = await Network.open(server.url, { name: 'client', hub: false })
    const bench = new Bench(server, parts, client, given)
    progress('groups of 1, and jobs …')
    const groupsOf1 = await bench.saturate(1, () => peers?.run(given))
    progress('groups of 3 …')
    const groupsOf3 = await bench.saturate(3)
    progress('one after the other …')
    const appendsNeeded = { groupsOf1: await bench.appendsNeeded(1), groupsOf3: await bench.appendsNeeded(3) }
    return measured({ raw, groupsOf1, groupsOf3, appendsNeeded, jobs: peers?.report() })
  } finally {
    for (const part of parts) part.end()
    await peers?.close()
    await server.end()
  }
}

interface Report {
  readonly raw: RawRates
  readonly groupsOf1: SizeResult
  readonly groupsOf3: SizeResult
  /** Of one task that shares no append with another. */
  readonly appendsNeeded: Readonly<Record<'groupsOf1' | 'groupsOf3', number>>
  /** What BullMQ did with single jobs between our runs. */
  readonly jobs: PeerReport | undefined
}

function measured(report: Report): Measured {
  const { raw, groupsOf1, groupsOf3, appendsNeeded, jobs } = report
  const most = raw.publishesPerSecond / appendsNeeded.groupsOf3
  const rows: Row[] = [
    { figure: 'groups of 1, on NATS', value: groupsOf1.tasksPerSecond, unit: 'tasks/s' },
    {
      figure: 'groups of 3, on NATS',
      value: groupsOf3.tasksPerSecond,
      unit: 'tasks/s',
      target: atLeast(1_500),
    },
    {
      figure: 'groups of 3 : publishes of the server / appends that a task needs',
      value: Math.round((100 * groupsOf3.tasksPerSecond) / most) / 100,
      unit: '×',
      target: atLeast(0.25),
      note: `${appendsNeeded.groupsOf3} appends where none is shared; ${groupsOf3.appendsPerTask} under this load`,
    },
    { figure: 'the server alone, one append after the other', value: raw.appendsPerSecond, unit: '/s' },
    { figure: 'the server alone, publishes, 64 at once', value: raw.publishesPerSecond, unit: '/s' },
    { figure: 'the server alone, requests, 64 at once', value: raw.requestsPerSecond, unit: '/s' },
  ]
  for (const { name, perSecond, keeps, goal } of Object.values(jobs ?? {})) {
    rows.push({ figure: `single jobs, ${name}`, value: perSecond, unit: '/s', note: `keeps ${keeps}` })
    rows.push({
      figure: `groups of 1 : single jobs, ${name}`,
      value: Math.round((100 * groupsOf1.tasksPerSecond) / perSecond) / 100,
      unit: '×',
      ...(goal === undefined ? {} : { target: atLeast(goal) }),
    })
  }
  return { report: { ...report, jobs: jobs ?? null }, rows }
}

class Bench {
  readonly #server: NatsServer
  readonly #parts: readonly Part[]
  readonly #client: Network
  readonly #tasks: number
  readonly #atOnce: number

  constructor(server: NatsServer, parts: readonly Part[], client: Network, given: Given) {
    this.#server = server
    this.#parts = parts
    this.#client = client
    this.#tasks = given.whole('tasks')
    this.#atOnce = given.whole('at-once')
  }

  /** The median of some runs after a warm-up; `between` runs after each of them. */
  async saturate(
    size: number,
    between: () => Promise<void> | undefined = () => undefined,
  ): Promise<SizeResult> {
    await this.#run(size, Math.ceil(this.#tasks / 3))
    const speeds: number[] = []
    const before = { cpu: await this.#cpu(), appends: await this.#appends() }
    for (let i = 0; i < runs; i++) {
      const from = performance.now()
      await this.#run(size, this.#tasks)
      speeds.push((this.#tasks * 1_000) / (performance.now() - from))
      await between()
    }
    const cpu = await this.#cpu()
    const all = this.#tasks * runs
    const share = (after: number, earlier: number): number =>
      Math.round(((after - earlier) * 1_000) / all) / 1_000
    return {
      tasksPerSecond: Math.round(percentile(speeds, 0.5)),
      appendsPerTask: share(await this.#appends(), before.appends),
      cpuMsPerTask: {
        hub: share(cpu.hub, before.cpu.hub),
        agents: share(cpu.agents, before.cpu.agents),
        client: share(cpu.client, before.cpu.client),
        server: share(cpu.server, before.cpu.server),
      },
    }
  }

  /** Of a task that has the hub for itself. */
  async appendsNeeded(size: number): Promise<number> {
    const before = await this.#appends()
    await this.#run(size, tasksAlone, 1)
    return ((await this.#appends()) - before) / tasksAlone
  }

  async #run(size: number, tasks: number, atOnce = this.#atOnce): Promise<void> {
    let left = tasks
    const spec = need(size)
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const task = await this.#client.announce(spec)
        const { status, reason } = await task.outcome()
        if (status !== 'completed') throw new Error(`a task ended as ${status}: ${reason?.message}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }

  async #cpu(): Promise<Record<'hub' | 'agents' | 'client' | 'server', number>> {
    const spent = await Promise.all(this.#parts.map((part) => part.cpuMs()))
    const agents = spent.pop() ?? 0
    const hub = spent.reduce((sum, ms) => sum + ms, 0)
    const { user, system } = process.cpuUsage()
    return { hub, agents, client: (user + system) / 1_000, server: serverCpuMs(this.#server.pid) }
  }

  async #appends(): Promise<number> {
    const journal = await readNatsJournal(this.#server.url, {})
    try {
      return journal.logs.reduce((sum, log) => sum + log.end().seq, 0)
    } finally {
      await journal.close()
    }
  }
}

/** Processor time of another process: fields 14 and 15 of its `stat`. */
function serverCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

class Part {
  readonly ready: Promise<unknown>
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: Interface

  constructor(role: Role) {
    const file = fileURLToPath(new URL('./nats/process.ts', import.meta.url))
    this.#child = spawn(process.execPath, [file, JSON.stringify(role)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#lines = createInterface({ input: this.#child.stdout })
    const ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the process of ${role.role} ${role.number} ended with ${code}`)
    })
    ended.catch(() => {})
    this.ready = Promise.race([once(this.#lines, 'line'), ended])
  }

  async cpuMs(): Promise<number> {
    const line = once(this.#lines, 'line')
    this.#child.stdin.write('\n')
    return Number((await line)[0])
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }
}

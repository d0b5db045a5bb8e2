/**
 * The program that is killed: a network on a file, its crew, and clients that announce, wait, cancel, ask again. It is
 * told on standard input when to open and what to ask for again, and writes all that a client hears into a ledger.
 * Must never happen here: an orderly end, unless it is asked for.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Network, RefusedError, type TaskHandle } from '../../src/index.ts'
import { seeded } from '../../src/strategy/random.ts'
import { ledgerWriter, noteOf, type Told } from './ledger.ts'
import { crew, numberOf, plan } from './load.ts'

/** What the experiment says to a program that is ready. */
export interface Start {
  readonly file: string
  readonly ledger: string
  readonly seed: number
  readonly round: number
  /** The number of the first new task. */
  readonly first: number
  /** Numbers of tasks that are announced again. */
  readonly again: readonly number[]
  /** Ends all that is open and closes in order, instead of announcing more. */
  readonly last: boolean
}

/** Clients that each have one task open. */
const clients = 16

class Clients {
  readonly #network: Network
  readonly #start: Start
  readonly #tell: (told: Told) => void
  #next: number

  constructor(network: Network, start: Start, tell: (told: Told) => void) {
    this.#network = network
    this.#start = start
    this.#tell = tell
    this.#next = start.first
  }

  async announce(number: number): Promise<void> {
    const { spec, cancelAfterMs } = plan(number, this.#start.seed)
    const task = String(spec.id)
    this.#tell({ kind: 'announced', task })
    try {
      const handle = await this.#network.announce(spec)
      this.#tell({ kind: 'accepted', task })
      if (cancelAfterMs !== undefined) setTimeout(() => void handle.cancel('changed my mind'), cancelAfterMs)
      await this.#outcome(handle)
    } catch (cause) {
      if (!(cause instanceof RefusedError)) throw cause
      this.#tell({ kind: 'refused', task, code: cause.code })
    }
  }

  /** Announces one task after the other. */
  async announceOn(): Promise<void> {
    for (;;) await this.announce(this.#next++)
  }

  /** Waits for the end of all that is open. */
  async takeUp(): Promise<void> {
    const open = (await this.#network.tasks()).filter(({ endedAt }) => endedAt === undefined)
    const handles = await Promise.all(open.map(({ id }) => this.#network.task(id)))
    await Promise.all(handles.map((handle) => (handle === undefined ? undefined : this.#outcome(handle))))
  }

  async #outcome(handle: TaskHandle): Promise<void> {
    const { status } = await handle.outcome()
    // Tasks of reviewers have ids of their own and are nobody's but the hub's.
    if (numberOf(handle.id) >= 0) this.#tell({ kind: 'outcome', task: handle.id, status })
  }
}

async function observe(network: Network, tell: (told: Told) => void): Promise<void> {
  for await (const seen of network.watch()) {
    if (seen.kind === 'fact') tell({ kind: 'fact', position: seen.position, fact: noteOf(seen.fact) })
  }
}

async function serve(start: Start): Promise<void> {
  const tell = ledgerWriter(start.ledger)
  const random = seeded(start.seed * 7_919 + start.round)
  // Few facts between two snapshots, so that some are killed in the middle of one.
  const network = await Network.open(start.file, { seed: start.round, limits: { snapshotEvery: 1_500 } })
  void observe(network, tell)
  for (const agent of crew(random, (begun) => tell({ kind: 'begun', ...begun }))) await network.join(agent)
  process.stdout.write('open\n')
  const load = new Clients(network, start, tell)
  const asked = start.again.map((number) => load.announce(number))
  const open = load.takeUp()
  if (!start.last) await Promise.all(Array.from({ length: clients }, () => load.announceOn()))
  await Promise.all([...asked, open])
  await load.takeUp()
  await network.close()
  process.exit(0)
}

const lines = createInterface({ input: process.stdin })
// The experiment has ended, however that came about.
lines.once('close', () => process.exit(1))
process.stdout.write('ready\n')
const [line] = (await once(lines, 'line')) as [string]
await serve(JSON.parse(line) as Start)

/**
 * The network on NATS: this process with its place on the transport, its readers, and, unless it is told otherwise, a
 * hub that decides or stands by. This is the one room that knows all of these; loaded only where a network is on NATS.
 */
import { hubOf } from '../../protocol/partition.ts'
import { isRefusal } from '../../protocol/refusal.ts'
import { seeded } from '../../strategy/random.ts'
import { runSoon, systemClock } from '../clock.ts'
import { Fault } from '../fault.ts'
import { HubHost } from '../hub-host.ts'
import { openNatsJournal } from '../journal/nats.ts'
import type { StoreOptions } from '../journal/nats-store.ts'
import { type CheckedOptions, isOfHub } from '../options.ts'
import { RefusedError } from '../refused.ts'
import type { NetworkStatus, Site } from '../site.ts'
import { natsTransport } from '../transport/nats.ts'
import { Follower } from './follower.ts'
import { Hubs, type HubsPorts } from './hubs.ts'
import { notOf } from './key-file.ts'
import { forbidden, isForbidden, Line, textOf } from './line.ts'
import type { Tell } from './notice.ts'
import { findPartitions, otherNumber } from './partitions.ts'
import { type NatsPlace, readPlace } from './place.ts'
import { subjectsOf } from './subjects.ts'

/** How long an opening waits for a hub. A network may be opened before its first hub. */
const hubAwaitedMs = 3_000

/** Errors: `RefusedError` for the address, a `Fault` when the servers cannot be used. */
export async function openOnNats(where: string, options: CheckedOptions): Promise<Site> {
  const place = readPlace(where)
  if (isRefusal(place)) throw new RefusedError(place)
  const { name, credentials, tls, notify, configuration, hub: eligible } = options
  const { limits } = configuration
  const line = await Line.open(place, { name, credentials, tls, tell: notify })
  const stop = new Stop()
  void line.nats.closed().then((cause) => stop.fail(closedBy(place, cause)))
  const subjects = subjectsOf(place.network)
  const bell = new Bell()
  const transport = natsTransport({
    line,
    subjects,
    limits,
    tell: notify,
    // Of a hub its log decides.
    replaced: ({ id }) => isOfHub(id) || bell.tellReplaced(id),
  })
  const store = { line, subjects, tell: tellerOf(options), replicas: undefined }
  line.onBack(() => bell.nudge())
  const hubs = Hubs.start({
    ...hubsPorts(options, store),
    transport,
    eligible,
    changed: () => bell.nudge(),
    failed: (fault) => stop.fail(fault),
    refuses(partitions) {
      const refusal = otherNumber(place.shown, partitions, options.partitions)
      return refusal === undefined ? undefined : new RefusedError(refusal)
    },
  })
  void learnPartitions(store, options, hubs).catch((cause) => stop.fail(faultOf(cause)))
  const records = new Follower({ line, subjects, limits })
  const partitions = await awaitHubs(hubs, notify).catch(async (cause) => {
    await closeAll()
    throw cause
  })
  return {
    transport,
    soon: runSoon(),
    records,
    partitions: partitions ?? hubs.partitions(),
    incarnation: Date.now(),
    admits: (id) => notOf(options.identity, id, 'id'),
    onStopped: (stopped) => stop.on(stopped),
    onReplaced: (tell) => bell.onReplaced(tell),
    onNudge: (nudge) => bell.onNudge(nudge),
    status: () => ({ connected: line.isUp(), ...hubs.status() }),
    counts: () => hubs.counts(),
    close: closeAll,
  }

  async function closeAll(): Promise<void> {
    stop.end()
    records.close()
    await hubs.close()
    await line.close()
  }
}

/** How many partitions there are, as far as it is known by then. Throws `RefusedError` where that is another number. */
async function awaitHubs(hubs: Hubs, notify: Tell): Promise<number | undefined> {
  if (!(await hubs.known(hubAwaitedMs))) notify({ code: 'hub', text: missing(hubs.status()) })
  return Promise.race([hubs.partitions(), undefined])
}

function missing({ partitions }: Omit<NetworkStatus, 'connected'>): string {
  if (partitions === undefined || partitions.here + partitions.elsewhere === 0)
    return 'no hub has shown itself yet'
  const all = partitions.here + partitions.elsewhere + partitions.unknown
  return `${partitions.unknown} of ${all} hubs have not shown themselves yet`
}

/** The client gives up where it is not let in any more. */
function closedBy({ shown }: NatsPlace, cause: unknown): Fault {
  if (isForbidden(cause)) return forbidden(shown, cause)
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new Fault('E_UNREACHABLE', `The connection to ${shown} was closed for good${why}.`)
}

function faultOf(cause: unknown): Fault {
  return cause instanceof Fault ? cause : new Fault('E_BROKEN', textOf(cause), { cause })
}

/** What the servers know; an agent need not be allowed to ask them, and hears it from whoever may be a hub. */
async function learnPartitions(
  store: Omit<StoreOptions, 'partition' | 'partitions'>,
  { partitions: wanted, hub: makes, identity }: CheckedOptions,
  hubs: Hubs,
): Promise<void> {
  if (identity?.role === 'agent') return
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  void hubs.partitions().then(over, over)
  const found = await findPartitions(store, { wanted, makes, isOver: () => isOver })
  if (found !== undefined) hubs.learn(found)
}

/** What the servers do not promise is told once, and only to whoever wants it promised. */
function tellerOf({ durability, notify }: CheckedOptions): StoreOptions['tell'] {
  const told = new Set<string>()
  return (notice) => {
    if (notice.code === 'durability') {
      if (durability !== 'full' || told.has(notice.text)) return
      told.add(notice.text)
    }
    notify(notice)
  }
}

function hubsPorts(
  { name, configuration, seed }: CheckedOptions,
  store: Omit<StoreOptions, 'partition' | 'partitions'>,
): Omit<HubsPorts, 'transport' | 'eligible' | 'changed' | 'failed' | 'refuses'> {
  const { line, subjects, tell } = store
  const random = seeded(seed ?? Date.now())
  return {
    line,
    subjects,
    leaseMs: configuration.limits.hubLeaseMs,
    random,
    tell,
    name,
    openJournal: (of, remembered) => openNatsJournal({ ...store, ...of, remembered }),
    openHub: ({ partition, partitions }, journal, transport, failed) =>
      HubHost.open(hubOf(partition, partitions), {
        journal,
        transport,
        clock: systemClock(),
        soon: runSoon(),
        random,
        configuration: partitions === 1 ? configuration : { ...configuration, partitions },
        failed,
      }),
  }
}

/** Tells the network what it should know of its nodes. */
class Bell {
  readonly #nudges = new Set<() => void>()
  readonly #replaced = new Set<(id: string) => void>()

  onNudge(nudge: () => void): void {
    this.#nudges.add(nudge)
  }

  onReplaced(tell: (id: string) => void): void {
    this.#replaced.add(tell)
  }

  nudge(): void {
    for (const nudge of this.#nudges) nudge()
  }

  tellReplaced(id: string): void {
    for (const tell of this.#replaced) tell(id)
  }
}

/** Why the network can go on no longer, told to whoever asks, before or after. */
class Stop {
  #fault: Fault | undefined
  #tell: ((fault: Fault) => void) | undefined
  #ended = false

  fail(fault: Fault): void {
    if (this.#ended || this.#fault !== undefined) return
    this.#fault = fault
    this.#tell?.(fault)
  }

  on(tell: (fault: Fault) => void): void {
    this.#tell = tell
    if (this.#fault !== undefined) tell(this.#fault)
  }

  /** It was closed by its user. */
  end(): void {
    this.#ended = true
  }
}

/**
 * The network on NATS: this process with its place on the transport, its readers, and, unless it is told otherwise, a
 * hub that decides or stands by. This is the one room that knows all of these; loaded only where a network is on NATS.
 */
import { isRefusal } from '../../protocol/refusal.ts'
import { seeded } from '../../strategy/random.ts'
import { runSoon, systemClock } from '../clock.ts'
import { Fault } from '../fault.ts'
import { HubHost } from '../hub-host.ts'
import { openNatsJournal } from '../journal/nats.ts'
import type { StoreOptions } from '../journal/nats-store.ts'
import { type CheckedOptions, hubId } from '../options.ts'
import type { Random } from '../ports.ts'
import { RefusedError } from '../refused.ts'
import type { Site } from '../site.ts'
import { natsTransport } from '../transport/nats.ts'
import { Follower } from './follower.ts'
import { notOf } from './key-file.ts'
import { forbidden, isForbidden, Line } from './line.ts'
import { Ownership, type OwnershipPorts } from './ownership.ts'
import { type NatsPlace, readPlace } from './place.ts'
import { subjectsOf } from './subjects.ts'

/** The partition that every network has. How tasks are spread over more is not decided yet (docs/decisions). */
const partition = 0
/** How long an opening waits for a hub. A network may be opened before its first hub. */
const hubAwaitedMs = 3_000

/** Errors: `RefusedError` for the address, a `Fault` when the servers cannot be used. */
export async function openOnNats(where: string, options: CheckedOptions): Promise<Site> {
  const place = readPlace(where)
  if (isRefusal(place)) throw new RefusedError(place)
  const { name, credentials, tls, notify, configuration, durability, hub: eligible } = options
  const { limits } = configuration
  const line = await Line.open(place, { name, credentials, tls, tell: notify })
  const stop = new Stop()
  void line.nats.closed().then((cause) => stop.fail(closedBy(place, cause)))
  const subjects = subjectsOf(place.network)
  const replaced = new Set<(id: string) => void>()
  const transport = natsTransport({
    line,
    subjects,
    limits,
    tell: notify,
    replaced: ({ id }) => {
      // Of the hub the log decides.
      if (id !== hubId) for (const tell of replaced) tell(id)
    },
  })
  const tell: StoreOptions['tell'] = (notice) => {
    if (notice.code !== 'durability' || durability === 'full') notify(notice)
  }
  const store: StoreOptions = { line, subjects, partition, tell, replicas: undefined }
  const random = seeded(options.seed ?? Date.now())
  const ports = ownershipPorts(options, store, random)
  const nudges = new Set<() => void>()
  const nudge = (): void => {
    for (const each of nudges) each()
  }
  line.onBack(nudge)
  const ownership = Ownership.start({
    ...ports,
    transport,
    eligible,
    changed: nudge,
    failed: (fault) => stop.fail(fault),
  })
  const records = new Follower({ line, subjects, partition, limits })
  if (!(await ownership.known(hubAwaitedMs))) notify({ code: 'hub', text: 'no hub has shown itself yet' })
  return {
    transport,
    soon: runSoon(),
    records,
    incarnation: Date.now(),
    admits: (id) => notOf(options.identity, id, 'id'),
    onStopped: (stopped) => stop.on(stopped),
    onReplaced: (tell) => void replaced.add(tell),
    onNudge: (each) => void nudges.add(each),
    status: () => ({ connected: line.isUp(), hub: ownership.where() }),
    counts: () => ownership.counts(),
    async close() {
      stop.end()
      records.close()
      await ownership.close()
      await line.close()
    },
  }
}

/** The client gives up where it is not let in any more. */
function closedBy({ shown }: NatsPlace, cause: unknown): Fault {
  if (isForbidden(cause)) return forbidden(shown, cause)
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new Fault('E_UNREACHABLE', `The connection to ${shown} was closed for good${why}.`)
}

function ownershipPorts(
  { name, configuration }: CheckedOptions,
  store: StoreOptions,
  random: Random,
): Omit<OwnershipPorts, 'transport' | 'eligible' | 'changed' | 'failed'> {
  const { line, subjects } = store
  return {
    line,
    subjects,
    partition,
    leaseMs: configuration.limits.hubLeaseMs,
    random,
    tell: store.tell,
    name,
    openJournal: (remembered) => openNatsJournal({ ...store, remembered }),
    openHub: (journal, transport, failed) =>
      HubHost.open(hubId, {
        journal,
        transport,
        clock: systemClock(),
        soon: runSoon(),
        random,
        configuration,
        failed,
      }),
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

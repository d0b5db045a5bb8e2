/**
 * The network in one process: its hub, with a journal in memory or in a file, and a transport that hands over values.
 */
import { quote } from '../protocol/id.ts'
import { seeded } from '../strategy/random.ts'
import { runSoon, systemClock } from './clock.ts'
import { Fault } from './fault.ts'
import { HubHost } from './hub-host.ts'
import { openMemoryJournal } from './journal/memory.ts'
import { openSqliteJournal } from './journal/sqlite.ts'
import { type CheckedOptions, hubId } from './options.ts'
import type { Journal } from './ports.ts'
import type { Site } from './site.ts'
import { memoryTransport } from './transport/memory.ts'

/** Errors: a `Fault` when the file cannot be used. */
export async function openEmbedded(where: string, options: CheckedOptions): Promise<Site> {
  const { configuration, durability, seed } = options
  const { endedKept } = configuration.limits
  if (/^[a-z]+:\/\//.test(where)) {
    throw new Fault('E_UNREACHABLE', `${quote(where)} is no place that this version can open.`, {
      hint: "Use ':memory:', the path of a file, or 'nats://HOST/NETWORK'.",
    })
  }
  const journal =
    where === ':memory:' ? openMemoryJournal({ endedKept }) : await openSqliteJournal(where, { durability })
  const soon = runSoon()
  const transport = memoryTransport(soon)
  let fault: Fault | undefined
  let tell = (_: Fault): void => {}
  const hub = await openHub(journal, {
    transport,
    clock: systemClock(),
    soon,
    random: seeded(seed ?? Date.now()),
    configuration,
    failed(cause) {
      fault = cause
      tell(cause)
    },
  })
  if (fault !== undefined) throw fault
  return {
    transport,
    soon,
    records: hub,
    partitions: 1,
    incarnation: hub.address().incarnation,
    admits: () => undefined,
    onStopped(stopped) {
      tell = stopped
      if (fault !== undefined) stopped(fault)
    },
    // Names are given once in one process, so nobody is replaced.
    onReplaced() {},
    onNudge() {},
    status: () => ({ connected: true, hub: 'here' }),
    counts: () => hub.counts(),
    close: (failed) => (failed ? hub.abandon() : hub.close()),
  }
}

type Ports = Omit<Parameters<typeof HubHost.open>[1], 'journal'>

async function openHub(journal: Journal, ports: Ports): Promise<HubHost> {
  try {
    return await HubHost.open(hubId, { ...ports, journal })
  } catch (cause) {
    await journal.close()
    throw cause
  }
}

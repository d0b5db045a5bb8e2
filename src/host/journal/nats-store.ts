/**
 * The streams of a network on JetStream, a log for each partition and one beside them, made and read back: what a
 * server ignores in silence is found here. Every question goes to the leader of the stream and is asked again through
 * an election.
 * Must never happen here: a log that is made anew where there was one.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type MsgRequest,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from '@nats-io/jetstream'
import { Fault } from '../fault.ts'
import { answerMs, forbidden, isForbidden, type Line, pause, textOf } from '../nats/line.ts'
import type { Tell } from '../nats/notice.ts'
import { partitionsMax, type Subjects } from '../nats/subjects.ts'

/** How long a question is asked again. An election of JetStream takes 4 to 9 seconds. */
const patienceMs = 20_000
/** The same where the server knows no leader yet: one that was cut off took up to 26 seconds to hear of it again. */
const leaderlessMs = 60_000
const againMs = 100
/** From then on the wait is told. */
const silentMs = 2_000
/** Within this span the server itself drops a second copy of a message. We do not rely on it. */
const duplicateWindowMs = 120_000

export interface StoreOptions {
  readonly line: Line
  readonly subjects: Subjects
  readonly partition: number
  /** How many the network has; it is made with so many where there is none. */
  readonly partitions: number
  readonly tell: Tell
  /** Servers that keep the log; undefined: three in a cluster that has them, else one. */
  readonly replicas: number | undefined
}

/** How the streams are asked. */
export interface NatsStore {
  readonly streams: JetStreamClient
  readonly logStream: string
  readonly logSubject: string
  readonly sideStream: string
  readonly partition: number
  readonly subjects: Subjects
  readonly line: Line
  /** One message from the leader of a stream; undefined when there is none. Rejects with E_UNREACHABLE. */
  message(stream: string, query: Query, how?: 'patiently' | 'once'): Promise<StoredMsg | undefined>
  /** Forgets the messages of one subject of the side stream that lie before a sequence. */
  forget(subject: string, before: number): Promise<void>
}

export type Query = MsgRequest | { readonly seq: number; readonly next_by_subj: string }

/**
 * Opens the streams, and makes them where there are none.
 * Errors: E_UNREACHABLE without JetStream, E_STORE_OPEN for a stream that is not what a log needs, E_LOG_TRUNCATED
 * where the log is gone and only its snapshots are left.
 */
export async function openStore(options: StoreOptions): Promise<NatsStore> {
  const { line, subjects, partition } = options
  await ensureStreams(await managementOn(line), options)
  return storeOn(line, subjects, partition)
}

/** The streams of a partition that somebody has made; undefined when nobody has. */
export async function findStore(
  line: Line,
  subjects: Subjects,
  partition: number,
): Promise<NatsStore | undefined> {
  const found = await find(await managementOn(line), line, subjects.logStream(partition))
  return found === undefined ? undefined : storeOn(line, subjects, partition)
}

/** Of a network that somebody has made: how many partitions it has, for good. */
export async function partitionsAt(line: Line, subjects: Subjects): Promise<number | undefined> {
  const found = await find(await managementOn(line), line, subjects.logStream(0))
  return found === undefined ? undefined : partitionsIn(found)
}

/**
 * The streams of all partitions of a network; undefined as long as nobody has made them all. Errors: E_LOG_TRUNCATED
 * where one of them is gone.
 */
export async function storesOf(line: Line, subjects: Subjects): Promise<readonly NatsStore[] | undefined> {
  const management = await managementOn(line)
  const partitions = await partitionsAt(line, subjects)
  if (partitions === undefined) return undefined
  // The last to be made, so it is looked for before the others.
  const isWhole = (await find(management, line, subjects.sideStream)) !== undefined
  const all = Array.from({ length: partitions }, (_, partition) => findStore(line, subjects, partition))
  const stores: NatsStore[] = []
  for (const [partition, store] of (await Promise.all(all)).entries()) {
    if (store === undefined && isWhole) throw gone(subjects.logStream(partition), subjects.sideStream)
    if (store === undefined) return undefined
    stores.push(store)
  }
  return stores
}

/** One log of several says so in its description; of two that make it at once with different numbers one succeeds. */
function partitionsIn({ description }: StreamConfig): number {
  return Number(/^partition \d+ of (\d+)$/.exec(description ?? '')?.[1] ?? 1)
}

async function managementOn(line: Line): Promise<JetStreamManager> {
  if (!line.mayHaveJetStream()) {
    throw new Fault('E_UNREACHABLE', `the NATS server at ${line.shown} has no JetStream`, {
      hint: 'Start it with JetStream (nats-server -js): the log of the network is kept there.',
    })
  }
  return jetstreamManager(line.nats, { timeout: answerMs, checkAPI: false })
}

async function storeOn(line: Line, subjects: Subjects, partition: number): Promise<NatsStore> {
  const management = await managementOn(line)
  return {
    streams: jetstream(line.nats, { timeout: answerMs }),
    logStream: subjects.logStream(partition),
    logSubject: subjects.log(partition),
    sideStream: subjects.sideStream,
    partition,
    subjects,
    line,
    async message(stream, query, how = 'patiently') {
      // The leader also knows how to look for the next message of a subject; the client's type does not say so.
      const ask = () => management.streams.getMessage(stream, query as MsgRequest)
      return (await (how === 'once' ? line.during(ask()) : patiently(line, ask))) ?? undefined
    },
    async forget(filter, seq) {
      // Nothing lies before the first message, and a server takes this bound for none: it would forget everything.
      if (seq <= 1) return
      await patiently(line, () => management.streams.purge(subjects.sideStream, { filter, seq }))
    },
  }
}

/**
 * Asks until there is an answer, through elections and reconnects, and tells when that takes long. What the server
 * refuses is thrown at once.
 */
export async function patiently<Answer>(line: Line, ask: () => Promise<Answer>): Promise<Answer> {
  const from = performance.now()
  for (;;) {
    try {
      const answer = await line.during(ask())
      line.goesOn()
      return answer
    } catch (cause) {
      const ms = performance.now() - from
      const patience = isOneOf(cause, [leaderless]) ? leaderlessMs : patienceMs
      if (isRefused(cause) || line.nats.isClosed() || ms > patience) throw answerless(line, cause)
      const text = `JetStream at ${line.shown} does not answer: ${textOf(cause)}`
      if (ms > silentMs) line.waits(`${text}; it is asked for ${Math.round(patience / 1_000)} s at the most`)
    }
    await pause(againMs)
  }
}

/** There is a stream of this name, and it is not the same. */
const nameTaken = 10_058
/** What a cluster says that has only begun, or lacks a server: no peers, no leader, not enough room known yet. */
const leaderless = 10_008
const passing: readonly number[] = [10_005, leaderless, 10_009, 10_023]

function isOneOf(cause: unknown, codes: readonly number[]): boolean {
  return cause instanceof JetStreamApiError && codes.includes(cause.code)
}

/** The server has understood, and will say the same again. */
function isRefused(cause: unknown): boolean {
  if (isForbidden(cause)) return true
  return cause instanceof JetStreamApiError && cause.status < 500 && !isOneOf(cause, passing)
}

function answerless(line: Line, cause: unknown): unknown {
  if (isForbidden(cause)) return forbidden(line.shown, cause)
  if (isRefused(cause)) return cause
  const hint = 'JetStream must be enabled (nats-server -js), and most of its servers must be up.'
  return new Fault('E_UNREACHABLE', `JetStream at ${line.shown} does not answer: ${textOf(cause)}`, {
    hint,
    cause,
  })
}

async function ensureStreams(management: JetStreamManager, options: StoreOptions): Promise<void> {
  const { line, subjects, partition, partitions, tell } = options
  const log = wantedLog(options, partition)
  const [found, beside] = [
    await find(management, line, log.name),
    await find(management, line, subjects.sideStream),
  ]
  if (found === undefined || beside === undefined) await makeStreams(management, options)
  const kept = found ?? (await find(management, line, log.name))
  const side = beside ?? (await find(management, line, subjects.sideStream))
  if (kept === undefined || side === undefined) throw gone(log.name, subjects.sideStream)
  check(kept, log)
  check(side, wantedSide(options))
  mustBeOf(kept, partitions)
  if (!line.canSync()) {
    const text = `nats-server ${line.version} does not sync what it acknowledges`
    tell({ code: 'durability', text: `${text}; a power cut may take the last two minutes` })
  }
  if (kept.num_replicas === 1 && line.nats.info?.cluster !== undefined) {
    tell({ code: 'durability', text: `the log is kept on one server of the cluster (${log.name})` })
  }
}

type Wanted = Pick<
  StreamConfig,
  'name' | 'subjects' | 'num_replicas' | 'deny_delete' | 'deny_purge' | 'allow_direct'
> & { readonly description?: string }

function wantedLog(options: StoreOptions, partition: number): Wanted {
  const { subjects, partitions } = options
  return {
    name: subjects.logStream(partition),
    subjects: [subjects.log(partition)],
    // A network of one was made without a word of it.
    ...(partitions === 1 ? {} : { description: `partition ${partition} of ${partitions}` }),
    num_replicas: replicasOf(options),
    deny_delete: true,
    deny_purge: true,
    allow_direct: false,
  }
}

function wantedSide(options: StoreOptions): Wanted {
  const { subjects } = options
  return {
    name: subjects.sideStream,
    subjects: [subjects.sideAll],
    num_replicas: replicasOf(options),
    deny_delete: false,
    deny_purge: false,
    allow_direct: false,
  }
}

function replicasOf({ line, replicas }: StoreOptions): number {
  return replicas ?? ((line.nats.info?.connect_urls?.length ?? 0) >= 3 ? 3 : 1)
}

/**
 * The first log says how many there are, so it is made first, and the others follow in order; the stream beside them is
 * made last.
 */
async function makeStreams(management: JetStreamManager, options: StoreOptions): Promise<void> {
  const { line, partitions } = options
  for (let partition = 0; partition < partitions; partition++) {
    const log = wantedLog(options, partition)
    const isThere = async (): Promise<boolean> => (await find(management, line, log.name)) !== undefined
    if (!(await isThere())) {
      const later = await traceOf(management, options, partition)
      // Whoever made the later stream just now has made this one before.
      if (later !== undefined && !(await isThere())) throw gone(log.name, later)
      if (later === undefined) await make(management, line, log)
    }
    // Whoever wants another number makes no stream beside those that are there.
    const kept = await find(management, line, log.name)
    if (kept !== undefined) mustBeOf(kept, partitions)
  }
  const side = wantedSide(options)
  if ((await find(management, line, side.name)) === undefined) await make(management, line, side)
}

function mustBeOf(kept: StreamConfig, partitions: number): void {
  const of = partitionsIn(kept)
  if (of === partitions) return
  const text = `the stream ${kept.name} is that of a network with ${of} partitions, not ${partitions}`
  throw new Fault('E_STORE_OPEN', text, { hint: otherPlace })
}

/** What was made after a log that is not there: a stream of that name, or its snapshot in one. */
async function traceOf(
  management: JetStreamManager,
  { line, subjects, partitions }: StoreOptions,
  partition: number,
): Promise<string | undefined> {
  const next = subjects.logStream(partition + 1)
  if (partition + 1 < partitionsMax && (await find(management, line, next)) !== undefined) return next
  const { sideStream } = subjects
  if ((await find(management, line, sideStream)) === undefined) return undefined
  if (partitions > 1) return sideStream
  const query = { last_by_subj: subjects.newest(partition) }
  const newest = await patiently(line, () => management.streams.getMessage(sideStream, query))
  return newest === null ? undefined : sideStream
}

function gone(log: string, side: string): Fault {
  return new Fault('E_LOG_TRUNCATED', `the stream ${log} is gone, and ${side} was made after it`, {
    hint: 'Restore the stream from a backup, or accept the loss by deleting all streams of the network.',
  })
}

async function find(
  management: JetStreamManager,
  line: Line,
  name: string,
): Promise<StreamConfig | undefined> {
  try {
    return (await patiently(line, () => management.streams.info(name))).config
  } catch (cause) {
    if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound)
      return undefined
    throw storeFaultOf(name, cause)
  }
}

/** Two that make the same stream at once make one; what the other one wanted of it is found when it is read back. */
async function make(management: JetStreamManager, line: Line, wanted: Wanted): Promise<void> {
  const config = {
    ...wanted,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: duplicateWindowMs * 1_000_000,
  }
  try {
    await patiently(line, () => management.streams.add(config))
  } catch (cause) {
    if (cause instanceof JetStreamApiError && cause.code === nameTaken) return
    throw storeFaultOf(wanted.name, cause)
  }
}

const otherPlace = 'Change the stream, or name another network: nats://HOST/NETWORK.'

/** What a log cannot do without. A server that does not know a setting ignores it. */
function check(found: StreamConfig, wanted: Wanted): void {
  const needed: Readonly<Record<string, readonly [unknown, unknown]>> = {
    subjects: [found.subjects.join(' '), wanted.subjects.join(' ')],
    storage: [found.storage, StorageType.File],
    retention: [found.retention, RetentionPolicy.Limits],
    discard: [found.discard, DiscardPolicy.New],
    deny_delete: [found.deny_delete, wanted.deny_delete],
    deny_purge: [found.deny_purge, wanted.deny_purge],
    allow_direct: [found.allow_direct ?? false, wanted.allow_direct],
    max_age: [found.max_age, 0],
    max_msgs: [found.max_msgs, -1],
    max_msgs_per_subject: [found.max_msgs_per_subject, -1],
    max_msg_size: [found.max_msg_size ?? -1, -1],
    no_ack: [found.no_ack ?? false, false],
    sealed: [found.sealed ?? false, false],
  }
  for (const [name, [has, needs]] of Object.entries(needed)) {
    if (has === needs) continue
    throw new Fault('E_STORE_OPEN', `the stream ${found.name} has ${name} ${has}, and a log needs ${needs}`, {
      hint: otherPlace,
    })
  }
}

export function fenced({ logStream }: Pick<NatsStore, 'logStream'>): Fault {
  return new Fault('E_FENCED', `another hub has taken the log ${logStream} over`, {
    hint: 'Nothing is lost: that hub goes on with the tasks.',
  })
}

export function storeFaultOf(stream: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause
  const said = textOf(cause)
  // JetStream says so with several codes: no room on the disk, in the account, in the stream.
  const full = /insufficient|maximum (bytes|messages)|resource limits/i.test(said)
  return new Fault(full ? 'E_STORE_FULL' : 'E_STORE_OPEN', `the stream ${stream} cannot be used: ${said}`, {
    hint: full
      ? 'Give JetStream more room; everything that was acknowledged is kept.'
      : 'Look at the log of nats-server; the account must be allowed to make streams.',
    cause,
  })
}

/**
 * The logs of a network on NATS, opened for reading: what the command line shows of a network without taking part in
 * it. Loaded only where a network is on NATS.
 */
import { encode } from '../../protocol/codec.ts'
import { quote, type TaskId } from '../../protocol/id.ts'
import { assert } from '../../protocol/machine.ts'
import { homeOf, partitionOf } from '../../protocol/partition.ts'
import { isRefusal, refuse } from '../../protocol/refusal.ts'
import { Fault } from '../fault.ts'
import { auditNatsLogs } from '../journal/audit-nats.ts'
import type { AuditReport } from '../journal/findings.ts'
import { inTime, type LogsReader } from '../journal/in-time.ts'
import { logStart } from '../journal/nats-batch.ts'
import { NatsLog } from '../journal/nats-log.ts'
import { type NatsStore, storesOf } from '../journal/nats-store.ts'
import type { NetworkOptions } from '../options.ts'
import type { JournalReader, Position } from '../ports.ts'
import { RefusedError } from '../refused.ts'
import { foldTask, type TaskRecord } from '../views.ts'
import { drawnName, type Identity, notOf, readKeyFile } from './key-file.ts'
import { Line, pause } from './line.ts'
import { type NatsPlace, readPlace } from './place.ts'
import { subjectsOf } from './subjects.ts'

export type ReaderOptions = Pick<NetworkOptions, 'credentials' | 'tls' | 'notify'>

/** How long an end that was ordered is waited for. */
const endedMs = 30_000
const againMs = 500

/** One log; it also says where it ended when it was read last: in messages of its stream, and in facts. */
export interface NatsLogReader extends JournalReader {
  end(): { readonly seq: number; readonly position: Position }
}

/**
 * All logs of a network. As one journal it has the facts in the order of their instants; where there are several, a
 * position says nothing, and only the whole can be read.
 */
export interface NatsReader extends LogsReader {
  readonly logs: readonly NatsLogReader[]
}

/** Errors: E_NOT_A_STORE when there is no such network, E_UNREACHABLE, E_LOG_CORRUPT, E_LOG_TRUNCATED. */
export async function readNatsJournal(where: string, options: ReaderOptions): Promise<NatsReader> {
  const { line, logs: all } = await openLogs(where, options)
  const close = (): Promise<void> => line.close()
  const logs = all.map((log): NatsLogReader => {
    return {
      replay: (apply) => log.replay(apply),
      history: (task) => log.history(task),
      async *read(after) {
        await log.refresh(() => {})
        yield* log.read(after, log.end)
      },
      end: () => log.end,
      close,
    }
  })
  return {
    logs,
    async replay(apply) {
      let position = 0
      for (const log of logs) position += await log.replay(apply)
      return position
    },
    history: (task) => logOf(all, task).history(task),
    read(after) {
      const [only] = logs
      if (logs.length === 1 && only !== undefined) return only.read(after)
      assert(after === 0, 'a position is one of a log')
      return inTime(logs.map((log) => log.read(0)))
    },
    close,
  }
}

function logOf(logs: readonly NatsLog[], task: TaskId): NatsLog {
  const log = logs[partitionOf(task, logs.length)]
  assert(log !== undefined, 'a network has a log for each partition')
  return log
}

/**
 * Examines the log of a network. Errors: E_NOT_A_STORE when there is no such network, E_UNREACHABLE, E_FORBIDDEN.
 */
export async function auditOnNats(where: string, options: ReaderOptions): Promise<AuditReport> {
  const { line, stores } = await openStores(where, options)
  try {
    return await auditNatsLogs(stores)
  } finally {
    await line.close()
  }
}

/**
 * Ends an open task as its initiator could, and waits for the end. Where the servers know who may say what, this needs
 * the right to speak as the initiator. Errors: `RefusedError` for a task that never was, E_UNREACHABLE without a hub.
 */
export async function cancelOnNats(
  where: string,
  options: ReaderOptions,
  task: TaskId,
  reason: string,
): Promise<TaskRecord> {
  const { line, logs, place, identity } = await openLogs(where, options)
  try {
    const log = logOf(logs, task)
    const hub = homeOf(task, logs.length)
    const until = performance.now() + endedMs
    for (;;) {
      await log.refresh(() => {})
      const record = await recordIn(log, task)
      if (record === undefined)
        throw new RefusedError(refuse('E_NO_SUCH_TASK', `there is no task ${quote(task)}`))
      if (record.endedAt !== undefined) return record
      if (performance.now() > until) break
      mayCancel(identity, record)
      const from = { id: record.initiator, incarnation: Date.now() }
      const message = { kind: 'TASK_CANCEL', task, reason } as const
      const order = encode({ from, to: { id: hub, incarnation: 0 }, message })
      line.publish(subjectsOf(place.network).to(hub, from.id), order)
      await pause(againMs)
    }
  } finally {
    await line.close()
  }
  throw new Fault(
    'E_UNREACHABLE',
    `the task ${quote(task)} has not ended within ${endedMs} ms: no hub answers`,
    {
      hint: 'Start one: convoke up, or any program that opens this network with a hub.',
    },
  )
}

/** A server would drop the order in silence. */
function mayCancel(identity: Identity | undefined, { announcement, initiator }: TaskRecord): void {
  if (notOf(identity, initiator, 'task') === undefined) return
  throw new Fault(
    'E_FORBIDDEN',
    `the task ${quote(announcement.id)} was announced by ${quote(initiator)}, who is somebody else`,
    {
      hint: `Use the key of ${quote(initiator)}, or that of a hub.`,
    },
  )
}

interface OpenStores {
  readonly line: Line
  /** By partition. */
  readonly stores: readonly NatsStore[]
  readonly place: NatsPlace
  readonly identity: Identity | undefined
}

async function openStores(where: string, options: ReaderOptions): Promise<OpenStores> {
  const place = readPlace(where)
  if (isRefusal(place)) throw new RefusedError(place)
  const { credentials, tls, notify = () => {} } = options
  const identity = credentials === undefined ? undefined : readKeyFile(credentials).identity
  const line = await Line.open(place, { name: drawnName(identity), credentials, tls, tell: notify })
  try {
    const stores = await storesOf(line, subjectsOf(place.network))
    if (stores !== undefined) return { line, stores, place, identity }
    throw new Fault('E_NOT_A_STORE', `there is no network at ${place.shown}`, {
      hint: 'It is made by its first hub: convoke up, or Network.open.',
    })
  } catch (cause) {
    await line.close()
    throw cause
  }
}

async function openLogs(
  where: string,
  options: ReaderOptions,
): Promise<OpenStores & { readonly logs: readonly NatsLog[] }> {
  const open = await openStores(where, options)
  try {
    return { ...open, logs: await Promise.all(open.stores.map((store) => NatsLog.open(store, logStart))) }
  } catch (cause) {
    await open.line.close()
    throw cause
  }
}

async function recordIn(log: NatsLog, task: TaskId): Promise<TaskRecord | undefined> {
  let record: TaskRecord | undefined
  for (const fact of await log.history(task)) record = foldTask(record, fact)
  return record
}

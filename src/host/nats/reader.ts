/**
 * A log on NATS, opened for reading: what the command line shows of a network without taking part in it. Loaded only
 * where a network is on NATS.
 */
import { encode } from '../../protocol/codec.ts'
import { quote, type TaskId } from '../../protocol/id.ts'
import { isRefusal, refuse } from '../../protocol/refusal.ts'
import { Fault } from '../fault.ts'
import { auditNatsLog } from '../journal/audit-nats.ts'
import type { AuditReport } from '../journal/findings.ts'
import { logStart } from '../journal/nats-batch.ts'
import { NatsLog } from '../journal/nats-log.ts'
import { findStore, type NatsStore } from '../journal/nats-store.ts'
import { hubId, type NetworkOptions } from '../options.ts'
import type { JournalReader, Position } from '../ports.ts'
import { RefusedError } from '../refused.ts'
import { foldTask, type TaskRecord } from '../views.ts'
import { drawnName, type Identity, notOf, readKeyFile } from './key-file.ts'
import { Line, pause } from './line.ts'
import { type NatsPlace, readPlace } from './place.ts'
import { subjectsOf } from './subjects.ts'

export type ReaderOptions = Pick<NetworkOptions, 'credentials' | 'tls' | 'notify'>

const partition = 0
/** How long an end that was ordered is waited for. */
const endedMs = 30_000
const againMs = 500

/** It also says where the log ended when it was read last: in messages of its stream, and in facts. */
export interface NatsReader extends JournalReader {
  end(): { readonly seq: number; readonly position: Position }
}

/** Errors: E_NOT_A_STORE when there is no such network, E_UNREACHABLE, E_LOG_CORRUPT, E_LOG_TRUNCATED. */
export async function readNatsJournal(where: string, options: ReaderOptions): Promise<NatsReader> {
  const { line, log } = await openLog(where, options)
  return {
    replay: (apply) => log.replay(apply),
    history: (task) => log.history(task),
    async *read(after) {
      await log.refresh(() => {})
      yield* log.read(after, log.end)
    },
    end: () => log.end,
    close: () => line.close(),
  }
}

/**
 * Examines the log of a network. Errors: E_NOT_A_STORE when there is no such network, E_UNREACHABLE, E_FORBIDDEN.
 */
export async function auditOnNats(where: string, options: ReaderOptions): Promise<AuditReport> {
  const { line, store } = await openStoreAt(where, options)
  try {
    return await auditNatsLog(store)
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
  const { line, log, place, identity } = await openLog(where, options)
  try {
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
      const order = encode({ from, to: { id: hubId, incarnation: 0 }, message })
      line.publish(subjectsOf(place.network).to(hubId, from.id), order)
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

interface OpenStore {
  readonly line: Line
  readonly store: NatsStore
  readonly place: NatsPlace
  readonly identity: Identity | undefined
}

async function openStoreAt(where: string, options: ReaderOptions): Promise<OpenStore> {
  const place = readPlace(where)
  if (isRefusal(place)) throw new RefusedError(place)
  const { credentials, tls, notify = () => {} } = options
  const identity = credentials === undefined ? undefined : readKeyFile(credentials).identity
  const line = await Line.open(place, { name: drawnName(identity), credentials, tls, tell: notify })
  try {
    const store = await findStore(line, subjectsOf(place.network), partition)
    if (store !== undefined) return { line, store, place, identity }
    throw new Fault('E_NOT_A_STORE', `there is no network at ${place.shown}`, {
      hint: 'It is made by its first hub: convoke up, or Network.open.',
    })
  } catch (cause) {
    await line.close()
    throw cause
  }
}

async function openLog(
  where: string,
  options: ReaderOptions,
): Promise<OpenStore & { readonly log: NatsLog }> {
  const open = await openStoreAt(where, options)
  try {
    return { ...open, log: await NatsLog.open(open.store, logStart) }
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

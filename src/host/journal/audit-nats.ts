/**
 * Examines the logs of a network on NATS from their first facts to their last, without a hub and without changing them.
 * Loaded only where a network is on NATS.
 * Must never happen here: an end at the first problem, as long as there is something left to read.
 */
import type { StoredMsg } from '@nats-io/jetstream'
import type { Fact } from '../../protocol/fact.ts'
import type { TaskId } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { Position } from '../ports.ts'
import { chain, tasksOf } from './batch.ts'
import { BetweenLogs } from './between-logs.ts'
import { type AuditReport, Findings, type Problem } from './findings.ts'
import { type Label, type LogEnd, labelOf, logStart } from './nats-batch.ts'
import {
  entriesIn,
  indexOf,
  inOrder,
  lastMessage,
  type Manifest,
  newestManifest,
  range,
  snapshotText,
} from './nats-log.ts'
import type { NatsStore } from './nats-store.ts'

/**
 * Checks of each log the chain of all batches, that no message is gone, the newest snapshot, the index, the shape of
 * every fact, and the invariants of the log (`hub/invariants`); of several what they say of each other. Also works
 * while hubs decide. Errors: E_UNREACHABLE, E_FORBIDDEN.
 */
export async function auditNatsLogs(stores: readonly NatsStore[]): Promise<AuditReport> {
  const [only] = stores
  if (only !== undefined && stores.length === 1) return new NatsAudit(only, () => {}).run()
  const between = new BetweenLogs(stores.length)
  const reports: AuditReport[] = []
  // What one log has counted another had reported before, so it is behind an end that is looked at later.
  const counted: number[] = []
  for (const store of stores) counted.push((await lastMessage(store))?.seq ?? 0)
  for (const [partition, store] of stores.entries()) {
    const audit = new NatsAudit(store, (fact, position, seq) => {
      between.observe(partition, fact, position, seq <= (counted[partition] ?? 0))
    })
    reports.push(await audit.run())
  }
  return together(reports, between.problems())
}

function together(reports: readonly AuditReport[], between: readonly Problem[]): AuditReport {
  const sum = (count: (report: AuditReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  const problems = reports.flatMap((report, partition) =>
    report.problems.map((problem) => ({ partition, ...problem })),
  )
  const order = (a: Problem, b: Problem): number =>
    (a.partition ?? 0) - (b.partition ?? 0) || a.position - b.position
  return {
    facts: sum(({ facts }) => facts),
    tasks: sum(({ tasks }) => tasks),
    open: sum(({ open }) => open),
    ended: {
      completed: sum(({ ended }) => ended.completed),
      failed: sum(({ ended }) => ended.failed),
      cancelled: sum(({ ended }) => ended.cancelled),
      expired: sum(({ ended }) => ended.expired),
    },
    problems: [...problems, ...between].sort(order),
  }
}

class NatsAudit {
  readonly #store: NatsStore
  /** Is told of every sound fact, with the last message of its batch. */
  readonly #heard: (fact: Fact, position: Position, seq: number) => void
  readonly #findings = new Findings()
  #end: LogEnd = logStart
  #open: { readonly label: Label; readonly seq: number; readonly pieces: Uint8Array[] } | undefined
  /** Where the batches of each task lie. */
  readonly #places = new Map<TaskId, number[]>()
  readonly #ends = new Map<Position, LogEnd>()

  constructor(store: NatsStore, heard: (fact: Fact, position: Position, seq: number) => void) {
    this.#store = store
    this.#heard = heard
  }

  async run(): Promise<AuditReport> {
    const store = this.#store
    // The snapshot is read before the log is fixed at its present end: it may lag behind, and never run ahead.
    const manifest = await this.#attempt(0, () => newestManifest(store))
    const tip = (await lastMessage(store))?.seq ?? 0
    const messages = inOrder(range(1, tip), (seq) => store.message(store.logStream, { seq }))
    let seq = 0
    for await (const message of messages) {
      seq += 1
      if (message === undefined) {
        this.#findings.found(this.#end.position + 1, `the message ${seq} is gone`)
        this.#open = undefined
      } else this.#take(message)
    }
    if (manifest !== undefined) {
      await this.#attempt(manifest.position, () => this.#snapshot(manifest))
      await this.#attempt(manifest.position, () => this.#index(manifest))
    }
    return this.#findings.report()
  }

  /** One message; after a damaged one the chain is taken up again from what the next says of itself. */
  #take(message: StoredMsg): void {
    const expected = this.#end.position + 1
    let label: Label
    try {
      label = labelOf(message)
    } catch {
      this.#findings.found(expected, `the message ${message.seq} is none of a log`)
      this.#open = undefined
      return
    }
    // A batch whose writer was replaced before its last part never was.
    if (label.part === 1) this.#open = { label, seq: message.seq, pieces: [] }
    const open = this.#open
    if (open === undefined || open.label.batch !== label.batch || open.pieces.length !== label.part - 1) {
      this.#findings.found(expected, `a part of the batch at position ${label.first} is missing`)
      this.#open = undefined
      this.#end = { seq: message.seq, position: label.last, hash: label.hash }
      return
    }
    open.pieces.push(message.data)
    if (label.part < label.parts) return
    this.#open = undefined
    this.#batch(label, Buffer.concat(open.pieces), open.seq, message.seq)
  }

  #batch({ first, last, hash }: Label, body: Uint8Array, seq: number, endSeq: number): void {
    const expected = this.#end.position + 1
    if (first > expected) this.#findings.found(expected, `missing up to position ${first - 1}`)
    else if (first < expected || Buffer.compare(chain(this.#end.hash, first, last, body), hash) !== 0) {
      this.#findings.found(expected, `the batch up to position ${last} is damaged`)
    }
    const facts = this.#findings.batch(body, first, last, (fact, position) => {
      this.#heard(fact, position, endSeq)
    })
    for (const task of tasksOf(facts)) {
      const places = this.#places.get(task)
      if (places === undefined) this.#places.set(task, [seq])
      else places.push(seq)
    }
    this.#end = { seq: endSeq, position: last, hash }
    this.#ends.set(last, this.#end)
  }

  async #snapshot(manifest: Manifest): Promise<void> {
    const { position, logHash, logSeq } = manifest
    const end = position === 0 ? logStart : this.#ends.get(position)
    if (position > this.#end.position) {
      this.#findings.found(position, `the log ends at ${this.#end.position}, before its newest snapshot`)
    } else if (end === undefined || end.seq !== logSeq || Buffer.from(end.hash).toString('hex') !== logHash) {
      this.#findings.found(position, 'the newest snapshot is that of another log')
    }
    try {
      await snapshotText(this.#store, manifest)
    } catch (cause) {
      // Replaced twice since it was looked at, it is forgotten.
      if ((await newestManifest(this.#store))?.at === manifest.at) throw cause
    }
  }

  /** What lies before the newest snapshot and is not in the index would be missing in the history of its task. */
  async #index({ logSeq }: Manifest): Promise<void> {
    const indexed = new Map<string, Set<number>>()
    for await (const message of indexOf(this.#store)) {
      for (const [task, places] of Object.entries(entriesIn(message))) {
        const known = indexed.get(task) ?? new Set<number>()
        for (const place of places) known.add(place)
        indexed.set(task, known)
      }
    }
    for (const [task, places] of this.#places) {
      const missing = places.find((seq) => seq <= logSeq && indexed.get(task)?.has(seq) !== true)
      if (missing !== undefined) this.#findings.found(0, `the index lacks task ${task}`)
    }
  }

  /** What cannot be read at all is one problem, and the audit goes on with the next thing. */
  async #attempt<Result>(position: Position, step: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await step()
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code !== 'E_LOG_CORRUPT') throw cause
      this.#findings.found(position, cause.message)
      return undefined
    }
  }
}

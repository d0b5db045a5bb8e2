/**
 * What the log of a network on NATS says against what its clients and agents saw. The log is read message by message,
 * so that also the writer of each is known.
 * Must never happen here: a count that is taken from a hub.
 */

import { Batches, labelOf, logStart } from '../../src/host/journal/nats-batch.ts'
import { findStore, type NatsStore } from '../../src/host/journal/nats-store.ts'
import type { Line as Connection } from '../../src/host/nats/line.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import type { Fact } from '../../src/protocol/index.ts'
import { capacity } from './orders.ts'

/** What clients and agents were told, or did. */
export interface Told {
  readonly accepted: ReadonlySet<string>
  readonly outcomes: ReadonlyMap<string, string>
  readonly begun: readonly { readonly task: string; readonly epoch: number; readonly agent: string }[]
  /** The most assignments that any agent had in hand. */
  readonly busyMost: number
}

export interface Verdict {
  readonly facts: number
  readonly hubs: number
  readonly lost: string[]
  readonly doubleOutcomes: string[]
  readonly staleWrites: string[]
  readonly overbooked: string[]
  readonly unfinished: string[]
  /** Agents that began in a group which the log does not have. */
  readonly unfounded: string[]
  readonly rules: string[]
}

interface Log {
  readonly facts: readonly Fact[]
  /** Messages of a writer behind one of its successor. */
  readonly staleWrites: string[]
}

export async function auditCluster(line: Connection, network: string, told: Told): Promise<Verdict> {
  const store = await findStore(line, subjectsOf(network), 0)
  if (store === undefined) throw new Error('there is no log')
  const { facts, staleWrites } = await readLog(store)
  const invariants = new Invariants()
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  const accepted = new Set<string>()
  const ended = new Map<string, string>()
  const groups = new Set<string>()
  const doubleOutcomes: string[] = []
  for (const fact of facts) {
    if (fact.kind === 'task.accepted') accepted.add(fact.task)
    if (fact.kind === 'group.formed') {
      for (const { agent } of fact.members) groups.add(`${fact.task} ${fact.epoch} ${agent}`)
    }
    if (fact.kind !== 'task.ended') continue
    if (ended.has(fact.task)) doubleOutcomes.push(`${fact.task} ends twice in the log`)
    ended.set(fact.task, fact.status)
  }
  for (const [task, status] of told.outcomes) {
    if (ended.get(task) !== status)
      doubleOutcomes.push(`${task}: a client was told ${status}, the log says ${ended.get(task)}`)
  }
  const overbooked = overbookedIn(facts)
  if (told.busyMost > capacity) overbooked.push(`an agent worked on ${told.busyMost} of ${capacity}`)
  return {
    facts: facts.length,
    hubs: facts.filter(({ kind }) => kind === 'hub.started').length,
    lost: [...told.accepted].filter((task) => !accepted.has(task)),
    doubleOutcomes,
    staleWrites,
    overbooked,
    unfinished: [...accepted].filter((task) => !ended.has(task)),
    unfounded: told.begun
      .map(({ task, epoch, agent }) => `${task} ${epoch} ${agent}`)
      .filter((part) => !groups.has(part)),
    rules: invariants.violations().map(({ position, what }) => `position ${position}: ${what}`),
  }
}

async function readLog(store: NatsStore): Promise<Log> {
  const last = (await store.message(store.logStream, { last_by_subj: store.logSubject }))?.seq ?? 0
  const batches = new Batches(logStart)
  const facts: Fact[] = []
  const writers: string[] = []
  const staleWrites: string[] = []
  for (let from = 1; from <= last; from += 256) {
    const seqs = Array.from({ length: Math.min(256, last - from + 1) }, (_, i) => from + i)
    for (const message of await Promise.all(seqs.map((seq) => store.message(store.logStream, { seq })))) {
      if (message === undefined) throw new Error('a message of the log is gone')
      const [writer = ''] = labelOf(message).batch.split('.')
      if (writers.includes(writer) && writers.at(-1) !== writer) staleWrites.push(`message ${message.seq}`)
      if (writers.at(-1) !== writer) writers.push(writer)
      facts.push(...(batches.take(message)?.facts ?? []))
    }
  }
  return { facts, staleWrites }
}

/** Positions at which an agent is in more unfinished groups than it has slots, by the log alone. */
function overbookedIn(facts: readonly Fact[]): string[] {
  const found: string[] = []
  const held = new Map<string, Set<string>>()
  /** Who has done a part of a task, and is in its later groups without working. */
  const finished = new Map<string, Set<string>>()
  const setOf = (map: Map<string, Set<string>>, key: string): Set<string> => {
    const set = map.get(key) ?? new Set<string>()
    map.set(key, set)
    return set
  }
  for (const [i, fact] of facts.entries()) {
    if (fact.kind === 'group.formed') {
      for (const { agent } of fact.members) {
        if (finished.get(fact.task)?.has(agent)) continue
        const { size } = setOf(held, agent).add(fact.task)
        if (size > capacity) found.push(`position ${i + 1}: ${agent} is in ${size} groups`)
      }
    }
    if (fact.kind === 'member.finished') setOf(finished, fact.task).add(fact.agent)
    if (fact.kind === 'member.finished' || fact.kind === 'member.lost')
      held.get(fact.agent)?.delete(fact.task)
    if (fact.kind === 'claim.returned') finished.delete(fact.task)
    if (fact.kind !== 'task.ended') continue
    finished.delete(fact.task)
    for (const tasks of held.values()) tasks.delete(fact.task)
  }
  return found
}

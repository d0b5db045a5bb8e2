/**
 * What the logs of a network on NATS say against what its clients and agents saw. They are read message by message, so
 * that also the writer of each is known.
 * Must never happen here: a count that is taken from a hub.
 */

import { auditNatsLogs } from '../../src/host/journal/audit-nats.ts'
import { Batches, labelOf, logStart } from '../../src/host/journal/nats-batch.ts'
import { type NatsStore, storesOf } from '../../src/host/journal/nats-store.ts'
import type { Line as Connection } from '../../src/host/nats/line.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Fact } from '../../src/protocol/index.ts'
import { capacity } from './orders.ts'

/** What clients and agents were told, or did. */
export interface Told {
  readonly accepted: ReadonlySet<string>
  readonly outcomes: ReadonlyMap<string, string>
  readonly begun: readonly { readonly task: string; readonly epoch: number; readonly agent: string }[]
  /** Parts that an agent has come to the end of, when it had. */
  readonly ended: readonly {
    readonly at: number
    readonly task: string
    readonly epoch: number
    readonly agent: string
  }[]
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
  /** Agents that began in a group which no log has. */
  readonly unfounded: string[]
  readonly rules: string[]
}

export async function auditCluster(line: Connection, network: string, told: Told): Promise<Verdict> {
  const stores = await storesOf(line, subjectsOf(network))
  if (stores === undefined) throw new Error('there is no log')
  const logs = await Promise.all(stores.map((store) => readLog(store)))
  const facts = logs.flatMap((log) => log.facts)
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
    if (ended.has(fact.task)) doubleOutcomes.push(`${fact.task} ends twice in the logs`)
    ended.set(fact.task, fact.status)
  }
  for (const [task, status] of told.outcomes) {
    if (ended.get(task) !== status)
      doubleOutcomes.push(`${task}: a client was told ${status}, the log says ${ended.get(task)}`)
  }
  const overbooked = overbookedIn(facts, told)
  if (told.busyMost > capacity) overbooked.push(`an agent worked on ${told.busyMost} of ${capacity}`)
  const { problems } = await auditNatsLogs(stores)
  return {
    facts: facts.length,
    hubs: facts.filter(({ kind }) => kind === 'hub.started').length,
    lost: [...told.accepted].filter((task) => !accepted.has(task)),
    doubleOutcomes,
    staleWrites: logs.flatMap((log) => log.staleWrites),
    overbooked,
    unfinished: [...accepted].filter((task) => !ended.has(task)),
    unfounded: told.begun
      .map(({ task, epoch, agent }) => `${task} ${epoch} ${agent}`)
      .filter((part) => !groups.has(part)),
    rules: problems.map(({ partition = 0, position, problem }) => {
      return `position ${position} of log ${partition}: ${problem}`
    }),
  }
}

interface Log {
  readonly facts: readonly Fact[]
  /** Messages of a writer behind one of its successor. */
  readonly staleWrites: string[]
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
      if (writers.includes(writer) && writers.at(-1) !== writer)
        staleWrites.push(`message ${message.seq} of log ${store.partition}`)
      if (writers.at(-1) !== writer) writers.push(writer)
      facts.push(...(batches.take(message)?.facts ?? []))
    }
  }
  return { facts, staleWrites }
}

/** Something that takes a slot of an agent or gives one back. */
interface Shift {
  readonly at: number
  readonly begins: boolean
  readonly agent: string
  readonly task: string
  /** In which a member came in; of its end, in which it began. */
  readonly epoch: number
}

/**
 * Instants at which an agent is in more unfinished groups than it has slots. One log is in order; what other hubs and
 * the agents themselves say of it is put in the order of the one clock that all processes here have. An agent has come
 * to the end of a part before the hub of the task has heard of it, and its home may lend the slot then.
 */
function overbookedIn(facts: readonly Fact[], told: Told): string[] {
  const shifts: Shift[] = [...told.ended.map((each) => ({ ...each, begins: false })), ...shiftsIn(facts)]
  shifts.sort((a, b) => a.at - b.at || Number(a.begins) - Number(b.begins))
  const held = new Map<string, Map<string, number>>()
  const found: string[] = []
  for (const { at, begins, agent, task, epoch } of shifts) {
    const tasks = held.get(agent) ?? new Map<string, number>()
    held.set(agent, tasks)
    if (begins) {
      if (tasks.set(task, epoch).size <= capacity) continue
      found.push(`at ${at} ${agent} is in ${tasks.size} groups: ${[...tasks.keys()].join(', ')}`)
      // A run of an earlier epoch that was stopped ends late.
    } else if ((tasks.get(task) ?? 0) <= epoch) tasks.delete(task)
  }
  return found
}

function shiftsIn(facts: readonly Fact[]): Shift[] {
  const shifts: Shift[] = []
  /** By task: who is at work since which epoch, and who has done a part and is in its later groups without working. */
  const working = new Map<string, Map<string, number>>()
  const finished = new Map<string, Set<string>>()
  for (const fact of facts) {
    if (!('task' in fact) || fact.task === undefined) continue
    const { at, task } = fact
    const members = working.get(task) ?? new Map<string, number>()
    const done = finished.get(task) ?? new Set<string>()
    const leave = (agent: string): void => {
      const epoch = members.get(agent)
      if (members.delete(agent)) shifts.push({ at, begins: false, agent, task, epoch: epoch ?? 0 })
    }
    if (fact.kind === 'group.formed') {
      for (const { agent } of fact.members) {
        if (done.has(agent) || members.has(agent)) continue
        members.set(agent, fact.epoch)
        shifts.push({ at, begins: true, agent, task, epoch: fact.epoch })
      }
    }
    if (fact.kind === 'member.finished') done.add(fact.agent)
    if (fact.kind === 'member.finished' || fact.kind === 'member.lost') leave(fact.agent)
    if (fact.kind === 'claim.returned') done.clear()
    if (fact.kind === 'task.ended') for (const agent of [...members.keys()]) leave(agent)
    working.set(task, members)
    finished.set(task, done)
  }
  return shifts
}

/**
 * What the durable facts of a run, in the logs of all its hubs, say about each task, kept apart from the views of the
 * network: what clients and agents are told is compared with this.
 * Must never happen here: a look into a machine.
 */
import { Invariants } from '../../src/hub/invariants.ts'
import type { Fact, TaskAcceptedFact, TaskEndedFact } from '../../src/protocol/fact.ts'
import type { Checkpoint, Member } from '../../src/protocol/group.ts'
import type { HubId } from '../../src/protocol/id.ts'
import type { JsonText } from '../../src/protocol/json.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'

export interface Part {
  readonly member: Member
  state: 'working' | 'finished' | 'lost'
}

export interface Done {
  readonly agent: string
  readonly skills: readonly string[]
  readonly result: JsonText
  readonly epoch: number
  readonly at: Millis
}

export interface Entry {
  /** In whose log it is. */
  readonly hub: HubId
  readonly announcement: TaskAnnouncement
  readonly initiator: string
  /** When its acceptance was durable. */
  readonly acceptedAt: Millis
  epoch: number
  started: boolean
  parts: Map<string, Part>
  /** Since the last claim that was returned. One agent may have done several parts, one after the other. */
  results: Done[]
  /** The last of each agent that has not finished since. */
  checkpoints: Map<string, Checkpoint & { readonly at: Millis }>
  feedback: string | undefined
  /** Agents whose end, of whatever kind, is durable in some epoch. */
  readonly closed: Set<string>
  ended: TaskEndedFact | undefined
}

/** Of one hub. */
export interface Log {
  readonly facts: Fact[]
  readonly invariants: Invariants
  /** How many of the violations were told. */
  seen: number
  /** Tasks. */
  open: number
}

function newLog(): Log {
  return { facts: [], invariants: new Invariants(), seen: 0, open: 0 }
}

/** A rule that was broken, in words. */
export type Complain = (rule: string, what: string) => void

export class Ledger {
  readonly tasks: Map<string, Entry> = new Map()
  readonly logs: ReadonlyMap<HubId, Log>
  /** Claims that an initiator has accepted: `task epoch`. */
  readonly approved: Set<string> = new Set()
  readonly #complain: Complain
  readonly #openMax: number
  readonly #capacity: ReadonlyMap<string, number>
  /** What lives of agents have come to the end of, though their hubs may not have heard: `agent incarnation task`. */
  readonly #done = new Set<string>()

  /** `openMax`: how many tasks that somebody announced may be open at one hub at once. */
  constructor(
    hubs: readonly HubId[],
    openMax: number,
    capacity: ReadonlyMap<string, number>,
    complain: Complain,
  ) {
    this.logs = new Map(hubs.map((hub) => [hub, newLog()]))
    this.#capacity = capacity
    this.#openMax = openMax
    this.#complain = complain
  }

  /** At all hubs. */
  get open(): number {
    let open = 0
    for (const log of this.logs.values()) open += log.open
    return open
  }

  /** Takes the next durable fact of a hub, and holds it to the rules. */
  observe(hub: HubId, fact: Fact, position: number, at: Millis): void {
    const log = this.logs.get(hub) ?? newLog()
    log.facts.push(fact)
    log.invariants.observe(fact, position)
    const violations = log.invariants.violations()
    for (; log.seen < violations.length; log.seen++) {
      const violation = violations[log.seen]
      if (violation !== undefined)
        this.#complain(violation.rule, `${violation.task ?? ''} at ${violation.position}: ${violation.what}`)
    }
    if (fact.kind === 'hub.started') return
    if (fact.kind === 'task.accepted') this.#accept(hub, log, fact, at)
    const entry = fact.task === undefined ? undefined : this.tasks.get(fact.task)
    if (entry !== undefined) this.#fold(log, entry, fact, at)
  }

  /** An agent's own code has begun with an assignment, or come to its end. */
  acted(agent: string, incarnation: number, task: string, isDone: boolean): void {
    const name = `${agent} ${incarnation} ${task}`
    if (isDone) this.#done.add(name)
    else this.#done.delete(name)
  }

  #accept(hub: HubId, log: Log, { announcement, initiator }: TaskAcceptedFact, acceptedAt: Millis): void {
    log.open += 1
    if (announcement.verifies === undefined && log.open > this.#openMax)
      this.#complain('SIM-9', `${log.open} tasks are open; the limit is ${this.#openMax}`)
    if (this.tasks.has(announcement.id)) return
    this.tasks.set(announcement.id, {
      hub,
      announcement,
      initiator,
      acceptedAt,
      epoch: 0,
      started: announcement.startBy === 'hub',
      parts: new Map(),
      results: [],
      checkpoints: new Map(),
      feedback: undefined,
      closed: new Set(),
      ended: undefined,
    })
  }

  #fold(log: Log, entry: Entry, fact: Exclude<Fact, { kind: 'hub.started' }>, at: Millis): void {
    switch (fact.kind) {
      case 'dependency.ended':
        return this.#checkHeard(fact)
      case 'group.formed':
        entry.epoch = fact.epoch
        entry.parts = new Map(
          fact.members.map((member) => {
            const before = entry.parts.get(member.agent)
            const isDone =
              before?.state === 'finished' && before.member.skills.join() === member.skills.join()
            return [member.agent, { member, state: isDone ? 'finished' : 'working' }]
          }),
        )
        this.#checkCapacity(entry)
        return
      case 'task.started':
        entry.started = true
        return
      case 'checkpoint.saved':
        entry.checkpoints.set(fact.checkpoint.agent, { ...fact.checkpoint, at })
        return
      case 'member.finished': {
        const part = entry.parts.get(fact.agent)
        if (part !== undefined) part.state = 'finished'
        entry.results.push({
          agent: fact.agent,
          skills: part?.member.skills ?? [],
          result: fact.result,
          epoch: fact.epoch,
          at,
        })
        entry.checkpoints.delete(fact.agent)
        entry.closed.add(fact.agent)
        return
      }
      case 'member.lost': {
        const part = entry.parts.get(fact.agent)
        if (part !== undefined) part.state = 'lost'
        entry.closed.add(fact.agent)
        return
      }
      case 'claim.returned':
        entry.parts.clear()
        entry.results = []
        entry.checkpoints.clear()
        entry.feedback = fact.reason
        return
      case 'task.ended':
        log.open -= 1
        this.#end(entry, fact)
        return
      default:
        return
    }
  }

  #checkCapacity({ parts }: Entry): void {
    for (const { member, state } of parts.values()) {
      const capacity = this.#capacity.get(member.agent)
      if (state !== 'working' || capacity === undefined) continue
      const work = this.#atWork(member.agent, member.incarnation)
      if (work > capacity)
        this.#complain('SIM-3', `${member.agent} is in ${work} groups at once; its capacity is ${capacity}`)
    }
  }

  /** Between several hubs the slot of whoever is done may be taken again before the end of its work is heard. */
  #atWork(agent: string, incarnation: number): number {
    const tasks = this.workOf(agent, incarnation)
    if (this.logs.size === 1) return tasks.length
    return tasks.filter((task) => !this.#done.has(`${agent} ${incarnation} ${task}`)).length
  }

  /** What one hub has written down of another's task is what that one's log has. */
  #checkHeard({ task, dependency, status, results }: Extract<Fact, { kind: 'dependency.ended' }>): void {
    const entry = this.tasks.get(dependency)
    const kept = entry?.ended?.status === 'completed' ? entry.results : []
    const told = new Set(results.map(({ agent, result }) => `${agent} ${result}`))
    const same =
      entry?.ended?.status === status && kept.every((one) => told.has(`${one.agent} ${one.result}`))
    if (!same) this.#complain('SIM-19', `${task} has another end of ${dependency} than the log of its hub`)
  }

  #end(entry: Entry, fact: TaskEndedFact): void {
    entry.ended = fact
    for (const [id, { announcement, ended, hub }] of this.tasks) {
      // Another hub hears of it later.
      if (announcement.parent === fact.task && ended === undefined && hub === entry.hub)
        this.#complain('SIM-7', `${fact.task} has ended, its sub-task ${id} has not`)
    }
    if (fact.status === 'completed' && !this.#isChecked(entry))
      this.#complain('SIM-6', `${fact.task} completed without the check that it asked for`)
  }

  /** An agent's check is itself in the log; what an initiator judged is known to whoever heard it. */
  #isChecked({ announcement, epoch }: Entry): boolean {
    if (announcement.verify.by === 'initiator') return this.approved.has(`${announcement.id} ${epoch}`)
    if (announcement.verify.by === 'trust') return true
    for (const check of this.tasks.values()) {
      const { verifies } = check.announcement
      if (verifies?.task !== announcement.id || verifies.epoch !== epoch) continue
      if (check.ended?.status === 'completed') return check.results[0]?.result === 'true'
    }
    return false
  }

  /** Assignments that an agent has by the facts, in this incarnation. */
  workOf(agent: string, incarnation: number): string[] {
    const tasks: string[] = []
    for (const [id, { ended, parts }] of this.tasks) {
      const part = parts.get(agent)
      if (ended === undefined && part?.state === 'working' && part.member.incarnation === incarnation)
        tasks.push(id)
    }
    return tasks
  }
}

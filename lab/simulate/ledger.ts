/**
 * What the durable facts of a run say about each task, kept apart from the views of the network: what clients and
 * agents are told is compared with this.
 * Must never happen here: a look into a machine.
 */
import { Invariants } from '../../src/hub/invariants.ts'
import type { Fact, TaskEndedFact } from '../../src/protocol/fact.ts'
import type { Checkpoint, Member } from '../../src/protocol/group.ts'
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
  readonly announcement: TaskAnnouncement
  readonly initiator: string
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

/** A rule that was broken, in words. */
export type Complain = (rule: string, what: string) => void

export class Ledger {
  readonly tasks: Map<string, Entry> = new Map()
  readonly facts: Fact[] = []
  /** Claims that an initiator has accepted: `task epoch`. */
  readonly approved: Set<string> = new Set()
  readonly #invariants = new Invariants()
  readonly #complain: Complain
  readonly #openMax: number
  readonly #capacity: ReadonlyMap<string, number>
  #seen = 0
  open = 0

  /** `openMax`: how many tasks that somebody announced may be open at once. */
  constructor(openMax: number, capacity: ReadonlyMap<string, number>, complain: Complain) {
    this.#capacity = capacity
    this.#openMax = openMax
    this.#complain = complain
  }

  /** Takes the next durable fact, and holds it to the rules. */
  observe(fact: Fact, position: number, at: Millis): void {
    this.facts.push(fact)
    this.#invariants.observe(fact, position)
    const violations = this.#invariants.violations()
    for (; this.#seen < violations.length; this.#seen++) {
      const violation = violations[this.#seen]
      if (violation !== undefined)
        this.#complain(violation.rule, `${violation.task ?? ''} at ${violation.position}: ${violation.what}`)
    }
    if (fact.kind === 'hub.started') return
    if (fact.kind === 'task.accepted') this.#accept(fact.announcement, fact.initiator)
    const entry = fact.task === undefined ? undefined : this.tasks.get(fact.task)
    if (entry !== undefined) this.#fold(entry, fact, at)
  }

  #accept(announcement: TaskAnnouncement, initiator: string): void {
    this.open += 1
    if (announcement.verifies === undefined && this.open > this.#openMax)
      this.#complain('SIM-9', `${this.open} tasks are open; the limit is ${this.#openMax}`)
    if (this.tasks.has(announcement.id)) return
    this.tasks.set(announcement.id, {
      announcement,
      initiator,
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

  #fold(entry: Entry, fact: Exclude<Fact, { kind: 'hub.started' }>, at: Millis): void {
    switch (fact.kind) {
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
      const work = this.workOf(member.agent, member.incarnation).length
      if (work > capacity)
        this.#complain('SIM-3', `${member.agent} is in ${work} groups at once; its capacity is ${capacity}`)
    }
  }

  #end(entry: Entry, fact: TaskEndedFact): void {
    this.open -= 1
    entry.ended = fact
    for (const [id, { announcement, ended }] of this.tasks) {
      if (announcement.parent === fact.task && ended === undefined)
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

/**
 * What must hold in every log, whatever happened: the safety invariants that facts alone can prove or break. The audit
 * of a file and the simulator watch with the same eyes.
 * Must never happen here: a look at the state of a hub, or a stop at the first violation.
 */
import type {
  CheckpointSavedFact,
  ClaimReturnedFact,
  DependencyEndedFact,
  Fact,
  GroupFormedFact,
  HubStartedFact,
  MemberFinishedFact,
  MemberLostFact,
  OutcomeReportedFact,
  StandingChangedFact,
  TaskAcceptedFact,
  TaskEndedFact,
  TaskStartedFact,
} from '../protocol/fact.ts'
import type { Member } from '../protocol/group.ts'
import { type AgentId, quote, type TaskId } from '../protocol/id.ts'
import { never } from '../protocol/machine.ts'
import type { Evidence, MemberOutcome } from '../protocol/standing.ts'
import type { EndStatus, TaskAnnouncement } from '../protocol/task.ts'
import { coverage, type DonePart, groupFaults } from './group-faults.ts'

export type InvariantRule = `LOG-${number}`

export interface Violation {
  readonly rule: InvariantRule
  /** Of the fact that broke the rule. */
  readonly position: number
  readonly task?: TaskId
  readonly what: string
}

export interface TaskCounts {
  readonly tasks: number
  readonly open: number
  readonly ended: Readonly<Record<EndStatus, number>>
}

type PartState = 'working' | 'finished' | 'lost'

interface Part {
  readonly member: Member
  state: PartState
}

/** An open task, as far as the rules need it. */
interface Life {
  readonly announcement: TaskAnnouncement
  readonly deadlineAt: number
  epoch: number
  parts: Map<AgentId, Part>
  /** The initiator let the work begin, or need not. */
  begun: boolean
  /** The claim of this epoch was sent back: its group works no more. */
  returned: boolean
  attempts: number
  /** How what it depends on of other hubs has ended, by their word. */
  readonly told: Map<TaskId, EndStatus>
  /** Agents and skills whose outcome in this epoch was counted. */
  /** What is finished, since the last claim that was returned. */
  readonly done: DonePart[]
  readonly counted: Set<string>
}

type FactOfTask = Exclude<Fact, TaskAcceptedFact | HubStartedFact>

/** Watches a log from its first fact on. Its memory grows with open tasks, and by one entry for each ended one. */
export class Invariants {
  readonly #open = new Map<TaskId, Life>()
  readonly #ended = new Map<TaskId, EndStatus>()
  readonly #violations: Violation[] = []
  #incarnation = 0
  /** By `to HOME` and `from HUB`: the last report. */
  readonly #serials = new Map<string, number>()

  /** Takes the next fact of the log. A fact that breaks a rule still counts as having happened. */
  observe(fact: Fact, position: number): void {
    switch (fact.kind) {
      case 'hub.started':
        return this.#hubStarted(fact, position)
      case 'task.accepted':
        return this.#accepted(fact, position)
      default:
        return this.#aboutTask(fact, position)
    }
  }

  violations(): readonly Violation[] {
    return this.#violations
  }

  counts(): TaskCounts {
    const ended = { completed: 0, failed: 0, cancelled: 0, expired: 0 }
    for (const status of this.#ended.values()) ended[status] += 1
    return { tasks: this.#open.size + this.#ended.size, open: this.#open.size, ended }
  }

  #hubStarted(fact: HubStartedFact, position: number): void {
    if (fact.incarnation < this.#incarnation) {
      const what = `incarnation ${fact.incarnation} of hub ${quote(fact.hub)} follows ${this.#incarnation}`
      this.#violations.push({ rule: 'LOG-10', position, what })
    }
    this.#incarnation = Math.max(this.#incarnation, fact.incarnation)
  }

  #accepted(fact: TaskAcceptedFact, position: number): void {
    const { task, announcement } = fact
    if (this.#open.has(task) || this.#ended.has(task)) {
      this.#violations.push({ rule: 'LOG-1', position, task, what: 'accepted twice' })
      return
    }
    this.#open.set(task, {
      announcement,
      deadlineAt: fact.at + (announcement.deadlineMs ?? Number.POSITIVE_INFINITY),
      epoch: 0,
      parts: new Map(),
      begun: announcement.startBy === 'hub',
      returned: false,
      attempts: 0,
      told: new Map(),
      done: [],
      counted: new Set(),
    })
  }

  /** Reports leave for a home, and are counted of a hub, one after the other. */
  #reported(fact: FactOfTask, position: number): void {
    const source = fact.kind === 'standing.changed' ? fact.source : undefined
    const report = fact.kind === 'outcome.reported' ? { hub: fact.home, serial: fact.serial } : source
    if (report === undefined) return
    const way = fact.kind === 'outcome.reported' ? `to ${report.hub}` : `from ${report.hub}`
    const before = this.#serials.get(way) ?? 0
    this.#serials.set(way, report.serial)
    if (report.serial === before + 1) return
    this.#violations.push({
      rule: 'LOG-16',
      position,
      what: `report ${report.serial} ${way} follows ${before}`,
    })
  }

  #aboutTask(fact: FactOfTask, position: number): void {
    this.#reported(fact, position)
    const { task } = fact
    if (task === undefined) return
    const breaks: Breaks = (rule, what) => this.#violations.push({ rule, position, task, what })
    const life = this.#open.get(task)
    if (life !== undefined) this.#step(life, fact, breaks)
    else if (this.#ended.has(task)) breaks('LOG-2', `${fact.kind} after the end`)
    else breaks('LOG-1', `${fact.kind} of a task that was never accepted`)
  }

  #step(life: Life, fact: FactOfTask, breaks: Breaks): void {
    switch (fact.kind) {
      case 'group.formed':
        return this.#formed(life, fact, breaks)
      case 'task.started':
        return begin(life, fact, breaks)
      case 'checkpoint.saved':
        return save(life, fact, breaks)
      case 'member.finished':
        return finish(life, fact, breaks)
      case 'member.lost':
        return lose(life, fact, breaks)
      case 'claim.returned':
        return giveBack(life, fact, breaks)
      case 'standing.changed':
        return count(life, fact, fact.evidence, breaks)
      case 'outcome.reported':
        return count(life, fact, fact.outcomes, breaks)
      case 'dependency.ended':
        return hearOf(life, fact, breaks)
      case 'task.ended':
        end(life, fact, breaks)
        this.#failed(life, fact, breaks)
        this.#open.delete(fact.task)
        this.#ended.set(fact.task, fact.status)
        return
      default:
        return never(fact)
    }
  }

  #formed(life: Life, fact: GroupFormedFact, breaks: Breaks): void {
    const { announcement, epoch } = life
    if (fact.epoch !== epoch + 1) breaks('LOG-3', `epoch ${fact.epoch} follows ${epoch}`)
    for (const what of groupFaults(announcement, fact, life.done)) breaks('LOG-5', what)
    for (const id of announcement.dependsOn) {
      if (this.#endOf(life, id) !== 'completed') breaks('LOG-6', `formed before ${quote(id)} completed`)
    }
    for (const { member, state } of life.parts.values()) {
      const stays = fact.members.some((other) => other.agent === member.agent)
      if (state !== 'finished' || life.returned || stays) continue
      breaks('LOG-7', `the finished part of ${quote(member.agent)} is missing in the next group`)
    }
    if (fact.at >= life.deadlineAt)
      breaks('LOG-9', `formed ${fact.at - life.deadlineAt} ms after the deadline`)
    if (life.attempts >= announcement.maxAttempts) breaks('LOG-13', `formed after ${life.attempts} attempts`)
    form(life, fact)
  }

  #endOf({ told }: Life, dependency: TaskId): EndStatus | undefined {
    return this.#ended.get(dependency) ?? told.get(dependency)
  }

  /** What fails for another task names one that has ended, and not well. */
  #failed(life: Life, { reason }: TaskEndedFact, breaks: Breaks): void {
    if (reason?.code !== 'E_DEPENDENCY_FAILED') return
    const ends = life.announcement.dependsOn.map((id) => this.#endOf(life, id) ?? 'completed')
    if (ends.every((status) => status === 'completed')) breaks('LOG-17', 'failed for what has not failed')
  }
}

type Breaks = (rule: InvariantRule, what: string) => void

function form(life: Life, fact: GroupFormedFact): void {
  const before = life.returned ? new Map<AgentId, Part>() : life.parts
  life.parts = new Map()
  for (const member of fact.members) {
    const kept = before.get(member.agent)
    const state =
      kept !== undefined && kept.state !== 'lost' && isSame(kept.member, member) ? kept.state : 'working'
    life.parts.set(member.agent, { member, state })
  }
  life.epoch = fact.epoch
  life.returned = false
  life.counted.clear()
}

/** The same part: the same life of the same agent, asked for the same skills. */
function isSame(a: Member, b: Member): boolean {
  return a.agent === b.agent && a.incarnation === b.incarnation && a.skills.join() === b.skills.join()
}

function checkEpoch(life: Life, kind: string, epoch: number, breaks: Breaks): void {
  if (epoch !== life.epoch) breaks('LOG-4', `${kind} of epoch ${epoch} in epoch ${life.epoch}`)
}

/** The part of a member that works in the current group; otherwise a violation. */
function workingPart(
  life: Life,
  kind: string,
  epoch: number,
  agent: AgentId,
  breaks: Breaks,
): Part | undefined {
  checkEpoch(life, kind, epoch, breaks)
  const part = life.returned ? undefined : life.parts.get(agent)
  if (part === undefined) breaks('LOG-4', `${kind} of ${quote(agent)}, which is no member`)
  else if (part.state === 'finished') breaks('LOG-7', `${kind} of ${quote(agent)}, which has finished`)
  else if (part.state === 'lost') breaks('LOG-4', `${kind} of ${quote(agent)}, which was lost`)
  return part
}

function hearOf(life: Life, { dependency, status }: DependencyEndedFact, breaks: Breaks): void {
  if (!life.announcement.dependsOn.includes(dependency))
    breaks('LOG-17', `the end of ${quote(dependency)}, on which it does not depend`)
  if (life.told.has(dependency)) breaks('LOG-17', `the end of ${quote(dependency)} twice`)
  life.told.set(dependency, status)
}

function begin(life: Life, fact: TaskStartedFact, breaks: Breaks): void {
  checkEpoch(life, fact.kind, fact.epoch, breaks)
  if (life.announcement.startBy === 'hub') breaks('LOG-11', 'started by an initiator that left it to the hub')
  life.begun = true
}

function save(life: Life, fact: CheckpointSavedFact, breaks: Breaks): void {
  const { agent, epoch } = fact.checkpoint
  workingPart(life, fact.kind, epoch, agent, breaks)
  if (!life.begun) breaks('LOG-11', `checkpoint of ${quote(agent)} before the start`)
}

function finish(life: Life, fact: MemberFinishedFact, breaks: Breaks): void {
  const part = workingPart(life, fact.kind, fact.epoch, fact.agent, breaks)
  if (!life.begun) breaks('LOG-11', `${quote(fact.agent)} finished before the start`)
  if (part === undefined) return
  part.state = 'finished'
  life.done.push(part.member)
}

function lose(life: Life, fact: MemberLostFact, breaks: Breaks): void {
  const part = workingPart(life, fact.kind, fact.epoch, fact.agent, breaks)
  if (fact.counts) life.attempts += 1
  if (part !== undefined) part.state = 'lost'
}

function giveBack(life: Life, fact: ClaimReturnedFact, breaks: Breaks): void {
  checkEpoch(life, fact.kind, fact.epoch, breaks)
  if (!isDone(life)) breaks('LOG-12', 'a claim is returned that nobody made')
  life.attempts += 1
  life.returned = true
  life.done.length = 0
}

/** Who was a member is known also after its claim was returned: that is when the blame is shared. */
function count(
  life: Life,
  fact: StandingChangedFact | OutcomeReportedFact,
  seen: readonly (Evidence | MemberOutcome)[],
  breaks: Breaks,
): void {
  if (fact.epoch !== undefined) checkEpoch(life, fact.kind, fact.epoch, breaks)
  for (const { agent, skills } of seen) {
    // Who has done a part and was lost in another is a member no more, and its result counts all the same.
    const contributed = life.parts.has(agent) || life.done.some((part) => part.agent === agent)
    if (!contributed) breaks('LOG-8', `an outcome of ${quote(agent)}, which is no member`)
    for (const { skill } of skills) {
      const key = `${agent} ${skill}`
      if (life.counted.has(key))
        breaks('LOG-8', `two outcomes of ${quote(agent)} in ${quote(skill)} in one epoch`)
      life.counted.add(key)
    }
  }
}

function end(life: Life, fact: TaskEndedFact, breaks: Breaks): void {
  if (fact.epoch !== life.epoch) breaks('LOG-3', `ended in epoch ${fact.epoch} of ${life.epoch}`)
  if (fact.status === 'completed' && !isDone(life))
    breaks('LOG-12', 'completed before every member had finished')
  if (fact.status === 'expired' && fact.at < life.deadlineAt) breaks('LOG-9', 'expired before its deadline')
}

/** Nobody is at work, and those who finished cover what is required; who was lost was not needed. */
function isDone({ announcement, parts, returned, done }: Life): boolean {
  if (parts.size === 0 || returned) return false
  for (const { state } of parts.values()) if (state === 'working') return false
  return announcement.requires.every(({ skill, count }) => coverage(skill, done) >= count)
}

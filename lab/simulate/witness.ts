/**
 * Watches a run from the outside, after every event: what nodes say, what agents do, what clients are told, what the
 * disk has. Whatever does not fit together is a violation, with the number of the rule.
 * Must never happen here: a check that a lawful run can fail, or a look into a machine.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Outcome } from '../../src/host/assignment.ts'
import type { TaskTell } from '../../src/protocol/hanging.ts'
import type { Address, Envelope, GroupFormed, Message, TaskStart } from '../../src/protocol/message.ts'
import { hubsOf, isHub } from '../../src/protocol/partition.ts'
import type { Millis } from '../../src/protocol/time.ts'
import type { Happening } from '../world.ts'
import { Hearsay } from './hearsay.ts'
import { type Complain, type Entry, Ledger } from './ledger.ts'
import type { Surroundings } from './surroundings.ts'
import { Turns } from './turns.ts'

export interface Violation {
  readonly rule: string
  readonly what: string
  readonly at: Millis
}

/** Happenings that are kept for whoever looks at a failing run. */
const lastMax = 200

type Acted = Extract<Happening, { kind: 'acted' }>
type Durable = Extract<Happening, { kind: 'durable' }>
type Stopped = Extract<Happening, { kind: 'stopped' }>

export class Witness {
  readonly violations: Violation[] = []
  readonly ledger: Ledger
  readonly hearsay: Hearsay
  readonly #turns: Turns
  /** What the last heartbeat of each agent said. */
  readonly heartbeats: Map<
    string,
    { readonly at: Millis; readonly message: Heartbeat; readonly from: Address }
  > = new Map()
  /** Lives that the hub will not have: `id incarnation`. */
  readonly refused: Set<string> = new Set()
  /** The last life that announced a task: `id incarnation`. */
  readonly announcers: Map<string, string> = new Map()
  /** Which faults of the disk are meant. */
  readonly meantFaults: Set<string> = new Set()
  readonly last: { readonly at: Millis; readonly happening: Happening }[] = []
  messages = 0
  now: Millis = 0
  /** Which event of the run is happening. */
  event = 0
  readonly #partitions: number
  readonly #hasSlowTurns: boolean
  readonly #trace: Hash | undefined
  readonly #capacity: ReadonlyMap<string, number>
  readonly #lives = new Map<string, number>()
  /** Runs that have begun and not ended, and all that ever began, by life. */
  readonly #running = new Map<string, Set<string>>()
  readonly #begun = new Set<string>()
  /** Lives that take part no longer and know it, `id incarnation`, and the event in which they last said so. */
  readonly #left = new Map<string, number>()

  constructor({ agents, limits, faults, partitions }: Surroundings, traced: boolean) {
    const complain: Complain = (rule, what) => this.complain(rule, what)
    this.#capacity = new Map(agents.map(({ id, capacity }) => [id, capacity]))
    this.#partitions = partitions
    this.ledger = new Ledger(hubsOf(partitions), limits.maxAnnouncements, this.#capacity, complain)
    this.hearsay = new Hearsay(complain)
    this.#hasSlowTurns = faults.slowNode !== undefined
    this.#turns = new Turns(
      partitions === 1 && agents.every(({ isAsked }) => isAsked),
      limits.ageStepMs,
      complain,
    )
    this.#trace = traced ? createHash('sha256') : undefined
  }

  complain(rule: string, what: string): void {
    this.violations.push({ rule, what, at: this.now })
  }

  /** A digest of everything that happened. */
  traceHash(): string {
    return this.#trace?.copy().digest('hex') ?? ''
  }

  /** Runs of an agent's own code that are under way in one life. */
  running(agent: string, incarnation: number): number {
    return this.#running.get(`${agent} ${incarnation}`)?.size ?? 0
  }

  see(happening: Happening, at: Millis): void {
    this.now = at
    this.#trace?.update(`${at} ${JSON.stringify(happening)}\n`)
    this.last.push({ at, happening })
    if (this.last.length > 2 * lastMax) this.last.splice(0, lastMax)
    switch (happening.kind) {
      case 'durable':
        return this.#durable(happening)
      case 'sent':
        this.messages += 1
        return this.#heard(happening.envelope)
      case 'acted':
        return this.#acted(happening)
      case 'started':
        this.#lives.set(happening.node, happening.incarnation)
        return
      case 'stopped':
        return this.#stopped(happening)
      case 'refused':
        if (happening.life !== undefined) this.#left.set(`${happening.node} ${happening.life}`, this.event)
        return
      default:
        return
    }
  }

  /** What a client was told when its announcement was accepted. */
  toldAccepted(task: string): void {
    if (!this.ledger.tasks.has(task)) this.complain('SIM-1', `a client was told that ${task} is accepted`)
  }

  /** What a client was told when its task had ended. */
  toldOutcome(task: string, { status, results }: Outcome): void {
    const entry = this.ledger.tasks.get(task)
    if (entry?.ended?.status !== status) {
      this.complain(
        'SIM-2',
        `a client was told that ${task} is ${status}; the journal: ${entry?.ended?.status}`,
      )
      return
    }
    if (status !== 'completed') return
    const told = new Set<string>()
    for (const list of Object.values(results)) {
      for (const { agent, result } of list) told.add(`${agent} ${JSON.stringify(result)}`)
    }
    const kept = new Set(entry.results.map(({ agent, result }) => `${agent} ${result}`))
    if ([...kept].some((one) => !told.has(one)) || told.size !== kept.size)
      this.complain('SIM-2', `a client was told other results of ${task} than the journal has`)
  }

  #durable({ hub, fact, position }: Durable): void {
    const before = 'task' in fact && fact.task !== undefined ? this.ledger.tasks.get(fact.task) : undefined
    if (before !== undefined) this.hearsay.checkFact(before, fact)
    this.ledger.observe(hub, fact, position, this.now)
    if (fact.kind === 'hub.started') this.#turns.hubStarted()
    if (fact.kind !== 'task.accepted' || before !== undefined) return
    const entry = this.ledger.tasks.get(fact.task)
    if (entry !== undefined) this.#turns.accepted(entry, fact.at)
  }

  #stopped({ node, fault }: Stopped): void {
    if (this.meantFaults.has(fault.code)) return
    this.complain('SIM-8', `${node} stopped: ${fault.code} ${fault.message} ${String(fault.cause)}`)
  }

  #acted({ agent, task, epoch, what }: Acted): void {
    const incarnation = this.#lives.get(agent) ?? 0
    this.ledger.acted(agent, incarnation, task, what !== 'begins')
    const life = `${agent} ${incarnation}`
    const running = this.#running.get(life) ?? new Set<string>()
    this.#running.set(life, running)
    if (what !== 'begins') {
      running.delete(`${task} ${epoch}`)
      return
    }
    const run = `${life} ${task} ${epoch}`
    if (this.#begun.has(run)) this.complain('SIM-4', `${agent} begins ${task} twice in epoch ${epoch}`)
    this.#begun.add(run)
    running.add(`${task} ${epoch}`)
    const capacity = this.#capacity.get(agent) ?? 0
    if (running.size > capacity)
      this.complain('SIM-3', `${agent} works on ${running.size} assignments; its capacity is ${capacity}`)
  }

  /** A message on its way: the hub says nothing that is not durable. */
  #heard({ from, to, message }: Envelope): void {
    if (message.kind === 'AGENT_HEARTBEAT') this.heartbeats.set(from.id, { at: this.now, message, from })
    if (message.kind === 'AGENT_LEAVE') this.#left.set(`${from.id} ${from.incarnation}`, this.event)
    if (message.kind === 'SKILL_DECLINE') this.#declined(from)
    if (message.kind === 'TASK_ANNOUNCE')
      this.announcers.set(message.task.id, `${from.id} ${from.incarnation}`)
    if (message.kind === 'TASK_VERDICT' && message.accepted)
      this.ledger.approved.add(`${message.task} ${message.epoch}`)
    if (!isHub(from.id, this.#partitions)) {
      this.hearsay.hear({ from, to, message })
      return
    }
    if (isRefusalOfLife(message)) this.refused.add(`${to.id} ${to.incarnation}`)
    switch (message.kind) {
      case 'TASK_ACCEPTED':
        if (!this.ledger.tasks.has(message.task))
          this.complain('SIM-1', `${message.task} is acknowledged too early`)
        return
      case 'TASK_ENDED':
        if (this.ledger.tasks.get(message.task)?.ended?.status !== message.outcome.status)
          this.complain(
            'SIM-2',
            `${message.task} is said to be ${message.outcome.status} before it is durable`,
          )
        return
      case 'TASK_TELL':
        return this.#told(message)
      case 'TASK_NOTED': {
        const entry = this.ledger.tasks.get(message.task)
        if (!entry?.closed.has(to.id))
          this.complain('SIM-1', `the end of ${to.id} in ${message.task} is noted too early`)
        return
      }
      case 'SKILL_QUERY':
        return this.#turns.asks(message.call.task, this.event)
      case 'GROUP_FORMED':
        if (message.invite !== undefined) this.hearsay.checkInvite(to, message.invite)
        if ((this.ledger.tasks.get(message.task)?.epoch ?? 0) < message.epoch)
          this.complain(
            'SIM-1',
            `epoch ${message.epoch} of ${message.task} is announced before it is durable`,
          )
        if (message.assignment !== undefined) this.#started(message, to)
        return
      case 'TASK_START':
        return this.#started(message, to)
      default:
        return
    }
  }

  /** Between hubs: how a task stands. */
  #told({ task, state }: TaskTell): void {
    const entry = this.ledger.tasks.get(task)
    const known = entry === undefined ? 'unknown' : (entry.ended?.status ?? 'open')
    const said = state.kind === 'ended' ? state.outcome.status : state.kind
    // What was open when the hub decided to say so may have ended by now.
    if (said === known || (said === 'open' && known !== 'unknown')) return
    // What is decided in one turn is said when all of it is durable.
    if (said === 'unknown' && entry?.acceptedAt === this.now) return
    this.complain('SIM-19', `${task} is said to be ${said}; its log says ${known}`)
  }

  /** Its answers alone would keep it present for a hub that has missed its farewell. */
  #declined({ id, incarnation }: Address): void {
    const saidIn = this.#left.get(`${id} ${incarnation}`)
    if (saidIn === undefined || saidIn === this.event) return
    this.complain('SIM-18', `${id} takes part no longer, and answers a question without saying so`)
  }

  #started(message: TaskStart | GroupFormed, to: Address): void {
    const { task, epoch, assignment } = message
    const entry = this.ledger.tasks.get(task)
    if (entry === undefined || entry.epoch < epoch || assignment === undefined) {
      this.complain('SIM-1', `${task} is started in epoch ${epoch} before it is durable`)
      return
    }
    if (entry.epoch > epoch || entry.ended !== undefined) return
    if (!entry.started) this.complain('SIM-5', `${task} is started before its initiator said so`)
    if (assignment.feedback !== entry.feedback)
      this.complain('SIM-5', `${to.id} is not told why ${task} came back`)
    for (const id of entry.announcement.dependsOn) this.#checkInput(task, id, assignment)
    for (const done of entry.results) {
      const { agent, result } = done
      if (this.#mayBeLater(done, epoch)) continue
      if (!assignment.finished.some((given) => given.agent === agent && given.result === result))
        this.complain('SIM-5', `${to.id} is not given the result of ${agent} in ${task}`)
    }
    this.#checkCheckpoint(entry, task, assignment)
  }

  /**
   * Whether a fact that is durable by now may have been decided after a message of this epoch. What came before the
   * group was decided before it. Of the rest, that which became durable at this very instant may be later; where turns
   * are slow, also what became durable while the message waited for its turn.
   */
  #mayBeLater(fact: { readonly epoch: number; readonly at: Millis }, epoch: number): boolean {
    return fact.epoch === epoch && (this.#hasSlowTurns || fact.at === this.now)
  }

  #checkInput(task: string, id: string, { inputs }: NonNullable<TaskStart['assignment']>): void {
    const kept = this.ledger.tasks.get(id)?.results ?? []
    const given = inputs.find((input) => input.task === id)?.results ?? []
    for (const { agent, result } of kept) {
      if (!given.some((input) => input.agent === agent && input.result === result))
        this.complain('SIM-5', `${task} is started without the result of ${agent} in ${id}`)
    }
  }

  /** Where each skill has one member, whoever takes it on is handed what was last saved of it. */
  #checkCheckpoint(entry: Entry, task: string, assignment: NonNullable<TaskStart['assignment']>): void {
    if (entry.announcement.requires.some(({ count }) => count > 1)) return
    for (const saved of entry.checkpoints.values()) {
      const { agent, skills } = saved
      if (this.#mayBeLater(saved, assignment.epoch)) continue
      if (entry.parts.get(agent)?.state === 'working' && !isPartOf(entry, agent, assignment.skills)) continue
      if (!skills.some((skill) => assignment.skills.includes(skill))) continue
      if (assignment.checkpoint === undefined)
        this.complain('SIM-5', `the checkpoint of ${agent} in ${task} is not handed on`)
    }
  }
}

type Heartbeat = Extract<Message, { kind: 'AGENT_HEARTBEAT' }>

function isRefusalOfLife(message: Message): boolean {
  if (message.kind === 'AGENT_REFUSED') return true
  return message.kind === 'MESSAGE_REFUSED' && message.refusal.code === 'E_STALE_INCARNATION'
}

function isPartOf(entry: Entry, agent: string, skills: readonly string[]): boolean {
  return entry.parts.get(agent)?.member.skills.join() === skills.join()
}

/**
 * Who is the hub of a partition now. A lease says when to try, by each process's own steady clock; the log says who
 * succeeds: whoever appends the start of its hub is the owner, and nobody before it can append any more.
 * Must never happen here: a message of a hub that cannot be sure to own the log.
 */
import type { Millis } from '../../protocol/time.ts'
import { Fault } from '../fault.ts'
import type { HubHost } from '../hub-host.ts'
import type { NatsJournal } from '../journal/nats.ts'
import { type LogEnd, logStart } from '../journal/nats-batch.ts'
import type { Journal, Random, Transport } from '../ports.ts'
import { Settlement } from '../settlement.ts'
import type { HubCounts } from '../site.ts'
import { Guard } from './guard.ts'
import { type Line, pause, textOf } from './line.ts'
import type { Tell } from './notice.ts'
import type { Subjects } from './subjects.ts'
import type { Word } from './word.ts'

export interface OwnershipPorts {
  readonly line: Line
  readonly subjects: Subjects
  readonly partition: number
  /** How many the network has. */
  readonly partitions: number
  readonly leaseMs: Millis
  readonly transport: Transport
  readonly random: Random
  readonly tell: Tell
  /** This process, in what the others are told. */
  readonly name: string
  /** Whether this process may be the hub; otherwise it only hears which one is. */
  readonly eligible: boolean
  openJournal(remembered: LogEnd): Promise<NatsJournal>
  /** Takes a hub into service. `failed` is called when it stops by itself, also before this resolves. */
  openHub(journal: Journal, transport: Transport, failed: (fault: Fault) => void): Promise<HubHost>
  /** Whether this process is the one to take the partition, by what it has heard; another one is given a head start. */
  isHeir(): boolean
  /** There is another hub than before. */
  changed(): void
  /** This process can be the only hub no longer: the log is damaged, the place is full. */
  failed(fault: Fault): void
}

/** How long a process that comes new waits for a word of the hub that is there. */
const greetingMs: Millis = 1_000
/** Whoever is not the heir tries so much later: the heir may have died as well. */
const headStartMs: Millis = 1_000
/** After this span whoever left another one the first try makes its own. */
const secondTryMs: Millis = 3_000
/** How long a hub that is asked to end may take for its last writes. */
const finishMs: Millis = 5_000
/** Of the lease, what an owner does not use: it falls silent before anybody may try to follow it. */
const marginShare = 0.2
/** How often an owner shows that it lives, in a lease. */
export const beatsPerLease = 4

/** A hub in service, and how long it may act. */
interface Term {
  readonly hub: HubHost
  readonly journal: NatsJournal
  readonly guard: Guard
}

export class Ownership {
  readonly #ports: OwnershipPorts
  #state: 'standing-by' | 'claiming' | 'deciding' | 'handing-over' | 'ended' = 'standing-by'
  #term: Term | undefined
  #timer: NodeJS.Timeout | undefined
  #remembered: LogEnd = logStart
  /** A claim, or a hand-over. */
  #changing: Promise<void> = Promise.resolve()
  #renewing = false
  #beaten = false
  readonly #known = new Settlement<void>()
  /** Of the hub that was heard last: its incarnation, its process, and when, by the steady clock. */
  #heard: { readonly incarnation: number; readonly name: string | undefined; readonly at: number } = {
    incarnation: 0,
    name: undefined,
    at: Number.NEGATIVE_INFINITY,
  }
  readonly #forgetBack: () => void

  private constructor(ports: OwnershipPorts) {
    this.#ports = ports
    this.#forgetBack = ports.line.onBack(() => {
      if (this.#state === 'deciding') void this.#renew()
    })
  }

  /** Stands by, and takes the place of the hub as soon as there is none. */
  static start(ports: OwnershipPorts): Ownership {
    const ownership = new Ownership(ports)
    ownership.#say({ kind: 'who' })
    ownership.#tryAfter(greetingMs * (1 + ports.random() / 2))
    return ownership
  }

  /** Resolves when there is a hub, here or elsewhere, or after a span. Whether it came is the answer. */
  async known(ms: Millis): Promise<boolean> {
    return Promise.race([this.#known.promise().then(() => true), pause(ms).then(() => false)])
  }

  /** Where the hub of this partition is, as far as is known here. */
  where(): 'here' | 'elsewhere' | undefined {
    if (this.#state === 'deciding') return 'here'
    return performance.now() - this.#heard.at <= this.#ports.leaseMs ? 'elsewhere' : undefined
  }

  /** The process whose hub was heard within a lease. */
  owner(): string | undefined {
    return this.where() === undefined ? undefined : this.#heard.name
  }

  /** The process whose hub was heard last, and that within no lease; undefined where it has left its place. */
  silentOwner(): string | undefined {
    return this.where() === undefined ? this.#heard.name : undefined
  }

  /** Of the hub of this process, while it decides. */
  counts(): HubCounts | undefined {
    return this.#term?.hub.counts()
  }

  /** Open tasks of the hub of this process, while it decides. */
  openTasks(): number | undefined {
    return this.#term?.hub.openTasks()
  }

  /** Lets the hub finish, and leaves its place to another process. */
  handOver(to: string): void {
    const term = this.#term
    if (term === undefined || this.#state !== 'deciding') return
    this.#term = undefined
    this.#state = 'handing-over'
    clearTimeout(this.#timer)
    this.#ports.tell({ code: 'hub', text: `this process leaves partition ${this.#ports.partition} to ${to}` })
    this.#changing = this.#finish(term).then(() => {
      this.#remembered = term.journal.end()
      if (this.#isEnded()) this.#sayReleased(term)
      else {
        this.#state = 'standing-by'
        this.hear(this.#sayReleased(term, to))
      }
    })
  }

  /** Hands over: lets the hub finish, and tells the others that its place is free. */
  async close(): Promise<void> {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    clearTimeout(this.#timer)
    // A claim whose servers do not answer is not waited for; should it succeed later, it is given back.
    await Promise.race([this.#changing, pause(finishMs)])
    const term = this.#term
    this.#term = undefined
    if (term !== undefined) {
      await this.#finish(term)
      this.#sayReleased(term)
    }
    this.#forgetBack()
  }

  /** Lets the hub write its snapshot, where its servers take it. Only the speed of the next start needs it. */
  async #finish({ hub, guard }: Term): Promise<void> {
    if (guard.isValid() && this.#ports.line.isUp()) {
      guard.deafen()
      const closed = hub.close().then(
        () => true,
        () => false,
      )
      if (await Promise.race([closed, pause(finishMs).then(() => false)])) return
    }
    await Promise.race([hub.abandon().catch(() => {}), pause(finishMs)])
  }

  /** Said by another process of this partition. */
  hear(word: Word): void {
    const { name, leaseMs } = this.#ports
    switch (word.kind) {
      case 'beat':
        this.#note(word.incarnation, word.name)
        // A hub that begins while this process still reads the log has won.
        if (this.#state === 'claiming') this.#beaten = true
        if (this.#state === 'standing-by') this.#tryAfter(leaseMs)
        return
      case 'released':
        // It was slow to end, and another one has its place already.
        if (word.incarnation < this.#heard.incarnation) return
        this.#heard = { ...this.#heard, name: undefined, at: Number.NEGATIVE_INFINITY }
        if (this.#state !== 'standing-by') return
        if (word.to === name) this.#claimAfter(0)
        else if (word.to === undefined) this.#tryAfter(0)
        else this.#claimAfter(this.#stagger(headStartMs))
        return
      case 'claims':
        if (this.#state === 'standing-by') this.#claimAfter(this.#stagger(secondTryMs))
        return
      case 'heard':
        // The hub may only be slow to answer a newcomer: it has the rest of its lease.
        if (this.#state === 'standing-by') this.#tryAfter(Math.max(0, leaseMs - word.agoMs))
        return
      case 'who':
        if (this.#state === 'deciding') void this.#renew()
        else if (this.#ports.eligible && this.where() !== undefined)
          this.#say({ kind: 'heard', agoMs: performance.now() - this.#heard.at })
        return
    }
  }

  #note(incarnation: number, name: string): void {
    const before = this.#heard.incarnation
    this.#heard = { incarnation, name, at: performance.now() }
    this.#known.resolve(undefined)
    if (incarnation !== before) this.#ports.changed()
  }

  /** Not all at once: whoever is first leaves the others nothing to do. */
  #stagger(ms: Millis): Millis {
    return ms * (1 + this.#ports.random())
  }

  /** The heir claims after a span, and everybody else when the heir has not. */
  #tryAfter(ms: Millis): void {
    if (!this.#ports.eligible) return
    this.#after(ms, () => {
      if (this.#ports.isHeir()) this.#changing = this.#claim()
      else this.#claimAfter(this.#stagger(headStartMs))
    })
  }

  #claimAfter(ms: Millis): void {
    if (!this.#ports.eligible) return
    this.#after(ms, () => {
      this.#changing = this.#claim()
    })
  }

  #after(ms: Millis, act: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(act, ms)
    this.#timer.unref()
  }

  async #claim(): Promise<void> {
    if (this.#state !== 'standing-by') return
    this.#state = 'claiming'
    this.#beaten = false
    this.#say({ kind: 'claims', name: this.#ports.name })
    const fault = await this.#tryToBegin()
    if (fault === undefined || this.#isEnded()) return
    this.#state = 'standing-by'
    this.#goOnAfter(fault, `this process is not ${this.#place()}`)
  }

  /** Opens the journal and takes a hub into service; answers why not. */
  async #tryToBegin(): Promise<Fault | undefined> {
    const { openJournal, openHub, transport, leaseMs } = this.#ports
    let journal: NatsJournal | undefined
    try {
      journal = await openJournal(this.#remembered)
      const guard = new Guard(journal, transport, leaseMs * (1 - marginShare), () => void this.#renew())
      if (this.#beaten) throw new Fault('E_FENCED', 'another process was first')
      let fault: Fault | undefined
      const hub = await openHub(guard.journal, guard.transport, (cause) => {
        fault ??= cause
        if (this.#term?.guard === guard) this.#stepDown(cause)
      })
      if (fault === undefined) this.#begin({ hub, journal, guard })
      else await hub.abandon()
      return fault
    } catch (cause) {
      void journal?.close().catch(() => {})
      return cause instanceof Fault ? cause : new Fault('E_BROKEN', textOf(cause), { cause })
    }
  }

  #begin(term: Term): void {
    if (this.#isEnded()) {
      void term.hub.abandon().catch(() => {})
      this.#sayReleased(term)
      return
    }
    this.#term = term
    this.#state = 'deciding'
    const { incarnation } = term.hub.address()
    this.#note(incarnation, this.#ports.name)
    this.#ports.tell({
      code: 'hub',
      text: `this process is ${this.#place()} now, incarnation ${incarnation}`,
    })
    void this.#renew()
  }

  #isEnded(): boolean {
    return this.#state === 'ended'
  }

  /** What this process is, or is not, as it is told. */
  #place(): string {
    const { partition, partitions } = this.#ports
    return partitions === 1 ? 'the hub' : `the hub of partition ${partition}`
  }

  /** Asks the log whether it is still ours, and shows that the hub lives. */
  async #renew(): Promise<void> {
    const term = this.#term
    if (term === undefined || this.#state !== 'deciding' || this.#renewing) return
    const { leaseMs, name } = this.#ports
    this.#after(leaseMs / beatsPerLease, () => void this.#renew())
    const since = performance.now()
    this.#renewing = true
    try {
      await term.journal.confirm()
    } catch (cause) {
      // Without an answer the lease runs out by itself.
      if (cause instanceof Fault && cause.code === 'E_FENCED') this.#stepDown(cause)
      return
    } finally {
      this.#renewing = false
    }
    if (this.#term !== term || this.#state !== 'deciding') return
    term.guard.extend(since)
    this.#remembered = term.journal.end()
    this.#say({ kind: 'beat', incarnation: term.hub.address().incarnation, name })
  }

  /** What this hub had decided is in the log; what it had not is nobody's. */
  #stepDown(fault: Fault): void {
    const term = this.#term
    if (term === undefined || this.#state !== 'deciding') return
    this.#term = undefined
    this.#state = 'standing-by'
    this.#remembered = term.journal.end()
    term.guard.shut()
    void term.hub.abandon().catch(() => {})
    this.#goOnAfter(fault, `this process is ${this.#place()} no longer`)
  }

  /** One of several partitions that cannot be served takes nothing from the others, and may be mended meanwhile. */
  #goOnAfter(fault: Fault, what: string): void {
    const { tell, failed, partitions, leaseMs } = this.#ports
    if (isLasting(fault) && partitions === 1) return failed(fault)
    tell({ code: 'hub', text: `${what}: ${fault.message}` })
    this.#tryAfter(leaseMs)
  }

  #sayReleased({ hub }: Term, to?: string): Word {
    const { incarnation } = hub.address()
    const whom = to === undefined ? {} : { to }
    const word = { kind: 'released', incarnation, name: this.#ports.name, ...whom } as const
    this.#say(word)
    return word
  }

  #say(word: Word): void {
    const { line, subjects, partition } = this.#ports
    const subject = word.kind === 'who' ? subjects.ask(partition) : subjects.owner(partition)
    line.publish(subject, JSON.stringify(word))
  }
}

/** Faults that another try in the same process does not mend. */
function isLasting({ code }: Fault): boolean {
  return code !== 'E_FENCED' && code !== 'E_UNREACHABLE' && code !== 'E_CLOSED'
}

/**
 * The hubs of this process, one for each partition that it owns, and who else may be one: how many partitions there are
 * is learned here, and each process owns its share of them.
 * Must never happen here: a decision about who owns a log. The log itself takes it.
 */
import type { Millis } from '../../protocol/time.ts'
import { Fault } from '../fault.ts'
import { Settlement } from '../settlement.ts'
import type { HubCounts, NetworkStatus } from '../site.ts'
import { heirs, nextMove } from './balance.ts'
import { pause } from './line.ts'
import { beatsPerLease, Ownership, type OwnershipPorts } from './ownership.ts'
import { type HostWord, hostWordIn, wordIn } from './word.ts'

/** Which one, and of how many. */
export interface Share {
  readonly partition: number
  readonly partitions: number
}

type OpenJournal = OwnershipPorts['openJournal']
type OpenHub = OwnershipPorts['openHub']

export interface HubsPorts extends Omit<OwnershipPorts, keyof Share | 'isHeir' | 'openJournal' | 'openHub'> {
  openJournal(of: Share, ...rest: Parameters<OpenJournal>): ReturnType<OpenJournal>
  openHub(of: Share, ...rest: Parameters<OpenHub>): ReturnType<OpenHub>
  /** Why the network cannot have so many partitions; undefined when it can. */
  refuses(partitions: number): Error | undefined
}

/** A process that may be a hub, by the steady clock of this one. */
interface Host {
  /** When it was heard first, and last, without a pause of a lease in between. */
  readonly since: number
  readonly at: number
}

export class Hubs {
  readonly #ports: HubsPorts
  readonly #partitions = new Settlement<number>()
  /** By partition, once it is known how many there are. */
  #ownerships: readonly Ownership[] = []
  readonly #hosts = new Map<string, Host>()
  /** When a partition was last seen to change hands. */
  #changedAt = Number.NEGATIVE_INFINITY
  /** What was handed over last, and to whom. */
  #handed: { readonly partition: number; readonly to: string } | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #unsubscribe: () => void
  #closed = false

  private constructor(ports: HubsPorts) {
    this.#ports = ports
    const { line, subjects, eligible } = ports
    const subscriptions = [
      line.subscribe(subjects.owner('*'), ({ subject, data }) => this.#hear(subject, data)),
      // What is asked is for hubs to answer; a server can keep everybody else from speaking where they do.
      ...(eligible ? [line.subscribe(subjects.ask('*'), (message) => this.#asked(message.subject))] : []),
    ]
    this.#unsubscribe = () => {
      for (const subscription of subscriptions) subscription.unsubscribe()
    }
  }

  static start(ports: HubsPorts): Hubs {
    const hubs = new Hubs(ports)
    // Whoever may be a hub answers how many partitions there are.
    ports.line.publish(ports.subjects.ask(0), JSON.stringify({ kind: 'who' }))
    return hubs
  }

  /** How many there are, as soon as it is known. */
  partitions(): Promise<number> {
    return this.#partitions.promise()
  }

  /** It is known now; what is learned later is heard no more. */
  learn(partitions: number): void {
    if (this.#closed || this.#ownerships.length > 0) return
    const { eligible, leaseMs, refuses } = this.#ports
    const refusal = refuses(partitions)
    if (refusal !== undefined) {
      this.#partitions.reject(refusal)
      return
    }
    this.#ownerships = Array.from({ length: partitions }, (_, partition) => this.#own(partition, partitions))
    this.#partitions.resolve(partitions)
    if (!eligible) return
    this.#sayThatItLives()
    this.#timer = setInterval(() => {
      this.#sayThatItLives()
      this.#balance()
    }, leaseMs / beatsPerLease)
    this.#timer.unref()
  }

  /** Resolves when every partition has a hub, here or elsewhere, or after a span. Whether they came is the answer. */
  async known(ms: Millis): Promise<boolean> {
    const all = this.partitions().then(() => Promise.all(this.#ownerships.map((each) => each.known(ms))))
    return Promise.race([all.then((known) => known.every((each) => each)), pause(ms).then(() => false)])
  }

  /** Where the hubs are, as far as is known here. */
  status(): Omit<NetworkStatus, 'connected'> {
    const where = this.#ownerships.map((each) => each.where())
    const count = (place: 'here' | 'elsewhere' | undefined): number =>
      where.filter((each) => each === place).length
    const [here, elsewhere, unknown] = [count('here'), count('elsewhere'), count(undefined)]
    const isKnown = where.length > 0 && unknown === 0
    const hub = isKnown ? (here > 0 ? 'here' : 'elsewhere') : undefined
    return where.length > 1 ? { hub, partitions: { here, elsewhere, unknown } } : { hub }
  }

  /** Of all hubs of this process together; undefined without one. */
  counts(): HubCounts | undefined {
    const all = this.#ownerships.flatMap((each) => each.counts() ?? [])
    if (all.length < 2) return all[0]
    const refusals: Record<string, number> = {}
    for (const each of all) {
      for (const [code, count] of Object.entries(each.refusals))
        refusals[code] = (refusals[code] ?? 0) + count
    }
    const sorted = Object.entries(refusals).sort(([a], [b]) => (a < b ? -1 : 1))
    const inputsLost = all.reduce((sum, each) => sum + each.inputsLost, 0)
    return { refusals: Object.fromEntries(sorted), inputsLost }
  }

  /** Hands everything over. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    if (this.#ports.eligible) this.#say({ kind: 'leaves', name: this.#ports.name })
    await Promise.all(this.#ownerships.map((each) => each.close()))
    this.#unsubscribe()
    this.#partitions.reject(new Fault('E_CLOSED', 'The network is closed.'))
  }

  #own(partition: number, partitions: number): Ownership {
    const of: Share = { partition, partitions }
    return Ownership.start({
      ...this.#ports,
      ...of,
      openJournal: (...rest) => this.#ports.openJournal(of, ...rest),
      openHub: (...rest) => this.#ports.openHub(of, ...rest),
      isHeir: () => this.#isHeir(partition),
      changed: () => {
        this.#noteChange(partition)
        this.#ports.changed()
      },
    })
  }

  #hear(subject: string, data: Uint8Array): void {
    const { subjects } = this.#ports
    if (subject === subjects.hosts) {
      const word = hostWordIn(data)
      if (word !== undefined) this.#hearHost(word)
      return
    }
    const word = wordIn(data)
    if (word !== undefined && word.kind !== 'who') this.#ownershipAt(subject)?.hear(word)
  }

  #asked(subject: string): void {
    if (subject === this.#ports.subjects.ask(0)) this.#sayThatItLives()
    this.#ownershipAt(subject)?.hear({ kind: 'who' })
  }

  #ownershipAt(subject: string): Ownership | undefined {
    return this.#ownerships[Number(subject.slice(subject.lastIndexOf('.') + 1))]
  }

  #hearHost(word: HostWord): void {
    if (word.kind === 'leaves') {
      this.#hosts.delete(word.name)
      return
    }
    const now = performance.now()
    this.#hosts.set(word.name, { since: this.#hosts.get(word.name)?.since ?? now, at: now })
    // Whoever can read the streams does not take another one's word for it.
    if (!this.#ports.eligible) this.learn(word.partitions)
  }

  #say(word: HostWord): void {
    const { line, subjects } = this.#ports
    line.publish(subjects.hosts, JSON.stringify(word))
  }

  #sayThatItLives(): void {
    const partitions = this.#ownerships.length
    if (partitions > 0 && !this.#closed) this.#say({ kind: 'lives', name: this.#ports.name, partitions })
  }

  // ---- who owns what

  /** Those that were heard within a lease, and this process. */
  #live(): readonly string[] {
    const { name, leaseMs } = this.#ports
    const from = performance.now() - leaseMs
    for (const [host, { at }] of [...this.#hosts]) if (at < from) this.#hosts.delete(host)
    return [...new Set([name, ...this.#hosts.keys()])]
  }

  #owners(): readonly (string | undefined)[] {
    return this.#ownerships.map((each) => each.owner())
  }

  #isHeir(partition: number): boolean {
    // Who is silent as the hub of one partition is not counted on for the others.
    const silent = this.#ownerships[partition]?.silentOwner()
    const live = this.#live().filter((host) => host !== silent)
    return heirs({ live, owners: this.#owners() })[partition] === this.#ports.name
  }

  #noteChange(partition: number): void {
    this.#changedAt = performance.now()
    if (this.#handed?.partition !== partition) return
    const { to } = this.#handed
    this.#handed = undefined
    // Who did not take what was left to it is given nothing for a while.
    if (this.#ownerships[partition]?.owner() !== to) this.#hosts.delete(to)
  }

  /** Leaves a partition to another process that has too few, one at a time: what works in it begins again there. */
  #balance(): void {
    const { name, leaseMs } = this.#ports
    const now = performance.now()
    if (now - this.#changedAt < leaseMs / beatsPerLease) return
    const live = this.#live()
    const settled = [...this.#hosts].flatMap(([host, { since }]) => (now - since >= leaseMs ? host : []))
    const move = nextMove({ live, owners: this.#owners() }, new Set(settled))
    if (move?.from !== name) return
    const quietest = this.#ownerships
      .flatMap((ownership, partition) => {
        const open = ownership.openTasks()
        return open === undefined ? [] : { partition, open }
      })
      .sort((a, b) => a.open - b.open || a.partition - b.partition)[0]
    if (quietest === undefined) return
    this.#changedAt = now
    this.#handed = { partition: quietest.partition, to: move.to }
    this.#ownerships[quietest.partition]?.handOver(move.to)
  }
}

/**
 * The simulated journal: what is on the disk outlives the hub that wrote it, what was on its way there may or may not.
 * Must never happen here: an acknowledgement of what a later life will not find.
 */
import { Fault, type FaultCode } from '../../src/host/fault.ts'
import { openMemoryJournal } from '../../src/host/journal/memory.ts'
import type { Journal, Position, Recorded } from '../../src/host/ports.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { Millis } from '../../src/protocol/time.ts'
import type { Life, Timeline } from './timeline.ts'

export interface DiskOptions {
  /** How long the next commit takes; without it none takes any time. */
  readonly commitMs: (() => Millis) | undefined
  /** Facts are on the disk; their effects come after this. */
  durable(facts: readonly Fact[], first: Position): void
}

interface Append {
  readonly facts: readonly Fact[]
  readonly life: Life
  done: boolean
}

export class Disk {
  readonly #timeline: Timeline
  readonly #options: DiskOptions
  readonly #log: Journal = openMemoryJournal({ endedKept: Number.POSITIVE_INFINITY })
  #underWay: Append[] = []
  #position: Position = 0
  #fault: FaultCode | undefined
  #failsWritten = false
  /** Everything that was ever written, in order: for audits. */
  readonly facts: Fact[] = []
  /** What the last snapshot consists of. */
  lastSnapshot: readonly Fact[] | undefined

  constructor(timeline: Timeline, options: DiskOptions) {
    this.#timeline = timeline
    this.#options = options
  }

  /**
   * From now on every append fails, as on a full or a broken disk; `undefined` mends it. `written`: the error comes
   * after the facts have reached the disk all the same.
   */
  fail(code: FaultCode | undefined, written = false): void {
    this.#fault = code
    this.#failsWritten = written
  }

  /**
   * The hub's process has ended: of the appends that were under way the first `kept` are on the disk all the same,
   * though nobody was told; the rest is lost.
   */
  crash(kept: number): void {
    const underWay = this.#underWay
    this.#underWay = []
    for (const [i, append] of underWay.entries()) {
      append.done = true
      if (i < kept) this.#write(append.facts)
    }
  }

  /** The journal as one life of the hub sees it. */
  journal(life: Life): Journal {
    let broken: Fault | undefined
    return {
      takesTime: this.#options.commitMs !== undefined,
      replay: (apply) => this.#log.replay(apply),
      append: (facts) => {
        if (broken === undefined && this.#fault !== undefined) {
          broken = new Fault(this.#fault, 'The simulated disk does not take this.')
          if (this.#failsWritten) this.#write(facts)
        }
        return broken === undefined ? this.#append([...facts], life) : Promise.reject(broken)
      },
      snapshot: async (facts) => {
        this.lastSnapshot = facts
        await this.#log.snapshot(facts)
      },
      history: (task) => this.#log.history(task),
      read: (after): AsyncIterable<Recorded> => this.#log.read(after),
      close: async () => {},
    }
  }

  #append(facts: readonly Fact[], life: Life): Promise<Position> {
    const { promise, resolve } = Promise.withResolvers<Position>()
    const append: Append = { facts, life, done: false }
    this.#underWay.push(append)
    const commitMs = this.#options.commitMs?.() ?? 0
    this.#timeline.schedule('commit', life, this.#timeline.now + commitMs, () => {
      if (append.done) return
      append.done = true
      this.#underWay = this.#underWay.filter((other) => other !== append)
      resolve(this.#write(facts))
    })
    return promise
  }

  #write(facts: readonly Fact[]): Position {
    const first = this.#position + 1
    this.#position += facts.length
    // In memory this is done when the call returns.
    void this.#log.append(facts)
    this.facts.push(...facts)
    this.#options.durable(facts, first)
    return this.#position
  }
}

/**
 * Virtual time: one queue of events for a whole world, seeded where events of the same instant may change places. The
 * promises of the shell settle between two events, so that their order never depends on the machine.
 * Must never happen here: a look at a real clock, or an event of a dead life that runs.
 */
import type { Millis } from '../../src/protocol/time.ts'

/** `turn`, `message` and `commit` are things under way; `wake` and `work` are times that are waited for. */
export type EventKind = 'turn' | 'message' | 'commit' | 'wake' | 'work'

/** One process, from its start to its end. What belongs to a life that has ended never happens. */
export interface Life {
  alive: boolean
  /** A stopped process does nothing until then; nothing of it is lost. */
  pausedUntil: Millis
  /** What its clock shows more than the world's. */
  skewMs: Millis
  /** How late each of its turns begins. */
  slowMs: Millis
}

export interface Event<About = unknown> {
  readonly kind: EventKind
  readonly life: Life
  readonly about: About
  at: Millis
  readonly tie: number
  order: number
  cancelled: boolean
  readonly run: () => void
}

/** What the clocks of a world show at its beginning. Incarnation 0 would mean: whichever lives. */
export const origin: Millis = 1

export class Timeline {
  /** Since the beginning of the world. */
  now: Millis = 0
  /** Events that have happened. */
  steps = 0
  #events: Event[] = []
  #order = 0

  /** Among events of one instant the smaller `tie` goes first, then the earlier call. */
  schedule(kind: EventKind, life: Life, at: Millis, run: () => void, about?: unknown, tie = 0): Event {
    const event: Event = { kind, life, about, at, tie, order: this.#order++, cancelled: false, run }
    this.#insert(event)
    return event
  }

  cancel(event: Event): void {
    event.cancelled = true
  }

  /** Lets the earliest event that passes happen. Answers false when there is none up to `until`. */
  async step(until: Millis, passes: (event: Event) => boolean = () => true): Promise<boolean> {
    for (;;) {
      const place = this.#events.findIndex((event) => this.#counts(event) && passes(event))
      const event = this.#events[place]
      if (event === undefined || event.at > until) return false
      this.#events.splice(0, place + 1, ...this.#events.slice(0, place).filter((e) => this.#counts(e)))
      if (event.life.pausedUntil > Math.max(event.at, this.now)) {
        event.at = event.life.pausedUntil
        event.order = this.#order++
        this.#insert(event)
        continue
      }
      this.now = Math.max(this.now, event.at)
      this.steps += 1
      event.run()
      await settled()
      return true
    }
  }

  /** Lets everything happen up to an instant, and waits for it. */
  async runUntil(until: Millis): Promise<void> {
    while (await this.step(until)) {}
    this.now = Math.max(this.now, until)
  }

  /**
   * Lets everything happen that is under way, and what follows from it; waits for no timer and no work. Answers how
   * many events there were.
   */
  async settle(): Promise<number> {
    const before = this.steps
    while (this.#events.some((event) => this.#counts(event) && isUnderWay(event))) {
      if (!(await this.step(Number.POSITIVE_INFINITY))) break
    }
    return this.steps - before
  }

  #counts(event: Event): boolean {
    return event.life.alive && !event.cancelled
  }

  /** The queue is kept in order: it is short, and its head is looked at far more often than its middle. */
  #insert(event: Event): void {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#events[middle]
      if (other !== undefined && isBefore(other, event)) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
  }
}

function isUnderWay({ kind }: Event): boolean {
  return kind === 'turn' || kind === 'message' || kind === 'commit'
}

function isBefore(a: Event, b: Event): boolean {
  if (a.at !== b.at) return a.at < b.at
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order
}

/** Resolves when every promise that can settle without an event has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function newLife(): Life {
  return { alive: true, pausedUntil: 0, skewMs: 0, slowMs: 0 }
}

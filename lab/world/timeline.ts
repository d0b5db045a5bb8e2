/**
 * Virtual time: one queue of events for a whole world, seeded where events of the same instant may change places. The
 * promises of the shell settle between two events, so that their order never depends on the machine.
 * Must never happen here: a look at a real clock, or an event of a dead life that runs.
 */
import { Heap, type Placed } from '../../src/hub/heap.ts'
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

export interface Event<About = unknown> extends Placed {
  readonly kind: EventKind
  readonly life: Life
  readonly about: About
  at: Millis
  readonly tie: number
  order: number
  readonly run: () => void
}

/** What the clocks of a world show at its beginning. Incarnation 0 would mean: whichever lives. */
export const origin: Millis = 1

export class Timeline {
  /** Since the beginning of the world. */
  now: Millis = 0
  /** Events that have happened. */
  steps = 0
  readonly #events = new Heap<Event>(isBefore)
  #order = 0

  /** Among events of one instant the smaller `tie` goes first, then the earlier call. */
  schedule(kind: EventKind, life: Life, at: Millis, run: () => void, about?: unknown, tie = 0): Event {
    const event: Event = { kind, life, about, at, tie, order: this.#order++, place: -1, run }
    this.#events.add(event)
    return event
  }

  cancel(event: Event): void {
    this.#events.remove(event)
  }

  /** Lets the earliest event that passes happen. Answers false when there is none up to `until`. */
  async step(until: Millis, passes: (event: Event) => boolean = () => true): Promise<boolean> {
    for (;;) {
      const event = this.#earliest(passes)
      if (event === undefined || event.at > until) return false
      this.#events.remove(event)
      if (event.life.pausedUntil > Math.max(event.at, this.now)) {
        event.at = event.life.pausedUntil
        event.order = this.#order++
        this.#events.add(event)
        continue
      }
      this.now = Math.max(this.now, event.at)
      this.steps += 1
      event.run()
      await settled()
      return true
    }
  }

  /** Those of the dead that come before it are forgotten. */
  #earliest(passes: (event: Event) => boolean): Event | undefined {
    const passed: Event[] = []
    let event = this.#events.first()
    while (event !== undefined && !(event.life.alive && passes(event))) {
      this.#events.remove(event)
      if (event.life.alive) passed.push(event)
      event = this.#events.first()
    }
    for (const other of passed) this.#events.add(other)
    return event
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
    while (this.#events.some((event) => event.life.alive && isUnderWay(event))) {
      if (!(await this.step(Number.POSITIVE_INFINITY))) break
    }
    return this.steps - before
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

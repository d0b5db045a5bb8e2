/**
 * In which order tasks are served: whatever begins to look for members in one turn of the hub does so by age, and a
 * restart makes nobody younger.
 * Must never happen here: a comparison of two turns, between which anything may have changed.
 */
import { queueKey } from '../../src/strategy/age.ts'
import type { Complain, Entry } from './ledger.ts'

export class Turns {
  readonly #ageStepMs: number
  readonly #complain: Complain
  /** Asked about since the hub has started. */
  readonly #asked = new Set<string>()
  readonly #keys = new Map<string, number>()
  #event = -1
  #last: { readonly task: string; readonly key: number } | undefined

  constructor(ageStepMs: number, complain: Complain) {
    this.#ageStepMs = ageStepMs
    this.#complain = complain
  }

  accepted({ announcement }: Entry, at: number): void {
    const key = queueKey(at, announcement.priority, this.#ageStepMs)
    const parent = announcement.parent === undefined ? undefined : this.#keys.get(announcement.parent)
    this.#keys.set(announcement.id, Math.min(key, parent ?? key))
  }

  hubStarted(): void {
    this.#asked.clear()
  }

  /** The hub asks an agent about a task. What one turn says is said in one event. */
  asks(task: string, event: number): void {
    if (event !== this.#event) this.#last = undefined
    this.#event = event
    if (this.#asked.has(task)) return
    this.#asked.add(task)
    const key = this.#keys.get(task) ?? 0
    if (this.#last !== undefined && key < this.#last.key)
      this.#complain('SIM-14', `${task} is served after ${this.#last.task}, which is younger`)
    this.#last = { task, key }
  }
}

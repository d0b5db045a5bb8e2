/**
 * In which order tasks are served: of one initiator's tasks, whatever begins to look for members in one turn of the hub
 * does so urgent ones first and by age, and a restart makes nobody younger. (Whose turn it is among initiators depends
 * on who could begin, which only the hub knows, and what a project decides among its own tasks is left out. Where some
 * offers are open, nothing says when a search begins that asks nobody, and where there are several hubs it begins when
 * slots are granted: such runs are not judged.)
 * Must never happen here: a comparison of two turns, between which anything may have changed.
 */
import { queueKey } from '../../src/strategy/age.ts'
import type { Complain, Entry } from './ledger.ts'

interface Place {
  readonly payer: string
  readonly urgent: boolean
  readonly key: number
}

export class Turns {
  readonly #isEverybodyAsked: boolean
  readonly #ageStepMs: number
  readonly #complain: Complain
  /** Asked about since the hub has started. */
  readonly #asked = new Set<string>()
  readonly #places = new Map<string, Place>()
  /** Tasks that belong to a project, or may: among themselves they exchange their places. */
  readonly #joined = new Set<string>()
  #event = -1
  /** What began last in this event, by who pays. */
  readonly #last = new Map<string, { readonly task: string; readonly place: Place }>()

  constructor(isEverybodyAsked: boolean, ageStepMs: number, complain: Complain) {
    this.#isEverybodyAsked = isEverybodyAsked
    this.#ageStepMs = ageStepMs
    this.#complain = complain
  }

  accepted({ announcement, initiator }: Entry, at: number): void {
    const { id, parent, priority, project, dependsOn } = announcement
    const isJoined = project !== undefined || dependsOn.length > 0
    // A sub-task is as old as its task has become.
    if (isJoined || (parent !== undefined && this.#joined.has(parent))) this.#joined.add(id)
    for (const before of dependsOn) this.#joined.add(before)
    const above = parent === undefined ? undefined : this.#places.get(parent)
    const key = queueKey(at, priority, this.#ageStepMs)
    this.#places.set(id, {
      payer: above?.payer ?? initiator,
      urgent: priority === 'critical' || (above?.urgent ?? false),
      key: Math.min(key, above?.key ?? key),
    })
  }

  hubStarted(): void {
    this.#asked.clear()
  }

  /** The hub asks an agent about a task. What one turn says is said in one event. */
  asks(task: string, event: number): void {
    if (!this.#isEverybodyAsked) return
    if (event !== this.#event) this.#last.clear()
    this.#event = event
    if (this.#asked.has(task)) return
    this.#asked.add(task)
    if (this.#joined.has(task)) return
    const place = this.#places.get(task)
    if (place === undefined) return
    const last = this.#last.get(place.payer)
    if (last !== undefined && isBefore(place, last.place))
      this.#complain('SIM-14', `${task} is served after ${last.task}, which is younger`)
    this.#last.set(place.payer, { task, place })
  }
}

/** Its own judgement, not that of the strategy: what it watches must not lead it by the hand. */
function isBefore(a: Place, b: Place): boolean {
  return a.urgent === b.urgent ? a.key < b.key : a.urgent
}

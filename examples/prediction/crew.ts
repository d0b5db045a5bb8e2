/**
 * Kills one training agent in the middle of its work: its thread is terminated and the agent is gone for good.
 */
import type { AgentHandle } from '../../src/index.ts'
import type { Surroundings } from './work.ts'

/** The victim has handed over this many parts, and the others have begun. */
const partsBefore = 3

export class Crew implements Surroundings {
  readonly #lives = new Map<string, AbortController>()
  readonly #handles = new Map<string, AgentHandle>()
  readonly #parts = new Map<string, number>()
  readonly #wantsVictim: boolean
  #killed: string | undefined
  #checkpointUsed = false

  constructor(wantsVictim: boolean) {
    this.#wantsVictim = wantsVictim
  }

  /** The agent that was killed. */
  get killed(): string | undefined {
    return this.#killed
  }

  /** True when an agent has gone on from the checkpoint of another one. */
  get checkpointUsed(): boolean {
    return this.#checkpointUsed
  }

  enlist(handle: AgentHandle): void {
    this.#handles.set(handle.id, handle)
  }

  life(agent: string): AbortSignal {
    const life = this.#lives.get(agent) ?? new AbortController()
    this.#lives.set(agent, life)
    return life.signal
  }

  continued(): void {
    this.#checkpointUsed = true
  }

  handedOver(agent: string, partsDone: number): void {
    this.#parts.set(agent, partsDone)
    if (!this.#wantsVictim || this.#killed !== undefined) return
    if (partsDone < partsBefore || this.#parts.size < 2) return
    this.#killed = agent
    this.#lives.get(agent)?.abort(new DOMException(`${agent} was killed`, 'AbortError'))
    void this.#handles.get(agent)?.leave('its process died')
  }
}

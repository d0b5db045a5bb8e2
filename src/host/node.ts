/**
 * The corridor: input, decision, durable facts, and only then effects. One turn takes everything that waits; while
 * facts are on their way to the disk, inputs gather for the next turn, so that one commit serves them all.
 * Must never happen here: an effect before its facts are durable, or an `await` between an input and its facts.
 */
import type { Decision, Machine } from '../protocol/machine.ts'
import type { Clock, Soon } from './ports.ts'

export interface NodePorts<Input, Fact, Effect> {
  readonly clock: Clock
  readonly soon: Soon
  /** Makes facts durable. Never called while an earlier call is under way. */
  readonly append: (facts: readonly Fact[]) => Promise<unknown>
  readonly perform: (effect: Effect) => void
  /** What the machine is given when its time has come. */
  readonly woke: Input
  /** The node has stopped for good: the journal failed, or an invariant broke. */
  readonly failed: (cause: unknown) => void
  readonly inboxMax: number
}

export class Node<Input, Fact, Effect> {
  readonly #machine: Machine<Input, Fact, Effect>
  readonly #ports: NodePorts<Input, Fact, Effect>
  #inbox: Input[] = []
  #scheduled = false
  #appending = false
  #stopped = false
  #idle: (() => void)[] = []
  /** Inputs that found the inbox full. */
  lost = 0

  constructor(machine: Machine<Input, Fact, Effect>, ports: NodePorts<Input, Fact, Effect>) {
    this.#machine = machine
    this.#ports = ports
  }

  /** Takes an input for the next turn. */
  take(input: Input): void {
    if (this.#stopped) return
    if (this.#inbox.length >= this.#ports.inboxMax) this.lost += 1
    else this.#inbox.push(input)
    this.#schedule()
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Takes nothing more. What is on its way to the disk still arrives there; its effects are lost. */
  stop(): void {
    this.#stopped = true
    this.#inbox = []
    this.#ports.clock.arm(undefined, () => {})
    this.#tellIdle()
  }

  #isIdle(): boolean {
    return (this.#inbox.length === 0 || this.#stopped) && !this.#appending
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return
    const waiting = this.#idle
    this.#idle = []
    for (const resolve of waiting) resolve()
  }

  #schedule(): void {
    if (this.#scheduled || this.#appending || this.#stopped) return
    this.#scheduled = true
    this.#ports.soon(this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    if (this.#stopped || this.#appending) return
    const decision = this.#decide()
    if (decision === undefined) return
    if (decision.facts.length === 0) this.#release(decision)
    else this.#commit(decision)
  }

  #decide(): Decision<Fact, Effect> | undefined {
    const inputs = this.#inbox
    this.#inbox = []
    try {
      const now = this.#ports.clock.now()
      for (const input of inputs) this.#machine.receive(input, now)
      return this.#machine.drain()
    } catch (cause) {
      this.#fail(cause)
      return undefined
    }
  }

  #commit(decision: Decision<Fact, Effect>): void {
    this.#appending = true
    this.#ports.append(decision.facts).then(
      () => {
        this.#appending = false
        if (!this.#stopped) this.#release(decision)
        this.#tellIdle()
      },
      (cause: unknown) => {
        this.#appending = false
        this.#fail(cause)
      },
    )
  }

  #release({ effects }: Decision<Fact, Effect>): void {
    for (const effect of effects) this.#ports.perform(effect)
    this.#ports.clock.arm(this.#machine.wakeAt(), this.#wake)
    if (this.#inbox.length > 0) this.#schedule()
    else this.#tellIdle()
  }

  readonly #wake = (): void => this.take(this.#ports.woke)

  #fail(cause: unknown): void {
    this.stop()
    this.#ports.failed(cause)
  }
}

/**
 * The corridor: input, decision, durable facts, and only then effects. One turn takes everything that waits. While
 * facts are on their way to the disk the machine goes on deciding; what it decides is held for the next commit.
 * Must never happen here: an effect before its facts, and the facts of every earlier decision, are durable; or an
 * `await` between an input and its facts.
 */
import type { Decision, Machine } from '../protocol/machine.ts'
import type { Clock, Soon } from './ports.ts'

export interface NodePorts<Input, Fact, Effect> {
  readonly clock: Clock
  readonly soon: Soon
  /** Makes facts durable: all that the machine has decided since the last call, which has come to its end. */
  readonly append: (facts: readonly Fact[]) => Promise<unknown>
  /** An append waits for a device. */
  readonly appendTakesTime: boolean
  readonly perform: (effect: Effect) => void
  /** What the machine is given when its time has come. */
  readonly woke: Input
  /** The node has stopped for good: the journal failed, or an invariant broke. */
  readonly failed: (cause: unknown) => void
  readonly inboxMax: number
}

/** Decisions that a slow disk may have waiting; beyond that, inputs wait instead, and there `inboxMax` is the bound. */
const heldMax = 1_000
/**
 * Inputs of a turn while the disk rests; the next turn takes all the others. All at once would be one append, and all
 * that depends on it the next: whoever decides and the disk would wait for each other.
 */
const inputsAtRest = 64

export class Node<Input, Fact, Effect> {
  readonly #machine: Machine<Input, Fact, Effect>
  readonly #ports: NodePorts<Input, Fact, Effect>
  #inbox: Input[] = []
  #scheduled = false
  /** The last turn took a part of the inputs. */
  #isPart = false
  /** Decisions whose facts, or the facts of one before them, wait for the next commit. */
  #held: Decision<Fact, Effect>[] = []
  #appending = false
  /** Decisions that wait for nothing but their turn to be performed. */
  #durable: Decision<Fact, Effect>[] = []
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
    this.#held = []
    this.#durable = []
    this.#ports.clock.arm(undefined, () => {})
    this.#tellIdle()
  }

  #isIdle(): boolean {
    return this.#inbox.length === 0 && !this.#isHolding()
  }

  /** Something that was decided is not performed yet. */
  #isHolding(): boolean {
    return this.#appending || this.#held.length > 0 || this.#durable.length > 0
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return
    const waiting = this.#idle
    this.#idle = []
    for (const resolve of waiting) resolve()
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped || this.#held.length >= heldMax) return
    this.#scheduled = true
    this.#ports.soon(this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    if (this.#stopped) return
    const decision = this.#decide()
    if (decision === undefined) return
    this.#ports.clock.arm(this.#machine.wakeAt(), this.#wake)
    if (decision.facts.length === 0 && !this.#isHolding()) this.#perform(decision)
    else {
      this.#held.push(decision)
      this.#commit()
    }
  }

  #decide(): Decision<Fact, Effect> | undefined {
    const inputs = this.#nextInputs()
    try {
      const now = this.#ports.clock.now()
      for (const input of inputs) this.#machine.receive(input, now)
      return this.#machine.drain(this.#isPart)
    } catch (cause) {
      this.#fail(cause)
      return undefined
    }
  }

  /** All that wait; for a disk that rests a part of them, so that it writes while the others are decided. */
  #nextInputs(): Input[] {
    const all = this.#inbox
    const rests = this.#ports.appendTakesTime && !this.#appending && !this.#isPart
    this.#isPart = rests && all.length > inputsAtRest
    if (!this.#isPart) {
      this.#inbox = []
      return all
    }
    this.#inbox = all.slice(inputsAtRest)
    this.#schedule()
    return all.slice(0, inputsAtRest)
  }

  /** Makes everything durable that is held, unless a commit is under way: then it is for the next one. */
  #commit(): void {
    if (this.#appending || this.#held.length === 0) return
    const decisions = this.#held
    this.#held = []
    const facts = decisions.length === 1 ? decisions[0]?.facts : decisions.flatMap(({ facts }) => facts)
    this.#appending = true
    this.#append(facts ?? []).then(
      () => {
        this.#appending = false
        if (!this.#stopped) this.#release(decisions)
        this.#tellIdle()
      },
      (cause: unknown) => {
        this.#appending = false
        this.#fail(cause)
      },
    )
  }

  async #append(facts: readonly Fact[]): Promise<void> {
    if (facts.length > 0) await this.#ports.append(facts)
  }

  #release(decisions: readonly Decision<Fact, Effect>[]): void {
    const waiting = this.#durable.length > 0
    this.#durable.push(...decisions)
    this.#commit()
    if (!waiting) this.#ports.soon(this.#performNext)
    if (this.#inbox.length > 0) this.#schedule()
  }

  /** Each decision is performed in a turn of its own: what one of them sets off need not wait for all. */
  readonly #performNext = (): void => {
    const next = this.#durable.shift()
    if (next !== undefined) this.#perform(next)
    if (this.#durable.length > 0) this.#ports.soon(this.#performNext)
    else this.#tellIdle()
  }

  #perform({ effects }: Decision<Fact, Effect>): void {
    for (const effect of effects) this.#ports.perform(effect)
    if (this.#inbox.length === 0) this.#tellIdle()
  }

  readonly #wake = (): void => this.take(this.#ports.woke)

  #fail(cause: unknown): void {
    this.stop()
    this.#ports.failed(cause)
  }
}

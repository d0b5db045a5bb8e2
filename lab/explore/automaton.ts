/**
 * A real machine as an automaton: its states are numbered, and every pair of a state and an input is computed once, by
 * the machine itself. A state is reached again by living its life again, input for input; so the machines need no way
 * to be copied, and what is explored is what is shipped.
 * Must never happen here: a step whose outcome depends on anything but the state, the input and the instant.
 */
import type { Decision } from '../../src/protocol/machine.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import { earliest, type Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { canonical } from './canonical.ts'
import type { Mail } from './mail.ts'
import type { Sight } from './sights.ts'

/** What the explorer needs of a machine. */
export interface Watched<Input, Fact, Effect> {
  receive(input: Input, now: Millis): void
  drain(): Decision<Fact, Effect>
  wakeAt(): Millis | undefined
  state(): object
}

/** One turn of a machine, for whoever watches it. */
export interface Turn<Input, Fact, Effect, Shadow, Machine> extends Decision<Fact, Effect> {
  readonly input: Input
  readonly now: Millis
  readonly machine: Machine
  readonly before: Shadow
}

/** What the world knows of a node after a turn, beside the machine's own state. */
export interface Seen<Shadow> {
  readonly shadow: Shadow
  readonly sights: readonly Sight[]
}

/** A kind of node. `Birth` is what one life of it begins with. */
export interface Species<Birth, Input, Fact, Effect, Shadow, Machine extends Watched<Input, Fact, Effect>> {
  bear(birth: Birth, random: () => number): Machine
  /** What is known of a node before its first turn. */
  unborn(birth: Birth): Shadow
  /** Follows a turn and examines it. Throws `BrokenRule` at what must never be. */
  watch(turn: Turn<Input, Fact, Effect, Shadow, Machine>): Seen<Shadow>
  /** What is in a state and its shadow that `canonical` does not see. */
  hidden(machine: Machine, shadow: Shadow): string
}

/** A rule of the system that did not hold. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule'
}

export interface NodeState<Birth, Input, Shadow> {
  readonly number: number
  readonly birth: Birth
  readonly from: number | undefined
  readonly input: Input
  readonly at: Millis
  readonly shadow: Shadow
  readonly wakeAt: Millis | undefined
}

export interface Step {
  readonly to: number
  /** Messages sent, as numbers of the mail. */
  readonly sent: readonly number[]
  readonly sights: readonly Sight[]
}

/** Machines that are kept where they have arrived; others live their life again. */
const keptMachines = 4_000

export class Automaton<Birth, Input, Fact, Effect, Shadow, Machine extends Watched<Input, Fact, Effect>> {
  readonly #species: Species<Birth, Input, Fact, Effect, Shadow, Machine>
  readonly #mail: Mail
  readonly #states: NodeState<Birth, Input, Shadow>[] = []
  readonly #byText = new Map<string, number>()
  readonly #steps = new Map<string, Step>()
  readonly #kept = new Map<number, Machine>()
  #stream: () => number = seeded(1)
  /** Turns that a machine has taken, those that were lived again included. */
  turns = 0

  constructor(species: Species<Birth, Input, Fact, Effect, Shadow, Machine>, mail: Mail) {
    this.#species = species
    this.#mail = mail
  }

  get size(): number {
    return this.#states.length
  }

  state(number: number): NodeState<Birth, Input, Shadow> {
    const state = this.#states[number]
    if (state === undefined) throw new RangeError(`there is no state ${number}`)
    return state
  }

  /** The machine itself in a state. To be read before the next turn, and not changed. */
  machine(number: number): Machine {
    const machine = this.#machineAt(number)
    this.#keep(number, machine)
    return machine
  }

  /** The first turn of a new life. `name` tells this birth and first input from others. */
  birth(name: string, birth: Birth, first: Input, now: Millis): Step {
    const key = `birth ${name} ${now}`
    const known = this.#steps.get(key)
    if (known !== undefined) return known
    const machine = this.#bear(birth)
    const step = this.#turn(birth, undefined, this.#species.unborn(birth), machine, first, now)
    this.#steps.set(key, step)
    return step
  }

  /** One turn. `name` tells this input from others. */
  step(from: number, name: string, input: Input, now: Millis): Step {
    const key = `${from} ${name} ${now}`
    const known = this.#steps.get(key)
    if (known !== undefined) return known
    const { birth, shadow } = this.state(from)
    const step = this.#turn(birth, from, shadow, this.#machineAt(from), input, now)
    this.#steps.set(key, step)
    return step
  }

  #turn(
    birth: Birth,
    from: number | undefined,
    before: Shadow,
    machine: Machine,
    input: Input,
    now: Millis,
  ): Step {
    const { facts, effects } = this.#live(machine, input, now)
    const { shadow, sights } = this.#species.watch({ input, now, facts, effects, machine, before })
    const text = canonical(machine.state()) + this.#species.hidden(machine, shadow)
    let to = this.#byText.get(text)
    if (to === undefined) {
      to = this.#states.length
      this.#byText.set(text, to)
      const wakeAt = earliest(machine.wakeAt(), undefined)
      this.#states.push({ number: to, birth, from, input, at: now, shadow, wakeAt })
      this.#keep(to, machine)
    }
    return { to, sent: effects.flatMap((effect) => this.#post(effect)), sights }
  }

  #post(effect: Effect | (Envelope & { kind: 'send' })): number[] {
    return isSend(effect) ? [this.#mail.post(effect)] : []
  }

  #bear(birth: Birth): Machine {
    return this.#species.bear(birth, () => this.#stream())
  }

  /** Luck is the same in every turn: the number drawn depends on the turn alone, not on what was drawn before. */
  #live(machine: Machine, input: Input, now: Millis): Decision<Fact, Effect> {
    this.turns += 1
    this.#stream = seeded(1)
    machine.receive(input, now)
    return machine.drain()
  }

  #keep(number: number, machine: Machine): void {
    this.#kept.set(number, machine)
    if (this.#kept.size <= keptMachines) return
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest)
      return
    }
  }

  #machineAt(number: number): Machine {
    const kept = this.#kept.get(number)
    if (kept !== undefined) {
      this.#kept.delete(number)
      return kept
    }
    const lives: NodeState<Birth, Input, Shadow>[] = []
    let state = this.state(number)
    for (; state.from !== undefined; state = this.state(state.from)) lives.push(state)
    const machine = this.#bear(state.birth)
    this.#live(machine, state.input, state.at)
    for (let life = lives.pop(); life !== undefined; life = lives.pop())
      this.#live(machine, life.input, life.at)
    return machine
  }
}

function isSend(effect: unknown): effect is Envelope {
  return typeof effect === 'object' && effect !== null && 'kind' in effect && effect.kind === 'send'
}

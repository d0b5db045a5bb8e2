/**
 * Breadth-first through every state of a small world, until there is none that was not seen. The rules of every turn
 * are examined where the turns are made; here every history that has come to rest is driven on, without faults and
 * fairly, to a good end.
 * Must never happen here: a bound that is not a bound of the world; what is left unexplored would pass for proven.
 */
import { BrokenInvariant } from '../../src/protocol/machine.ts'
import { realAgent } from './agent-species.ts'
import { BrokenRule } from './automaton.ts'
import { Cosmos, type Machines, noFaults, type State } from './cosmos.ts'
import { faultsOfEnd } from './end.ts'
import { realHub } from './hub-species.ts'
import { describe, type Move, movesIn, play } from './moves.ts'
import type { Sight } from './sights.ts'
import type { World } from './world.ts'

export interface BrokenWorld {
  /** The rule that did not hold. */
  readonly what: string
  /** The shortest history that leads there, one line a move. */
  readonly trace: readonly string[]
}

export interface Exploration {
  readonly name: string
  /** States that differ. */
  readonly states: number
  readonly transitions: number
  /** Histories at rest that were driven to their end. */
  readonly ends: number
  /** Different states of the hub, and of all the others. */
  readonly hubStates: number
  readonly agentStates: number
  readonly sometimes: Readonly<Partial<Record<Sight, boolean>>>
  readonly broken: BrokenWorld | undefined
}

/** Time moves on this often, without faults, until everything must have ended. */
const stepsToEnd = 400
const movesToEnd = 20_000
/** Of the run to the end, as a trace prints it. */
const linesToEnd = 60

/** Explores a world made of the real machines, or of others in their place. Stops at the first rule that is broken. */
export function exploreWorld(
  world: World,
  machines: Partial<Machines> = {},
  progress: (states: number) => void = () => {},
): Exploration {
  const cosmos = new Cosmos(world, { hub: realHub, agent: realAgent, ...machines })
  const search = new Search(cosmos)
  const broken = search.run(progress)
  const sometimes = world.sometimes.map((sight) => [sight, cosmos.sights.has(sight)] as const)
  return {
    name: world.name,
    states: search.states,
    transitions: search.transitions,
    ends: search.ends,
    hubStates: cosmos.hubs.size,
    agentStates: cosmos.agents.size,
    sometimes: Object.fromEntries(sometimes),
    broken,
  }
}

class Search {
  readonly #cosmos: Cosmos
  readonly #seen = new Set<string>()
  /** By state: where it was first reached from, and by which of the moves there. */
  readonly #parents: number[] = []
  readonly #ordinals: number[] = []
  /** States from which the fair run was seen to end well. */
  readonly #good = new Set<string>()
  transitions = 0
  ends = 0

  constructor(cosmos: Cosmos) {
    this.#cosmos = cosmos
  }

  get states(): number {
    return this.#parents.length
  }

  run(progress: (states: number) => void): BrokenWorld | undefined {
    const cosmos = this.#cosmos
    const genesis = cosmos.genesis()
    this.#add(genesis, -1, 0)
    let level: State[] = [genesis]
    let number = 0
    while (level.length > 0) {
      const next: State[] = []
      for (const state of level) {
        const moves = movesIn(cosmos, state)
        if (moves.every(isFault)) {
          const trace: string[] = []
          const what = this.#drive(state, trace)
          if (what !== undefined) return { what, trace: [...this.#traceTo(number), ...shortened(trace)] }
        }
        for (let ordinal = 0; ordinal < moves.length; ordinal++) {
          const move = moves[ordinal]
          if (move === undefined) continue
          const outcome = this.#play(state, move)
          if (typeof outcome === 'string') {
            const last = describe(cosmos, state, move)
            return { what: outcome, trace: [...this.#traceTo(number), last] }
          }
          if (this.#add(outcome, number, ordinal)) next.push(outcome)
        }
        number += 1
        if (number % 10_000 === 0) progress(this.states)
      }
      level = next
    }
    return undefined
  }

  /** The next state, or the rule that does not hold. */
  #play(state: State, move: Move): State | string {
    this.transitions += 1
    try {
      return play(this.#cosmos, state, move)
    } catch (cause) {
      if (cause instanceof BrokenRule || cause instanceof BrokenInvariant) return cause.message
      throw cause
    }
  }

  #add(state: State, parent: number, ordinal: number): boolean {
    const key = this.#cosmos.keyOf(state)
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    this.#parents.push(parent)
    this.#ordinals.push(ordinal)
    return true
  }

  /** Faults stop, and everything goes on in the fair order. Answers what is wrong where that comes to no good end. */
  #drive(from: State, trace: string[]): string | undefined {
    const cosmos = this.#cosmos
    let state: State = { ...from, luck: noFaults, clockSteps: stepsToEnd }
    const passed: string[] = []
    this.ends += 1
    let wrong: string | undefined
    for (let moves = 0; moves < movesToEnd; moves++) {
      const key = cosmos.keyOf({ ...state, clockSteps: 0 })
      if (this.#good.has(key)) return this.#remember(passed)
      passed.push(key)
      const [move] = movesIn(cosmos, state)
      if (move === undefined || move.kind === 'pass') {
        wrong = faultsOfEnd(cosmos, state)
        if (wrong === undefined) return this.#remember(passed)
      }
      if (move === undefined) break
      trace.push(describe(cosmos, state, move))
      const next = this.#play(state, move)
      if (typeof next === 'string') return next
      state = next
    }
    return `in the end: ${wrong ?? 'it does not come to rest'}`
  }

  #remember(passed: readonly string[]): undefined {
    for (const key of passed) this.#good.add(key)
  }

  #traceTo(number: number): string[] {
    const ordinals: number[] = []
    for (let at = number; at > 0; at = this.#parents[at] ?? 0) ordinals.push(this.#ordinals[at] ?? 0)
    const lines: string[] = []
    let state = this.#cosmos.genesis()
    for (const ordinal of ordinals.reverse()) {
      const move = movesIn(this.#cosmos, state)[ordinal]
      if (move === undefined) break
      lines.push(describe(this.#cosmos, state, move))
      state = play(this.#cosmos, state, move)
    }
    return lines
  }
}

/** A run that never ends well repeats itself. */
function shortened(trace: readonly string[]): string[] {
  if (trace.length <= linesToEnd) return [...trace]
  return [...trace.slice(0, linesToEnd), `and so on, for ${trace.length - linesToEnd} more moves`]
}

function isFault(move: Move): boolean {
  switch (move.kind) {
    case 'lose':
    case 'delay':
    case 'repeat':
    case 'crash':
    case 'hub-crash':
    case 'hub-dies-hearing':
    case 'hub-dies-doing':
      return true
    case 'act':
      return move.costs !== undefined
    default:
      return false
  }
}

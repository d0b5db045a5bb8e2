/**
 * What a transcript plays on: one world, the lines that it has said since the last command, and the rules for messages
 * that its commands have set.
 * Must never happen here: chance. A transcript happens in one way.
 */
import { checkLimits, defaultConfiguration, type Limits } from '../../src/protocol/limits.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import type { Millis } from '../../src/protocol/time.ts'
import type { Behaviour } from '../world/behaviour.ts'
import { type Happening, hubName, World } from '../world.ts'
import { happeningText, timeText } from './print.ts'

/** Which messages a command is about. What it does not name, it does not care for. */
export interface Selection {
  readonly kind: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
}

export function isSelected({ kind, from, to }: Selection, envelope: Envelope): boolean {
  if (kind !== undefined && kind !== envelope.message.kind) return false
  if (from !== undefined && from !== envelope.from.id) return false
  return to === undefined || to === envelope.to.id
}

/** What happens to the next messages of a kind. */
export interface Rule {
  readonly selection: Selection
  readonly delays: readonly Millis[]
  left: number
}

export class PlayHouse {
  readonly #lines: string[] = []
  readonly #rules: Rule[] = []
  readonly #behaviours = new Map<string, Behaviour>()
  /** Agents whose offers stand. */
  readonly #open = new Set<string>()
  #world: World | undefined

  get world(): World {
    if (this.#world === undefined) throw new Error('the first command is "hub"')
    return this.#world
  }

  /** Begins the world: a hub, and a desk that announces. */
  async begin(limits: Partial<Limits>, seed: number, commitMs: Millis): Promise<void> {
    const checked = checkLimits(limits)
    if (isRefusal(checked)) throw new Error(checked.message)
    this.#world = new World({
      seed,
      configuration: { ...defaultConfiguration, limits: checked },
      commitMs: () => commitMs,
      isAsked: (agent) => !this.#open.has(agent),
      fate: (envelope) => this.#fate(envelope),
      watch: (happening, at) => this.#hear(happening, at),
    })
    this.#world.openHub()
    await this.#world.openDesk('desk')
  }

  /** Of the agents that join from now on, this one's offer stands. */
  leaveOpen(id: string): void {
    this.#open.add(id)
  }

  /** Starts an agent, or starts it again as it was. */
  async join(id: string, behaviour?: Behaviour): Promise<void> {
    const known = behaviour ?? this.#behaviours.get(id)
    if (known === undefined) throw new Error(`there is no agent "${id}" to start again`)
    this.#behaviours.set(id, known)
    await this.world.join(known)
  }

  rule(rule: Rule): void {
    this.#rules.push(rule)
  }

  say(line: string): void {
    this.#lines.push(line)
  }

  /** What was said since the last call. */
  heard(): string[] {
    return this.#lines.splice(0)
  }

  /** Cuts every line between two groups of nodes, or between one and all others. */
  partition(one: readonly string[], other: readonly string[]): void {
    for (const a of one) {
      for (const b of other.length > 0 ? other : [hubName]) {
        this.world.wire.cut(a, b)
        this.world.wire.cut(b, a)
      }
    }
  }

  #fate(envelope: Envelope): readonly Millis[] {
    const place = this.#rules.findIndex(({ selection }) => isSelected(selection, envelope))
    const rule = this.#rules[place]
    if (rule === undefined) return [1]
    rule.left -= 1
    if (rule.left === 0) this.#rules.splice(place, 1)
    return rule.delays
  }

  #hear(happening: Happening, at: Millis): void {
    const text = happeningText(happening)
    if (text !== undefined) this.#lines.push(`${timeText(at)}  ${text}`)
  }
}

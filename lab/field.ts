/**
 * Real machines, a hub and agents, in virtual time, without host, journal and wire: what one says the other hears at
 * the same instant, in the order in which it was said. For experiments with very many tasks about who is chosen; what
 * may go wrong on the way is the simulator's concern.
 * Must never happen here: a choice, or a number that is not drawn from the caller's seed.
 */
import { Agent } from '../src/agent/agent.ts'
import type { Profile } from '../src/agent/state.ts'
import { Hub } from '../src/hub/hub.ts'
import type { Fact } from '../src/protocol/fact.ts'
import type { AgentId, HubId, NodeId, TaskId } from '../src/protocol/id.ts'
import { jsonNull } from '../src/protocol/json.ts'
import type { Configuration } from '../src/protocol/limits.ts'
import type { Assignment, Envelope, TaskComplete } from '../src/protocol/message.ts'
import { refuse } from '../src/protocol/refusal.ts'
import type { TaskAnnouncement } from '../src/protocol/task.ts'
import type { Millis } from '../src/protocol/time.ts'
import { seeded } from '../src/strategy/random.ts'
import { Agenda } from './field/agenda.ts'

/** What becomes of an assignment, decided when it begins. */
export interface Performance {
  readonly tookMs: Millis
  readonly success: boolean
}

export interface FieldOptions {
  readonly seed: number
  readonly configuration: Configuration
  /** Facts from before, for which the hub has its standings. */
  readonly past: readonly Fact[]
  perform(agent: AgentId, assignment: Assignment): Performance
  /** What the initiator says of a claim; asked for tasks that it verifies itself. */
  judge(claim: TaskComplete): boolean
  /** Every fact, at the instant at which it is decided. */
  watch(fact: Fact): void
}

interface Player {
  readonly machine: Agent
  readonly runs: Map<number, { readonly task: TaskId; stopped: boolean }>
  wakesAt: Millis | undefined
}

/** Everybody who announces. */
export const desk = 'desk' as NodeId
const origin: Millis = 1_700_000_000_000

export class Field {
  readonly hub: Hub
  readonly #options: FieldOptions
  readonly #agenda = new Agenda()
  readonly #players = new Map<NodeId, Player>()
  readonly #mail: Envelope[] = []
  #delivering = false
  #now: Millis = origin
  #hubWakesAt: Millis | undefined

  constructor(options: FieldOptions) {
    this.#options = options
    this.hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(options.seed), options.configuration)
    for (const fact of options.past) this.hub.replay(fact)
    this.hub.receive({ kind: 'opened' }, this.#now)
    this.#drainHub()
  }

  get now(): Millis {
    return this.#now
  }

  join(id: AgentId, profile: Profile): void {
    const machine = new Agent(
      { id, incarnation: 1 },
      this.hub.address().id,
      profile,
      this.#options.configuration,
    )
    const player: Player = { machine, runs: new Map(), wakesAt: undefined }
    this.#players.set(id, player)
    machine.receive({ kind: 'join' }, this.#now)
    this.#drainAgent(id, player)
    this.#deliver()
  }

  announce(task: TaskAnnouncement): void {
    this.#post({
      from: { id: desk, incarnation: 1 },
      to: this.hub.address(),
      message: { kind: 'TASK_ANNOUNCE', task },
    })
    this.#deliver()
  }

  /** Does something after a while. */
  after(spanMs: Millis, action: () => void): void {
    this.#agenda.add(this.#now + spanMs, action)
  }

  /** Lets everything happen that is due, until `isOver` says so or nothing is left. */
  run(isOver: () => boolean): void {
    while (!isOver()) {
      const next = this.#agenda.take()
      if (next === undefined) return
      this.#now = Math.max(this.#now, next.at)
      next.action()
      this.#deliver()
    }
  }

  #post(envelope: Envelope): void {
    this.#mail.push(envelope)
  }

  #deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    for (let i = 0; i < this.#mail.length; i++) {
      const envelope = this.#mail[i]
      if (envelope !== undefined) this.#hand(envelope)
    }
    this.#mail.length = 0
    this.#delivering = false
  }

  #hand(envelope: Envelope): void {
    const { to, message } = envelope
    if (to.id === this.hub.address().id) {
      this.hub.receive({ kind: 'received', envelope }, this.#now)
      this.#drainHub()
      return
    }
    if (to.id === desk) {
      if (message.kind === 'TASK_COMPLETE') this.#judge(message)
      return
    }
    const player = this.#players.get(to.id)
    if (player === undefined) return
    player.machine.receive({ kind: 'received', envelope }, this.#now)
    this.#drainAgent(to.id, player)
  }

  #judge(claim: TaskComplete): void {
    const accepted = this.#options.judge(claim)
    const { task, epoch } = claim
    const message = {
      kind: 'TASK_VERDICT',
      task,
      epoch,
      accepted,
      reason: 'the initiator has looked',
    } as const
    this.#post({ from: { id: desk, incarnation: 1 }, to: this.hub.address(), message })
  }

  #drainHub(): void {
    const { facts, effects } = this.hub.drain()
    for (const fact of facts) this.#options.watch(fact)
    for (const effect of effects) {
      if (effect.kind === 'send') this.#post(effect)
      // There are no projects here, and so nothing to plan.
      else if (effect.kind === 'recall') this.#recall(effect.task)
    }
    const at = this.hub.wakeAt()
    if (at === undefined || (this.#hubWakesAt !== undefined && this.#hubWakesAt <= at)) return
    this.#hubWakesAt = at
    this.#agenda.add(at, () => {
      if (this.#hubWakesAt === at) this.#hubWakesAt = undefined
      this.hub.receive({ kind: 'woke' }, this.#now)
      this.#drainHub()
    })
  }

  /** There is no journal: what is not in memory was never there. */
  #recall(task: TaskId): void {
    this.hub.receive({ kind: 'recalled', task, facts: [] }, this.#now)
    this.#drainHub()
  }

  #drainAgent(id: NodeId, player: Player): void {
    for (const effect of player.machine.drain().effects) {
      if (effect.kind === 'send') this.#post(effect)
      else if (effect.kind === 'begin') this.#begin(id as AgentId, player, effect.run, effect.assignment)
      else if (effect.kind === 'stop') this.#stop(id, player, effect.run)
    }
    const at = player.machine.wakeAt()
    if (at === undefined || (player.wakesAt !== undefined && player.wakesAt <= at)) return
    player.wakesAt = at
    this.#agenda.add(at, () => {
      if (player.wakesAt === at) player.wakesAt = undefined
      player.machine.receive({ kind: 'woke' }, this.#now)
      this.#drainAgent(id, player)
    })
  }

  #begin(id: AgentId, player: Player, run: number, assignment: Assignment): void {
    const { tookMs, success } = this.#options.perform(id, assignment)
    const state = { task: assignment.task, stopped: false }
    player.runs.set(run, state)
    this.after(tookMs, () => {
      if (state.stopped) return
      player.runs.delete(run)
      const ending = success ? jsonNull : refuse('E_WORK_FAILED', 'it did not succeed')
      player.machine.receive({ kind: 'settled', task: assignment.task, run, ending }, this.#now)
      this.#drainAgent(id, player)
    })
  }

  #stop(id: NodeId, player: Player, run: number): void {
    const state = player.runs.get(run)
    if (state === undefined || state.stopped) return
    state.stopped = true
    player.runs.delete(run)
    this.after(0, () => {
      player.machine.receive(
        { kind: 'settled', task: state.task, run, ending: refuse('E_CANCELLED', 'it was stopped') },
        this.#now,
      )
      this.#drainAgent(id, player)
    })
  }
}

/**
 * A task as its initiator holds it: what happens to it, how it ends, and why.
 */
import type { News } from '../agent/state.ts'
import type { Member } from '../protocol/group.ts'
import type { AgentId, TaskId } from '../protocol/id.ts'
import type { Update } from '../protocol/message.ts'
import type { Outcome as OutcomeMessage } from '../protocol/task.ts'
import type { Warning } from '../protocol/warning.ts'
import { type Outcome, openOutcome } from './assignment.ts'
import { Channel } from './channel.ts'
import type { Explanation } from './explain.ts'
import type { Fault } from './fault.ts'
import { RefusedError } from './refused.ts'
import { Settlement } from './settlement.ts'

/** What the initiator sees of its task, in order. Progress may be left out for a reader that is far behind. */
export type TaskUpdate =
  /** With a `warning`, the deadline is expected to be missed. */
  | { readonly kind: 'accepted'; readonly warning?: Warning }
  | { readonly kind: 'formed'; readonly epoch: number; readonly members: readonly Member[] }
  | { readonly kind: 'progress'; readonly agent: AgentId; readonly fraction: number; readonly note?: string }
  | { readonly kind: 'checkpoint'; readonly agent: AgentId }
  | { readonly kind: 'word'; readonly agent: AgentId; readonly data: unknown }
  | { readonly kind: 'ended'; readonly outcome: Outcome }

/** What the handles of a node ask of it. */
export interface TaskPorts {
  cancel(task: TaskId, reason: string): void
  start(task: TaskId, epoch: number): void
  explain(task: TaskId): Promise<Explanation>
}

/** Updates that a slow reader may have waiting. */
const waitingMax = 1000

export class TaskHandle {
  readonly id: TaskId
  readonly #ports: TaskPorts
  readonly #accepted = new Settlement<TaskHandle>()
  readonly #ended = new Settlement<Outcome>()
  /** Made for the first reader: many a task has none. */
  #readers: Set<Channel<TaskUpdate>> | undefined
  /** Told to whoever begins to read later. */
  readonly #milestones: TaskUpdate[] = []
  /** How it has ended, for as long as nobody has asked: many a result is for the next task alone. */
  #unopened: OutcomeMessage | undefined
  /** Somebody waits for the outcome. */
  #isAwaited = false
  #epoch = 0
  /** For whoever waits for a cancellation. */
  #objection: PromiseWithResolvers<never> | undefined

  constructor(id: TaskId, ports: TaskPorts) {
    this.id = id
    this.#ports = ports
  }

  /** Everything that happens from now on, after the milestones that have already been passed. Ends with the task. */
  updates(): AsyncIterable<TaskUpdate> {
    this.#open()
    const reader: Channel<TaskUpdate> = new Channel(waitingMax, () => this.#readers?.delete(reader))
    for (const update of this.#milestones) reader.push(update, false)
    if (this.#milestones.at(-1)?.kind === 'ended') reader.close()
    else {
      this.#readers ??= new Set()
      this.#readers.add(reader)
    }
    return reader
  }

  /** Resolves when the task has ended, however it ended. Rejects with a `Fault` when the network closes before. */
  outcome(): Promise<Outcome> {
    this.#isAwaited = true
    this.#open()
    return this.#ended.promise()
  }

  explain(): Promise<Explanation> {
    return this.#ports.explain(this.id)
  }

  /**
   * Asks for the end of the task and waits for it. A task that has ended already stays as it is. Rejects with
   * `RefusedError` when it is not this node's to cancel.
   */
  cancel(reason = 'cancelled by its initiator'): Promise<Outcome> {
    this.#objection ??= Promise.withResolvers<never>()
    this.#ports.cancel(this.id, reason)
    return Promise.race([this.outcome(), this.#objection.promise])
  }

  /**
   * Lets the members begin; for tasks announced with `startBy: 'initiator'`, once the group is formed. Rejects with a
   * `Fault` when the network closes before.
   */
  async start(): Promise<void> {
    for await (const update of this.updates()) {
      if (update.kind !== 'formed') continue
      this.#ports.start(this.id, this.#epoch)
      return
    }
    // It ended before there was a group, or the network has closed.
    await this.outcome()
  }

  /** Resolves with itself when the announcement is durable; rejects with `RefusedError`. */
  accepted(): Promise<TaskHandle> {
    return this.#accepted.promise()
  }

  /** Called by the node that follows the task. */
  hear(news: News): void {
    switch (news.kind) {
      case 'accepted':
        this.#accepted.resolve(this)
        this.#tell(news, true)
        break
      case 'refused': {
        const error = new RefusedError(news.refusal)
        this.#accepted.reject(error)
        this.#ended.reject(error)
        this.#close()
        break
      }
      case 'formed':
        if (news.epoch <= this.#epoch) break
        this.#epoch = news.epoch
        this.#tell({ kind: 'formed', epoch: news.epoch, members: news.members }, true)
        break
      case 'update':
        this.#tell(opened(news.agent, news.update), false)
        break
      case 'claimed':
        break
      case 'objected':
        this.#objection?.reject(new RefusedError(news.refusal))
        this.#objection = undefined
        break
      case 'ended':
        this.#accepted.resolve(this)
        this.#unopened = news.outcome
        if (this.#isAwaited || this.#readers !== undefined) this.#open()
        break
    }
  }

  /** Opens what it has come to, and tells whoever waits for that. */
  #open(): void {
    if (this.#unopened === undefined) return
    const outcome = openOutcome(this.#unopened)
    this.#unopened = undefined
    this.#ended.resolve(outcome)
    this.#tell({ kind: 'ended', outcome }, true)
    this.#close()
  }

  /** The network has gone; nothing more will be heard. */
  abandon(fault: Fault): void {
    this.#open()
    this.#accepted.reject(fault)
    this.#ended.reject(fault)
    this.#close()
  }

  #tell(update: TaskUpdate, isMilestone: boolean): void {
    if (isMilestone) this.#milestones.push(update)
    if (this.#readers === undefined) return
    for (const reader of this.#readers) reader.push(update, !isMilestone)
  }

  #close(): void {
    if (this.#readers === undefined) return
    for (const reader of [...this.#readers]) reader.close()
  }
}

function opened(agent: AgentId, update: Update): TaskUpdate {
  switch (update.kind) {
    case 'progress':
      return { ...update, agent }
    case 'checkpoint':
      return { kind: 'checkpoint', agent }
    case 'word':
      return { kind: 'word', agent, data: JSON.parse(update.data) as unknown }
  }
}

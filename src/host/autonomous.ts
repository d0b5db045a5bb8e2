/**
 * What a user writes to make an agent: a plain object with `perform`, or a class of its own.
 */

import type { TaskSpec } from '../protocol/announce.ts'
import type { AgentId, SkillName } from '../protocol/id.ts'
import type { SkillSpec } from '../protocol/join.ts'
import type { Call } from '../protocol/message.ts'
import type { Millis } from '../protocol/time.ts'
import type { Assignment, ResultsBySkill } from './assignment.ts'
import { Fault } from './fault.ts'
import type { TaskHandle } from './task-handle.ts'

/** What a member can do while it works. */
export interface Work {
  /** Aborts when the task is cancelled, expires, or goes on without this member. */
  readonly signal: AbortSignal
  /** `fraction` 0..1. It is also the sign of life of the work. */
  report(fraction: number, note?: string): void
  /** Saves a partial result; whoever follows after a failure receives the last one. */
  checkpoint(data: unknown): Promise<void>
  readonly group: {
    readonly members: readonly { readonly agent: AgentId; readonly skills: readonly SkillName[] }[]
    /** Sends a word to the whole group, or to one member. */
    say(data: unknown, to?: string): void
    /** Words of the others, from the first one after the start. */
    words(): AsyncIterable<{ readonly from: AgentId; readonly data: unknown }>
  }
  /** Announces a sub-task. It is cancelled when this task ends. */
  announce(spec: AnnounceSpec): Promise<TaskHandle>
}

/** A need; `verify` may also be a function that judges the results in this program. */
export interface AnnounceSpec extends Omit<TaskSpec, 'verify'> {
  readonly verify?: TaskSpec['verify'] | Verifier
}

export type Verifier = (results: ResultsBySkill) => Verification | Promise<Verification>

export type Verification = boolean | { readonly accepted: boolean; readonly reason?: string }

/** An agent's own judgement of a question: an offer, or a decline with its reason. */
export type Consideration =
  | { readonly price?: number; readonly expectedMs?: Millis }
  | { readonly decline: string }

/** An agent's own judgement of an invitation. */
export type Confirmation = boolean | { readonly reject: string }

export interface AgentDefinition {
  readonly id: string
  readonly skills: readonly SkillSpec[]
  /** Assignments at once. */
  readonly maxConcurrentTasks?: number
  /** Asked for one assignment; counts against a task's budget. */
  readonly price?: number
  /** Does the work. Returning ends it with a result, throwing ends it as failed. */
  perform(assignment: Assignment, work: Work): Promise<unknown> | unknown
  /**
   * Judges a question before an offer goes out. Left out, the agent's offer is open: it is considered without being
   * asked wherever it has the skills and a free slot.
   */
  consider?(call: Call): Consideration | Promise<Consideration>
  /** Judges an invitation. Left out, the agent accepts when it still has a free slot. */
  confirm?(call: Call): Confirmation | Promise<Confirmation>
}

/** An agent that has joined. */
export interface AgentHandle {
  readonly id: AgentId
  /** Announces a task as this agent. */
  announce(spec: AnnounceSpec): Promise<TaskHandle>
  /** Stops its work and takes it off the network; others take over what it had not finished. */
  leave(reason?: string): Promise<void>
}

export interface AutonomousAgentOptions {
  readonly maxConcurrentTasks?: number
  readonly price?: number
}

/** The base of agents written as classes: extend it and say what happens when a task starts. */
export abstract class AutonomousAgent implements AgentDefinition {
  readonly id: string
  readonly skills: readonly SkillSpec[]
  readonly maxConcurrentTasks?: number
  readonly price?: number
  #handle: AgentHandle | undefined

  constructor(id: string, skills: readonly SkillSpec[], options: AutonomousAgentOptions = {}) {
    this.id = id
    this.skills = skills
    if (options.maxConcurrentTasks !== undefined) this.maxConcurrentTasks = options.maxConcurrentTasks
    if (options.price !== undefined) this.price = options.price
  }

  /** Does the agent's part of a task. */
  abstract handleTaskStart(assignment: Assignment, work: Work): Promise<unknown> | unknown

  perform(assignment: Assignment, work: Work): Promise<unknown> | unknown {
    return this.handleTaskStart(assignment, work)
  }

  /** Announces a task as this agent, once it has joined. */
  async announceTask(spec: AnnounceSpec): Promise<TaskHandle> {
    if (this.#handle === undefined) {
      throw new Fault('E_CLOSED', `The agent "${this.id}" has not joined a network.`, {
        hint: 'Call network.join(agent) first.',
      })
    }
    return this.#handle.announce(spec)
  }

  /** Called by the network when the agent has joined. */
  attach(handle: AgentHandle): void {
    this.#handle = handle
  }
}

/**
 * Runs the user's code for an agent: begins it, hands over what it reports, stops it, and turns its end into an input
 * of the machine.
 * Must never happen here: an error of the user's code that reaches anybody but this agent's hub.
 */

import type { AgentEffect, Judgement } from '../agent/state.ts'
import type { Member } from '../protocol/group.ts'
import type { AgentId } from '../protocol/id.ts'
import { quote } from '../protocol/id.ts'
import { type JsonText, toJsonText } from '../protocol/json.ts'
import type { Call } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusal.ts'
import { Table } from '../protocol/table.ts'
import { confirmationIn, considerationIn, failureOf, messageOf, no } from './answers.ts'
import { openAssignment } from './assignment.ts'
import type { AgentDefinition } from './autonomous.ts'
import { Run, type RunPorts } from './run.ts'

type Begin = Extract<AgentEffect, { kind: 'begin' }>

export class Performer {
  readonly #definition: AgentDefinition
  readonly #ports: RunPorts
  readonly #resultName: string
  /** Those that go on when the call that began them has come back. */
  readonly #runs = new Table<number, Run>()
  /** Whose code is on the stack. */
  #beginning: Run | undefined

  constructor(definition: AgentDefinition, ports: RunPorts) {
    this.#definition = definition
    this.#ports = ports
    this.#resultName = `the result of ${quote(definition.id)}`
  }

  begin(begin: Begin): void {
    const { assignment } = begin
    const run = new Run(begin.run, assignment, begin.members, this.#ports)
    this.#beginning = run
    try {
      const result = this.#definition.perform(openAssignment(assignment), run)
      if (isThenable(result)) void this.#await(begin, run, result)
      else this.#end(begin, run, this.#textOf(result))
    } catch (cause) {
      this.#end(begin, run, failureOf(cause, this.#definition.id))
    }
    this.#beginning = undefined
  }

  async #await(begin: Begin, run: Run, result: PromiseLike<unknown>): Promise<void> {
    this.#runs.set(begin.run, run)
    let ending: JsonText | Refusal
    try {
      ending = this.#textOf(await result)
    } catch (cause) {
      ending = failureOf(cause, this.#definition.id)
    }
    this.#runs.delete(begin.run)
    this.#end(begin, run, ending)
  }

  #end({ run: id, assignment }: Begin, run: Run, ending: JsonText | Refusal): void {
    run.close()
    this.#ports.take({ kind: 'settled', task: assignment.task, run: id, ending })
  }

  #textOf(result: unknown): JsonText | Refusal {
    try {
      return toJsonText(result, this.#resultName, this.#ports.limits.payloadBytesMax)
    } catch (cause) {
      return failureOf(cause, this.#definition.id)
    }
  }

  regroup(id: number, members: readonly Member[]): void {
    this.#runs.get(id)?.regroup(members)
  }

  word(id: number, from: AgentId, data: JsonText): void {
    this.#runs.get(id)?.hear(from, JSON.parse(data))
  }

  stop(id: number, reason: string): void {
    this.#runs.get(id)?.stop(reason)
  }

  stopAll(reason: string): void {
    this.#beginning?.stop(reason)
    for (const run of this.#runs.values()) run.stop(reason)
  }

  /** Puts a question or an invitation to the agent's own judgement. */
  async consider({ call, matter }: Extract<AgentEffect, { kind: 'consider' }>): Promise<void> {
    const judgement = 'round' in matter ? await this.#judgeQuery(call) : await this.#judgeInvite(call)
    this.#ports.take({ kind: 'considered', task: call.task, matter, judgement })
  }

  async #judgeQuery(call: Call): Promise<Judgement> {
    try {
      return considerationIn(await this.#definition.consider?.(call))
    } catch (cause) {
      return no(`its judgement failed: ${messageOf(cause)}`)
    }
  }

  async #judgeInvite(call: Call): Promise<Judgement> {
    try {
      return confirmationIn(await this.#definition.confirm?.(call))
    } catch (cause) {
      return no(`its judgement failed: ${messageOf(cause)}`)
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

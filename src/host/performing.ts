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
  readonly #runs = new Table<number, Run>()

  constructor(definition: AgentDefinition, ports: RunPorts) {
    this.#definition = definition
    this.#ports = ports
    this.#resultName = `the result of ${quote(definition.id)}`
  }

  begin({ run: id, assignment, members }: Begin): void {
    const run = new Run(id, assignment, members, this.#ports)
    this.#runs.set(id, run)
    const end = (ending: JsonText | Refusal): void => {
      this.#runs.delete(id)
      run.close()
      this.#ports.take({ kind: 'settled', task: assignment.task, run: id, ending })
    }
    try {
      const result = this.#definition.perform(openAssignment(assignment), run)
      if (!isThenable(result)) end(this.#textOf(result))
      else {
        Promise.resolve(result).then(
          (value) => end(this.#textOf(value)),
          (cause: unknown) => end(failureOf(cause, this.#definition.id)),
        )
      }
    } catch (cause) {
      end(failureOf(cause, this.#definition.id))
    }
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
    for (const id of this.#runs.keys()) this.stop(id, reason)
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

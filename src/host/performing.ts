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
import { type Refusal, refuse } from '../protocol/refusal.ts'
import { openAssignment } from './assignment.ts'
import type { AgentDefinition } from './autonomous.ts'
import { RefusedError } from './refused.ts'
import { Run, type RunPorts } from './run.ts'

type Begin = Extract<AgentEffect, { kind: 'begin' }>

export class Performer {
  readonly #definition: AgentDefinition
  readonly #ports: RunPorts
  readonly #resultName: string
  readonly #runs = new Map<number, Run>()

  constructor(definition: AgentDefinition, ports: RunPorts) {
    this.#definition = definition
    this.#ports = ports
    this.#resultName = `the result of ${quote(definition.id)}`
  }

  begin({ run: id, assignment, members }: Begin): void {
    const run = new Run(id, { task: assignment.task, depth: assignment.depth }, members, this.#ports)
    this.#runs.set(id, run)
    const end = (ending: JsonText | Refusal): void => {
      this.#runs.delete(id)
      run.close()
      this.#ports.take({ kind: 'settled', run: id, ending })
    }
    try {
      const result = this.#definition.perform(openAssignment(assignment), run)
      if (!isThenable(result)) end(this.#textOf(result))
      else {
        Promise.resolve(result).then(
          (value) => end(this.#textOf(value)),
          (cause: unknown) => end(this.#failureOf(cause)),
        )
      }
    } catch (cause) {
      end(this.#failureOf(cause))
    }
  }

  #textOf(result: unknown): JsonText | Refusal {
    return toJsonText(result, this.#resultName, this.#ports.limits.payloadBytesMax)
  }

  #failureOf(cause: unknown): Refusal {
    if (cause instanceof RefusedError) return cause.refusal
    return refuse('E_WORK_FAILED', `${quote(this.#definition.id)} failed: ${messageOf(cause)}`)
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
      const answer = (await this.#definition.consider?.(call)) ?? {}
      if ('decline' in answer) return no(String(answer.decline))
      return { kind: 'yes', ...answer }
    } catch (cause) {
      return no(`its judgement failed: ${messageOf(cause)}`)
    }
  }

  async #judgeInvite(call: Call): Promise<Judgement> {
    try {
      const answer = (await this.#definition.confirm?.(call)) ?? true
      if (typeof answer === 'object') return no(String(answer.reject))
      return answer ? { kind: 'yes' } : no('it does not want to')
    } catch (cause) {
      return no(`its judgement failed: ${messageOf(cause)}`)
    }
  }
}

function no(reason: string): Judgement {
  return { kind: 'no', refusal: refuse('E_DECLINED', reason.slice(0, 1000)) }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** One line of what was thrown, whatever was thrown. */
function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return (text.split('\n', 1)[0] ?? '').slice(0, 1000)
}

/**
 * Runs the user's code for an agent: begins it, hands over what it reports, stops it, and turns its end into an input
 * of the machine.
 * Must never happen here: an error of the user's code that reaches anybody but this agent's hub.
 */
import type { AgentEffect, AgentInput, Judgement } from '../agent/state.ts'
import type { Member } from '../protocol/group.ts'
import type { AgentId, TaskId } from '../protocol/id.ts'
import { quote } from '../protocol/id.ts'
import { type JsonText, toJsonText } from '../protocol/json.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Call } from '../protocol/message.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import { openAssignment } from './assignment.ts'
import type { AgentDefinition, AnnounceSpec, Work } from './autonomous.ts'
import { Channel } from './channel.ts'
import { RefusedError } from './refused.ts'
import type { TaskHandle } from './task-handle.ts'

/** Words to a member that does not read them. */
const wordsMax = 1000

interface Run {
  readonly stop: AbortController
  readonly words: Channel<{ readonly from: AgentId; readonly data: unknown }>
  members: readonly Member[]
}

export interface PerformerPorts {
  readonly limits: Limits
  take(input: AgentInput): void
  announce(spec: AnnounceSpec, parent: { task: TaskId; depth: number }): Promise<TaskHandle>
}

type Begin = Extract<AgentEffect, { kind: 'begin' }>

export class Performer {
  readonly #definition: AgentDefinition
  readonly #ports: PerformerPorts
  readonly #runs = new Map<number, Run>()

  constructor(definition: AgentDefinition, ports: PerformerPorts) {
    this.#definition = definition
    this.#ports = ports
  }

  begin(effect: Begin): void {
    const { run: id, assignment, members } = effect
    const run: Run = { stop: new AbortController(), words: new Channel(wordsMax), members }
    this.#runs.set(id, run)
    const work = this.#workOf(id, run, { task: assignment.task, depth: assignment.depth })
    void this.#perform(openAssignment(assignment), work).then((ending) => {
      this.#runs.delete(id)
      run.words.close()
      this.#ports.take({ kind: 'settled', run: id, ending })
    })
  }

  async #perform(assignment: ReturnType<typeof openAssignment>, work: Work): Promise<JsonText | Refusal> {
    try {
      const result = await this.#definition.perform(assignment, work)
      return toJsonText(
        result,
        `the result of ${quote(this.#definition.id)}`,
        this.#ports.limits.payloadBytesMax,
      )
    } catch (cause) {
      if (cause instanceof RefusedError) return cause.refusal
      return refuse('E_WORK_FAILED', `${quote(this.#definition.id)} failed: ${messageOf(cause)}`)
    }
  }

  regroup(id: number, members: readonly Member[]): void {
    const run = this.#runs.get(id)
    if (run !== undefined) run.members = members
  }

  word(id: number, from: AgentId, data: JsonText): void {
    this.#runs.get(id)?.words.push({ from, data: JSON.parse(data) as unknown }, true)
  }

  stop(id: number, reason: string): void {
    this.#runs.get(id)?.stop.abort(new DOMException(reason, 'AbortError'))
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

  #workOf(id: number, run: Run, self: { task: TaskId; depth: number }): Work {
    const { limits, take, announce } = this.#ports
    const textOf = (value: unknown, field: string): JsonText => {
      const text = toJsonText(value, field, limits.payloadBytesMax)
      if (isRefusal(text)) throw new RefusedError(text)
      return text
    }
    return {
      signal: run.stop.signal,
      report(fraction, note) {
        if (!(fraction >= 0 && fraction <= 1)) {
          throw new RefusedError(refuse('E_RANGE', `progress must be 0 to 1, got ${quote(fraction)}`))
        }
        const said = note === undefined ? {} : { note: note.slice(0, limits.descriptionLengthMax) }
        take({ kind: 'reported', run: id, update: { kind: 'progress', fraction, ...said } })
      },
      async checkpoint(data) {
        take({
          kind: 'reported',
          run: id,
          update: { kind: 'checkpoint', data: textOf(data, 'the checkpoint') },
        })
      },
      group: {
        get members() {
          return run.members
        },
        say(data, to) {
          const target = to === undefined ? {} : { to: to as AgentId }
          take({
            kind: 'reported',
            run: id,
            update: { kind: 'word', data: textOf(data, 'the word'), ...target },
          })
        },
        words: () => run.words,
      },
      announce: (spec) => announce(spec, self),
    }
  }
}

function no(reason: string): Judgement {
  return { kind: 'no', refusal: refuse('E_DECLINED', reason.slice(0, 1000)) }
}

/** One line of what was thrown, whatever was thrown. */
function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return (text.split('\n', 1)[0] ?? '').slice(0, 1000)
}

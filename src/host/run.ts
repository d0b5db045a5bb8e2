/**
 * One assignment while the user's code works on it: what that code can do, and what reaches it.
 * Signals and words are made when they are first asked for, since most work needs neither.
 */
import type { AgentInput } from '../agent/state.ts'
import type { Member } from '../protocol/group.ts'
import { type AgentId, quote, type TaskId } from '../protocol/id.ts'
import { type JsonText, toJsonText } from '../protocol/json.ts'
import type { Limits } from '../protocol/limits.ts'
import { isRefusal, refuse } from '../protocol/refusal.ts'
import type { AnnounceSpec, Work } from './autonomous.ts'
import { Channel } from './channel.ts'
import { RefusedError } from './refused.ts'
import type { TaskHandle } from './task-handle.ts'

/** Words to a member that does not read them. */
const wordsMax = 1000

type Word = { readonly from: AgentId; readonly data: unknown }
type Place = { readonly task: TaskId; readonly depth: number }

export interface RunPorts {
  readonly limits: Limits
  take(input: AgentInput): void
  announce(spec: AnnounceSpec, parent: Place): Promise<TaskHandle>
}

export class Run implements Work {
  readonly #id: number
  readonly #place: Place
  readonly #ports: RunPorts
  #members: readonly Member[]
  #words: Channel<Word> | undefined
  #stop: AbortController | undefined
  #stopped: string | undefined
  #closed = false

  constructor(id: number, place: Place, members: readonly Member[], ports: RunPorts) {
    this.#id = id
    this.#place = place
    this.#members = members
    this.#ports = ports
  }

  get signal(): AbortSignal {
    if (this.#stop === undefined) {
      this.#stop = new AbortController()
      if (this.#stopped !== undefined) this.#stop.abort(abortError(this.#stopped))
    }
    return this.#stop.signal
  }

  get group(): Work['group'] {
    const membersNow = (): readonly Member[] => this.#members
    return {
      get members() {
        return membersNow()
      },
      say: (data, to) => this.#say(data, to),
      words: () => this.#wordsNow(),
    }
  }

  // Bound, because users take them out of the object: `perform(assignment, { report })`. Most take none.

  get report(): Work['report'] {
    return (fraction, note) => this.#report(fraction, note)
  }

  get checkpoint(): Work['checkpoint'] {
    return async (data) => this.#checkpoint(data)
  }

  get announce(): Work['announce'] {
    return (spec) => this.#ports.announce(spec, this.#place)
  }

  #report(fraction: number, note: string | undefined): void {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new RefusedError(refuse('E_RANGE', `progress must be 0 to 1, got ${quote(fraction)}`))
    }
    const said = note === undefined ? {} : { note: note.slice(0, this.#ports.limits.descriptionLengthMax) }
    this.#ports.take({
      kind: 'reported',
      task: this.#place.task,
      run: this.#id,
      update: { kind: 'progress', fraction, ...said },
    })
  }

  #checkpoint(data: unknown): void {
    const update = { kind: 'checkpoint', data: this.#textOf(data, 'the checkpoint') } as const
    this.#ports.take({ kind: 'reported', task: this.#place.task, run: this.#id, update })
  }

  /** The group stands anew. */
  regroup(members: readonly Member[]): void {
    this.#members = members
  }

  hear(from: AgentId, data: unknown): void {
    this.#wordsNow().push({ from, data }, true)
  }

  stop(reason: string): void {
    this.#stopped ??= reason
    this.#stop?.abort(abortError(reason))
  }

  close(): void {
    this.#closed = true
    this.#words?.close()
  }

  #say(data: unknown, to: string | undefined): void {
    // The names of the members may still be on their way.
    const known = this.#members.length > 0
    if (to !== undefined && known && !this.#members.some(({ agent }) => agent === to)) {
      throw new RefusedError(refuse('E_NOT_MEMBER', `${quote(to)} is not in the group`, { field: 'to' }))
    }
    const target = to === undefined ? {} : { to: to as AgentId }
    const update = { kind: 'word', data: this.#textOf(data, 'the word'), ...target } as const
    this.#ports.take({ kind: 'reported', task: this.#place.task, run: this.#id, update })
  }

  #wordsNow(): Channel<Word> {
    if (this.#words === undefined) {
      this.#words = new Channel(wordsMax)
      if (this.#closed) this.#words.close()
    }
    return this.#words
  }

  #textOf(value: unknown, field: string): JsonText {
    const text = toJsonText(value, field, this.#ports.limits.payloadBytesMax)
    if (isRefusal(text)) throw new RefusedError(text)
    return text
  }
}

function abortError(reason: string): DOMException {
  return new DOMException(reason, 'AbortError')
}

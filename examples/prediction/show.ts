/**
 * Shows what happens while it happens: who offers, who joins, how far everybody is. On a terminal the bars of those
 * who work stay at the bottom; anywhere else each line is printed once and nothing moves.
 */
import { styleText } from 'node:util'
import type { Observation, TaskView } from '../../src/index.ts'

type Style = Parameters<typeof styleText>[0]
type Fact = Extract<Observation, { kind: 'fact' }>['fact']
type Envelope = Extract<Observation, { kind: 'message' }>['envelope']

export interface Screen {
  write(text: string): void
  readonly isTTY: boolean
  readonly columns: number
  readonly coloured: boolean
}

interface Bar {
  fraction: number
  note: string
}

const barWidth = 24
/** Without a terminal, progress is told at these shares. */
const quarters = [0.25, 0.5, 0.75]

export class Show {
  readonly #screen: Screen
  readonly #startedAt: number
  readonly #bars = new Map<string, Bar>()
  readonly #begun = new Map<string, number>()
  #drawn = 0

  constructor(screen: Screen, startedAt: number) {
    this.#screen = screen
    this.#startedAt = startedAt
  }

  see(observation: Observation): void {
    if (observation.kind === 'fact') this.#fact(observation.fact)
    else this.#message(observation.envelope)
  }

  /** Leaves the screen to others. */
  end(): void {
    this.#bars.clear()
    this.#draw([])
  }

  /** What an earlier run has done and this one need not. */
  kept(tasks: readonly TaskView[]): void {
    for (const { id, status, description } of tasks) {
      if (status === 'completed') this.#tell('green', 'kept', id, `${description}: done by an earlier run`)
    }
  }

  #fact(fact: Fact): void {
    switch (fact.kind) {
      case 'task.accepted': {
        const needs = fact.announcement.requires.map(
          ({ skill, level, count }) => `${count > 1 ? `${count} × ` : ''}${skill} (${level} or better)`,
        )
        return this.#tell(
          'cyan',
          'announced',
          fact.task,
          `${fact.announcement.description}: ${needs.join(', ')}`,
        )
      }
      case 'group.formed': {
        const members = fact.members.map(({ agent }) => agent).join(', ')
        this.#begun.set(fact.task, fact.at)
        return this.#tell(['green', 'bold'], 'formed', fact.task, `epoch ${fact.epoch}: ${members}`)
      }
      case 'member.lost':
        this.#bars.delete(keyOf(fact.task, fact.agent))
        return this.#tell(['red', 'bold'], 'lost', fact.task, `${fact.agent}: ${fact.reason.message}`)
      case 'member.finished':
        this.#bars.delete(keyOf(fact.task, fact.agent))
        return this.#tell('green', 'finished', fact.task, `${fact.agent} after ${seconds(fact.tookMs)}`)
      case 'task.ended': {
        const took = seconds(fact.at - (this.#begun.get(fact.task) ?? fact.at))
        const why = fact.reason === undefined ? `in ${took}` : fact.reason.message
        const style: Style = fact.status === 'completed' ? ['green', 'bold'] : ['red', 'bold']
        return this.#tell(style, fact.status, fact.task, why)
      }
      default:
        return
    }
  }

  #message({ from, message }: Envelope): void {
    switch (message.kind) {
      case 'SKILL_OFFER':
        return this.#tell('dim', 'offer', message.task, `${from.id} offers`)
      case 'SKILL_DECLINE':
        return this.#tell('dim', 'decline', message.task, `${from.id}: ${message.refusal.message}`)
      case 'GROUP_ACCEPT':
        return this.#tell('dim', 'joins', message.task, `${from.id} accepts the invitation`)
      case 'GROUP_REJECT':
        return this.#tell('dim', 'rejects', message.task, `${from.id}: ${message.refusal.message}`)
      case 'TASK_UPDATE':
        if (message.update.kind !== 'progress' || from.id !== message.member) return
        return this.#progress(
          message.task,
          message.member,
          message.update.fraction,
          message.update.note ?? '',
        )
      default:
        return
    }
  }

  #progress(task: string, agent: string, fraction: number, note: string): void {
    const before = this.#bars.get(keyOf(task, agent))?.fraction ?? 0
    this.#bars.set(keyOf(task, agent), { fraction, note })
    if (this.#screen.isTTY) return this.#draw([])
    if (quarters.some((share) => before < share && fraction >= share)) {
      this.#tell('dim', 'working', task, `${agent} ${Math.round(fraction * 100)} %, ${note}`)
    }
  }

  #tell(style: Style, word: string, task: string, what: string): void {
    const at = ((Date.now() - this.#startedAt) / 1000).toFixed(2).padStart(6)
    const line = `${this.#styled('dim', at)}  ${this.#styled(style, word.padEnd(10))} ${task.padEnd(9)} ${plain(what)}`
    this.#draw([line])
  }

  /** Prints lines above the bars, and the bars anew. */
  #draw(lines: readonly string[]): void {
    if (!this.#screen.isTTY) {
      if (lines.length > 0) this.#screen.write(`${lines.join('\n')}\n`)
      return
    }
    const back = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\r\u001b[J`
    const bars = [...this.#bars].map(([key, bar]) => this.#barOf(key, bar))
    this.#drawn = bars.length
    this.#screen.write(`${back}${[...lines, ...bars].map((line) => `${line}\n`).join('')}`)
  }

  #barOf(key: string, { fraction, note }: Bar): string {
    const full = Math.round(fraction * barWidth)
    const bar = `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`
    const text = `${key.padEnd(18)} ${String(Math.round(fraction * 100)).padStart(3)} %  ${plain(note)}`
    const room = Math.max(10, this.#screen.columns - barWidth - 12)
    return `${' '.repeat(8)}${this.#styled('cyan', bar)} ${text.slice(0, room)}`
  }

  #styled(style: Style, text: string): string {
    return this.#screen.coloured ? styleText(style, text, { validateStream: false }) : text
  }
}

function keyOf(task: string, agent: string): string {
  return `${task} ${agent}`
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** Text of others on a terminal: one line, without anything that it would obey. */
export function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\p{Cc}|\p{Cf}/gu, '')
}

/** The terminal behind a stream, with colours only where somebody looks and has not declined them. */
export function screenOn(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  const isTTY = stream.isTTY === true
  const declined = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb'
  return {
    write: (text) => void stream.write(text),
    isTTY,
    columns: stream.columns ?? 80,
    coloured: isTTY && !declined,
  }
}

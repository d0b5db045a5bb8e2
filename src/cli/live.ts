/**
 * The live view of a run, on standard error: a line for what happens, and below them one passing line with a bar.
 * Must never happen here: a run that looks dead although it only waits.
 */
import type { TaskUpdate } from '../index.ts'
import { never } from '../protocol/machine.ts'
import { showBar, showClock, showValue } from './show.ts'
import { clip, printable, type Terminal } from './terminal.ts'

export interface Live {
  update(task: string, update: TaskUpdate): void
  /** Why open tasks are not further, to be said when nothing else is. */
  waiting(why: string): void
  close(): void
}

interface Progress {
  fraction: number
  note: string | undefined
}

const tickMs = 250
/** After this much silence the view says what is waited for. */
const silenceMs = 2_000

export function openLive(terminal: Terminal, tasks: readonly string[], now: () => number): Live {
  const from = now()
  const wide = Math.max(...tasks.map((id) => id.length))
  const progress = new Map<string, Map<string, Progress>>()
  const ended = new Set<string>()
  let [lastAt, why, said] = [from, '', '']

  const line = (task: string, text: string): void => {
    lastAt = now()
    const time = terminal.errorStyle('dim', showClock(now() - from))
    terminal.err(`${time}  ${task.padEnd(wide)}  ${text}`)
  }
  const tick = (): void => {
    const silent = now() - lastAt > silenceMs && why !== ''
    if (terminal.watched) {
      const state = summary(tasks.length, ended.size, progress)
      const text = `${showClock(now() - from)}  ${state}${silent ? `  ${why}` : ''}`
      terminal.status(clip(printable(text), terminal.columns - 1))
    } else if (silent && why !== said) {
      said = why
      terminal.err(`${showClock(now() - from)}  ${printable(why)}`)
    }
  }
  const timer = setInterval(tick, tickMs)
  timer.unref()
  return {
    update(task, update) {
      const text = describe(terminal, task, update, progress)
      if (update.kind === 'ended') {
        ended.add(task)
        progress.delete(task)
      }
      if (text !== undefined) line(task, text)
    },
    waiting(text) {
      why = text
    },
    close() {
      clearInterval(timer)
      terminal.status('')
    },
  }
}

function summary(
  total: number,
  done: number,
  progress: ReadonlyMap<string, ReadonlyMap<string, Progress>>,
): string {
  const shares = [...progress].map(([task, members]) => {
    const fractions = [...members.values()].map(({ fraction }) => fraction)
    return { task, share: fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length }
  })
  const work = shares.map(({ task, share }) => `${task} ${Math.round(share * 100)}%`).join(', ')
  const all = (done + shares.reduce((sum, { share }) => sum + share, 0)) / total
  return `${showBar(all, 20)} ${done} of ${total} tasks${work === '' ? '' : `  ${work}`}`
}

/** The line for an update, or none if it says little more than the one before. */
function describe(
  terminal: Terminal,
  task: string,
  update: TaskUpdate,
  progress: Map<string, Map<string, Progress>>,
): string | undefined {
  switch (update.kind) {
    case 'accepted':
      if (update.warning === undefined) return terminal.errorStyle('dim', 'accepted')
      return `${terminal.errorStyle('yellow', 'accepted')}: ${printable(update.warning.message)}`
    case 'formed': {
      const names = update.members.map(({ agent, skills }) => `${agent} (${skills.join(', ')})`).join(', ')
      const again = update.epoch > 1 ? `again, epoch ${update.epoch}` : `group of ${update.members.length}`
      progress.set(
        task,
        new Map(update.members.map(({ agent }) => [agent, { fraction: 0, note: undefined }])),
      )
      return `${terminal.errorStyle('cyan', again)}: ${names}`
    }
    case 'progress': {
      const { agent, fraction, note } = update
      const before = progress.get(task)?.get(agent)
      progress.get(task)?.set(agent, { fraction, note })
      const little = before !== undefined && note === before.note && fraction - before.fraction < 0.25
      if (little) return undefined
      const share = `${String(Math.round(fraction * 100)).padStart(3)}%`
      return `${agent} ${showBar(fraction, 10)} ${share}${note === undefined ? '' : `  ${clip(printable(note), 80)}`}`
    }
    case 'checkpoint':
      return `${update.agent} saved a checkpoint`
    case 'word':
      return `${update.agent} says ${showValue(update.data, { lines: 1, columns: 80 })[0]}`
    case 'ended': {
      const { status, reason } = update.outcome
      const style = status === 'completed' ? 'green' : 'red'
      const why = reason === undefined ? '' : `: ${reason.code} ${clip(printable(reason.message), 200)}`
      return `${terminal.errorStyle(style, status)}${why}`
    }
    default:
      return never(update)
  }
}

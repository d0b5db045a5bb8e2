/**
 * `convoke watch`: the facts of a network as they are decided, one line each, also from another process.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Recorded } from '../host/ports.ts'
import { showDuration } from '../host/span.ts'
import type { Fact } from '../protocol/fact.ts'
import { never } from '../protocol/machine.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit, usage } from './problem.ts'
import { withJournal } from './store.ts'
import { clip, printable, type Terminal } from './terminal.ts'

export const watch: Command = {
  name: 'watch',
  summary: 'show what a network decides, line by line, until Ctrl-C',
  operands: [],
  options: {
    ...networkOptions,
    after: { value: 'POSITION', help: 'leave out the facts up to this position' },
    once: { help: 'end where the log ends now' },
  },
  examples: [
    ['convoke watch --network run.db', 'everything from the beginning, then what comes'],
    ['convoke watch --network run.db --after 1200 --json', 'one JSON object per line: {position, fact}'],
    ['convoke watch --network run.db --once', 'the whole log'],
  ],
  run: follow,
}

const pollMs = 100

async function follow(call: CommandCall): Promise<ExitCode> {
  const { options, json, terminal, interrupted } = call
  let position = positionOf(options.after)
  return withJournal(call, async (journal) => {
    do {
      for await (const recorded of journal.read(position)) {
        position = recorded.position
        terminal.out(json ? JSON.stringify(recorded) : showFact(terminal, recorded))
        if (interrupted.aborted) break
      }
      if (options.once !== undefined) return exit.done
      await terminal.flushed()
      await pause(pollMs, undefined, { signal: interrupted }).catch(() => {})
    } while (!interrupted.aborted)
    return exit.interrupted
  })
}

function positionOf(after: string | true | undefined): number {
  if (after === undefined) return 0
  const position = Number(after)
  if (typeof after === 'string' && /^\d+$/.test(after) && Number.isSafeInteger(position)) return position
  throw usage(`the position ${JSON.stringify(after)} is not a whole number`, 'Write --after 1200.')
}

function showFact(terminal: Terminal, { position, fact }: Recorded): string {
  const at = terminal.style('dim', `${String(position).padStart(6)}  ${new Date(fact.at).toISOString()}`)
  const task = 'task' in fact && fact.task !== undefined ? `${fact.task}  ` : ''
  return `${at}  ${terminal.style('bold', fact.kind.padEnd(16))}  ${task}${printable(describe(fact))}`
}

function describe(fact: Fact): string {
  switch (fact.kind) {
    case 'hub.started':
      return `hub ${fact.hub}, incarnation ${fact.incarnation}`
    case 'task.accepted':
      return clip(fact.announcement.description, 80)
    case 'dependency.ended':
      return `${fact.dependency}: ${fact.status}`
    case 'group.formed': {
      const members = fact.members.map(({ agent, skills }) => `${agent} (${skills.join(', ')})`).join(', ')
      return `epoch ${fact.epoch}: ${members}`
    }
    case 'task.started':
      return `epoch ${fact.epoch}`
    case 'checkpoint.saved':
      return `by ${fact.checkpoint.agent}, ${fact.checkpoint.data.length} characters`
    case 'member.finished':
      return `${fact.agent} after ${showDuration(fact.tookMs)}: ${clip(fact.result, 80)}`
    case 'member.lost':
      return `${fact.agent}: ${fact.reason.code} ${clip(fact.reason.message, 120)}`
    case 'claim.returned':
      return `by ${fact.by}: ${clip(fact.reason, 120)}`
    case 'task.ended': {
      const why = fact.reason === undefined ? '' : `: ${fact.reason.code} ${clip(fact.reason.message, 120)}`
      return `${fact.status}${why}`
    }
    case 'outcome.reported':
      return `${fact.outcomes.map(({ agent }) => agent).join(', ')} to ${fact.home}`
    case 'standing.changed':
      return fact.evidence.map(({ agent }) => agent).join(', ')
    default:
      return never(fact)
  }
}

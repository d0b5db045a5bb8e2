/**
 * `convoke watch`: the facts of a network as they are decided, one line each, also from another process.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { inTime } from '../host/journal/in-time.ts'
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
    partition: { value: 'N', help: 'of several partitions, this one alone, from 0' },
    after: { value: 'POSITION', help: 'leave out the facts of the log up to this position' },
    once: { help: 'end where the log ends now' },
  },
  examples: [
    ['convoke watch --network run.db', 'everything from the beginning, then what comes'],
    ['convoke watch --network run.db --after 1200 --json', 'one JSON object per line: {position, fact}'],
    ['convoke watch --network run.db --once', 'the whole log'],
    [
      'convoke watch --network nats://127.0.0.1 --partition 3 --after 1200',
      'one log of several; a position is one of a log',
    ],
  ],
  notes: [
    'Of a network with several partitions all logs are shown, what is there already in the order of its instants;\n' +
      'each line begins with the partition, and in JSON it is {partition, position, fact}.',
  ],
  run: follow,
}

const pollMs = 100

async function follow(call: CommandCall): Promise<ExitCode> {
  const { options, json, terminal, interrupted } = call
  const after = positionOf(options.after)
  return withJournal(call, async ({ logs }) => {
    const only = partitionIn(options.partition, logs.length)
    if (after > 0 && logs.length > 1 && only === undefined) {
      const hint = 'Write --partition N as well.'
      throw usage(`the network has ${logs.length} logs, and a position is one of a log`, hint)
    }
    const positions = logs.map(() => after)
    do {
      const news = logs.map((log, i) =>
        only === undefined || i === only ? log.read(positions[i] ?? 0) : nothing(),
      )
      for await (const { partition, ...recorded } of inTime(news)) {
        positions[partition] = recorded.position
        const where = logs.length === 1 ? {} : { partition }
        terminal.out(json ? JSON.stringify({ ...where, ...recorded }) : showFact(terminal, recorded, where))
        if (interrupted.aborted) break
      }
      if (options.once !== undefined) return exit.done
      await terminal.flushed()
      await pause(pollMs, undefined, { signal: interrupted }).catch(() => {})
    } while (!interrupted.aborted)
    return exit.interrupted
  })
}

async function* nothing(): AsyncGenerator<Recorded> {}

function partitionIn(given: string | true | undefined, partitions: number): number | undefined {
  if (given === undefined) return undefined
  const partition = Number(given)
  if (typeof given === 'string' && /^\d{1,2}$/.test(given) && partition < partitions) return partition
  const range = partitions === 1 ? 'which has one, 0' : `which has ${partitions}, 0 to ${partitions - 1}`
  throw usage(`${JSON.stringify(given)} is no partition of the network, ${range}`, 'Write --partition 0.')
}

function positionOf(after: string | true | undefined): number {
  if (after === undefined) return 0
  const position = Number(after)
  if (typeof after === 'string' && /^\d+$/.test(after) && Number.isSafeInteger(position)) return position
  throw usage(`the position ${JSON.stringify(after)} is not a whole number`, 'Write --after 1200.')
}

function showFact(
  terminal: Terminal,
  { position, fact }: Recorded,
  { partition }: { readonly partition?: number },
): string {
  const log = partition === undefined ? '' : `${String(partition).padStart(2)} `
  const at = terminal.style(
    'dim',
    `${log}${String(position).padStart(6)}  ${new Date(fact.at).toISOString()}`,
  )
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

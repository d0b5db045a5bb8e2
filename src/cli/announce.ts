/**
 * `convoke announce DESCRIPTION`: announces one task on a network that others run, and waits for its end.
 */
import type { AnnounceSpec, Outcome, TaskHandle, TaskSpec } from '../index.ts'
import { priorities } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { parseDuration } from './duration.ts'
import { openLive } from './live.ts'
import { type ExitCode, exit, usage } from './problem.ts'
import { showValue } from './show.ts'
import { skillWords } from './skills.ts'
import { natsPlaceOf, withNetwork } from './store.ts'
import { clip, printable } from './terminal.ts'

export const announce: Command = {
  name: 'announce',
  summary: 'announce a task on a network on NATS, and wait for its end',
  operands: ['DESCRIPTION'],
  options: {
    ...networkOptions,
    requires: { value: 'SKILLS', help: 'NAME[:LEVEL[:COUNT]], with commas between them' },
    optional: { value: 'SKILLS', help: 'the same, of skills that are covered where somebody has them' },
    id: { value: 'ID', help: 'the id of the task; announcing it twice is announcing it once' },
    payload: { value: 'JSON', help: 'what the members are handed' },
    priority: { value: 'PRIORITY', help: 'low, normal, high or critical' },
    deadline: { value: 'SPAN', help: 'such as 10m; then the task expires' },
    after: { value: 'TASKS', help: 'ids of tasks that must be completed first, with commas between them' },
    expected: { value: 'SPAN', help: 'how long the work is expected to take; else it is estimated' },
    budget: { value: 'NUMBER', help: 'the most that the members may ask together' },
    project: { value: 'ID', help: 'tasks with the same one are planned together' },
    'no-wait': { help: 'end when the task is accepted and durable' },
  },
  examples: [
    [
      'convoke announce "Count the words" --requires counting --network nats://127.0.0.1',
      'wait for the result',
    ],
    [
      'convoke announce Train --requires etl:expert,ml:advanced:2 --deadline 1h --no-wait',
      'print the id, and go',
    ],
  ],
  notes: ['Ctrl-C ends the waiting, and not the task; convoke cancel TASK ends the task.'],
  run: announceTask,
}

async function announceTask(call: CommandCall): Promise<ExitCode> {
  const { terminal, json, options, interrupted } = call
  const place = natsPlaceOf(call, 'announce')
  const spec = specOf(call)
  return withNetwork(call, place, { hub: false }, async (network) => {
    const handle = await network.announce(spec)
    if (options['no-wait'] !== undefined) {
      terminal.out(json ? JSON.stringify({ id: handle.id }) : handle.id)
      return exit.done
    }
    const outcome = await followed(call, handle)
    if (outcome === undefined) {
      terminal.err(`the task ${handle.id} goes on; convoke explain ${handle.id} says how it stands`)
      return exit.interrupted
    }
    if (json) terminal.out(JSON.stringify({ id: handle.id, ...outcome }))
    else for (const line of outcomeLines(handle.id, outcome)) terminal.out(line)
    return interrupted.aborted ? exit.interrupted : outcome.status === 'completed' ? exit.done : exit.refused
  })
}

/** The outcome, or undefined when the waiting was interrupted. */
async function followed(call: CommandCall, handle: TaskHandle): Promise<Outcome | undefined> {
  const { terminal, json, interrupted } = call
  const live = json ? undefined : openLive(terminal, [handle.id], () => performance.now())
  const shown = (async () => {
    for await (const update of handle.updates()) live?.update(handle.id, update)
  })()
  const stopped = new Promise<undefined>((resolve) => {
    interrupted.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const outcome = await Promise.race([handle.outcome(), stopped])
  if (outcome !== undefined) await shown
  live?.close()
  return outcome
}

function specOf({ operands, options }: CommandCall): AnnounceSpec {
  const { requires, optional, id, payload, priority, after, project } = options
  if (typeof requires !== 'string') {
    throw usage('the option --requires is missing', 'Write --requires NAME[:LEVEL[:COUNT]],…')
  }
  const [deadlineMs, expectedMs] = [spanIn(options, 'deadline'), spanIn(options, 'expected')]
  const budget = options.budget === undefined ? undefined : Number(options.budget)
  if (budget !== undefined && !(budget >= 0))
    throw usage(`the budget ${JSON.stringify(options.budget)} is no number`, 'Write --budget 12.5.')
  const wanted = priorities.find((one) => one === priority)
  if (priority !== undefined && wanted === undefined) {
    throw usage(`the priority ${JSON.stringify(priority)} is none`, `Write one of ${priorities.join(', ')}.`)
  }
  return {
    description: operands[0] ?? '',
    requires: skillsIn(requires, 'requires'),
    ...(typeof optional === 'string' ? { optional: skillsIn(optional, 'optional') } : {}),
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof payload === 'string' ? { payload: payloadIn(payload) } : {}),
    ...(wanted === undefined ? {} : { priority: wanted }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
    ...(budget === undefined ? {} : { budget }),
    ...(typeof project === 'string' ? { project } : {}),
    ...(typeof after === 'string' ? { dependsOn: after.split(',').map((task) => task.trim()) } : {}),
  }
}

function skillsIn(words: string, option: string): TaskSpec['requires'] {
  return skillWords(words, option, 3).map(({ name, ...more }) => ({ skill: name, ...more }))
}

function spanIn(options: CommandCall['options'], name: 'deadline' | 'expected'): Millis | undefined {
  const words = options[name]
  const spanMs = typeof words === 'string' ? parseDuration(words) : undefined
  if (words !== undefined && spanMs === undefined)
    throw usage(`the option --${name} ${JSON.stringify(words)} is no span`, `Write --${name} 30s, 10m or 2h.`)
  return spanMs
}

function payloadIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usage('the payload is not JSON', `Write --payload '{"rows": 3}', with quotes around all of it.`)
  }
}

function outcomeLines(id: string, { status, results, reason }: Outcome): string[] {
  const why = reason === undefined ? '' : `: ${reason.code} ${clip(printable(reason.message), 200)}`
  const lines = [`${id} ${status}${why}`]
  for (const [skill, all] of Object.entries(results)) {
    for (const { agent, result } of all) {
      lines.push(`${skill} by ${agent}:`)
      for (const line of showValue(result, { lines: 20, columns: 200 })) lines.push(`  ${line}`)
    }
  }
  return lines
}

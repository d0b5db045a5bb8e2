/**
 * `convoke agent --id NAME --skill SKILLS --run PROGRAM`: any program as an agent of a network on NATS, from anywhere.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { showDuration } from '../host/span.ts'
import { type AgentDefinition, type AgentHandle, type Network, type Notice, RefusedError } from '../index.ts'
import { quote } from '../protocol/id.ts'
import { commandAgent } from '../workforce/index.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit, Problem, usage } from './problem.ts'
import { skillWords } from './skills.ts'
import { identityOf, natsPlaceOf, noticesTo, withNetwork } from './store.ts'

export const agent: Command = {
  name: 'agent',
  summary: 'let a program work on a network on NATS, until Ctrl-C',
  operands: [],
  options: {
    ...networkOptions,
    id: { value: 'NAME', help: 'the id of the agent, its own in the whole network; else what its key says' },
    skill: { value: 'SKILLS', help: 'NAME[:LEVEL], with commas between them' },
    run: { value: 'PROGRAM', help: 'a line for the shell, run once for each assignment' },
    capacity: { value: 'N', help: 'assignments at once; default 5' },
  },
  examples: [
    [
      `convoke agent --id ada --skill counting:expert --run 'wc -w' --network nats://127.0.0.1`,
      'wc as an agent',
    ],
    [
      'convoke agent --id bob --skill etl,ml:advanced --run ./work.py --capacity 1',
      'one assignment at a time',
    ],
  ],
  notes: ['What the program reads and prints is explained in docs/command-agents.md.'],
  run: work,
}

async function work(call: CommandCall): Promise<ExitCode> {
  const { terminal, interrupted } = call
  const place = natsPlaceOf(call, 'agent')
  const definition = watched(definitionOf(call), (line) => terminal.err(line))
  const replaced = new AbortController()
  const tell = noticesTo(call)
  const notify = (notice: Notice): void => {
    if (notice.code === 'replaced') replaced.abort()
    tell(notice)
  }
  // A name for which the key of the agent answers; a key that answers for more has names of its own.
  const name = `${definition.id.slice(0, 58)}--desk`
  return withNetwork(call, place, { hub: false, notify, name }, async (network) => {
    const handle = await joined(network, definition, call)
    if (handle === undefined) return exit.interrupted
    terminal.err(`${handle.id} has joined, and waits for work`)
    await aborted(AbortSignal.any([interrupted, replaced.signal]))
    if (replaced.signal.aborted) {
      throw new Problem('E_AGENT_ID_TAKEN', `another process has joined as ${quote(handle.id)}`, {
        exit: exit.refused,
        hint: 'Give every agent an id of its own.',
      })
    }
    await handle.leave('its process was asked to end')
    return exit.interrupted
  })
}

function definitionOf(call: CommandCall): AgentDefinition {
  const { options, env } = call
  const { skill, run, capacity } = options
  const id = options.id ?? identityOf(call)?.principal
  if (typeof id !== 'string') throw usage('the option --id is missing', 'Write --id NAME.')
  if (typeof skill !== 'string') throw usage('the option --skill is missing', 'Write --skill NAME[:LEVEL],…')
  if (typeof run !== 'string') throw usage('the option --run is missing', "Write --run 'PROGRAM ARGUMENTS'.")
  if (capacity !== undefined && !/^\d{1,4}$/.test(String(capacity))) {
    throw usage(`the capacity ${JSON.stringify(capacity)} is not a whole number`, 'Write --capacity 2.')
  }
  const skills = skillWords(skill, 'skill', 2)
  return commandAgent({
    id,
    skills,
    command: run,
    env,
    ...(capacity === undefined ? {} : { maxConcurrentTasks: Number(capacity) }),
  })
}

/** The same agent, with a line for every assignment that begins or ends. */
function watched(agent: AgentDefinition, say: (line: string) => void): AgentDefinition {
  return {
    ...agent,
    async perform(assignment, work) {
      const from = performance.now()
      say(`begins ${assignment.task} (${assignment.skills.join(', ')}), epoch ${assignment.epoch}`)
      const ended = (how: string): void => {
        say(`${how} ${assignment.task} after ${showDuration(performance.now() - from)}`)
      }
      try {
        const result = await agent.perform(assignment, work)
        ended('has done')
        return result
      } catch (cause) {
        ended(work.signal.aborted ? 'was called off' : 'has failed')
        throw cause
      }
    },
  }
}

/** Joins; where an earlier life under the same id is not given up yet, as soon as it is. */
async function joined(
  network: Network,
  definition: AgentDefinition,
  { interrupted, terminal }: CommandCall,
): Promise<AgentHandle | undefined> {
  while (!interrupted.aborted) {
    try {
      return await network.join(definition)
    } catch (cause) {
      const waitMs = cause instanceof RefusedError ? cause.refusal.retryAfterMs : undefined
      if (waitMs === undefined) throw cause
      terminal.err(`${definition.id} was here before, and its end is noticed within ${showDuration(waitMs)}`)
      await pause(waitMs, undefined, { signal: interrupted }).catch(() => {})
    }
  }
  return undefined
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/**
 * Makes an agent of any program: the assignment as JSON on its standard input, progress and result on its standard
 * output, the exit code as the last word. The conversation is described in docs/command-agents.md.
 * Must never happen here: a program that still runs when its work was called off.
 */
import type { Assignment } from '../host/assignment.ts'
import type { AgentDefinition, Work } from '../host/autonomous.ts'
import { RefusedError } from '../host/refused.ts'
import type { SkillSpec } from '../protocol/join.ts'
import { defaultLimits } from '../protocol/limits.ts'
import { never } from '../protocol/machine.ts'
import { refuse } from '../protocol/refusal.ts'
import type { Millis } from '../protocol/time.ts'
import { TooMuchText } from './lines.ts'
import { CannotStart, type ProgramEnd, runProgram } from './program.ts'
import { resultOfText, understand } from './said.ts'

export interface CommandAgentOptions {
  readonly id: string
  readonly skills: readonly SkillSpec[]
  /** A list is run without a shell: the program, then its arguments. A text is given to `/bin/sh -c`. */
  readonly command: string | readonly string[]
  /** Where the program runs; absent: where this process runs. */
  readonly cwd?: string | undefined
  /** The whole environment of the program; absent: the one of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly maxConcurrentTasks?: number | undefined
  readonly price?: number | undefined
  /** A run that takes longer has failed; absent: no bound but the deadline of the task. */
  readonly timeoutMs?: Millis | undefined
  /** From SIGTERM to SIGKILL. Default 2 000. */
  readonly killGraceMs?: Millis | undefined
  /** Characters of JSON of one result, checkpoint or message; the network's `payloadBytesMax`. Default 1 048 576. */
  readonly payloadBytesMax?: number | undefined
  /** Characters that one run may print; a program that prints more is ended. Default 16 777 216. */
  readonly outputBytesMax?: number | undefined
}

/**
 * An agent for `network.join` that runs the command once for each assignment. Its work fails, with the reason, when the
 * program cannot be started, exits with a code other than 0, is ended by a signal, takes too long, or prints too much.
 */
export function commandAgent(options: CommandAgentOptions): AgentDefinition {
  const { id, skills, maxConcurrentTasks, price } = options
  return {
    id,
    skills,
    ...(maxConcurrentTasks === undefined ? {} : { maxConcurrentTasks }),
    ...(price === undefined ? {} : { price }),
    perform: (assignment, work) => perform(options, assignment, work),
  }
}

async function perform(options: CommandAgentOptions, assignment: Assignment, work: Work): Promise<unknown> {
  const payloadMax = options.payloadBytesMax ?? defaultLimits.payloadBytesMax
  const output = new Output(work, payloadMax)
  const late = new AbortController()
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => late.abort(), options.timeoutMs)
  try {
    const end = await runProgram(options, {
      input: inputOf(options.id, assignment, work),
      bounds: { lineMax: payloadMax + envelopeMax, totalMax: options.outputBytesMax ?? 16_777_216 },
      killGraceMs: options.killGraceMs ?? 2_000,
      signal: AbortSignal.any([work.signal, late.signal]),
      line: (text) => output.take(text),
    })
    if (end.code !== 0) throw new Error(endProblem(end))
    return output.result()
  } catch (cause) {
    if (work.signal.aborted) throw work.signal.reason
    if (late.signal.aborted) throw new Error(`the program did not end within ${options.timeoutMs} ms`)
    if (cause instanceof CannotStart) throw new Error(cause.message, { cause })
    if (cause instanceof TooMuchText) throw tooMuch(cause.message)
    throw cause
  } finally {
    clearTimeout(timer)
  }
}

/** Room for `{"result": }` and its like around a payload. */
const envelopeMax = 128

/** One line of JSON, so that a program may read a line or everything. */
function inputOf(agent: string, assignment: Assignment, work: Work): string {
  const { task, epoch, skills, description, payload, metadata } = assignment
  const { deadlineAt, inputs, finished, checkpoint, feedback } = assignment
  const members = work.group.members.map((member) => ({ agent: member.agent, skills: member.skills }))
  const given = { agent, task, epoch, skills, description, payload, metadata, deadlineAt, inputs, finished }
  return `${JSON.stringify({ ...given, members, checkpoint, feedback })}\n`
}

function endProblem({ code, signal, errors }: ProgramEnd): string {
  const said = errors.trim().split('\n').slice(-5).join(' | ')
  const how = code === null ? `was ended by ${signal}` : `exited with code ${code}`
  return said === '' ? `the program ${how}` : `the program ${how}: ${said.slice(-1_000)}`
}

/** What one run has printed so far. */
class Output {
  readonly #work: Work
  readonly #payloadMax: number
  readonly #text: string[] = []
  #textLength = 0
  #result: { readonly value: unknown } | undefined

  constructor(work: Work, payloadMax: number) {
    this.#work = work
    this.#payloadMax = payloadMax
  }

  async take(line: string): Promise<void> {
    const said = understand(line)
    switch (said.kind) {
      case 'progress':
        return this.#work.report(said.fraction, said.note)
      case 'checkpoint':
        return this.#work.checkpoint(said.data)
      case 'say':
        return this.#work.group.say(said.data, said.to)
      case 'result':
        if (this.#result !== undefined) throw new Error('the program gave its result twice')
        this.#result = { value: said.value }
        return
      case 'mistake':
        throw new Error(`the program printed a line that is wrong: ${said.why}`)
      case 'text':
        this.#textLength += said.text.length + 1
        // A log may be long; it is the result only if it is short enough to be one.
        if (this.#textLength <= this.#payloadMax) this.#text.push(said.text)
        return
      default:
        return never(said)
    }
  }

  /** How large it may be, the network checks. */
  result(): unknown {
    if (this.#result !== undefined) return this.#result.value
    if (this.#textLength <= this.#payloadMax) return resultOfText(this.#text)
    throw tooMuch(`${this.#textLength} characters without {"result": …}, more than a result may have`)
  }
}

function tooMuch(what: string): RefusedError {
  return new RefusedError(refuse('E_TOO_LARGE', `the program printed too much: ${what}`))
}

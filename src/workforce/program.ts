/**
 * Runs one program to its end: writes its input, hands over its lines as they come, and leaves nothing of it behind.
 * Must never happen here: a shell for a command that is a list, a process that outlives its run, memory without bound.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { quote } from '../protocol/id.ts'
import type { Millis } from '../protocol/time.ts'
import { type LineBounds, linesOf } from './lines.ts'

export interface Program {
  /** A list is run as it is: the program, then its arguments. A text is given to `/bin/sh -c`. */
  readonly command: string | readonly string[]
  readonly cwd?: string | undefined
  /** The whole environment; absent: the one of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

export interface Run {
  /** Written to the program's standard input, which then ends. */
  readonly input: string
  readonly bounds: LineBounds
  /** From the polite request to end (SIGTERM) to the end (SIGKILL). */
  readonly killGraceMs: Millis
  /** Aborted: the program is ended, and the run rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** The next line is read when this has resolved. A rejection ends the program. */
  line(text: string): Promise<void>
}

export interface ProgramEnd {
  /** Absent when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  /** The last lines of its standard error. */
  readonly errors: string
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

const errorsKept = 4_096

/** The program could not be started at all. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart'
}

/**
 * Rejects with `CannotStart`, with `TooMuchText`, with what `line` rejected with, or with the reason of the signal. In
 * every case the program and all that it started in its process group are gone first.
 */
export async function runProgram(program: Program, run: Run): Promise<ProgramEnd> {
  run.signal.throwIfAborted()
  const child = await start(program)
  const group = processGroup(child, run.killGraceMs)
  const stop = (): void => group.end()
  run.signal.addEventListener('abort', stop, { once: true })
  if (run.signal.aborted) stop()
  const errors = tailOf(child.stderr, errorsKept)
  child.stdin.on('error', () => {}) // It may end without reading its input.
  child.stdin.end(run.input)
  try {
    await readLines(child, group, run)
    const { code, signal } = await group.gone
    run.signal.throwIfAborted()
    return { code, signal, errors: errors() }
  } catch (cause) {
    stop()
    child.stdout.destroy()
    await group.gone
    throw run.signal.aborted ? run.signal.reason : cause
  } finally {
    run.signal.removeEventListener('abort', stop)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

async function start(program: Program): Promise<Child> {
  const { command, cwd, env } = program
  const [file, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  if (file === undefined || file === '') throw new CannotStart('the command is empty')
  if (cwd !== undefined && !existsSync(cwd))
    throw new CannotStart(`there is no folder ${quote(cwd)} to run in`)
  try {
    // Its own process group, so that the end reaches whatever it starts.
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    child.on('error', () => {}) // A signal that could not be sent; the exit tells the rest.
    child.stdout.setEncoding('utf8')
    child.stderr.setEncoding('utf8')
    await once(child, 'spawn')
    return child
  } catch (cause) {
    throw new CannotStart(startProblem(file, cause), { cause })
  }
}

function startProblem(file: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return `the program ${quote(file)} was not found`
  if (code === 'EACCES') return `the program ${quote(file)} may not be executed`
  return `the program ${quote(file)} could not be started: ${cause instanceof Error ? cause.message : 'unknown'}`
}

async function readLines(child: Child, group: ProcessGroup, run: Run): Promise<void> {
  try {
    for await (const line of linesOf(child.stdout, run.bounds)) {
      group.listening(false)
      await run.line(line)
      group.listening(true)
    }
  } catch (cause) {
    if (!group.abandoned()) throw cause
  }
}

interface ProcessGroup {
  /** Asks the group to end, and after the grace makes it. Calling twice is calling once. */
  end(): void
  /** Whether the reader waits for the pipe now. */
  listening(yes: boolean): void
  /** Something outside the group held the pipe open after the program had ended, and was not waited for. */
  abandoned(): boolean
  readonly gone: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

function processGroup(child: Child, graceMs: Millis): ProcessGroup {
  let killer: NodeJS.Timeout | undefined
  let drain: NodeJS.Timeout | undefined
  let [ended, listening, abandoned] = [false, true, false]
  const watchPipe = (): void => {
    clearTimeout(drain)
    if (!ended || !listening || child.stdout.closed) return
    drain = setTimeout(() => {
      abandoned = true
      child.stdout.destroy()
    }, graceMs)
  }
  const gone = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true
      clearTimeout(killer)
      signalGroup(child, 'SIGKILL')
      watchPipe()
      resolve({ code, signal })
    })
  })
  child.stdout.once('close', () => clearTimeout(drain))
  return {
    end() {
      if (ended || killer !== undefined) return
      killer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
      signalGroup(child, 'SIGTERM')
    },
    listening(yes) {
      listening = yes
      watchPipe()
    },
    abandoned: () => abandoned,
    gone,
  }
}

function signalGroup(child: Child, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal) // No such group: it has ended, or the platform has no groups.
  }
}

/** Reads everything and keeps the end of it. */
function tailOf(stream: Readable, max: number): () => string {
  let tail = ''
  stream.on('data', (chunk: string) => {
    tail = (tail + chunk).slice(-max)
  })
  stream.on('error', () => {})
  return () => tail
}

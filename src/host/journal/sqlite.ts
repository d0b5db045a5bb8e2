/**
 * The durable journal of an embedded network: one SQLite file, written by one thread. A commit waits milliseconds for
 * the disk, and the event loop must not wait with it.
 * Must never happen here: a fact that is acknowledged before its commit.
 */
import { extname, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Fact } from '../../protocol/fact.ts'
import { quote, type TaskId } from '../../protocol/id.ts'
import { assert } from '../../protocol/machine.ts'
import { Fault } from '../fault.ts'
import type { Journal, Position, Recorded } from '../ports.ts'
import { encodeFacts, tasksOf } from './batch.ts'
import { Packer } from './packing.ts'
import type { FormatVersion, Written } from './sqlite-file.ts'
import { factsAbout, readSource, replaySource, type Source } from './sqlite-reading.ts'
import { type Answer, faultFrom, type OwnBody, type Request, type ThreadData } from './sqlite-wire.ts'
import type { Durability } from './sqlite-writer.ts'

export interface SqliteJournalOptions {
  readonly durability: Durability
}

/**
 * Opens or creates the journal in `file`. Beside it lie `FILE-wal` and `FILE-shm` (SQLite's), `FILE-lock` and
 * `FILE-mark`. Appends may be called before earlier ones have resolved; they are kept in the order of the calls.
 * Errors: a `Fault` with E_STORE_OPEN, E_STORE_LOCKED, E_STORE_READ_ONLY, E_STORE_FULL, E_STORE_IO, E_STORE_VERSION,
 * E_NOT_A_STORE, E_LOG_CORRUPT, E_LOG_TRUNCATED or E_RUNTIME.
 */
export async function openSqliteJournal(file: string, options: SqliteJournalOptions): Promise<Journal> {
  const thread = new Thread({ file: resolve(file), durability: options.durability })
  const { position, format } = await thread.opened
  return new SqliteJournal(file, thread, position, format)
}

class SqliteJournal implements Journal {
  readonly takesTime = true
  readonly #file: string
  readonly #thread: Thread
  readonly #source: Source
  readonly #format: FormatVersion
  readonly #packer = new Packer()
  /** The last fact that is known to be durable. */
  #position: Position
  #closing: Promise<void> | undefined

  constructor(file: string, thread: Thread, position: Position, format: FormatVersion) {
    this.#file = file
    this.#thread = thread
    this.#format = format
    this.#position = position
    this.#source = {
      file,
      newest: () => this.#written({ kind: 'newest' }),
      rows: (after, upTo) => this.#written({ kind: 'rows', after, upTo }),
      history: (task) => this.#written({ kind: 'history', task }),
      end: () => this.#position,
    }
  }

  async append(facts: readonly Fact[]): Promise<Position> {
    const tasks = JSON.stringify(tasksOf(facts))
    const answer = await this.#ask({ kind: 'append', body: this.#encode(facts), count: facts.length, tasks })
    assert(answer.kind === 'position', 'an append is answered with a position')
    this.#position = answer.position
    return answer.position
  }

  replay(apply: (fact: Fact) => void): Promise<Position> {
    return replaySource(this.#source, apply)
  }

  async snapshot(facts: readonly Fact[]): Promise<void> {
    await this.#ask({ kind: 'snapshot', body: this.#encode(facts) })
  }

  history(task: TaskId): Promise<readonly Fact[]> {
    return factsAbout(this.#source, task)
  }

  read(after: Position): AsyncIterable<Recorded> {
    // A closed journal says so at the first question, also when there was nothing to read.
    return readSource(
      this.#source,
      after,
      this.#closing === undefined ? this.#position : Number.POSITIVE_INFINITY,
    )
  }

  close(): Promise<void> {
    this.#closing ??= this.#thread.end()
    return this.#closing
  }

  /** As the file has it: one of version 1 stays one. */
  #encode(facts: readonly Fact[]): OwnBody {
    return this.#format === 1 ? JSON.stringify(facts) : encodeFacts(facts, this.#packer)
  }

  async #written(request: Request): Promise<readonly Written[]> {
    const answer = await this.#ask(request)
    assert(answer.kind === 'written', 'a question is answered with what was written')
    return answer.all
  }

  #ask(request: Request): Promise<Answer> {
    if (this.#closing === undefined) return this.#thread.ask(request)
    return Promise.reject(new Fault('E_CLOSED', `${quote(this.#file)} is closed`))
  }
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (fault: Fault) => void
}

/** The other thread, as a function from request to answer. It keeps the process alive only while it owes an answer. */
class Thread {
  readonly opened: Promise<Answer & { readonly kind: 'opened' }>
  readonly #file: string
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  readonly #exited: Promise<void>
  #failed: Fault | undefined

  constructor(data: ThreadData) {
    this.#file = data.file
    const module = new URL('./sqlite-thread.ts', import.meta.url)
    // What is built has another ending; the thread is loaded the way this file was.
    module.pathname = module.pathname.replace(/\.ts$/, extname(import.meta.url))
    this.#worker = new Worker(module, { workerData: data, name: 'convoke-journal', execArgv: [] })
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', (cause) => this.#fail(cause))
    this.#exited = new Promise((done) => {
      this.#worker.on('exit', () => {
        this.#fail(new Error('the thread ended'))
        done()
      })
    })
    this.opened = this.#wait().then((answer) => {
      assert(answer.kind === 'opened', 'an opening is answered with what was opened')
      return answer
    })
  }

  ask(request: Request): Promise<Answer> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed)
    const isPacked = 'body' in request && typeof request.body !== 'string'
    this.#worker.postMessage(request, isPacked ? [request.body.buffer] : [])
    return this.#wait()
  }

  /** Resolves when the file is released. */
  async end(): Promise<void> {
    if (this.#failed === undefined) await this.ask({ kind: 'close' })
    this.#worker.ref()
    await this.#exited
  }

  #wait(): Promise<Answer> {
    if (this.#waiting.length === 0) this.#worker.ref()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.shift()
    assert(waiting !== undefined, 'every answer has its request')
    if (this.#waiting.length === 0) this.#worker.unref()
    if (answer.kind === 'fault') waiting.reject(faultFrom(answer.fault))
    else waiting.resolve(answer)
  }

  /** The thread is gone: whoever waits for it waits in vain. */
  #fail(cause: unknown): void {
    this.#failed ??= new Fault('E_BROKEN', `the thread that writes ${quote(this.#file)} has ended`, { cause })
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failed)
  }
}

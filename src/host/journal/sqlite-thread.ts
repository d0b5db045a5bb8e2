/**
 * The thread of a SQLite journal: takes one request after the other, in order, and answers each.
 * Must never happen here: an answer out of order, for the other side counts on it.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { never } from '../../protocol/machine.ts'
import { newestWritten, writtenAbout, writtenAfter } from './sqlite-file.ts'
import { type Answer, faultAnswer, type Request, type ThreadData } from './sqlite-wire.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import { storeFault } from './store-fault.ts'

/** The mark is written this often while facts come in, and the WAL is moved when none came for as long. */
const restMs = 1_000

function serve(port: MessagePort, { file, durability }: ThreadData): void {
  const writer = new SqliteWriter(file, durability)
  let markedAt = performance.now()
  let rest: NodeJS.Timeout | undefined

  function afterWrite(): void {
    const now = performance.now()
    if (now - markedAt >= restMs) {
      markedAt = now
      writer.mark()
    }
    if (rest === undefined) rest = setTimeout(atRest, restMs)
    else rest.refresh()
  }

  function atRest(): void {
    writer.mark()
    writer.checkpoint()
  }

  const { position, format } = writer
  port.postMessage({ kind: 'opened', position, format } satisfies Answer)
  port.on('message', (request: Request) => {
    port.postMessage(answer(writer, request, file))
    if (request.kind === 'append') afterWrite()
    if (request.kind !== 'close') return
    clearTimeout(rest)
    port.close()
  })
}

function answer(writer: SqliteWriter, request: Request, file: string): Answer {
  try {
    return perform(writer, request)
  } catch (cause) {
    return faultAnswer(storeFault(cause, file))
  }
}

function perform(writer: SqliteWriter, request: Request): Answer {
  switch (request.kind) {
    case 'append':
      return { kind: 'position', position: writer.append(request.body, request.count, request.tasks) }
    case 'snapshot':
      writer.snapshot(request.body)
      return { kind: 'position', position: writer.position }
    case 'newest':
      return { kind: 'written', all: newestWritten(writer.db) }
    case 'rows':
      return { kind: 'written', all: writtenAfter(writer.db, request.after, request.upTo) }
    case 'history':
      return { kind: 'written', all: writtenAbout(writer.db, request.task) }
    case 'close':
      writer.close()
      return { kind: 'position', position: writer.position }
    default:
      return never(request)
  }
}

if (parentPort !== null) {
  const { file } = workerData as ThreadData
  try {
    serve(parentPort, workerData as ThreadData)
  } catch (cause) {
    parentPort.postMessage(faultAnswer(storeFault(cause, file)))
    parentPort.close()
  }
}

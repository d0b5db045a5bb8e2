/**
 * Reading a SQLite journal, the same for its owner (through its thread) and for a reader in another process.
 * Must never happen here: more than one piece of the log in memory.
 */
import type { Fact } from '../../protocol/fact.ts'
import { quote, type TaskId } from '../../protocol/id.ts'
import { assert } from '../../protocol/machine.ts'
import { Fault } from '../fault.ts'
import type { Position, Recorded } from '../ports.ts'
import { decodeFacts, taskOf } from './batch.ts'
import type { Written } from './sqlite-file.ts'

export interface Source {
  /** For messages. */
  readonly file: string
  newest(): Promise<readonly Written[]>
  rows(after: Position, upTo: Position): Promise<readonly Written[]>
  history(task: TaskId): Promise<readonly Written[]>
  /** The last position of the log now. */
  end(): Position
}

export async function replaySource(source: Source, apply: (fact: Fact) => void): Promise<Position> {
  const [snapshot] = await source.newest()
  if (snapshot !== undefined) for (const fact of decode(source, snapshot)) apply(fact)
  const end = source.end()
  for await (const { facts } of batches(source, snapshot?.position ?? 0, end)) {
    for (const fact of facts) apply(fact)
  }
  return end
}

export async function* readSource(source: Source, after: Position, end: Position): AsyncGenerator<Recorded> {
  for await (const { first, facts } of batches(source, after, end)) {
    for (const [i, fact] of facts.entries()) {
      // The first batch may begin before the position that was asked for.
      if (first + i > after) yield { position: first + i, fact }
    }
  }
}

export async function factsAbout(source: Source, task: TaskId): Promise<readonly Fact[]> {
  const texts = await source.history(task)
  return texts.flatMap((text) => decode(source, text).filter((fact) => taskOf(fact) === task))
}

/** What lies before the newest snapshot is not examined at the start, so its damage shows only here. */
function decode({ file }: Source, { position, body }: Written): readonly Fact[] {
  try {
    return decodeFacts(body)
  } catch (cause) {
    throw new Fault('E_LOG_CORRUPT', `${quote(file)} is damaged at position ${position}`, {
      hint: 'Restore the file from a backup; `convoke audit FILE` lists all that is damaged.',
      cause,
    })
  }
}

interface Batch {
  readonly first: Position
  readonly facts: readonly Fact[]
}

async function* batches(source: Source, after: Position, end: Position): AsyncGenerator<Batch> {
  let reached = after
  while (reached < end) {
    const texts = await source.rows(reached, end)
    assert(texts.length > 0, `the log goes on after position ${reached}`)
    for (const text of texts) {
      const facts = decode(source, text)
      yield { first: text.position, facts }
      reached = text.position + facts.length - 1
    }
  }
}

/**
 * Several logs read as one, in the order of the instants of their facts: each log is in order, and between two of them
 * nothing else is known.
 */
import type { JournalReader, Recorded } from '../ports.ts'

/** A fact, and which log it is in, by its place in the list that was handed in. */
export interface RecordedIn extends Recorded {
  readonly partition: number
}

export async function* inTime(logs: readonly AsyncIterable<Recorded>[]): AsyncGenerator<RecordedIn> {
  const readers = logs.map((log) => log[Symbol.asyncIterator]())
  try {
    const heads = await Promise.all(readers.map((reader) => reader.next()))
    for (;;) {
      const partition = earliestOf(heads)
      const head = heads[partition]
      const reader = readers[partition]
      if (head === undefined || reader === undefined || head.done) return
      yield { partition, ...head.value }
      heads[partition] = await reader.next()
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.return?.()))
  }
}

/** The place of the head with the earliest instant; of several the first, and any where all have ended. */
function earliestOf(heads: readonly IteratorResult<Recorded>[]): number {
  let earliest = 0
  for (const [i, head] of heads.entries()) {
    const before = heads[earliest]
    if (!head.done && (before?.done !== false || head.value.fact.at < before.value.fact.at)) earliest = i
  }
  return earliest
}

/** All logs of a network, each by itself, and together as one journal. */
export interface LogsReader extends JournalReader {
  /** By partition. */
  readonly logs: readonly JournalReader[]
}

/** A journal that is the only log of its network. */
export function onlyLog(journal: JournalReader): LogsReader {
  return {
    logs: [journal],
    replay: (apply) => journal.replay(apply),
    history: (task) => journal.history(task),
    read: (after) => journal.read(after),
    close: () => journal.close(),
  }
}

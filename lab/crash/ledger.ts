/**
 * What the killed program told its clients, line by line, in a file of its own. A line is written before the client
 * could act on it, and what was written survives the end of its process as what is in a pipe does.
 * Must never happen here: a line that is kept in the memory of the process.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { Begun } from './load.ts'

/** As much of a fact as is compared. */
export interface FactNote {
  readonly kind: string
  readonly task?: string
  readonly epoch?: number
  readonly agent?: string
  readonly status?: string
  readonly members?: readonly { readonly agent: string; readonly skills: readonly string[] }[]
}

export type Told =
  /** Asked, and not yet answered. */
  | { readonly kind: 'announced'; readonly task: string }
  | { readonly kind: 'accepted'; readonly task: string }
  | { readonly kind: 'refused'; readonly task: string; readonly code: string }
  | { readonly kind: 'outcome'; readonly task: string; readonly status: string }
  /** An agent was asked to begin. */
  | ({ readonly kind: 'begun' } & Begun)
  /** An observer was shown a durable fact. */
  | { readonly kind: 'fact'; readonly position: number; readonly fact: FactNote }

export function noteOf(fact: FactNote): FactNote {
  const { kind, task, epoch, agent, status, members } = fact
  return {
    kind,
    ...(task === undefined ? {} : { task }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(agent === undefined ? {} : { agent }),
    ...(status === undefined ? {} : { status }),
    ...(members === undefined ? {} : { members: members.map(({ agent, skills }) => ({ agent, skills })) }),
  }
}

/** Writes to the end of a ledger. */
export function ledgerWriter(file: string): (told: Told) => void {
  const descriptor = openSync(file, 'a')
  return (told) => void writeSync(descriptor, `${JSON.stringify(told)}\n`)
}

/** Answers at each call what came in since the last. The last line of a killed program may be cut off. */
export function ledgerReader(file: string): () => Told[] {
  let at = 0
  return () => {
    const chunks: Buffer[] = []
    const descriptor = openSync(file, 'a+')
    try {
      for (;;) {
        const chunk = Buffer.alloc(1024 * 1024)
        const length = readSync(descriptor, chunk, 0, chunk.length, at)
        if (length === 0) break
        chunks.push(chunk.subarray(0, length))
        at += length
      }
    } finally {
      closeSync(descriptor)
    }
    return Buffer.concat(chunks).toString('utf8').split('\n').flatMap(read)
  }
}

function read(line: string): Told[] {
  try {
    return [JSON.parse(line) as Told]
  } catch {
    return []
  }
}

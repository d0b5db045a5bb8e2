/**
 * Looks at a file after the power was cut: what was promised to whoever wrote it, and what is there.
 * Must never happen here: the disk that fails; what counts is what lies on the real one.
 */
import { readFileSync } from 'node:fs'
import { Fault } from '../../src/host/fault.ts'
import { auditJournal } from '../../src/host/journal/audit.ts'
import { readSqliteJournal } from '../../src/host/journal/sqlite-reader.ts'
import type { Line } from './writer.ts'

export interface Finding {
  /** Facts that were acknowledged in this life of the file and are gone. */
  readonly lost: number
  /** Facts of this life that were acknowledged. */
  readonly acknowledged: number
  /** Why the file was not opened: damage that was seen. */
  readonly refused: string | undefined
  /** The file was opened and says something that was never written, or half a batch: damage that was not seen. */
  readonly unseen: readonly string[]
  /** Every fact that is there now, as text. */
  readonly facts: readonly string[]
  /** What the writer said of a fault that it was told of. */
  readonly fault: Extract<Line, { kind: 'fault' }> | undefined
  /** It took an append after one had failed. */
  readonly believed: boolean
}

export function readLines(ledger: string): Line[] {
  const lines = readFileSync(ledger, 'utf8').split('\n')
  return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
}

/** `before` is what the file had when this life of it began. */
export async function survey(
  file: string,
  before: readonly string[],
  lines: readonly Line[],
): Promise<Finding> {
  const offered = [...before]
  const ends = new Set([before.length])
  let acknowledged = before.length
  for (const line of lines) {
    if (line.kind === 'offered') {
      for (const fact of line.facts) offered.push(JSON.stringify(fact))
      ends.add(offered.length)
    } else if (line.kind === 'acknowledged') acknowledged = line.position
  }
  const { facts, refused } = await read(file, acknowledged === 0)
  const unseen: string[] = []
  const first = facts.findIndex((fact, i) => fact !== offered[i])
  if (first >= 0) unseen.push(`the fact at position ${first + 1} is not what was written there`)
  if (refused === undefined && !ends.has(facts.length) && facts.length > before.length) {
    unseen.push(`it ends at position ${facts.length}, in the middle of a batch`)
  }
  if (refused === undefined && facts.length > 0) {
    for (const { position, problem, rule } of (await auditJournal(file)).problems) {
      // The facts are made up, and keep only the rules of the file.
      if (rule === undefined) unseen.push(`audit: position ${position}: ${problem}`)
    }
  }
  const fault = lines.find((line) => line.kind === 'fault')
  return {
    lost: refused === undefined ? Math.max(0, acknowledged - facts.length) : 0,
    acknowledged: acknowledged - before.length,
    refused,
    unseen,
    facts,
    fault,
    believed: lines.some(({ kind }) => kind === 'believed'),
  }
}

/** A file of which nothing was acknowledged may still be empty. */
async function read(
  file: string,
  mayBeEmpty: boolean,
): Promise<{ facts: readonly string[]; refused: string | undefined }> {
  try {
    const journal = await readSqliteJournal(file)
    const facts: string[] = []
    try {
      for await (const { fact } of journal.read(0)) facts.push(JSON.stringify(fact))
    } finally {
      await journal.close()
    }
    return { facts, refused: undefined }
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const isEmpty = mayBeEmpty && (cause.code === 'E_NOT_A_STORE' || cause.code === 'E_STORE_OPEN')
    return { facts: [], refused: isEmpty ? undefined : `${cause.code} ${cause.message}` }
  }
}

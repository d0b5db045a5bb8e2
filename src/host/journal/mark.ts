/**
 * The high-water mark: a small file beside the log that says how far the log reached. A log that lost its tail is still
 * a sound SQLite database with an unbroken chain; only the mark can tell.
 * Must never happen here: a mark of something that is not on the disk yet.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { quote } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import type { Position } from '../ports.ts'
import { storeFault } from './store-fault.ts'

export interface Mark {
  readonly position: Position
  /** The link of the batch that ends at the position, in hexadecimal. */
  readonly hash: string
}

export function markFile(file: string): string {
  return `${file}-mark`
}

/** The mark of a log, or undefined when there is none: nothing was written yet, or somebody removed it. */
export function readMark(file: string): Mark | undefined {
  let text: string
  try {
    text = readFileSync(markFile(file), 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw storeFault(cause, markFile(file))
  }
  const found = /^(\d{1,15}) ([0-9a-f]{64})\n$/.exec(text)
  const [, position, hash] = found ?? []
  if (position !== undefined && hash !== undefined) return { position: Number(position), hash }
  throw new Fault('E_LOG_CORRUPT', `the high-water mark ${quote(markFile(file))} is damaged`, {
    hint: 'Run `convoke audit FILE`; if the log is as long as you expect, remove the mark.',
  })
}

/** Replaces the mark as a whole: after a crash there is the old one or the new one. */
export function writeMark(file: string, mark: Mark): void {
  const path = markFile(file)
  const draft = openSync(`${path}.new`, 'w')
  try {
    writeSync(draft, `${mark.position} ${mark.hash}\n`)
    fsyncSync(draft)
  } finally {
    closeSync(draft)
  }
  renameSync(`${path}.new`, path)
  syncDirectory(dirname(path))
}

/** Windows has no such thing as a sync of a directory. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

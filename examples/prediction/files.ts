/**
 * Files that agents hand to each other. A file is written whole or not at all, so that a program that was killed in
 * the middle leaves no half of one behind.
 */
import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { threadId } from 'node:worker_threads'
import { Problem } from './problem.ts'

/** Makes sure that there is a directory to write to, before anybody begins. */
export function prepare(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.W_OK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const hint = 'Choose another directory with --out.'
    throw new Problem('E_OUT', `nothing can be written to ${directory}: ${code}`, hint, cause)
  }
}

export function writeFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}-${threadId}.draft`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(draft, text)
    renameSync(draft, path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new Problem(
      'E_OUT',
      `${path} cannot be written: ${code}`,
      'Choose another directory with --out.',
      cause,
    )
  }
}

export function writeJson(path: string, value: unknown): void {
  writeFile(path, `${JSON.stringify(value)}\n`)
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new Problem(
      'E_OUT',
      `${path} cannot be read: ${code}`,
      'Was the directory of --out removed?',
      cause,
    )
  }
}

export function readJson(path: string): unknown {
  return JSON.parse(readText(path))
}

/** CSV as RFC 4180 has it. */
export function csvOf(records: readonly (readonly string[])[]): string {
  return records.map((fields) => `${fields.map(fieldOf).join(',')}\n`).join('')
}

function fieldOf(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

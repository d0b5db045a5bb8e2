/**
 * Places for journal files: a directory that goes away, a disk that is small, another process that writes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** A fresh directory, removed after the test; `release` runs before that. */
export function directoryFor(t: TestContext, release: (directory: string) => void = () => {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'))
  t.after(() => {
    release(directory)
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

export interface SmallDisk {
  readonly directory: string
  remount(options: string): void
}

/** A file system in memory of a given size, or the reason why there can be none. */
export function smallDiskFor(t: TestContext, size: string): SmallDisk | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux can mount a small disk'
  let mounted = false
  const directory = directoryFor(t, (path) => {
    if (mounted) execFileSync('umount', [path])
  })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory], { stdio: 'pipe' })
  } catch (cause) {
    return `a small disk cannot be mounted here: ${String(cause).split('\n', 1)[0]}`
  }
  mounted = true
  return {
    directory,
    remount: (options) => execFileSync('mount', ['-o', `remount,${options}`, directory]),
  }
}

export interface Writer {
  readonly process: ChildProcess
  /** Batches that were acknowledged so far. */
  acknowledged(): number
  until(batches: number): Promise<void>
  /** SIGKILL; resolves when the process is gone and all it said was heard. */
  kill(): Promise<void>
}

/** Another process that appends to `file` until it is killed. */
export function writerOn(t: TestContext, file: string, durability: 'full' | 'normal'): Writer {
  const script = fileURLToPath(new URL('./writer.ts', import.meta.url))
  const child = spawn(process.execPath, [script, file, durability], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const gone = once(child, 'close')
  let acknowledged = 0
  let wake = (): void => {}
  createInterface({ input: child.stdout }).on('line', (line) => {
    acknowledged = Number(line)
    wake()
  })
  return {
    process: child,
    acknowledged: () => acknowledged,
    until: (batches) =>
      new Promise((resolve, reject) => {
        gone.then(() => reject(new Error('the writer ended')))
        wake = () => {
          if (acknowledged >= batches) resolve()
        }
        wake()
      }),
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

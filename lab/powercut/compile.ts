/**
 * Compiles the disk that loses power, or says in one line why it cannot.
 * Must never happen here: a compiled file that outlives the run.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source: string = fileURLToPath(new URL('disk.c', import.meta.url))

export type Compiled = { readonly library: string } | { readonly skipped: string }

/** `folder` takes the library. */
export function compileDisk(folder: string): Compiled {
  if (process.platform === 'win32')
    return { skipped: 'the disk that loses power is written for POSIX systems' }
  const hello = spawnSync('cc', ['--version'], { stdio: 'ignore' })
  if (hello.error !== undefined) return { skipped: 'there is no C compiler (cc) here' }
  const header = spawnSync('cc', ['-fsyntax-only', '-x', 'c', '-'], { input: '#include <sqlite3ext.h>\n' })
  if (header.status !== 0) {
    return { skipped: 'the header sqlite3ext.h is not installed (Debian: apt-get install libsqlite3-dev)' }
  }
  const library = join(folder, 'disk.so')
  const words = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-O1', '-shared', '-fPIC']
  execFileSync('cc', [...words, '-o', library, source], { stdio: ['ignore', 'ignore', 'inherit'] })
  return { library }
}

/**
 * Brings what the peers need: their packages from npm into this folder, by its lock file, and the servers from Debian.
 * Must never happen here: a package of a peer in the project's own dependencies, or Debian's packages unasked.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Wanting } from '../benchmark.ts'
import { postgresFolder } from './servers.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Runs `npm ci` here when that was not done since the lock file changed. */
export function installPeers(progress: (line: string) => void): void {
  const done = join(folder, 'node_modules', '.package-lock.json')
  const lock = join(folder, 'package-lock.json')
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(lock).mtimeMs) return
  progress('npm ci in bench/peers, once: the peers are no dependencies of convoke …')
  npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')
}

function npm(...words: string[]): void {
  execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Errors: `Wanting`, with the command that brings what is missing. */
export function installServers(
  wanted: readonly string[],
  isAsked: boolean,
  progress: (line: string) => void,
): void {
  const missing = wanted.filter((name) => !isHere(name))
  if (missing.length === 0) return
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!isAsked || process.getuid?.() !== 0) {
    throw new Wanting(`missing: ${missing.join(', ')}. As root: ${command}, or this benchmark with --install`)
  }
  progress(`${command} …`)
  for (const line of ['apt-get update', command]) {
    const [program = '', ...words] = line.split(' ')
    execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

/** Whether one of Debian's packages that this benchmark knows is installed. */
function isHere(name: string): boolean {
  if (name === 'postgresql') return postgresFolder() !== undefined
  const path = (process.env.PATH ?? '').split(delimiter)
  return ['redis-server', 'redis-cli'].every((program) =>
    path.some((place) => existsSync(join(place, program))),
  )
}

/**
 * The servers of the peers, each on free ports of the loopback interface, with its files in a folder that the caller
 * removes.
 * Must never happen here: a server that outlives the process that started it, or one ended by its name.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Server {
  /** As the peer's `open` wants it. */
  readonly address: string
  /** Of its first process; none when there is no server. */
  readonly pid?: number
  stop(): Promise<void>
}

const startsWithinMs = 60_000
const endsWithinMs = 10_000

/**
 * Redis. `never` keeps everything in memory alone; `everysec` writes every command and flushes once a second; `always`
 * flushes before it answers.
 */
export async function startRedis(folder: string, flush: 'never' | 'everysec' | 'always'): Promise<Server> {
  const [port = 0] = await freePorts(1)
  const kept = flush === 'never' ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', flush]
  const place = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder]
  const child = start('redis-server', [...place, '--save', '', ...kept])
  return whenReady('Redis', child, `${port}`, async () => {
    const answer = execFileSync('redis-cli', ['-p', `${port}`, 'ping'], { encoding: 'utf8', stdio: 'pipe' })
    if (!answer.startsWith('PONG')) throw new Error(answer)
  })
}

/** PostgreSQL with its own settings, which flush every commit. It refuses to run as root, so root lends it a user. */
export async function startPostgres(folder: string): Promise<Server> {
  const [port = 0] = await freePorts(1)
  const bin = postgresFolder()
  if (bin === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const user = process.getuid?.() === 0 ? userNamed('postgres') : undefined
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const quiet = { ...user, stdio: 'pipe', cwd: folder } as const
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'], quiet)
  const place = ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', '']
  const child = start(join(bin, 'postgres'), place, { ...user, cwd: folder })
  const address = `postgresql://bench@127.0.0.1:${port}/bench`
  return whenReady('PostgreSQL', child, address, async () => {
    const who = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'bench']
    execFileSync(join(bin, 'createdb'), [...who, 'bench'], quiet)
  })
}

/** Restate with its own settings, which flush its log before it answers. The address is that of ingress and admin. */
export async function startRestate(folder: string): Promise<Server> {
  const [node = 0, ingress = 0, admin = 0] = await freePorts(3)
  const modules = new URL('./node_modules/@restatedev/', import.meta.url).pathname
  const program = join(modules, `restate-server-${process.platform}-${process.arch}/bin/restate-server`)
  const env = {
    ...process.env,
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_BIND_PORT: `${node}`,
    RESTATE_INGRESS__BIND_PORT: `${ingress}`,
    RESTATE_ADMIN__BIND_PORT: `${admin}`,
    RESTATE_ADMIN__DISABLE_WEB_UI: 'true',
    RESTATE_DISABLE_TELEMETRY: 'true',
  }
  const child = start(program, ['--no-logo', '--base-dir', folder], { env })
  const address = `http://127.0.0.1:${ingress} http://127.0.0.1:${admin}`
  return whenReady('Restate', child, address, async () => {
    for (const url of [`http://127.0.0.1:${ingress}/restate/health`, `http://127.0.0.1:${admin}/health`]) {
      if (!(await fetch(url)).ok) throw new Error(`${url} is not ready`)
    }
  })
}

/** Debian keeps the programs of each version in a folder of their own. The newest one, if there is one. */
export function postgresFolder(): string | undefined {
  const versions = '/usr/lib/postgresql'
  if (!existsSync(versions)) return undefined
  const newest = readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0]
  return newest === undefined ? undefined : join(versions, newest, 'bin')
}

function userNamed(name: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

interface Started {
  readonly child: ChildProcess
  /** The end of what it has said on its error output. */
  said: string
}

function start(program: string, words: readonly string[], options: SpawnOptions = {}): Started {
  const child = spawn(program, words, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  const started: Started = { child, said: '' }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    started.said = (started.said + text).slice(-2_000)
  })
  child.on('error', (cause) => {
    started.said += String(cause)
  })
  return started
}

/** Waits until `ask` does not throw. Whatever goes wrong from here on, the server ends with this process. */
async function whenReady(
  name: string,
  { child, ...started }: Started,
  address: string,
  ask: () => Promise<void>,
): Promise<Server> {
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const ended = once(child, 'exit')
      const patience = setTimeout(() => child.kill('SIGKILL'), endsWithinMs)
      child.kill('SIGTERM')
      await ended
      clearTimeout(patience)
    }
    process.off('exit', atExit)
  }
  const givesUpAt = performance.now() + startsWithinMs
  for (;;) {
    try {
      await ask()
      return child.pid === undefined ? { address, stop } : { address, pid: child.pid, stop }
    } catch (cause) {
      if (performance.now() < givesUpAt && child.exitCode === null && child.pid !== undefined) {
        await sleep(100)
        continue
      }
      await stop()
      throw new Error(`${name} did not start: ${started.said || String(cause)}`)
    }
  }
}

/** As many as asked for. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) ports.push(address.port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

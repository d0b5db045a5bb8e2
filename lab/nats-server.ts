/**
 * Starts real `nats-server`s on free loopback ports, for tests, benchmarks and experiments, and ends what it started.
 * Must never happen here: a server that outlives its starter, or a process ended by name.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from '@nats-io/transport-node'

/** Why there is no server here and how to get one, or undefined when there is one. */
export function natsMissing(): string | undefined {
  const found = spawnSync('nats-server', ['--version'], { stdio: 'ignore' })
  if (found.error === undefined && found.status === 0) return undefined
  return 'skipped: nats-server is not installed; get it with "apt-get install nats-server" or from nats.io'
}

export interface NatsServer {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string
  readonly pid: number
  /** SIGKILL; resolves when the process is gone. What is on its disk stays. */
  kill(): Promise<void>
  /** Starts it again on the same port and the same disk. */
  restart(): Promise<void>
  pause(): void
  resume(): void
  /** Kills it and removes its disk. */
  end(): Promise<void>
}

/** `extra`: lines of the server's configuration beyond the address and the store. */
export async function startNats(
  extra: readonly string[] = [],
  { jetstream }: { readonly jetstream: boolean } = { jetstream: true },
): Promise<NatsServer> {
  const port = await freePort()
  return startServer([`listen: 127.0.0.1:${port}`, ...extra], port, jetstream)
}

/** Servers of one cluster; one alone is none. Resolves when each answers; their elections may still go on. */
export async function startCluster(size: number): Promise<NatsServer[]> {
  if (size === 1) return [await startNats()]
  const ports = await Promise.all(Array.from({ length: size }, freePort))
  const routes = await Promise.all(Array.from({ length: size }, freePort))
  const list = routes.map((port) => `"nats-route://127.0.0.1:${port}"`).join(', ')
  return Promise.all(
    ports.map((port, i) => {
      const cluster = `cluster { name: lab, listen: "127.0.0.1:${routes[i]}", routes: [ ${list} ] }`
      return startServer([`server_name: n${i + 1}`, `listen: 127.0.0.1:${port}`, cluster], port, true)
    }),
  )
}

/** The whole configuration but the store. Resolves when the port answers. */
async function startServer(lines: readonly string[], port: number, jetstream: boolean): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-nats-'))
  const file = join(folder, 'nats.conf')
  const store = `jetstream { store_dir: "${join(folder, 'store')}", max_memory_store: 64MB, max_file_store: 4GB }`
  writeFileSync(file, `${[...lines, ...(jetstream ? [store] : [])].join('\n')}\n`)
  let child: ChildProcess | undefined
  let gone: Promise<unknown> = Promise.resolve()
  const start = async (): Promise<void> => {
    child = spawn('nats-server', ['-c', file, '-l', join(folder, 'log')], { stdio: 'ignore' })
    gone = once(child, 'exit')
    await answers(port, child)
  }
  const kill = async (): Promise<void> => {
    child?.kill('SIGKILL')
    await gone
  }
  const atExit = (): void => {
    child?.kill('SIGKILL')
  }
  process.once('exit', atExit)
  await start()
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0
    },
    kill,
    restart: start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async end() {
      process.off('exit', atExit)
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`)
    try {
      const connection = await connect({ servers: `127.0.0.1:${port}`, reconnect: false, timeout: 2_000 })
      await connection.close()
      return
    } catch {
      await pause(50)
    }
  }
  throw new Error(`nats-server does not answer on port ${port}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}

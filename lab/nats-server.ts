/**
 * Starts real `nats-server`s on free loopback ports, for tests, benchmarks and experiments, and ends what it started.
 * Must never happen here: a server that outlives its starter, or a process ended by name.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

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
  /** Lets it read its configuration again. */
  reload(): void
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
  const [ports, routes] = [await freePorts(size), await freePorts(size)]
  const list = routes.map((port) => `"nats-route://127.0.0.1:${port}"`).join(', ')
  return Promise.all(
    ports.map((port, i) => {
      const cluster = `cluster { name: lab, listen: "127.0.0.1:${routes[i]}", routes: [ ${list} ] }`
      return startServer([`server_name: n${i + 1}`, `listen: 127.0.0.1:${port}`, cluster], port, true)
    }),
  )
}

/** Servers of one cluster whose routes to each other can be cut, while their clients stay connected. */
export interface CuttableCluster {
  readonly servers: readonly NatsServer[]
  /** Lets nothing pass between one server and the others. */
  isolate(server: number): void
  heal(): void
  end(): Promise<void>
}

/**
 * Every route goes through a door of its own; what the servers tell each other of direct ways leads nowhere. Of two
 * servers only the first finds the door open: two routes between them would be one too many, and both might be closed.
 */
export async function startCuttable(size: number): Promise<CuttableCluster> {
  const all = Array.from({ length: size }, (_, i) => i)
  const [ports, routes, nowhere] = [await freePorts(size), await freePorts(size), await freePorts(1)]
  const doors: { readonly between: readonly [number, number]; readonly door: Door }[] = []
  for (const from of all) {
    for (const to of all) {
      if (from === to) continue
      const door = await Door.open(routes[to] ?? 0)
      if (from > to) door.shut()
      doors.push({ between: [from, to], door })
    }
  }
  const servers = await Promise.all(
    all.map((i) => {
      const ways = doors.filter(({ between }) => between[0] === i).map(({ door }) => door.port)
      const list = ways.map((port) => `"nats-route://127.0.0.1:${port}"`).join(', ')
      const own = `name: lab, listen: "127.0.0.1:${routes[i]}", advertise: "127.0.0.1:${nowhere[0]}"`
      const lines = [`server_name: n${i + 1}`, `listen: 127.0.0.1:${ports[i]}`]
      return startServer([...lines, `cluster { ${own}, routes: [ ${list} ] }`], ports[i] ?? 0, true)
    }),
  )
  return {
    servers,
    isolate(server) {
      for (const { between, door } of doors) if (between.includes(server)) door.shut()
    },
    heal() {
      for (const { between, door } of doors) if (between[0] < between[1]) door.unlock()
    },
    async end() {
      await Promise.all(servers.map((server) => server.end()))
      for (const { door } of doors) door.end()
    },
  }
}

/** A port that leads to another one, as long as it is not shut. */
class Door {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isShut = false

  private constructor(server: Server, port: number, to: number) {
    this.#server = server
    this.port = port
    server.on('connection', (inside) => {
      if (this.#isShut) return void inside.destroy()
      const outside = createConnection(to, '127.0.0.1')
      for (const socket of [inside, outside]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.once('close', () => {
          this.#sockets.delete(socket)
          inside.destroy()
          outside.destroy()
        })
      }
      inside.pipe(outside).pipe(inside)
    })
  }

  static async open(to: number): Promise<Door> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return new Door(server, typeof address === 'object' && address !== null ? address.port : 0, to)
  }

  shut(): void {
    this.#isShut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  unlock(): void {
    this.#isShut = false
  }

  end(): void {
    this.shut()
    this.#server.close()
  }
}

/** A server with a configuration that lies ready, and says to listen on that port of the loopback address. */
export async function startConfigured(file: string, port: number): Promise<NatsServer> {
  return runServer(mkdtempSync(join(tmpdir(), 'convoke-nats-')), file, port)
}

/** The whole configuration but the store. Resolves when the port answers. */
async function startServer(lines: readonly string[], port: number, jetstream: boolean): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-nats-'))
  const file = join(folder, 'nats.conf')
  const store = `jetstream { store_dir: "${join(folder, 'store')}", max_memory_store: 64MB, max_file_store: 4GB }`
  writeFileSync(file, `${[...lines, ...(jetstream ? [store] : [])].join('\n')}\n`)
  return runServer(folder, file, port)
}

/** `folder` takes its log, and goes when it ends. */
async function runServer(folder: string, file: string, port: number): Promise<NatsServer> {
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
    reload: () => void child?.kill('SIGHUP'),
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
    if (await greets(port)) return
    await pause(50)
  }
  throw new Error(`nats-server does not answer on port ${port}`)
}

/** Whether a server says on a port who it is, as every one does before it asks who comes. */
async function greets(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  try {
    const [said] = (await once(socket, 'data')) as [Buffer]
    return said.toString().startsWith('INFO ')
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}

/**
 * `convoke up`: a process that is the hub of a network on NATS, or stands by for it, with an address that says how it
 * is.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { partitionsMax } from '../host/nats/subjects.ts'
import type { Network } from '../index.ts'
import { isWhole } from '../protocol/limits.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { parseDuration } from './duration.ts'
import { type ExitCode, exit, Problem, usage } from './problem.ts'
import { natsPlaceOf, withNetwork } from './store.ts'

export const up: Command = {
  name: 'up',
  summary: 'run a hub for a network on NATS, or stand by for the one that is there, until Ctrl-C',
  operands: [],
  options: {
    ...networkOptions,
    name: { value: 'NAME', help: 'the id of this process in the network; drawn by lot unless said' },
    partitions: {
      value: 'N',
      help: 'make the network with so many partitions, from 1 to 16; default 1. They are for good',
    },
    lease: {
      value: 'SPAN',
      help: 'a hub that is silent for so long is replaced; default 15s, the same for all',
    },
    health: { value: 'PORT', help: 'answer GET /health on this port of 127.0.0.1; 0 finds a free one' },
  },
  examples: [
    [
      'convoke up --network nats://127.0.0.1',
      'start it on as many machines as you like; one of them decides',
    ],
    ['convoke up --network nats://a,b,c/factory --health 8080', '200 while it is well, 503 while it is not'],
    ['convoke up --network nats://a,b,c/city --partitions 4', 'four hubs, shared out among the processes'],
  ],
  notes: [
    'GET /health answers {"connected": …, "hub": "here" | "elsewhere" | null}: 200 when it is connected and a hub\n' +
      'is known, and otherwise 503. The hub itself adds how often it gave each refusal ("refusals"), and how many\n' +
      'messages found its inbox full ("inputsLost"). Where there are several partitions, "partitions" says how many\n' +
      'have their hub here, elsewhere, and nowhere that is known ("unknown"): 200 when that is none.',
  ],
  run: serve,
}

async function serve(call: CommandCall): Promise<ExitCode> {
  const { options, terminal, interrupted } = call
  const place = natsPlaceOf(call, 'up')
  const { name, health, lease, partitions } = options
  const port = portOf(health)
  const settings = {
    hub: true,
    ...(typeof name === 'string' ? { name } : {}),
    ...(partitions === undefined ? {} : { partitions: partitionsOf(partitions) }),
    ...(typeof lease === 'string' ? { limits: { hubLeaseMs: leaseOf(lease) } } : {}),
  }
  return withNetwork(call, place, settings, async (network) => {
    const server = port === undefined ? undefined : await healthAt(port, network)
    const address = server?.address()
    if (typeof address === 'object' && address !== null)
      terminal.err(`health: http://127.0.0.1:${address.port}/health`)
    const { hub, partitions: spread } = network.status()
    if (spread !== undefined) terminal.err(`partitions: ${spread.here} here, ${spread.elsewhere} elsewhere`)
    else if (hub === 'elsewhere') terminal.err('another process is the hub; this one stands by')
    const stopped = await Promise.race([aborted(interrupted), network.closed()])
    server?.close()
    server?.closeAllConnections()
    if (stopped !== undefined) throw stopped
    return exit.interrupted
  })
}

function leaseOf(lease: string): number {
  const span = parseDuration(lease)
  if (span !== undefined && span > 0) return span
  throw usage(`the lease ${JSON.stringify(lease)} is no span`, 'Write --lease 15s.')
}

function partitionsOf(given: string | true): number {
  const partitions = Number(given)
  if (/^\d{1,2}$/.test(String(given)) && isWhole(partitions, 1, partitionsMax)) return partitions
  const hint = `Write --partitions 4; a network has from 1 to ${partitionsMax}.`
  throw usage(`the number of partitions ${JSON.stringify(given)} is none`, hint)
}

function portOf(health: string | true | undefined): number | undefined {
  if (health === undefined) return undefined
  const port = Number(health)
  if (/^\d{1,5}$/.test(String(health)) && port < 65_536) return port
  throw usage(`the port ${JSON.stringify(health)} is none`, 'Write --health 8080.')
}

async function healthAt(port: number, network: Network): Promise<Server> {
  const server = createServer((request, response) => {
    const { connected, hub, partitions } = network.status()
    const spread = partitions === undefined ? {} : { partitions }
    const health = { connected, hub: hub ?? null, ...spread, ...network.counts() }
    const known = request.url === '/health'
    response.statusCode = known ? (connected && hub !== undefined ? 200 : 503) : 404
    response.setHeader('content-type', 'application/json')
    response.end(known ? `${JSON.stringify(health)}\n` : '{}\n')
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new Problem('E_UNREACHABLE', `the port for health cannot be opened: ${what}`, {
      exit: exit.unavailable,
      hint: 'Name another port, or 0 for one that is free.',
      cause,
    })
  }
  return server
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
}

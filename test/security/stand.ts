/**
 * A real server with the configuration that `convoke security` has written, and the keys that belong to it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort, type NatsServer, startConfigured } from '../../lab/nats-server.ts'
import { Line } from '../../src/host/nats/line.ts'
import type { Notice } from '../../src/host/nats/notice.ts'
import type { ServerWishes } from '../../src/host/nats/security/configuration.ts'
import { generate, storeIn, type Wanted } from '../../src/host/nats/security/keyring.ts'
import { Network, type NetworkOptions } from '../../src/index.ts'
import type { NodeId } from '../../src/protocol/index.ts'
import { placeOf } from '../nats.ts'

export const everybody: readonly Wanted[] = [
  { role: 'hub', id: 'alpha' },
  { role: 'agent', id: 'ada' },
  { role: 'agent', id: 'bob' },
  { role: 'client', id: 'ops' },
  { role: 'client', id: 'eve' },
]

export interface Stand {
  readonly server: NatsServer
  readonly folder: string
  key(id: string): string
  /** A network that is closed before its server ends. */
  open(id: string, options?: NetworkOptions): Promise<Network>
  /** A bare connection with the rights of a key. */
  line(id: string, notices?: Notice[]): Promise<Line>
}

export async function standFor(t: TestContext, tls?: ServerWishes['tls']): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-secure-'))
  const port = await freePort()
  const wishes = { listen: `127.0.0.1:${port}`, store: storeIn(folder), tls }
  const { server: file } = generate(folder, 'main', everybody, wishes, false)
  const server = await startConfigured(file, port)
  const closers: (() => Promise<void>)[] = []
  t.after(async () => {
    await Promise.allSettled(closers.map((close) => close()))
    await server.end()
    rmSync(folder, { recursive: true, force: true })
  })
  const key = (id: string): string => join(folder, 'keys', `${id}.key`)
  return {
    server,
    folder,
    key,
    async open(id, { limits, ...options } = {}) {
      const brisk = { retryMs: 100, resendMs: 500, heartbeatMs: 500, hubLeaseMs: 4_000, ...limits }
      const network = await Network.open(server.url, { credentials: key(id), ...options, limits: brisk })
      closers.push(() => network.close())
      return network
    },
    async line(id, notices = []) {
      const tell = (notice: Notice): void => void notices.push(notice)
      const options = { name: id as NodeId, credentials: key(id), tls: undefined, tell }
      const line = await Line.open(placeOf(server.url), options)
      closers.push(() => line.close())
      return line
    },
  }
}

export async function until(holds: () => boolean, what: () => string): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (holds()) return
    await pause(25)
  }
  throw new Error(`it never came true: ${what()}`)
}

/** What the tests of a network of several hubs on NATS share. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { NatsServer } from '../../lab/nats-server.ts'
import { Network, type NetworkOptions } from '../../src/index.ts'
import { closeFirst } from '../nats.ts'

export const leaseMs = 2_000

/** A network in which everything that is awaited comes soon, closed before its server. */
export async function networkOn(
  t: TestContext,
  server: NatsServer,
  options: NetworkOptions = {},
): Promise<Network> {
  const { limits, ...more } = options
  const brisk = { retryMs: 100, resendMs: 500, heartbeatMs: 500, hubLeaseMs: leaseMs, ...limits }
  const network = await Network.open(server.url, { ...more, limits: brisk })
  closeFirst(t, () => network.close())
  return network
}

export async function until(
  holds: () => boolean,
  what: string,
  said: () => string = () => '',
): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (holds()) return
    await pause(25)
  }
  assert.fail(`it never came true that ${what}\n${said()}`)
}

/** How many partitions have their hub in each process. */
export function sharesOf(networks: readonly Network[]): number[] {
  return networks.map((network) => network.status().partitions?.here ?? 0)
}

/** What hubs tell each other takes its time: a check is made again until it holds. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const failed = await check().then(
      () => false,
      () => true,
    )
    if (!failed) return
    await pause(50)
  }
  await check()
}

/**
 * A nats-server for tests. Where there is none, tests are skipped in one line; the gate requires it.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type NatsServer, natsMissing, startNats } from '../lab/nats-server.ts'
import { Line } from '../src/host/nats/line.ts'
import type { Notice } from '../src/host/nats/notice.ts'
import { type NatsPlace, readPlace } from '../src/host/nats/place.ts'
import { isRefusal, type NodeId } from '../src/protocol/index.ts'

/** A test that waits for what never comes ends all the same. */
export const patient: { readonly timeout: number } = { timeout: 60_000 }

/** Whether there is a server here. Says once, as a skipped test, when there is none. */
export function hasNats(what: string): boolean {
  const missing = natsMissing()
  if (missing === undefined) return true
  test(what, (t) => {
    assert.equal(process.env.CONVOKE_REQUIRE_NATS, undefined, missing)
    t.skip(missing)
  })
  return false
}

/** What is to be closed while its server is still there. */
const closers = new WeakMap<TestContext, (() => Promise<unknown>)[]>()

/** A fresh server, ended after the test and after what was left to `closeFirst`. */
export async function natsFor(t: TestContext, extra: readonly string[] = []): Promise<NatsServer> {
  const server = await startNats(extra)
  const all: (() => Promise<unknown>)[] = []
  closers.set(t, all)
  t.after(async () => {
    await Promise.allSettled(all.map((close) => close()))
    await server.end()
  })
  return server
}

export function closeFirst(t: TestContext, close: () => Promise<unknown>): void {
  closers.get(t)?.push(close)
}

export function placeOf(where: string): NatsPlace {
  const place = readPlace(where)
  assert.ok(!isRefusal(place))
  return place
}

export async function lineTo(url: string, notices: Notice[] = []): Promise<Line> {
  const tell = (notice: Notice): void => void notices.push(notice)
  const name = 'test' as NodeId
  return Line.open(placeOf(url), { name, credentials: undefined, tls: undefined, tell })
}

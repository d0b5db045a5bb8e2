/**
 * A nats-server for tests. Where there is none, tests are skipped in one line; the gate requires it.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type NatsServer, natsMissing, startNats } from '../lab/nats-server.ts'
import { Line } from '../src/host/nats/line.ts'
import type { Notice } from '../src/host/nats/notice.ts'
import { type NatsPlace, readPlace } from '../src/host/nats/place.ts'
import { isRefusal } from '../src/protocol/index.ts'

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

/** A fresh server, ended after the test. */
export async function natsFor(t: TestContext, extra: readonly string[] = []): Promise<NatsServer> {
  const server = await startNats(extra)
  t.after(() => server.end())
  return server
}

export function placeOf(where: string): NatsPlace {
  const place = readPlace(where)
  assert.ok(!isRefusal(place))
  return place
}

export async function lineTo(url: string, notices: Notice[] = []): Promise<Line> {
  const tell = (notice: Notice): void => void notices.push(notice)
  return Line.open(placeOf(url), { name: 'test', credentials: undefined, tls: undefined, tell })
}

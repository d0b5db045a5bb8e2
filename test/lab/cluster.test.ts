/**
 * The experiment on a cluster, in short: one server, three partitions, hubs killed and one paused under load.
 * Where there is no nats-server this is skipped; the gate requires it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cluster } from '../../lab/cluster/experiment.ts'
import { type Given, givenOf } from '../../lab/experiment.ts'
import { natsMissing } from '../../lab/nats-server.ts'

test('FAULT-16 hubs that are killed and paused lose nothing and decide nothing twice', async (t) => {
  const missing = natsMissing()
  if (missing !== undefined) {
    assert.equal(process.env.CONVOKE_REQUIRE_NATS, undefined, missing)
    return t.skip(missing)
  }
  const words = { servers: '1', hubs: '2', partitions: '3', agents: '12', tasks: '150', lease: '2000' }
  const faults = { 'kill-hubs': '2', 'pause-hubs': '1', 'kill-nats': '0' }
  const given = givenOf(cluster.options, { ...words, ...faults }) as Given
  const { report, broken } = await cluster.run(given, () => {})
  assert.deepEqual(broken, [])
  const { takeovers, accepted, told } = report as Record<string, number>
  // Of each partition of a process that is taken away.
  assert.ok((takeovers ?? 0) >= 3 && (takeovers ?? 0) <= 9, `${takeovers}`)
  assert.ok((accepted ?? 0) > 100 && accepted === told)
})

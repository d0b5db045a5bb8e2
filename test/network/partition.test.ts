/**
 * A cluster of three servers that falls apart: the hub stays connected to the one that is alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { startCuttable } from '../../lab/nats-server.ts'
import { openNatsJournal } from '../../src/host/journal/nats.ts'
import { auditOnNats, readNatsJournal } from '../../src/host/nats/reader.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import { Network, type Notice } from '../../src/index.ts'
import type { Fact } from '../../src/protocol/index.ts'
import { hasNats, lineTo } from '../nats.ts'
import { agent, need } from './stage.ts'

const leaseMs = 4_000
const opening = { subjects: subjectsOf('main'), partition: 0, partitions: 1, tell: () => {}, replicas: 3 }
/** Elections take their time, on a busy machine more than one. */
const patient = { timeout: 180_000 }

async function until(holds: () => boolean, what: string, said: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 3_200; tries++) {
    if (holds()) return
    await pause(25)
  }
  assert.fail(`it never came true that ${what}\n${said.join('\n')}`)
}

if (hasNats('NATS-16 a cluster that falls apart')) {
  test(
    'NATS-10 a server that has lost the others is waited for, and that is told once',
    patient,
    async (t) => {
      const cluster = await startCuttable(3)
      const notices: Notice[] = []
      t.after(() => cluster.end())
      cluster.isolate(0)
      const line = await lineTo(cluster.servers[0]?.url ?? '', notices)
      const opened = openNatsJournal({ ...opening, line })
      await until(() => notices.length > 0, 'the wait is told', [])
      await pause(500)
      assert.equal(notices.map(({ code }) => code).join(), 'waiting')
      assert.match(
        notices[0]?.text ?? '',
        /^JetStream at .* does not answer: .*; it is asked for \d+ s at the most$/,
      )
      cluster.heal()
      const journal = await opened
      assert.equal(journal.end().position, 0)
      await journal.close()
      await line.close()
    },
  )

  for (const partitions of [1, 3]) {
    const whose = partitions === 1 ? 'a hub' : 'all hubs of a process'
    test(
      `NATS-16 ${whose} in the minority: silent, the others go on, nothing is doubled`,
      patient,
      async (t) => {
        const cluster = await startCuttable(3)
        const networks: Network[] = []
        const said: string[] = []
        t.after(async () => {
          await Promise.allSettled(networks.map((network) => network.close()))
          await cluster.end()
        })
        const openAt = async (server: number, name: string, hub: boolean): Promise<Network> => {
          const limits = { hubLeaseMs: leaseMs, resendMs: 500, retryMs: 100, heartbeatMs: 1_000 }
          const notify = ({ text }: Notice): void => void said.push(`${name}: ${text}`)
          const options = { name, hub, partitions, limits, notify }
          const network = await Network.open(cluster.servers[server]?.url ?? '', options)
          networks.push(network)
          return network
        }
        const alone = await openAt(0, 'alone', true)
        await until(() => isHubOfAll(alone), 'the first is the hub', said)
        const other = await openAt(1, 'other', true)
        const client = await openAt(2, 'client', false)
        await agent(client, 'ada', ({ task }) => `did ${task}`)
        const before = await alone.announce(need({ id: 'before' }))
        assert.equal((await before.outcome()).status, 'completed')

        const line = await lineTo(cluster.servers[1]?.url ?? '')
        const management = await jetstreamManager(line.nats)
        assert.equal((await management.streams.info(subjectsOf('main').logStream(0))).config.num_replicas, 3)
        await line.close()

        // A busy machine may have had its hub wait for itself before; what counts is what happens from here on.
        await until(() => isHubOfAll(alone) && other.status().hub === 'elsewhere', 'both know it', said)
        const startsBefore = startsIn(await factsAt(cluster.servers[1]?.url ?? ''))

        cluster.isolate(0)
        const from = performance.now()
        const inMinority = alone.announce(need({ id: 'minority' }))
        await until(() => isHubOfAll(other), 'the other takes over', said)
        const during = await client.announce(need({ id: 'majority' }))
        assert.equal((await during.outcome()).status, 'completed')
        const facts = await factsAt(cluster.servers[1]?.url ?? '')
        assert.ok(!facts.some((fact) => fact.kind === 'task.accepted' && fact.task === 'minority'))
        // Its lease is over by now, and an announcement that it heard has not been acknowledged.
        await pause(Math.max(0, leaseMs - (performance.now() - from)))
        assert.equal(await Promise.race([inMinority.then(() => 'accepted'), pause(100, 'silent')]), 'silent')

        cluster.heal()
        await until(
          () => alone.status().hub !== undefined && !isHubOfAll(alone),
          'the first has stepped down',
          said,
        )
        const late = await inMinority
        assert.equal((await late.outcome()).status, 'completed')
        const { problems, ended } = await auditOnNats(cluster.servers[0]?.url ?? '', {})
        assert.deepEqual([problems, ended.completed], [[], 3])
        // Once it has lived for a lease again it may be left its share, and that is a start as well.
        const starts = startsIn(await factsAt(cluster.servers[0]?.url ?? '')) - startsBefore
        assert.ok(starts === partitions || (partitions > 1 && starts > partitions), `${starts}`)
      },
    )
  }
}

function isHubOfAll(network: Network): boolean {
  const { hub, partitions } = network.status()
  return hub === 'here' && (partitions?.elsewhere ?? 0) === 0
}

function startsIn(facts: readonly Fact[]): number {
  return facts.filter(({ kind }) => kind === 'hub.started').length
}

async function factsAt(url: string): Promise<Fact[]> {
  const journal = await readNatsJournal(url, {})
  const facts: Fact[] = []
  for await (const { fact } of journal.read(0)) facts.push(fact)
  await journal.close()
  return facts
}

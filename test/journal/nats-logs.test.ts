/**
 * Several logs of one network on NATS: made together, missed one by one, and examined together.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { accepted, life, started } from '../../lab/conformance/facts.ts'
import { auditNatsLogs } from '../../src/host/journal/audit-nats.ts'
import { type NatsJournal, openNatsJournal } from '../../src/host/journal/nats.ts'
import { partitionsAt, storesOf } from '../../src/host/journal/nats-store.ts'
import type { Line } from '../../src/host/nats/line.ts'
import { auditOnNats } from '../../src/host/nats/reader.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { AgentId, Fact, HubId } from '../../src/protocol/index.ts'
import { hubOf, partitionOf } from '../../src/protocol/partition.ts'
import { convoke } from '../cli/convoke.ts'
import { closeFirst, hasNats, lineTo, natsFor, patient } from '../nats.ts'

const subjects = subjectsOf('main')
const partitions = 3

interface Place {
  readonly url: string
  readonly line: Line
  open(partition: number, partitions?: number): Promise<NatsJournal>
}

async function placeFor(t: TestContext): Promise<Place> {
  const { url } = await natsFor(t)
  const line = await lineTo(url)
  closeFirst(t, () => line.close())
  const rest = { line, subjects, tell: () => {}, replicas: undefined }
  return {
    url,
    line,
    open: (partition, of = partitions) => openNatsJournal({ ...rest, partition, partitions: of }),
  }
}

/** The id of a task of one partition. */
function taskOf(partition: number): string {
  for (let i = 0; ; i++) if (partitionOf(`t${i}`, partitions) === partition) return `t${i}`
}

function begins(partition: number, hub = hubOf(partition, partitions)): Fact {
  return { ...started(1), hub } as Fact
}

/** The hub of one partition reports an outcome to the home of its member, and the home counts it. */
function reported(home: number, serial: number): Fact {
  const rest = { at: 1, epoch: 0, outcomes: [] }
  return { kind: 'outcome.reported', home: hubOf(home, partitions), serial, ...rest }
}

function counted(from: number, serial: number): Fact {
  const source = { hub: hubOf(from, partitions) as HubId, serial }
  const skills = [] as const
  return {
    kind: 'standing.changed',
    at: 1,
    evidence: [{ agent: 'ada' as AgentId, skills }],
    strategy: 's',
    source,
  }
}

if (hasNats('NATS-21 several logs on a real server')) {
  test('NATS-21 all logs of a network are made before the first is written', patient, async (t) => {
    const { line, open } = await placeFor(t)
    assert.equal(await partitionsAt(line, subjects), undefined)
    assert.equal(await storesOf(line, subjects), undefined)
    const journal = await open(1)
    await journal.append([begins(1)])
    assert.equal(await partitionsAt(line, subjects), partitions)
    assert.equal((await storesOf(line, subjects))?.length, partitions)
    await assert.rejects(open(0, 5), { code: 'E_STORE_OPEN', message: /with 3 partitions, not 5/ })
    await assert.rejects(open(1, 1), { code: 'E_STORE_OPEN', message: /with 3 partitions, not 1/ })
  })

  test('NATS-21 a network that was made without a word of it has one partition', patient, async (t) => {
    const { line, open } = await placeFor(t)
    await (await open(0, 1)).append(life('a'))
    const management = await jetstreamManager(line.nats)
    const { config } = await management.streams.info(subjects.logStream(0))
    assert.equal(config.description ?? '', '', 'as it always was')
    assert.equal(await partitionsAt(line, subjects), 1)
    // What an operator writes there for others is nothing to us.
    await management.streams.update(subjects.logStream(0), { description: 'ours' })
    assert.equal(await partitionsAt(line, subjects), 1)
    assert.equal((await open(0, 1)).end().position, 0 + life('a').length)
  })

  test('NATS-9 of several logs one that is gone is not made anew, whichever it is', patient, async (t) => {
    const { line, open, url } = await placeFor(t)
    const management = await jetstreamManager(line.nats)
    await open(0)
    assert.equal((await auditOnNats(url, {})).facts, 0)
    for (const lost of [0, 2, 1]) {
      await management.streams.delete(subjects.logStream(lost))
      for (const of of lost === 0 ? [partitions, 1] : [partitions]) {
        await assert.rejects(open(lost, of), { code: 'E_LOG_TRUNCATED', message: /LOG_\d is gone/ })
      }
    }
  })

  test(
    'LOG-18 what logs say of each other is examined: whose is what, and what was reported',
    patient,
    async (t) => {
      const { line, open, url } = await placeFor(t)
      const journals = [await open(0), await open(1), await open(2)] as const
      await journals[0].append([begins(0), accepted(taskOf(0)), reported(1, 1), reported(2, 1)])
      await journals[1].append([begins(1), counted(0, 1), accepted(taskOf(1))])
      await journals[2].append([begins(2)])
      const stores = await storesOf(line, subjects)
      assert.ok(stores !== undefined)
      const sound = await auditNatsLogs(stores)
      assert.deepEqual([sound.problems, sound.facts, sound.tasks, sound.open], [[], 8, 2, 2])
      await journals[1].append([counted(0, 2), counted(2, 1)])
      await journals[2].append([accepted(taskOf(1)), begins(2, 'hub' as HubId), counted(0, 1)])
      const { problems } = await auditNatsLogs(stores)
      assert.deepEqual(
        problems.map(({ partition, position, rule, problem }) => [partition, position, rule, problem]),
        [
          [1, 4, 'LOG-18', 'report 2 of hub-0 is counted, and its log has 1'],
          [1, 5, 'LOG-18', 'report 1 of hub-2 is counted, and its log has 0'],
          [2, 2, 'LOG-18', `task ${taskOf(1)} belongs to hub-1`],
          [2, 3, 'LOG-18', 'the hub "hub" begins in the log of hub-2'],
        ],
      )
      const shown = await convoke(['audit', url])
      assert.equal(shown.code, 6)
      assert.match(shown.out, /at 2 of log 2 +LOG-18 +task t\d+ belongs to hub-1/)
      const watched = await convoke(['watch', '--network', url, '--once', '--json'])
      const lines = watched.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.equal(lines.length, 13)
      assert.deepEqual(
        lines.filter(({ partition }) => partition === 2).map(({ position }) => position),
        [1, 2, 3, 4],
      )
      const one = await convoke(['watch', '--network', url, '--once', '--partition', '2', '--after', '3'])
      assert.match(one.out, /^ 2 {6}4 .* standing\.changed .*ada\n$/)
      for (const [words, said] of [
        [['--after', '3'], /3 logs, and a position is one of a log/],
        [['--partition', '3'], /"3" is no partition of the network, which has 3, 0 to 2/],
      ] as const) {
        const wrong = await convoke(['watch', '--network', url, '--once', ...words])
        assert.equal(wrong.code, 2)
        assert.match(wrong.err, said)
      }
    },
  )
}

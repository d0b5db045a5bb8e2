/**
 * The audit of a log on NATS: what a sound one amounts to, and every kind of damage by its position.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { accepted, ended, finished, formed, life, started } from '../../lab/conformance/facts.ts'
import { auditNatsLogs } from '../../src/host/journal/audit-nats.ts'
import { chain, encodeFacts } from '../../src/host/journal/batch.ts'
import type { AuditReport } from '../../src/host/journal/findings.ts'
import { type NatsJournal, openNatsJournal } from '../../src/host/journal/nats.ts'
import { headersOf, type Label } from '../../src/host/journal/nats-batch.ts'
import { bucketOf } from '../../src/host/journal/nats-log.ts'
import { findStore } from '../../src/host/journal/nats-store.ts'
import { Packer } from '../../src/host/journal/packing.ts'
import type { Line } from '../../src/host/nats/line.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { convoke } from '../cli/convoke.ts'
import { closeFirst, hasNats, lineTo, natsFor, patient } from '../nats.ts'

const subjects = subjectsOf('main')
const packer = new Packer()

interface Place {
  readonly url: string
  readonly line: Line
  readonly journal: NatsJournal
  readonly streams: JetStreamClient
  audit(): Promise<AuditReport>
}

async function placeFor(t: TestContext): Promise<Place> {
  const server = await natsFor(t, ['max_payload: 2KB'])
  const line = await lineTo(server.url)
  closeFirst(t, () => line.close())
  const journal = await openNatsJournal({
    line,
    subjects,
    partition: 0,
    partitions: 1,
    tell: () => {},
    replicas: undefined,
  })
  const store = await findStore(line, subjects, 0)
  assert.ok(store !== undefined)
  return {
    url: server.url,
    line,
    journal,
    streams: jetstream(line.nats),
    audit: () => auditNatsLogs([store]),
  }
}

/** Puts in a batch that no hub has written, unless it says otherwise as a hub would. */
async function forge({ streams }: Place, facts: readonly Fact[], label: Partial<Label>): Promise<void> {
  const whole = { batch: 'x.1', part: 1, parts: 1, first: 1, last: facts.length, hash: new Uint8Array(32) }
  await streams.publish(subjects.log(0), encodeFacts(facts, packer), {
    headers: headersOf({ ...whole, ...label }),
  })
}

if (hasNats('JOURNAL-22 the audit of a log on NATS')) {
  test('JOURNAL-22 the audit of a sound log on NATS counts what is in it', patient, async (t) => {
    const { journal, audit } = await placeFor(t)
    assert.deepEqual((await audit()).facts, 0)
    const cancelled = { ...ended('e', 0), status: 'cancelled' } as Fact
    await journal.append([started(1), ...life('a')])
    await journal.snapshot([accepted('snapshot')])
    await journal.append([accepted('d'), formed('d')])
    await journal.snapshot([accepted('snapshot')])
    // Larger than a message of this server.
    await journal.append([...life('b'), ...life('c'), ...life('f'), ...life('g'), ...life('h')])
    await journal.append([accepted('e'), cancelled])
    assert.deepEqual(await audit(), {
      facts: 29,
      tasks: 8,
      open: 1,
      ended: { completed: 6, failed: 0, cancelled: 1, expired: 0 },
      problems: [],
    })
  })

  test(
    'JOURNAL-22 on NATS each damage is named by its position, and what follows is examined',
    patient,
    async (t) => {
      const place = await placeFor(t)
      const { journal, streams, audit } = place
      await journal.append([started(1), accepted('a'), formed('a', 2)])
      const { hash } = journal.end()
      // Of a writer that was replaced before the last part: no damage.
      await forge(place, [], { batch: 'y.1', parts: 2, first: 4, last: 9 })
      await forge(place, [finished('a', 2)], { first: 4, last: 4 })
      await streams.publish(subjects.log(0), 'no fact')
      await forge(place, [], { batch: 'y.2', part: 2, parts: 2, first: 5, last: 6 })
      await forge(place, [accepted('b')], { first: 9, last: 9 })
      const nonsense = [{ kind: 'nonsense' } as unknown as Fact]
      await forge(place, nonsense, {
        first: 10,
        last: 10,
        hash: chain(new Uint8Array(32), 10, 10, encodeFacts(nonsense, packer)),
      })
      await forge(place, [], { first: 11, last: 12, hash: chain(hash, 11, 12, encodeFacts([], packer)) })
      const { problems, facts } = await audit()
      assert.deepEqual(
        problems.map(({ position, rule, problem }) => [position, rule ?? '', problem]),
        [
          [3, 'LOG-3', 'task a: epoch 2 follows 0'],
          [4, '', 'the batch up to position 4 is damaged'],
          [5, '', 'the message 4 is none of a log'],
          [5, '', 'a part of the batch at position 5 is missing'],
          [7, '', 'missing up to position 8'],
          [10, '', 'unknown kind of fact "nonsense"'],
          [11, '', 'the batch up to position 12 is damaged'],
          [11, '', '0 facts, where 2 are expected'],
        ],
      )
      assert.equal(facts, 6)
    },
  )

  test('JOURNAL-22 on NATS a snapshot and an index that were changed are found', patient, async (t) => {
    const { journal, line, streams, audit } = await placeFor(t)
    await journal.append([started(1), ...life('a')])
    await journal.snapshot([accepted('snapshot')])
    const management = await jetstreamManager(line.nats)
    const filter = subjects.index(0, bucketOf('a' as TaskId))
    await management.streams.purge(subjects.sideStream, { filter })
    const problems = async (): Promise<string[]> => (await audit()).problems.map(({ problem }) => problem)
    assert.deepEqual(await problems(), ['the index lacks task a'])
    await management.streams.purge(subjects.sideStream, { filter: subjects.snapshot(0) })
    const [lacks, gone] = await problems()
    assert.match(`${lacks} ${gone}`, /lacks task a .*a part of the snapshot at position 5 is gone/)
    await streams.publish(subjects.newest(0), '{"position":99,"logSeq":1,"logHash":"","hash":"","parts":[]}')
    assert.match((await problems()).join(), /the log ends at 5, before its newest snapshot/)
    await streams.publish(subjects.newest(0), '{"position":5,"logSeq":7,"logHash":"","hash":"","parts":[]}')
    assert.match((await problems()).join(), /the newest snapshot is that of another log/)
    await streams.publish(subjects.newest(0), 'none')
    assert.match((await problems()).join(), /the record of its newest snapshot cannot be read/)
  })

  test('CLI-18 audit takes the address of a network on NATS as it takes a file', patient, async (t) => {
    const place = await placeFor(t)
    await place.journal.append([started(1), ...life('a')])
    const sound = await convoke(['audit', place.url])
    assert.deepEqual([sound.code, sound.out.split('\n').at(-2)], [0, 'No problem found.'], sound.err)
    await place.streams.publish(subjects.log(0), 'no fact')
    const damaged = await convoke(['audit', place.url, '--json'])
    assert.equal(damaged.code, 6)
    assert.equal(JSON.parse(damaged.out).problems.length, 1)
    const nobody = await convoke(['audit', `${place.url}/nobody`])
    assert.equal(nobody.code, 6)
    assert.match(nobody.err, /^error E_NOT_A_STORE: there is no network at/)
  })
}

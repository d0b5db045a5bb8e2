/**
 * What the journal on JetStream promises beyond every journal: one owner, no conclusion from a lost answer, and a
 * refusal of streams that are not what was written.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { accepted, life, started } from '../../lab/conformance/facts.ts'
import { type NatsServer, startCluster, startNats } from '../../lab/nats-server.ts'
import { Fault, type FaultCode } from '../../src/host/fault.ts'
import { chain, encodeFacts } from '../../src/host/journal/batch.ts'
import { type NatsJournal, openNatsJournal } from '../../src/host/journal/nats.ts'
import { headersOf, type LogEnd, logStart } from '../../src/host/journal/nats-batch.ts'
import { NatsLog } from '../../src/host/journal/nats-log.ts'
import { findStore, type NatsStore } from '../../src/host/journal/nats-store.ts'
import { Packer } from '../../src/host/journal/packing.ts'
import type { Line } from '../../src/host/nats/line.ts'
import type { Notice } from '../../src/host/nats/notice.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Journal } from '../../src/host/ports.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { closeFirst, hasNats, lineTo, natsFor, patient } from '../nats.ts'

const subjects = subjectsOf('t')

interface Place {
  readonly server: NatsServer
  readonly line: Line
  readonly notices: Notice[]
  open(remembered?: LogEnd): Promise<NatsJournal>
}

async function placeFor(t: TestContext, extra: readonly string[] = []): Promise<Place> {
  const server = await natsFor(t, extra)
  const line = await lineTo(server.url)
  closeFirst(t, () => line.close())
  const notices: Notice[] = []
  const tell = (notice: Notice): void => void notices.push(notice)
  const options = { line, subjects, partition: 0, partitions: 1, tell, replicas: undefined }
  return {
    server,
    line,
    notices,
    open: (remembered) =>
      openNatsJournal({ ...options, ...(remembered === undefined ? {} : { remembered }) }),
  }
}

async function factsIn(journal: Journal): Promise<Fact[]> {
  const facts: Fact[] = []
  for await (const { fact } of journal.read(0)) facts.push(fact)
  return facts
}

function isFault(code: FaultCode, said?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.code, code, error.message)
    assert.ok(error.hint !== undefined)
    if (said !== undefined) assert.match(error.message, said)
    return true
  }
}

if (hasNats('NATS-6 the journal on a real server')) {
  test('NATS-6 who appends after somebody else is refused, and takes nothing more', patient, async (t) => {
    const { open } = await placeFor(t)
    const old = await open()
    await old.append([started(1)])
    const young = await open()
    await old.confirm()
    await young.append([started(2)])
    await assert.rejects(old.confirm(), isFault('E_FENCED'))
    await assert.rejects(old.append(life('a')), isFault('E_FENCED', /another hub/))
    await assert.rejects(old.append(life('a')), isFault('E_FENCED'))
    assert.equal(await young.append(life('b')), 6)
    assert.deepEqual(await factsIn(young), [started(1), started(2), ...life('b')])
    assert.deepEqual(await factsIn(await open()), [started(1), started(2), ...life('b')])
  })

  test('NATS-6 of many that append at once behind the same end one succeeds', patient, async (t) => {
    const { open } = await placeFor(t)
    const all = await Promise.all(Array.from({ length: 8 }, () => open()))
    const results = await Promise.allSettled(all.map((journal, i) => journal.append([started(i + 1)])))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const result of results) if (result.status === 'rejected') isFault('E_FENCED')(result.reason)
    assert.equal((await factsIn(await open())).length, 1)
  })

  test(
    'NATS-6 a snapshot of a hub that was replaced does not take the place of a newer one',
    patient,
    async (t) => {
      const { open } = await placeFor(t)
      const old = await open()
      await old.append(life('a'))
      await old.snapshot([accepted('first')])
      const young = await open()
      await young.append(life('b'))
      await young.snapshot([accepted('second')])
      await assert.rejects(old.snapshot([accepted('late')]), isFault('E_FENCED'))
      const facts: Fact[] = []
      await (await open()).replay((fact) => facts.push(fact))
      assert.deepEqual(facts, [accepted('second')])
    },
  )

  test('NATS-7 an append while the server is gone is stored once, when it is back', patient, async (t) => {
    const { server, open } = await placeFor(t)
    const journal = await open()
    await journal.append([started(1)])
    for (let round = 0; round < 3; round++) {
      const before = journal.append(life(`a${round}`))
      await server.kill()
      const during = journal.append(life(`b${round}`))
      await pause(200)
      await server.restart()
      await Promise.all([before, during])
    }
    const expected = [0, 1, 2].flatMap((round) => [...life(`a${round}`), ...life(`b${round}`)])
    assert.deepEqual(await factsIn(journal), [started(1), ...expected])
    assert.deepEqual(await factsIn(await open()), [started(1), ...expected])
  })

  test(
    'NATS-7 an append whose answer is lost is found by reading back, and not doubled',
    patient,
    async (t) => {
      const { server, open } = await placeFor(t)
      const journal = await open()
      await journal.append([started(1)])
      // The server has what was sent before it was stopped, and answers when nobody waits any more.
      const appending = journal.append(life('a'))
      server.pause()
      await pause(5_500)
      server.resume()
      await appending
      assert.deepEqual(await factsIn(await open()), [started(1), ...life('a')])
    },
  )

  test(
    'NATS-7 an outcome that stays unknown is told as such when the journal is closed',
    patient,
    async (t) => {
      const { server, open } = await placeFor(t)
      const journal = await open()
      await journal.append([started(1)])
      await server.kill()
      const appending = journal.append(life('a'))
      const rejected = assert.rejects(appending, isFault('E_UNREACHABLE', /unknown/))
      await journal.close()
      await rejected
    },
  )

  test('NATS-8 a batch whose writer was replaced before its last part never was', patient, async (t) => {
    const { open, line } = await placeFor(t, ['max_payload: 2KB'])
    const journal = await open()
    await journal.append([started(1)])
    const { hash, position, seq } = journal.end()
    const body = encodeFacts(life('lost'), new Packer())
    const label = { batch: 'zombie.1', part: 1, parts: 2, first: position + 1, last: position + 4 }
    const link = chain(hash, label.first, label.last, body)
    await jetstream(line.nats).publish(subjects.log(0), body.slice(0, 100), {
      headers: headersOf({ ...label, hash: link }),
      expect: { lastSubjectSequence: seq },
    })
    const next = await open()
    assert.deepEqual(await factsIn(next), [started(1)])
    assert.equal(await next.append(life('kept')), 5)
    assert.deepEqual(await factsIn(await open()), [started(1), ...life('kept')])
    assert.deepEqual(await (await open()).history('kept' as TaskId), life('kept'))
    await assert.rejects(journal.append(life('late')), isFault('E_FENCED'))
  })

  test('JOURNAL-25 a batch on NATS that is JSON text is read, and the log goes on', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const [first, last, text] = [1, 4, JSON.stringify(life('a'))]
    const hash = chain(logStart.hash, first, last, text)
    const label = { batch: 'before.1', part: 1, parts: 1, first, last, hash }
    await (await open()).close()
    await jetstream(line.nats).publish(subjects.log(0), text, { headers: headersOf(label) })
    const journal = await open()
    assert.equal(await journal.append(life('b')), 8)
    assert.deepEqual(await factsIn(await open()), [...life('a'), ...life('b')])
  })

  test('NATS-9 a log that is gone while its snapshots are there is not made anew', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const journal = await open()
    await journal.append(life('a'))
    await journal.snapshot([])
    const management = await jetstreamManager(line.nats)
    await management.streams.delete(subjects.logStream(0))
    await assert.rejects(open(), isFault('E_LOG_TRUNCATED', /is gone/))
  })

  test('NATS-9 a log that is shorter than it was, or another one, is refused', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const journal = await open()
    await journal.append(life('a'))
    const remembered = journal.end()
    const management = await jetstreamManager(line.nats)
    const anew = async (...facts: readonly Fact[]): Promise<void> => {
      await management.streams.delete(subjects.logStream(0))
      await (await open()).append(facts)
    }
    await anew(started(1))
    await assert.rejects(open(remembered), isFault('E_LOG_TRUNCATED', /expected >= 4 facts, found 1/))
    await anew(...life('b'))
    await assert.rejects(open(remembered), isFault('E_LOG_CORRUPT', /another one/))
  })

  test('NATS-9 facts that were changed or put in by somebody else are refused', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const journal = await open()
    await journal.append(life('a'))
    const { hash, position } = journal.end()
    const label = { batch: 'x.1', part: 1, parts: 1, first: position + 1, last: position + 4, hash }
    const streams = jetstream(line.nats)
    await streams.publish(subjects.log(0), encodeFacts(life('b'), new Packer()), {
      headers: headersOf(label),
    })
    const reader = await open()
    await assert.rejects(factsIn(reader), isFault('E_LOG_CORRUPT', /damaged at position 5/))
    await streams.publish(subjects.log(0), 'no fact')
    await assert.rejects(open(), isFault('E_LOG_CORRUPT', /none of a log/))
  })

  test('NATS-10 a stream that is not what a log needs is refused by its setting', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const management = await jetstreamManager(line.nats)
    const [name, subject] = [subjects.logStream(0), subjects.log(0)]
    await management.streams.add({
      name,
      subjects: [subject],
      max_age: 3_600_000_000_000,
      discard: 'new' as never,
    })
    await assert.rejects(open(), isFault('E_STORE_OPEN', /has deny_delete false, and a log needs true/))
  })

  test('NATS-10 every setting that a log cannot do without is looked at', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const management = await jetstreamManager(line.nats)
    const name = subjects.sideStream
    const base = { name, subjects: [subjects.sideAll], discard: 'new' as never }
    const unfit: readonly (readonly [object, RegExp])[] = [
      [{ storage: 'memory' }, /has storage memory/],
      [{ discard: 'old' }, /has discard old/],
      [{ max_age: 3_600_000_000_000 }, /has max_age 3600000000000/],
      [{ max_msgs: 100 }, /has max_msgs 100/],
      [{ max_msgs_per_subject: 1 }, /has max_msgs_per_subject 1/],
      [{ max_msg_size: 1_000 }, /has max_msg_size 1000/],
      [{ no_ack: true }, /has no_ack true/],
      [{ allow_direct: true }, /has allow_direct true/],
      [{ retention: 'workqueue' }, /has retention workqueue/],
      [{ subjects: ['elsewhere'] }, /has subjects elsewhere/],
    ]
    for (const [wrong, said] of unfit) {
      await management.streams.add({ ...base, ...wrong } as never)
      await assert.rejects(open(), isFault('E_STORE_OPEN', said))
      await management.streams.delete(name)
    }
    await (await open()).append(life('a'))
  })

  test('NATS-10 a server that is too old is refused by its version', patient, async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.write(
        `INFO ${JSON.stringify({ server_id: 'x', version: '2.8.4', proto: 1, max_payload: 1_048_576 })}\r\n`,
      )
      socket.on('data', (data) => {
        if (data.toString().includes('PING')) socket.write('PONG\r\n')
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    await assert.rejects(lineTo(`nats://127.0.0.1:${port}`), isFault('E_STORE_VERSION', /is version 2\.8\.4/))
  })

  test('NATS-20 nothing is taken out of a log, by nobody', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const journal = await open()
    await journal.append(life('a'))
    for (let i = 0; i < 3; i++) {
      await journal.append(life(`b${i}`))
      await journal.snapshot([started(1)])
    }
    const management = await jetstreamManager(line.nats)
    const name = subjects.logStream(0)
    await assert.rejects(management.streams.purge(name), /not permitted/)
    await assert.rejects(management.streams.deleteMessage(name, 1), /not permitted/)
    // However many snapshots lie behind it, an ended task is known: announced again, it is answered and not done again.
    const again = await open()
    await again.replay(() => {})
    assert.deepEqual(await again.history('a' as TaskId), life('a'))
    assert.deepEqual(await factsIn(again), [...life('a'), ...life('b0'), ...life('b1'), ...life('b2')])
  })

  test('NATS-20 a snapshot stays, also where the one before it was the first message', patient, async (t) => {
    const { open } = await placeFor(t)
    const journal = await open()
    // A hub that is closed before anything was announced: there is nothing to index.
    await journal.append([started(1)])
    await journal.snapshot([])
    for (const id of ['a', 'b', 'c']) {
      await journal.append(life(id))
      await journal.snapshot([accepted(`after-${id}`)])
      const replayed: Fact[] = []
      await (await open()).replay((fact) => replayed.push(fact))
      assert.deepEqual(replayed, [accepted(`after-${id}`)])
    }
  })

  test('NATS-20 a snapshot that is replaced twice while it is read is not damaged', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const journal = await open()
    await journal.append(life('a'))
    await journal.snapshot([accepted('first')])
    const store = await findStore(line, subjects, 0)
    assert.ok(store !== undefined)
    let isRead = false
    const slow: NatsStore = {
      ...store,
      async message(stream, query, how) {
        const isPart = stream === store.sideStream && 'seq' in query && !('next_by_subj' in query)
        if (isPart && !isRead) {
          isRead = true
          for (const id of ['b', 'c']) {
            await journal.append(life(id))
            await journal.snapshot([accepted(`after-${id}`)])
          }
        }
        return store.message(stream, query, how)
      },
    }
    const log = await NatsLog.open(slow, logStart)
    const replayed: Fact[] = []
    assert.equal(await log.replay((fact) => replayed.push(fact)), journal.end().position)
    assert.deepEqual([isRead, replayed], [true, [accepted('after-c')]])
  })

  test('NATS-10 a server without JetStream is refused', patient, async (t) => {
    const server = await startNats([], { jetstream: false })
    t.after(() => server.end())
    const line = await lineTo(server.url)
    t.after(() => line.close())
    const options = { line, subjects, partition: 0, partitions: 1, tell: () => {}, replicas: undefined }
    await assert.rejects(openNatsJournal(options), isFault('E_UNREACHABLE', /has no JetStream/))
  })

  test('NATS-10 a cluster that has only begun, and knows no peers yet, is waited for', patient, async (t) => {
    const servers = await startCluster(3)
    t.after(() => Promise.all(servers.map((server) => server.end())))
    const line = await lineTo(servers[0]?.url ?? '')
    const options = { line, subjects, partition: 0, partitions: 1, tell: () => {}, replicas: 3 }
    const journal = await openNatsJournal(options)
    assert.equal(await journal.append(life('a')), 4)
    await journal.close()
    await line.close()
  })

  test('NATS-10 where acknowledgements need not survive a power cut, that is told', patient, async (t) => {
    const { open, notices, line } = await placeFor(t)
    await open()
    const told = notices.filter(({ code }) => code === 'durability')
    assert.equal(told.length, line.canSync() ? 0 : 1)
    if (!line.canSync()) assert.match(told[0]?.text ?? '', /does not sync/)
  })

  test('NATS-10 a full store is a fault, and what was acknowledged is kept', patient, async (t) => {
    const { open, line } = await placeFor(t)
    const journal = await open()
    await journal.append(life('a'))
    const management = await jetstreamManager(line.nats)
    await management.streams.update(subjects.logStream(0), { max_bytes: 2_000 })
    const filling = (async () => {
      for (let i = 0; i < 20; i++) await journal.append(life(`b${i}`))
    })()
    await assert.rejects(filling, isFault('E_STORE_FULL'))
    await assert.rejects(journal.append(life('c')), isFault('E_STORE_FULL'))
  })
}

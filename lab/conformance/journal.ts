/**
 * The examination of a journal. Every driver of the port passes it, and the suite asks for nothing that the port does
 * not promise.
 */
import assert from 'node:assert/strict'
import { Fault } from '../../src/host/fault.ts'
import type { Journal, Recorded } from '../../src/host/ports.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { type Bench, casesFor, type It } from './bench.ts'
import { accepted, ended, finished, formed, life, started } from './facts.ts'

/** One journal under examination, empty at first. */
export interface JournalBench extends Bench {
  readonly journal: Journal
  /** The same journal as a new hub would find it. The one before is used no more. */
  reopen(): Promise<Journal>
}

/** Registers the examination of one driver; `name` stands in the titles. */
export function examineJournal(name: string, make: () => Promise<JournalBench>): void {
  const it = casesFor(name, make)
  examineAppend(it)
  examineReplay(it)
  examineReading(it)
  examineClose(it)
}

function examineAppend(it: It<JournalBench>): void {
  it('JOURNAL-1 an append resolves with the position of its last fact', async ({ journal }) => {
    assert.equal(await journal.append([started(1)]), 1)
    assert.equal(await journal.append(life('a')), 5)
    assert.equal(await journal.append(life('b')), 9)
  })

  it('JOURNAL-1 an append of nothing changes nothing', async ({ journal, reopen }) => {
    assert.equal(await journal.append([]), 0)
    await journal.append(life('a'))
    assert.equal(await journal.append([]), 4)
    assert.deepEqual(await replayed(await reopen()), { end: 4, facts: life('a') })
  })

  it('JOURNAL-2 facts come back as they were, in order, batch after batch', async ({ journal, reopen }) => {
    const text = JSON.stringify(`"quoted" \\ \n \u0000 \u2028 \ud83d\udc1d \ud800 ${'x'.repeat(100_000)}`)
    const facts = [started(1), ...life('a'), accepted('b'), formed('b'), finished('b', 1, text), ended('b')]
    await journal.append(facts.slice(0, 2))
    await journal.append(facts.slice(2, 7))
    await journal.append(facts.slice(7))
    assert.deepEqual(await replayed(journal), { end: facts.length, facts })
    assert.deepEqual(await replayed(await reopen()), { end: facts.length, facts })
  })

  it('JOURNAL-3 appends that overlap are kept in the order of the calls', async ({ journal, reopen }) => {
    const ids = Array.from({ length: 50 }, (_, i) => `t${i}`)
    const ends = await Promise.all(ids.map((id) => journal.append(life(id))))
    assert.deepEqual(
      ends,
      ids.map((_, i) => 4 * (i + 1)),
    )
    assert.deepEqual((await replayed(await reopen())).facts, ids.flatMap(life))
  })

  it('JOURNAL-3 facts may be changed by nobody, but their array belongs to the caller', async ({
    journal,
  }) => {
    const facts = [...life('a')]
    const appending = journal.append(facts)
    facts.length = 0
    assert.equal(await appending, 4)
    assert.deepEqual((await replayed(journal)).facts, life('a'))
  })
}

function examineReplay(it: It<JournalBench>): void {
  it('JOURNAL-4 an empty journal replays nothing', async ({ journal, reopen }) => {
    assert.deepEqual(await replayed(journal), { end: 0, facts: [] })
    assert.deepEqual(await replayed(await reopen()), { end: 0, facts: [] })
  })

  it('JOURNAL-4 replay gives the newest snapshot and the facts after it', async ({ journal, reopen }) => {
    await journal.append(life('a'))
    await journal.snapshot([accepted('older')])
    await journal.append([accepted('b')])
    await journal.snapshot([accepted('substitute'), formed('substitute')])
    await journal.append([formed('b')])
    await journal.append([finished('b'), ended('b')])
    const facts = [accepted('substitute'), formed('substitute'), formed('b'), finished('b'), ended('b')]
    assert.deepEqual(await replayed(journal), { end: 8, facts })
    assert.deepEqual(await replayed(await reopen()), { end: 8, facts })
  })

  it('JOURNAL-4 a snapshot stands for an append that was called before it', async ({ journal, reopen }) => {
    const appending = journal.append(life('a'))
    const keeping = journal.snapshot([accepted('substitute')])
    const after = journal.append([accepted('b')])
    await Promise.all([appending, keeping, after])
    const facts = [accepted('substitute'), accepted('b')]
    assert.deepEqual(await replayed(await reopen()), { end: 5, facts })
  })

  it('JOURNAL-4 a snapshot of nothing, and two at the same place', async ({ journal, reopen }) => {
    await journal.snapshot([accepted('x')])
    await journal.append(life('a'))
    await journal.snapshot([accepted('y')])
    await journal.snapshot([])
    assert.deepEqual(await replayed(await reopen()), { end: 4, facts: [] })
  })

  it('JOURNAL-5 a reopened journal goes on where it ended', async ({ journal, reopen }) => {
    await journal.append(life('a'))
    const again = await reopen()
    assert.equal(await again.append([accepted('b')]), 5)
    assert.deepEqual(await replayed(again), { end: 5, facts: [...life('a'), accepted('b')] })
  })
}

function examineReading(it: It<JournalBench>): void {
  it('JOURNAL-6 history has every fact about one task, also after a snapshot', async ({
    journal,
    reopen,
  }) => {
    await journal.append([accepted('a'), accepted('b'), formed('a')])
    await journal.snapshot([])
    await journal.append([started(2), formed('b'), finished('a'), ended('a')])
    for (const find of [async () => journal, reopen]) {
      const each = await find()
      assert.deepEqual(await each.history('a' as TaskId), life('a'))
      assert.deepEqual(await each.history('b' as TaskId), [accepted('b'), formed('b')])
      assert.deepEqual(await each.history('never' as TaskId), [])
    }
  })

  it('JOURNAL-7 read gives the log after a position, snapshots or not', async ({ journal, reopen }) => {
    const facts = [started(1), ...life('a'), ...life('b')]
    await journal.append(facts.slice(0, 3))
    await journal.snapshot([])
    await journal.append(facts.slice(3))
    for (const find of [async () => journal, reopen]) {
      const each = await find()
      for (let after = 0; after <= facts.length + 1; after++) {
        const expected = facts.slice(after).map((fact, i) => ({ position: after + i + 1, fact }))
        assert.deepEqual(await collected(each.read(after)), expected)
      }
    }
  })

  it('JOURNAL-7 read ends where the log ended at the time of the call', async ({ journal }) => {
    await journal.append(life('a'))
    const reading = journal.read(2)
    await journal.append(life('b'))
    assert.deepEqual(
      (await collected(reading)).map(({ position }) => position),
      [3, 4],
    )
  })

  it('JOURNAL-7 a reading that is left early does no harm', async ({ journal }) => {
    await journal.append(life('a'))
    for await (const { position } of journal.read(0)) if (position === 2) break
    assert.equal(await journal.append(life('b')), 8)
    assert.equal((await collected(journal.read(0))).length, 8)
  })
}

function examineClose(it: It<JournalBench>): void {
  it('JOURNAL-8 closing twice is closing once, and lets earlier appends finish', async ({ journal }) => {
    const appending = journal.append(life('a'))
    await Promise.all([journal.close(), journal.close()])
    await journal.close()
    assert.equal(await appending, 4)
  })

  it('JOURNAL-8 an empty journal is as closed as another', async ({ journal }) => {
    await journal.close()
    await assert.rejects(collected(journal.read(0)), { code: 'E_CLOSED' })
  })

  it('JOURNAL-8 a closed journal refuses with E_CLOSED', async ({ journal }) => {
    await journal.append(life('a'))
    await journal.close()
    const isClosed = (error: unknown): boolean => error instanceof Fault && error.code === 'E_CLOSED'
    await assert.rejects(journal.append(life('b')), isClosed)
    await assert.rejects(journal.append([]), isClosed)
    await assert.rejects(journal.snapshot([]), isClosed)
    await assert.rejects(replayed(journal), isClosed)
    await assert.rejects(journal.history('a' as TaskId), isClosed)
    await assert.rejects(collected(journal.read(0)), isClosed)
  })
}

async function replayed(journal: Pick<Journal, 'replay'>): Promise<{ end: number; facts: Fact[] }> {
  const facts: Fact[] = []
  const end = await journal.replay((fact) => facts.push(fact))
  return { end, facts }
}

async function collected(reading: AsyncIterable<Recorded>): Promise<Recorded[]> {
  const all: Recorded[] = []
  for await (const recorded of reading) all.push(recorded)
  return all
}

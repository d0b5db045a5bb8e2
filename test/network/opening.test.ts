/** Opening and closing: options, places that cannot be used, and what becomes of those who wait. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../lab/nats-server.ts'
import { type Fault, Network, type NetworkOptions } from '../../src/index.ts'
import {
  aborted,
  agent,
  assertRefused,
  collect,
  fileFor,
  gate,
  need,
  networkFor,
  patient,
  refusalOf,
} from './stage.ts'

test('NET-1 a wrong option is refused by code and field, and opens nothing', patient, async (t) => {
  const file = fileFor(t)
  const cases: readonly [unknown, string, string][] = [
    [{ name: 'a b' }, 'E_BAD_ID', 'name'],
    [{ name: '' }, 'E_BAD_ID', 'name'],
    [{ name: 5 }, 'E_TYPE', 'name'],
    [{ name: 'hub' }, 'E_AGENT_ID_TAKEN', 'name'],
    [{ durability: 'ful' }, 'E_TYPE', 'durability'],
    [{ levels: 'high' }, 'E_TYPE', 'levels'],
    [{ levels: [] }, 'E_RANGE', 'levels'],
    [{ levelsBy: 'age' }, 'E_TYPE', 'levelsBy'],
    [{ levels: ['a', 'a'] }, 'E_BAD_LEVEL', 'levels'],
    [{ levels: ['a', 7] }, 'E_BAD_ID', 'levels[1]'],
    [{ limits: null }, 'E_TYPE', 'limits'],
    [{ limits: { maxAnnouncement: 5 } }, 'E_UNKNOWN_FIELD', 'maxAnnouncement'],
    [{ limits: { holdMs: 0 } }, 'E_RANGE', 'holdMs'],
    [{ limits: { holdMs: 1.5 } }, 'E_RANGE', 'holdMs'],
    [{ seed: 'x' }, 'E_TYPE', 'seed'],
    [{ seed: Number.NaN }, 'E_RANGE', 'seed'],
    [{ limit: {} }, 'E_UNKNOWN_FIELD', 'limit'],
    ['full', 'E_TYPE', 'the input'],
  ]
  for (const [options, code, field] of cases) {
    await assertRefused(Network.open(file, options as NetworkOptions), code, field)
  }
  assert.throws(() => readFileSync(file), { code: 'ENOENT' })
  const { hint } = await refusalOf(Network.open(file, { limits: { groupTimeout: 5 } } as NetworkOptions))
  assert.match(hint ?? '', /groupTimeoutMs/)
  await assertRefused(Network.open(''), 'E_MISSING_FIELD', 'where')
  await assertRefused(Network.open(undefined as unknown as string), 'E_MISSING_FIELD', 'where')
})

test('NET-1 a place that cannot be used is a fault with its code and the way out', patient, async (t) => {
  const file = fileFor(t)
  const foreign = join(dirname(file), 'letter.txt')
  writeFileSync(foreign, 'Dear reader, this is no database at all.\n'.repeat(50))
  mkdirSync(join(dirname(file), 'folder'))
  const open = await networkFor(t, {}, file)
  const cases: readonly [string, string][] = [
    [join(dirname(file), 'nowhere', 'network.db'), 'E_STORE_OPEN'],
    [join(dirname(file), 'folder'), 'E_STORE_OPEN'],
    [foreign, 'E_NOT_A_STORE'],
    [file, 'E_STORE_LOCKED'],
    [`nats://127.0.0.1:${await freePort()}`, 'E_UNREACHABLE'],
  ]
  for (const [where, code] of cases) {
    await assert.rejects(Network.open(where), (fault: Fault) => {
      assert.deepEqual([fault.name, fault.code], ['Fault', code])
      assert.ok(fault.hint !== undefined && fault.message.length > 0)
      return true
    })
  }
  assert.match(readFileSync(foreign, 'utf8'), /^Dear reader/)
  await agent(open, 'ada', () => 1)
  assert.equal((await (await open.announce(need())).outcome()).status, 'completed')
})

for (const place of ['memory', 'file'] as const) {
  test(`NET-19 closing ends every wait with E_CLOSED (${place})`, patient, async (t) => {
    const network = await networkFor(t, {}, place === 'file' ? fileFor(t) : ':memory:')
    const begun = gate<AbortSignal>()
    await agent(network, 'ada', (_, { signal }) => {
      begun.open(signal)
      return new Promise(() => {})
    })
    const works = await network.announce(need({ id: 'works' }))
    const waits = await network.announce(
      need({ id: 'waits', requires: [{ skill: 'magic' }], startBy: 'initiator' }),
    )
    const signal = await begun.passed
    const updates = collect(works.updates())
    const watched = collect(network.watch())
    const closed = { name: 'Fault', code: 'E_CLOSED' }
    const waiting = Promise.all([
      assert.rejects(works.outcome(), closed),
      assert.rejects(waits.outcome(), closed),
      assert.rejects(waits.start(), closed),
      assert.rejects(network.agents(), closed),
    ])
    const cancelled = assert.rejects(waits.cancel(), closed)
    await Promise.all([network.close(), network.close()])
    await waiting
    await cancelled
    assert.match(await aborted(signal), /closed/)
    assert.deepEqual(
      (await updates).map(({ kind }) => kind),
      ['accepted', 'formed'],
    )
    await watched
    const calls: readonly (() => Promise<unknown>)[] = [
      () => network.announce(need()),
      () => network.join({ id: 'bob', skills: [{ name: 'work' }], perform: () => 1 }),
      () => network.tasks(),
      () => network.agents(),
      () => network.groups(),
      () => network.task('works'),
      () => network.explain('works'),
      () => network.cancel('works'),
      () => works.explain(),
    ]
    for (const call of calls) await assert.rejects(call(), closed, String(call))
    assert.throws(() => network.watch(), closed)
  })
}

test('NET-19 a network in a block closes itself', patient, async () => {
  let left: Network | undefined
  {
    await using network = await Network.open(':memory:')
    left = network
  }
  await assert.rejects(left.tasks(), { code: 'E_CLOSED' })
})

test('NET-19 an outcome that nobody waits for does not end the process', patient, async (t) => {
  const network = await networkFor(t)
  await network.announce(need())
  const seen: unknown[] = []
  const note = (cause: unknown): void => {
    seen.push(cause)
  }
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  await network.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(seen, [])
})

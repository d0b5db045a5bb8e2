/** What may be announced, once and again, and what is refused by code and field. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnnounceSpec, explanationText, Network } from '../../src/index.ts'
import { agent, assertRefused, fileFor, gate, need, networkFor, patient, refusalOf } from './stage.ts'

const cycle: { self?: unknown } = {}
cycle.self = cycle

const malformed: readonly [Record<string, unknown>, string, string][] = [
  [{ id: '' }, 'E_BAD_ID', 'id'],
  [{ id: 'x'.repeat(5000) }, 'E_BAD_ID', 'id'],
  [{ id: 'a.b' }, 'E_BAD_ID', 'id'],
  [{ id: 'a b' }, 'E_BAD_ID', 'id'],
  [{ id: '*' }, 'E_BAD_ID', 'id'],
  [{ id: '..' }, 'E_BAD_ID', 'id'],
  [{ id: '__proto__' }, 'E_BAD_ID', 'id'],
  [{ id: 7 }, 'E_TYPE', 'id'],
  [{ description: undefined }, 'E_MISSING_FIELD', 'description'],
  [{ description: ' ' }, 'E_MISSING_FIELD', 'description'],
  [{ description: 'x'.repeat(8193) }, 'E_TOO_LARGE', 'description'],
  [{ description: '\ud800' }, 'E_JSON', 'description'],
  [{ requires: [] }, 'E_NO_REQUIREMENTS', 'requires'],
  [{ requires: undefined }, 'E_NO_REQUIREMENTS', 'requires'],
  [{ requires: 'work' }, 'E_TYPE', 'requires'],
  [{ requires: [{ skill: 'a b' }] }, 'E_BAD_ID', 'requires[0].skill'],
  [{ requires: [{ skill: 'work', level: 'guru' }] }, 'E_BAD_LEVEL', 'requires[0].level'],
  [{ requires: [{ skill: 'work', count: 0 }] }, 'E_RANGE', 'requires[0].count'],
  [{ requires: [{ skill: 'work', count: 65 }] }, 'E_RANGE', 'requires[0].count'],
  [{ requires: [{ skill: 'work' }, { skill: 'work' }] }, 'E_DUPLICATE_SKILL', 'requires'],
  [{ optional: [{ skill: 'work' }] }, 'E_DUPLICATE_SKILL', 'optional'],
  [{ priority: 'urgent' }, 'E_BAD_PRIORITY', 'priority'],
  [{ deadlineMs: 0 }, 'E_DEADLINE_PAST', 'deadlineMs'],
  [{ deadlineMs: -1 }, 'E_DEADLINE_PAST', 'deadlineMs'],
  [{ deadlineMs: Number.NaN }, 'E_RANGE', 'deadlineMs'],
  [{ maxGroupSize: 0 }, 'E_RANGE', 'maxGroupSize'],
  [{ requires: [{ skill: 'work', count: 3 }], maxGroupSize: 2 }, 'E_GROUP_TOO_SMALL', 'maxGroupSize'],
  [{ minMembers: 3, maxGroupSize: 2 }, 'E_GROUP_TOO_SMALL', 'maxGroupSize'],
  [{ id: 'a', dependsOn: ['a'] }, 'E_DEPENDENCY_CYCLE', 'dependsOn[0]'],
  [{ dependsOn: ['nobody-knows'] }, 'E_NO_SUCH_TASK', 'dependsOn'],
  [{ dependsOn: ['..'] }, 'E_BAD_ID', 'dependsOn[0]'],
  [{ dependsOn: ['b', 'b'] }, 'E_RANGE', 'dependsOn[1]'],
  [{ budget: -1 }, 'E_RANGE', 'budget'],
  [{ budget: '5' }, 'E_TYPE', 'budget'],
  [{ verify: 'everybody' }, 'E_TYPE', 'verify'],
  [{ verify: { skill: 'check', level: 'guru' } }, 'E_BAD_LEVEL', 'verify.level'],
  [{ startBy: 'me' }, 'E_TYPE', 'startBy'],
  [{ maxAttempts: 0 }, 'E_RANGE', 'maxAttempts'],
  [{ workSilenceMs: 0 }, 'E_RANGE', 'workSilenceMs'],
  [{ exclude: ['a b'] }, 'E_BAD_ID', 'exclude[0]'],
  [{ payload: cycle }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: 5n }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: () => 1 }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: 'x'.repeat(1_048_576) }, 'E_TOO_LARGE', 'payload'],
  [{ metadata: 'x'.repeat(1_048_576) }, 'E_TOO_LARGE', 'metadata'],
  [{ requirements: [] }, 'E_UNKNOWN_FIELD', 'requirements'],
  [{ parent: 'p' }, 'E_UNKNOWN_FIELD', 'parent'],
]

test('NET-5 a malformed announcement is refused by code and field', patient, async (t) => {
  const network = await networkFor(t)
  for (const [wrong, code, field] of malformed) {
    await assertRefused(network.announce(need(wrong)), code, field)
  }
  await assertRefused(network.announce(undefined as unknown as AnnounceSpec), 'E_MISSING_FIELD', 'the input')
  assert.deepEqual(await network.tasks(), [])
  // The largest payload that the limit allows: two of its characters are the quotes.
  const fits = await network.announce(need({ payload: 'x'.repeat(1_048_574) }))
  assert.equal((await fits.explain()).task.status, 'waiting')
})

for (const place of ['memory', 'file'] as const) {
  test(`NET-6 the same id and content is one task, open or ended (${place})`, patient, async (t) => {
    const network = await networkFor(t, {}, place === 'file' ? fileFor(t) : ':memory:')
    const begun = gate()
    const finish = gate<string>()
    let runs = 0
    await agent(network, 'ada', () => {
      runs += 1
      begun.open()
      return finish.passed
    })
    const spec = need({ id: 'once', payload: { a: 1 } })
    const [first, second] = await Promise.all([network.announce(spec), network.announce(spec)])
    await begun.passed
    await network.announce(need({ id: 'once', payload: { a: 1 } }))
    await assertRefused(network.announce(need({ id: 'once', payload: { a: 2 } })), 'E_TASK_CONFLICT', 'id')
    finish.open('done')
    const outcome = await first.outcome()
    assert.deepEqual(await second.outcome(), outcome)
    const again = await network.announce(spec)
    assert.deepEqual(await again.outcome(), outcome)
    await assertRefused(network.announce(need({ id: 'once' })), 'E_TASK_CONFLICT', 'id')
    assert.equal(runs, 1)
    assert.equal((await network.tasks()).length, 1)
  })
}

test('NET-6 it stays one task when the file is opened again, long after its end', patient, async (t) => {
  const file = fileFor(t)
  const options = { limits: { endedKept: 0 } }
  let runs = 0
  const open = async (): Promise<Network> => {
    const network = await Network.open(file, options)
    await agent(network, 'ada', () => ++runs)
    return network
  }
  {
    await using network = await open()
    await (await network.announce(need({ id: 'once' }))).outcome()
    for (let i = 0; i < 70; i++) await (await network.announce(need({ id: `later-${i}` }))).outcome()
  }
  runs = 0
  await using network = await open()
  const again = await network.announce(need({ id: 'once' }))
  assert.deepEqual((await again.outcome()).results.work, [{ agent: 'ada', result: 1 }])
  await assertRefused(network.announce(need({ id: 'once', payload: 1 })), 'E_TASK_CONFLICT', 'id')
  assert.equal(runs, 0)
  assert.equal((await network.task('once'))?.id, 'once')
  assert.equal(await network.task('never'), undefined)
})

test('NET-7 a task waits for those it depends on, and receives their results', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', ({ inputs, payload }) => ({ inputs, payload }))
  const finish = gate<number>()
  await network.join({ id: 'bob', skills: [{ name: 'clean' }], perform: () => finish.passed })
  const first = await network.announce(need({ id: 'first', requires: [{ skill: 'clean' }] }))
  const second = await network.announce(need({ id: 'second', dependsOn: ['first'], payload: 'p' }))
  const { waiting, task } = await second.explain()
  assert.deepEqual([waiting, task.status], [{ kind: 'dependencies', tasks: ['first'] }, 'blocked'])
  finish.open(42)
  assert.equal((await first.outcome()).status, 'completed')
  assert.deepEqual((await second.outcome()).results.work, [
    { agent: 'ada', result: { inputs: { first: { clean: [{ agent: 'bob', result: 42 }] } }, payload: 'p' } },
  ])
  const third = await network.announce(need({ dependsOn: ['first', 'second'] }))
  assert.equal((await third.outcome()).status, 'completed')
})

test(
  'NET-7 a task fails with the task it depends on, before or after it was announced',
  patient,
  async (t) => {
    const network = await networkFor(t)
    const first = await network.announce(need({ id: 'first' }))
    const second = await network.announce(need({ id: 'second', dependsOn: ['first'] }))
    const third = await network.announce(need({ id: 'third', dependsOn: ['second'] }))
    await first.cancel()
    const outcomes = [await second.outcome(), await third.outcome()]
    assert.deepEqual(
      outcomes.map(({ status, reason }) => [status, reason?.code, reason?.message]),
      [
        ['failed', 'E_DEPENDENCY_FAILED', 'it depends on "first", which ended as cancelled'],
        ['failed', 'E_DEPENDENCY_FAILED', 'it depends on "second", which ended as failed'],
      ],
    )
    await assertRefused(network.announce(need({ dependsOn: ['first'] })), 'E_DEPENDENCY_FAILED', 'dependsOn')
  },
)

test('NET-8 at its deadline a task expires, and its members are told to stop', patient, async (t) => {
  const network = await networkFor(t)
  const stopped = gate<unknown>()
  await agent(network, 'ada', ({ deadlineAt }, { signal }) => {
    assert.ok(deadlineAt !== undefined && deadlineAt > Date.now() - 1000)
    signal.addEventListener('abort', () => stopped.open(signal.reason))
    return new Promise(() => {})
  })
  const working = await network.announce(need({ deadlineMs: 500 }))
  const waiting = await network.announce(need({ deadlineMs: 20, requires: [{ skill: 'magic' }] }))
  for (const task of [working, waiting]) {
    const { status, reason, results } = await task.outcome()
    assert.deepEqual([status, reason?.code, results], ['expired', 'E_DEADLINE', {}])
  }
  assert.match(String(await stopped.passed), /deadline of 500 ms/)
})

test('NET-17 a full hub and a full initiator refuse, and say when to come again', patient, async (t) => {
  const network = await networkFor(t, { limits: { maxAnnouncements: 3, maxAnnouncementsPerInitiator: 2 } })
  const ada = await agent(network, 'ada', () => 1)
  const magic = need({ requires: [{ skill: 'magic' }] })
  const first = await network.announce({ ...magic, id: 'first' })
  await network.announce(magic)
  const quota = await refusalOf(network.announce(magic))
  assert.deepEqual([quota.code, quota.retryAfterMs], ['E_QUOTA', 20])
  // What is known already is no new task.
  await network.announce({ ...magic, id: 'first' })
  await ada.announce(magic)
  const full = await refusalOf(ada.announce(magic))
  assert.deepEqual([full.code, full.retryAfterMs], ['E_FULL', 20])
  for (const { hint } of [quota, full]) assert.ok(hint !== undefined)
  await first.cancel()
  await network.announce(magic)
})

test('TASK-12 the initiator hears the warning with the acceptance, and tasks and explain show it', async () => {
  await using network = await Network.open(':memory:')
  const spec = { description: 'late', requires: [{ skill: 'work' }], expectedMs: 60_000, deadlineMs: 30_000 }
  const task = await network.announce(spec)
  for await (const update of task.updates()) {
    assert.equal(update.kind, 'accepted')
    assert.equal(update.kind === 'accepted' && update.warning?.expectedMs, 60_000)
    break
  }
  const [view] = await network.tasks()
  assert.equal(view?.warning?.kind, 'late')
  const text = explanationText(await task.explain())
  assert.match(text, /\nAccepted with a warning: it is expected to end after 60000 ms, .* 30000 ms\.\n/)
})

test(
  'TASK-7 where there are enough for each skill and too few for the smallest size, that is said',
  patient,
  async (t) => {
    const network = await networkFor(t)
    for (const id of ['ada', 'bob', 'cyd']) await agent(network, id, () => 1)
    const requires = [{ skill: 'work', count: 2 }]
    const task = await network.announce(need({ requires, optional: [{ skill: 'art' }], minMembers: 3 }))
    let { waiting, summary } = await task.explain()
    while (waiting?.kind !== 'unwilling') ({ waiting, summary } = await task.explain())
    assert.deepEqual(waiting, { kind: 'unwilling', needs: [] })
    assert.match(summary, /too few agents offered for a group of its smallest size; it asks again soon\.$/)
    await agent(network, 'eve', () => 2, { skills: [{ name: 'art' }] })
    assert.equal((await task.outcome()).status, 'completed')
  },
)

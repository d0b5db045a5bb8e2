/** Work: what members are handed, what becomes of what they return, throw, keep silent about, or say too late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Assignment, Outcome, Work } from '../../src/index.ts'
import { agent, assertRefused, collect, gate, need, networkFor, patient, refusalOf } from './stage.ts'

test('WORK-1 a member is handed what was announced, and who does the rest', patient, async (t) => {
  const network = await networkFor(t)
  const seen = gate<Assignment>()
  const partners = gate<Work['group']['members']>()
  await network.join({
    id: 'ada',
    skills: [{ name: 'clean' }, { name: 'check' }],
    perform: (assignment, { group }) => {
      seen.open(assignment)
      partners.open(group.members)
      return null
    },
  })
  await network.join({ id: 'bob', skills: [{ name: 'train' }], perform: () => null })
  const task = await network.announce({
    id: 'both',
    description: 'Clean, check and train',
    payload: { file: 'a.csv' },
    metadata: ['m'],
    deadlineMs: 60_000,
    requires: [{ skill: 'clean' }, { skill: 'check' }, { skill: 'train' }],
  })
  const { deadlineAt, skills, ...rest } = await seen.passed
  assert.deepEqual(rest, {
    task: 'both',
    epoch: 1,
    description: 'Clean, check and train',
    payload: { file: 'a.csv' },
    metadata: ['m'],
    depth: 0,
    inputs: {},
    finished: [],
  })
  assert.deepEqual([...skills].sort(), ['check', 'clean'])
  assert.ok(deadlineAt !== undefined && Math.abs(deadlineAt - Date.now() - 60_000) < 10_000)
  const members = (await partners.passed).map(({ agent, skills }) => [agent, [...skills].sort().join()])
  assert.deepEqual(members.sort(), [
    ['ada', 'check,clean'],
    ['bob', 'train'],
  ])
  assert.equal((await task.outcome()).status, 'completed')
})

test("WORK-1 what one agent does to its payload, another's does not see", patient, async (t) => {
  const network = await networkFor(t)
  const payload = { list: [1] }
  await agent(network, 'ada', (assignment) => {
    const mine = assignment.payload as { list: number[] }
    mine.list.push(2)
    return mine
  })
  const { results } = await (await network.announce(need({ payload }))).outcome()
  assert.deepEqual([payload, results.work?.[0]?.result], [{ list: [1] }, { list: [1, 2] }])
})

const circle: { self?: unknown } = {}
circle.self = circle
const trap = Object.defineProperty({}, 'then', { get: () => assert.fail('trap') })
const hostile = { toJSON: () => assert.fail('not mine') }
const tooMuch = 'the result of "ada" has 100000002 characters of JSON; the limit is 1048576'
const notJson = 'the result of "ada" cannot be written as JSON'

const failures: readonly [string, () => unknown, string][] = [
  ['throws', () => assert.fail('no such column'), '"ada" failed: no such column'],
  ['rejects', async () => Promise.reject(new Error('first\nsecond')), '"ada" failed: first'],
  ['throws a text', () => Promise.reject('plain'), '"ada" failed: plain'],
  ['throws nothing', () => Promise.reject(undefined), '"ada" failed: undefined'],
  [
    'throws what has no text',
    () => Promise.reject(Object.create(null)),
    '"ada" failed: it threw what cannot be written as text',
  ],
  ['returns a cycle', () => circle, `${notJson}: Converting circular structure to JSON`],
  ['returns a BigInt', () => 5n, `${notJson}: Do not know how to serialize a BigInt`],
  ['returns a function', () => () => 1, 'the result of "ada" is a function, which JSON cannot carry'],
  ['returns a symbol', () => Symbol('s'), 'the result of "ada" is a symbol, which JSON cannot carry'],
  ['returns 100 MB', () => 'x'.repeat(100_000_000), tooMuch],
  ['returns a hostile toJSON', async () => hostile, `${notJson}: not mine`],
  ['returns a hostile then', () => trap, '"ada" failed: trap'],
]

for (const [name, perform, message] of failures) {
  test(`WORK-2 the work fails, and nothing else, when its function ${name}`, patient, async (t) => {
    const network = await networkFor(t)
    await agent(network, 'ada', perform)
    const task = await network.announce(need({ maxAttempts: 1 }))
    const { status, reason } = await task.outcome()
    assert.deepEqual(
      [status, reason?.code, reason?.message],
      ['failed', 'E_ATTEMPTS', `given up after 1 try; the last: ${message}`],
    )
    await network.join({ id: 'bob', skills: [{ name: 'other' }], perform: () => undefined })
    const next = await network.announce(need({ requires: [{ skill: 'other' }] }))
    assert.deepEqual((await next.outcome()).results.other, [{ agent: 'bob', result: null }])
  })
}

test('WORK-3 who fails is replaced, and the epoch rises', patient, async (t) => {
  const network = await networkFor(t)
  const tries: string[] = []
  await agent(network, 'ada', ({ epoch }) => {
    tries.push(`ada ${epoch}`)
    throw new Error('no')
  })
  await network.join({
    id: 'bob',
    skills: [{ name: 'work', level: 'novice', successRate: 0.1 }],
    perform: ({ epoch }) => tries.push(`bob ${epoch}`),
  })
  const task = await network.announce(need({ exclude: ['bob'], maxAttempts: 2 }))
  assert.equal((await task.outcome()).status, 'failed')
  assert.deepEqual(tries, ['ada 1', 'ada 2'])
  tries.length = 0
  const other = await network.announce(need({ id: 'other', maxAttempts: 3 }))
  const { results } = await other.outcome()
  assert.equal(results.work?.[0]?.agent, 'bob')
  assert.equal((await other.explain()).task.epoch, tries.length)
})

test(
  'WORK-4 a silent member is replaced, and what it returns afterwards changes nothing',
  patient,
  async (t) => {
    const network = await networkFor(t)
    const late = gate<string>()
    const stopped = gate<string>()
    const ada = await agent(network, 'ada', async (_, { signal }) => {
      signal.addEventListener('abort', () => stopped.open(String(signal.reason.message)))
      return late.passed
    })
    // Longer than a busy machine keeps a process waiting: bob is not to be silent by accident.
    const task = await network.announce(need({ workSilenceMs: 1500, maxAttempts: 2, verify: 'initiator' }))
    for await (const update of task.updates()) if (update.kind === 'formed') break
    await agent(network, 'bob', () => 'in time')
    assert.match(await stopped.passed, /no sign of work for \d+ ms/)
    late.open('too late')
    const { losses, task: view } = await task.explain()
    assert.deepEqual([losses[0]?.agent, losses[0]?.reason.code, view.attempts], ['ada', 'E_WORK_SILENT', 1])
    for await (const update of task.updates()) if (update.kind === 'formed' && update.epoch === 2) break
    // A round trip through ada's node: her late result has been dealt with.
    await (await ada.announce(need({ requires: [{ skill: 'magic' }] }))).cancel()
    assert.deepEqual((await task.explain()).task.members, { work: ['bob'] })
    assert.equal((await task.cancel()).status, 'cancelled')
  },
)

test('WORK-4 a report is a sign of life', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', async (_, { report }) => {
    for (let i = 0; i <= 23; i++) {
      report(i / 23)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return 'slow'
  })
  const outcome = await (await network.announce(need({ workSilenceMs: 2000, maxAttempts: 1 }))).outcome()
  assert.deepEqual(outcome.results.work, [{ agent: 'ada', result: 'slow' }])
})

test('WORK-5 the last checkpoint goes to whoever follows', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', async ({ epoch, checkpoint }, work) => {
    if (epoch > 1) return { from: checkpoint?.agent, epoch: checkpoint?.epoch, data: checkpoint?.data }
    assert.equal(checkpoint, undefined)
    await work.checkpoint({ rows: 10 })
    await work.checkpoint({ rows: 20 })
    throw new Error('out of memory')
  })
  const { results } = await (await network.announce(need())).outcome()
  assert.deepEqual(results.work, [{ agent: 'ada', result: { from: 'ada', epoch: 1, data: { rows: 20 } } }])
})

test('WORK-6 words reach the group, or one of it, in the order of their speaker', patient, async (t) => {
  const network = await networkFor(t)
  const listen = async ({ group }: Work): Promise<unknown> => {
    const heard: unknown[] = []
    for await (const { from, data } of group.words()) {
      heard.push([from, data])
      if (data === 'end') return heard
    }
    return heard
  }
  await network.join({ id: 'bob', skills: [{ name: 'hear' }], perform: (_, work) => listen(work) })
  await network.join({ id: 'cyd', skills: [{ name: 'hear' }], perform: (_, work) => listen(work) })
  const refused = gate<string>()
  await network.join({
    id: 'ada',
    skills: [{ name: 'speak' }],
    perform: async (_, { group }) => {
      group.say('all')
      group.say({ n: 1 }, 'bob')
      refused.open((await refusalOf(() => group.say('x', 'nobody'))).code)
      group.say('end')
      return 'said'
    },
  })
  const task = await network.announce(need({ requires: [{ skill: 'speak' }, { skill: 'hear', count: 2 }] }))
  const { results } = await task.outcome()
  const heard = new Map(results.hear?.map(({ agent, result }) => [agent as string, result]))
  assert.deepEqual(heard.get('bob'), [
    ['ada', 'all'],
    ['ada', { n: 1 }],
    ['ada', 'end'],
  ])
  assert.deepEqual(heard.get('cyd'), [
    ['ada', 'all'],
    ['ada', 'end'],
  ])
  assert.equal(await refused.passed, 'E_NOT_MEMBER')
})

test('WORK-7 what a member says is checked where it says it', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', async (_, { report, checkpoint, group }) => {
    const codes: string[] = []
    for (const fraction of [-0.1, 1.1, Number.NaN]) {
      codes.push((await refusalOf(() => report(fraction))).code)
    }
    codes.push((await refusalOf(checkpoint(5n))).code)
    codes.push((await refusalOf(checkpoint('x'.repeat(1_048_576)))).code)
    codes.push((await refusalOf(() => group.say(circle))).code)
    return codes
  })
  const { results } = await (await network.announce(need({ maxAttempts: 1 }))).outcome()
  const range = ['E_RANGE', 'E_RANGE', 'E_RANGE']
  const codes = [...range, 'E_NOT_SERIALISABLE', 'E_TOO_LARGE', 'E_NOT_SERIALISABLE']
  assert.deepEqual(results.work?.[0]?.result, codes)
})

test('WORK-8 a sub-task belongs to its task and is cancelled with it', patient, async (t) => {
  const network = await networkFor(t)
  const child = gate<Promise<Outcome>>()
  await agent(network, 'ada', async (_, { announce }) => {
    const part = await announce(need({ id: 'part', requires: [{ skill: 'magic' }] }))
    child.open(part.outcome())
    return new Promise(() => {})
  })
  const task = await network.announce(need({ id: 'whole' }))
  const outcome = child.passed
  for await (const update of task.updates()) if (update.kind === 'formed') break
  // Opened with a promise, it passes with its value; so the parent is cancelled first.
  const [part] = await Promise.all([
    outcome,
    (async () => {
      while ((await network.task('part')) === undefined) await new Promise((resolve) => setImmediate(resolve))
      assert.equal((await network.explain('part')).task.parent, 'whole')
      await task.cancel()
    })(),
  ])
  assert.deepEqual([part.status, part.reason?.code], ['cancelled', 'E_CANCELLED'])
})

test(
  'WORK-8 sub-tasks of sub-tasks are bounded, and only a member at work announces one',
  patient,
  async (t) => {
    const network = await networkFor(t, { limits: { depthMax: 2 } })
    let kept: Work | undefined
    await agent(network, 'ada', async ({ depth }, work) => {
      kept ??= work
      if (depth < 2) return (await (await work.announce(need())).outcome()).results.work?.[0]?.result
      return (await refusalOf(work.announce(need()))).code
    })
    const { results } = await (await network.announce(need())).outcome()
    assert.equal(results.work?.[0]?.result, 'E_DEPTH_LIMIT')
    assert.ok(kept !== undefined)
    await assertRefused(kept.announce(need()), 'E_NO_SUCH_TASK', 'parent')
    assert.deepEqual(await collect(kept.group.words()), [])
  },
)

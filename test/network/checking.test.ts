/** Who judges: a verifier its claim, an agent a question and an invitation. And which groups are formed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentDefinition, AnnounceSpec, Verification } from '../../src/index.ts'
import { agent, need, networkFor, patient } from './stage.ts'

test('WORK-9 a function sends a claim back with its reason, and accepts the next', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', ({ feedback, epoch }) => ({ feedback: feedback ?? null, epoch }))
  const judged: unknown[] = []
  const task = await network.announce(
    need({
      verify: async (results) => {
        judged.push(results)
        return judged.length === 1 ? { accepted: false, reason: 'a column is missing' } : true
      },
    }),
  )
  const { status, results } = await task.outcome()
  const first = { work: [{ agent: 'ada', result: { feedback: null, epoch: 1 } }] }
  const second = { work: [{ agent: 'ada', result: { feedback: 'a column is missing', epoch: 2 } }] }
  assert.deepEqual([status, results, judged], ['completed', second, [first, second]])
  assert.equal((await task.explain()).task.attempts, 1)
})

const noVerdicts: readonly [unknown, string][] = [
  [false, 'not accepted'],
  [undefined, 'the check gave no verdict'],
  ['yes', 'the check gave no verdict'],
  [{ accepted: 'yes' }, 'no reason given'],
  [{ accepted: false, reason: 7 }, 'no reason given'],
  [new Error('no such file'), 'the check failed: no such file'],
]

test('WORK-9 what is no verdict is a no, and after maxAttempts the task has failed', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', () => 1)
  for (const [verdict, reason] of noVerdicts) {
    let calls = 0
    const verify = (): Verification => {
      calls += 1
      if (verdict instanceof Error) throw verdict
      return verdict as Verification
    }
    const outcome = await (await network.announce(need({ verify, maxAttempts: 2 }))).outcome()
    assert.deepEqual(outcome, {
      status: 'failed',
      results: {},
      reason: { code: 'E_VERDICT_NO', message: `the result was not accepted: ${reason}` },
    })
    assert.equal(calls, 2)
  }
})

test('WORK-10 an agent outside the group checks the claim', patient, async (t) => {
  const network = await networkFor(t)
  const both = [{ name: 'work' }, { name: 'review' }]
  await network.join({ id: 'ada', skills: both, perform: ({ feedback }) => feedback ?? 'draft' })
  const seen: unknown[] = []
  await network.join({
    id: 'rev',
    skills: [{ name: 'review' }],
    perform: ({ payload }) => {
      seen.push(payload)
      return seen.length === 1 ? { accepted: false, reason: 'too short' } : true
    },
  })
  const task = await network.announce(need({ id: 'paper', payload: 5, verify: { skill: 'review' } }))
  const { status, results } = await task.outcome()
  assert.deepEqual([status, results.work], ['completed', [{ agent: 'ada', result: 'too short' }]])
  const claim = (result: string) => ({
    task: 'paper',
    description: 'Do the work',
    payload: 5,
    results: [{ agent: 'ada', skills: ['work'], result }],
  })
  assert.deepEqual(seen, [claim('draft'), claim('too short')])
})

test('WORK-10 without an agent outside the group the check waits, and says so', patient, async (t) => {
  const network = await networkFor(t)
  const both = [{ name: 'work' }, { name: 'review' }]
  await network.join({ id: 'ada', skills: both, perform: () => true })
  const task = await network.announce(need({ id: 'paper', verify: { skill: 'review' } }))
  const isCheck = ({ parent }: { readonly parent?: string }): boolean => parent === 'paper'
  let check = (await network.tasks()).find(isCheck)
  while (check === undefined) {
    await new Promise((resolve) => setImmediate(resolve))
    check = (await network.tasks()).find(isCheck)
  }
  assert.deepEqual((await network.explain(check.id)).waiting?.kind, 'missing')
  assert.deepEqual((await task.explain()).waiting, { kind: 'verdict' })
  assert.equal((await task.cancel()).status, 'cancelled')
})

const judgements: readonly [string, Partial<AgentDefinition>, 'declined' | 'rejected', string][] = [
  ['declines', { consider: () => ({ decline: 'not my field' }) }, 'declined', 'not my field'],
  ['throws', { consider: async () => assert.fail('db down') }, 'declined', 'its judgement failed: db down'],
  ['rejects', { confirm: () => ({ reject: 'changed my mind' }) }, 'rejected', 'changed my mind'],
  ['says false', { confirm: () => false }, 'rejected', 'it does not want to'],
  [
    'throws later',
    { confirm: async () => assert.fail('db down') },
    'rejected',
    'its judgement failed: db down',
  ],
]

for (const [name, hooks, verdict, why] of judgements) {
  test(`WORK-11 an agent that ${name} is passed over, and explain says why`, patient, async (t) => {
    const network = await networkFor(t)
    const asked: unknown[] = []
    await agent(network, 'ada', () => 1, {
      ...hooks,
      ...(hooks.consider === undefined
        ? {}
        : {
            consider: (call) => {
              asked.push([call.description, call.needs.map(({ skill }) => skill as string)])
              return hooks.consider?.(call) ?? {}
            },
          }),
    })
    await network.join({ id: 'bob', skills: [{ name: 'work', successRate: 0 }], perform: () => 2 })
    const task = await network.announce(need())
    assert.deepEqual((await task.outcome()).results.work, [{ agent: 'bob', result: 2 }])
    const [formation] = (await task.explain()).formations
    const ada = formation?.considered.find(({ agent }) => agent === 'ada')
    // An invitation goes to the best only, so an agent that would reject may never have had one.
    if (verdict === 'declined') {
      assert.deepEqual([ada?.verdict, ada?.why], ['declined', why])
      assert.deepEqual(asked, [['Do the work', ['work']]])
    } else if (ada?.verdict !== 'outscored') assert.deepEqual([ada?.verdict, ada?.why], ['rejected', why])
  })

  test(
    `WORK-11 while nobody else is there, the task waits for the agent that ${name}`,
    patient,
    async (t) => {
      const network = await networkFor(t)
      await agent(network, 'ada', () => 1, hooks)
      const task = await network.announce(need())
      let explanation = await task.explain()
      while (explanation.waiting?.kind !== 'unwilling') {
        await new Promise((resolve) => setImmediate(resolve))
        explanation = await task.explain()
      }
      const [ada] = explanation.considered
      assert.deepEqual([ada?.agent, ada?.verdict, ada?.why], ['ada', verdict, why])
      assert.match(explanation.summary, /too few agents offered work \(novice\); it asks again soon/)
    },
  )
}

test('WORK-11 an answer that nobody could mean is a decline', patient, async (t) => {
  const answers: readonly [unknown, RegExp][] = [
    ['no', /cannot be read/],
    [{ price: -5 }, /consider\.price must be a number of at least 0/],
    [{ price: Number.NaN }, /consider\.price/],
    [{ price: '5' }, /consider\.price/],
    [{ expectedMs: 0 }, /consider\.expectedMs/],
    [{ decline: 5 }, /consider\.decline/],
    [{ kind: 'no' }, /unknown field "kind"/],
  ]
  for (const [answer, why] of answers) {
    const network = await networkFor(t)
    const consider = (): never => answer as never
    await agent(network, 'ada', () => 1, { consider })
    const task = await network.announce(need())
    let considered = (await task.explain()).considered
    while (considered[0]?.verdict !== 'declined') {
      await new Promise((resolve) => setImmediate(resolve))
      considered = (await task.explain()).considered
    }
    assert.match(considered[0].why ?? '', why)
    await network.close()
  }
})

interface GroupCase {
  readonly title: string
  readonly spec: Partial<AnnounceSpec>
  readonly members: Readonly<Record<string, readonly string[]>>
  readonly uncovered?: readonly string[]
}

const skill = (name: string) => ({ skill: name })
const groups: readonly GroupCase[] = [
  {
    title: 'WORK-12 one agent with all the skills is enough',
    spec: { requires: [skill('clean'), skill('train')], maxGroupSize: 1 },
    members: { clean: ['all'], train: ['all'] },
  },
  {
    title: 'WORK-12 a count asks for different agents',
    spec: { requires: [{ skill: 'train', count: 2 }] },
    members: { train: ['all', 'tom'] },
  },
  {
    title: 'WORK-12 an excluded agent is not asked',
    spec: { requires: [skill('train')], exclude: ['all'] },
    members: { train: ['tom'] },
  },
  {
    title: 'WORK-12 optional skills are covered where somebody has them',
    spec: { requires: [skill('clean')], optional: [skill('draw'), skill('fly')] },
    members: { clean: ['all'], draw: ['dan'] },
    uncovered: ['fly'],
  },
  {
    title: 'WORK-12 the group keeps to its budget',
    spec: { requires: [skill('train')], budget: 5 },
    members: { train: ['tom'] },
  },
  {
    title: 'WORK-12 minMembers asks for more than one',
    spec: { requires: [skill('train'), skill('draw')], minMembers: 2 },
    members: { draw: ['dan'], train: ['tom'] },
  },
]

for (const { title, spec, members, uncovered } of groups) {
  test(title, patient, async (t) => {
    const network = await networkFor(t)
    const perform = (): string => 'done'
    await network.join({ id: 'all', price: 10, skills: [{ name: 'clean' }, { name: 'train' }], perform })
    await network.join({ id: 'tom', price: 4, skills: [{ name: 'train' }], perform })
    await network.join({ id: 'dan', price: 4, skills: [{ name: 'draw' }], perform })
    const exclude = title.includes('minMembers') ? { exclude: ['all'] } : {}
    const task = await network.announce({ ...need(spec), ...exclude })
    assert.equal((await task.outcome()).status, 'completed')
    const explanation = await task.explain()
    const sorted = Object.entries(explanation.task.members).map(([name, who]) => [name, [...who].sort()])
    assert.deepEqual(Object.fromEntries(sorted), members)
    assert.deepEqual(explanation.formations[0]?.uncovered, uncovered ?? [])
  })
}

test('WORK-12 above the budget a task waits, and says what the cheapest group costs', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', () => 1, { price: 10 })
  const task = await network.announce(need({ budget: 3 }))
  let { waiting } = await task.explain()
  while (waiting?.kind !== 'budget') waiting = (await task.explain()).waiting
  assert.deepEqual(waiting, { kind: 'budget', cheapest: 10 })
  await agent(network, 'bob', () => 2, { consider: () => ({ price: 3, expectedMs: 5 }) })
  assert.deepEqual((await task.outcome()).results.work, [{ agent: 'bob', result: 2 }])
})

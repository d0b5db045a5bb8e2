/** What an initiator and an onlooker see of tasks: updates, outcomes, views, evidence, the stream of facts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanationText, type Network, type TaskUpdate } from '../../src/index.ts'
import { aborted, agent, assertRefused, collect, fileFor, gate, need, networkFor, patient } from './stage.ts'

test('NET-9 updates come in order, and who reads late hears the milestones', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', async (_, { report, checkpoint, group }) => {
    report(0.25, 'a quarter')
    await checkpoint({ row: 5 })
    group.say(['hello'])
    return 'done'
  })
  const task = await network.announce(need())
  const updates = await collect(task.updates())
  const members = [{ agent: 'ada', skills: ['work'] }]
  const told = (update: TaskUpdate): unknown => {
    if (update.kind !== 'formed') return update
    return { ...update, members: update.members.map(({ agent, skills }) => ({ agent, skills })) }
  }
  const outcome = { status: 'completed', results: { work: [{ agent: 'ada', result: 'done' }] } }
  assert.deepEqual(updates.map(told), [
    { kind: 'accepted' },
    { kind: 'formed', epoch: 1, members },
    { kind: 'progress', agent: 'ada', fraction: 0.25, note: 'a quarter' },
    { kind: 'checkpoint', agent: 'ada' },
    { kind: 'word', agent: 'ada', data: ['hello'] },
    { kind: 'ended', outcome },
  ])
  const late = await collect(task.updates())
  assert.deepEqual(late.map(told), [
    { kind: 'accepted' },
    { kind: 'formed', epoch: 1, members },
    { kind: 'ended', outcome },
  ])
})

test('NET-9 a reader may leave early', patient, async (t) => {
  const network = await networkFor(t)
  const task = await network.announce(need())
  for await (const update of task.updates()) {
    assert.equal(update.kind, 'accepted')
    break
  }
  await agent(network, 'ada', () => 1)
  assert.equal((await task.outcome()).status, 'completed')
})

test('NET-11 cancelling ends a task, stops its members, and is told why', patient, async (t) => {
  const network = await networkFor(t)
  const begun = gate<AbortSignal>()
  await agent(network, 'ada', (_, { signal }) => {
    begun.open(signal)
    return new Promise(() => {})
  })
  const task = await network.announce(need({ id: 'long' }))
  const signal = await begun.passed
  const outcome = await task.cancel('no longer needed')
  assert.deepEqual(outcome, {
    status: 'cancelled',
    results: {},
    reason: { code: 'E_CANCELLED', message: 'no longer needed' },
  })
  assert.equal(await aborted(signal), 'no longer needed')
  assert.deepEqual(await task.cancel('again'), outcome)
  await network.cancel('long')
  assert.match(
    explanationText(await network.explain('long')),
    /^Task "long" is cancelled: no longer needed\./,
  )
  await assertRefused(network.cancel('never'), 'E_NO_SUCH_TASK', 'id')
  await assertRefused(network.explain('never'), 'E_NO_SUCH_TASK', 'id')
})

test("NET-11 another's task is not cancelled, and the one who wanted it is told", patient, async (t) => {
  const network = await networkFor(t)
  const ada = await agent(network, 'ada', () => 1)
  const hers = await ada.announce(need({ id: 'hers', requires: [{ skill: 'magic' }] }))
  await assertRefused(network.cancel('hers'), 'E_NOT_MEMBER')
  assert.equal((await hers.explain()).task.status, 'waiting')
  assert.equal((await hers.cancel()).status, 'cancelled')
})

test('NET-12 with startBy initiator nobody works before start()', patient, async (t) => {
  const network = await networkFor(t)
  let runs = 0
  await agent(network, 'ada', () => ++runs)
  const task = await network.announce(need({ startBy: 'initiator' }))
  for await (const update of task.updates()) if (update.kind === 'formed') break
  const { waiting, task: view } = await task.explain()
  assert.deepEqual([waiting, view.status, runs], [{ kind: 'start' }, 'formed', 0])
  await task.start()
  await task.start()
  assert.deepEqual((await task.outcome()).results.work, [{ agent: 'ada', result: 1 }])
  await task.start()
})

async function viewOfThree(network: Network): Promise<void> {
  const begun = gate()
  await agent(network, 'ada', () => {
    begun.open()
    return new Promise(() => {})
  })
  await network.join({ id: 'bob', skills: [{ name: 'clean', level: 'novice' }], perform: () => 'clean' })
  await (
    await network.announce(need({ id: 'done', requires: [{ skill: 'clean' }], priority: 'high' }))
  ).outcome()
  await network.announce(need({ id: 'busy' }))
  await network.announce(need({ id: 'waits', dependsOn: ['busy'] }))
  await begun.passed
}

for (const place of ['memory', 'file'] as const) {
  test(`NET-13 tasks, groups and agents show what is (${place})`, patient, async (t) => {
    const network = await networkFor(t, {}, place === 'file' ? fileFor(t) : ':memory:')
    await viewOfThree(network)
    const tasks = await network.tasks()
    assert.deepEqual(
      tasks.map(({ id, status, epoch, members, finished, waiting }) => {
        return { id, status, epoch, members, finished, waiting: waiting?.kind }
      }),
      [
        {
          id: 'done',
          status: 'completed',
          epoch: 1,
          members: { clean: ['bob'] },
          finished: 1,
          waiting: undefined,
        },
        { id: 'busy', status: 'working', epoch: 1, members: { work: ['ada'] }, finished: 0, waiting: 'work' },
        { id: 'waits', status: 'blocked', epoch: 0, members: {}, finished: 0, waiting: 'dependencies' },
      ],
    )
    const [done] = tasks
    assert.ok(done?.formedAt !== undefined && done.endedAt !== undefined && done.endedAt >= done.formedAt)
    assert.equal(done.priority, 'high')
    const groups = await network.groups()
    assert.deepEqual(
      groups.map(({ task, epoch, members }) => [task, epoch, members.map((member) => member.agent)]),
      [['busy', 1, ['ada']]],
    )
    const agents = await network.agents()
    assert.deepEqual(
      agents.map(({ id, present, busy, capacity }) => ({ id, present, busy, capacity })),
      [
        { id: 'ada', present: true, busy: 1, capacity: 5 },
        { id: 'bob', present: true, busy: 0, capacity: 5 },
      ],
    )
  })
}

test('NET-13 evidence about an agent follows its outcomes, and outlives its leaving', patient, async (t) => {
  const network = await networkFor(t)
  const evidence = async () => {
    const [report] = await network.agents()
    assert.ok(report?.skills[0] !== undefined)
    const { successes, failures, successRate, claimedLevel, level } = report.skills[0]
    return { present: report.present, successes, failures, successRate, claimedLevel, level }
  }
  const ada = await agent(network, 'ada', ({ payload }) => {
    if (payload === 'bad') throw new Error('bad')
    return 'good'
  })
  const before = await evidence()
  assert.deepEqual([before.successes, before.failures, before.level], [0, 0, 'expert'])
  for (let i = 0; i < 5; i++) await (await network.announce(need())).outcome()
  const better = await evidence()
  assert.ok(better.successes > 4.5 && better.failures === 0 && better.successRate > before.successRate)
  for (let i = 0; i < 7; i++)
    await (await network.announce(need({ payload: 'bad', maxAttempts: 1 }))).outcome()
  const worse = await evidence()
  assert.ok(worse.failures > 6 && worse.successRate < better.successRate)
  assert.deepEqual([worse.claimedLevel, worse.level !== 'expert'], ['expert', true])
  await ada.leave()
  const remembered = await evidence()
  assert.deepEqual([remembered.present, remembered.failures], [false, worse.failures])
})

test('NET-14 watch shows facts by position and messages, until the signal or the end', patient, async (t) => {
  const network = await networkFor(t)
  const stop = new AbortController()
  const whole = collect(network.watch())
  const part = collect(network.watch({ signal: stop.signal }))
  await network.join({ id: 'ada', skills: [{ name: 'work' }], consider: () => ({}), perform: () => 'done' })
  await (await network.announce(need())).outcome()
  stop.abort()
  const seen = await part
  const facts = seen.flatMap((one) => (one.kind === 'fact' ? [one] : []))
  assert.deepEqual(
    facts.map(({ fact }) => fact.kind),
    ['task.accepted', 'group.formed', 'member.finished', 'standing.changed', 'task.ended'],
  )
  const [first] = facts
  facts.forEach(({ position }, i) => {
    assert.equal(position, (first?.position ?? 0) + i)
  })
  const said = new Set(seen.flatMap((one) => (one.kind === 'message' ? [one.envelope.message.kind] : [])))
  for (const kind of [
    'AGENT_JOIN',
    'SKILL_QUERY',
    'SKILL_OFFER',
    'GROUP_INVITE',
    'GROUP_ACCEPT',
    'GROUP_FORMED',
  ])
    assert.ok(
      [...said].some((one) => one === kind),
      kind,
    )
  await network.close()
  assert.ok((await whole).length >= seen.length)
  assert.deepEqual(await collect((await networkFor(t)).watch({ signal: AbortSignal.abort() })), [])
})

test('NET-16 a network in memory remembers the tasks that ended last', patient, async (t) => {
  const network = await networkFor(t, { limits: { endedKept: 2 } })
  await agent(network, 'ada', () => 1)
  for (let i = 0; i < 200; i++) await (await network.announce(need({ id: `t${i}` }))).outcome()
  assert.equal(await network.task('t0'), undefined)
  await assertRefused(network.explain('t0'), 'E_NO_SUCH_TASK', 'id')
  const last = await network.task('t199')
  assert.equal((await last?.outcome())?.status, 'completed')
  assert.ok((await network.tasks()).length < 100)
})

test(
  'NET-20 a task that ended in vain still says what it waited for, and who said no',
  patient,
  async (t) => {
    const network = await networkFor(t)
    const missing = await network.announce(
      need({ requires: [{ skill: 'alchemy', level: 'expert' }], deadlineMs: 40 }),
    )
    await missing.outcome()
    const vain = await missing.explain()
    assert.deepEqual(vain.waiting, {
      kind: 'missing',
      needs: [{ skill: 'alchemy', level: 'expert', count: 1 }],
    })
    assert.match(
      explanationText(vain),
      /deadline of 40 ms has passed; at the end no agent here has alchemy \(expert\)/,
    )

    await network.join({
      id: 'eve',
      skills: [{ name: 'drawing' }],
      perform: () => 'never',
      consider: () => ({ decline: 'too dull' }),
    })
    const declined = await network.announce(need({ requires: [{ skill: 'drawing' }], deadlineMs: 200 }))
    await declined.outcome()
    const { considered } = await declined.explain()
    assert.deepEqual(
      considered.map(({ agent, verdict, why }) => ({ agent, verdict, why })),
      [{ agent: 'eve', verdict: 'declined', why: 'too dull' }],
    )
  },
)

/**
 * Who must be in a group, members to spare, and what optional skills are worth.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanationText } from '../../src/host/explain.ts'
import { aborted, agent, gate, need, networkFor, patient } from './stage.ts'

test('GROUP-9 whoever is included is in the group, though others are better', patient, async (t) => {
  const network = await networkFor(t)
  for (let i = 0; i < 8; i++) {
    const skills = [{ name: 'work', level: 'expert', successRate: 1 - i / 10 }] as const
    await agent(network, `a${i}`, () => i, { skills })
  }
  const task = await network.announce(need({ requires: [{ skill: 'work', count: 2 }], include: ['a7'] }))
  assert.equal((await task.outcome()).status, 'completed')
  const [group] = (await task.explain()).formations
  assert.ok(group?.members.some(({ agent }) => agent === 'a7'))
  assert.equal(group?.members.length, 2)
})

test('GROUP-9 a task waits for whom it includes, and says why there is no group', patient, async (t) => {
  const network = await networkFor(t)
  await agent(network, 'ada', () => 1)
  const task = await network.announce(
    need({ include: ['bob', 'ada'], maxGroupSize: 2, requires: [{ skill: 'work', count: 2 }] }),
  )
  const { waiting, summary } = await task.explain()
  assert.deepEqual(waiting, { kind: 'include', agents: ['bob'], why: 'absent' })
  assert.match(summary, /there is no group without bob, who is not here\.$/)
  const idle = { skills: [{ name: 'other' }] }
  const bob = await agent(network, 'bob', () => 2, idle)
  const unable = (await task.explain()).waiting
  assert.deepEqual(unable, { kind: 'include', agents: ['bob'], why: 'unable' })
  await bob.leave()
  await agent(network, 'bob', () => 2)
  assert.deepEqual((await task.outcome()).results.work?.map(({ agent }) => agent).sort(), ['ada', 'bob'])
})

test('GROUP-9 without the consent of whom it includes there is no group', patient, async (t) => {
  const network = await networkFor(t)
  let says: { decline: string } | { price: number } = { decline: 'no' }
  await agent(network, 'ada', () => 1)
  await agent(network, 'bob', () => 2, { consider: () => says })
  const task = await network.announce(need({ include: ['bob'] }))
  let { waiting } = await task.explain()
  while (waiting?.kind !== 'include') waiting = (await task.explain()).waiting
  assert.deepEqual(waiting, { kind: 'include', agents: ['bob'], why: 'unwilling' })
  says = { price: 0 }
  assert.deepEqual((await task.outcome()).results.work, [{ agent: 'bob', result: 2 }])
})

test(
  'GROUP-6 an optional skill that is lost with a required one is sought again, and alone it is not',
  patient,
  async (t) => {
    const network = await networkFor(t)
    const begun = gate()
    const work = gate()
    const both = [{ name: 'work' }, { name: 'art' }]
    const never = (_: unknown, { signal }: { signal: AbortSignal }): Promise<string> => {
      begun.open()
      return aborted(signal)
    }
    const ada = await agent(network, 'ada', never, { skills: both })
    const task = await network.announce(need({ optional: [{ skill: 'art' }] }))
    await begun.passed
    await agent(network, 'bob', () => work.passed.then(() => 'worked'))
    const cyd = await agent(network, 'cyd', () => work.passed.then(() => 'drawn'), {
      skills: [{ name: 'art' }],
    })
    await ada.leave()
    while ((await task.explain()).formations.length < 2) await task.explain()
    await cyd.leave()
    work.open()
    const outcome = await task.outcome()
    const [, again, ...others] = (await task.explain()).formations
    assert.deepEqual(
      again?.members.map(({ agent, skills }) => [agent, skills]),
      [
        ['bob', ['work']],
        ['cyd', ['art']],
      ],
    )
    assert.deepEqual([outcome.status, Object.keys(outcome.results), others], ['completed', ['work'], []])
  },
)

test(
  'GROUP-10 a group with a member to spare for each skill goes on when any one is lost',
  patient,
  async (t) => {
    const network = await networkFor(t)
    const work = gate()
    const lost = gate()
    await agent(network, 'ada', () => lost.passed.then(() => Promise.reject(new Error('broken'))))
    await agent(network, 'bob', () => work.passed)
    await agent(network, 'cyd', () => work.passed, { skills: [{ name: 'check' }, { name: 'work' }] })
    await agent(network, 'dan', () => work.passed, { skills: [{ name: 'check' }] })
    const requires = [{ skill: 'work', level: 'novice' }, { skill: 'check' }]
    const task = await network.announce(need({ requires, spares: 1, exclude: ['cyd'] }))
    assert.equal((await task.explain()).waiting?.kind, 'missing')
    await task.cancel()
    const second = await network.announce(need({ requires, spares: 1, include: ['ada'] }))
    for await (const update of second.updates()) if (update.kind === 'formed') break
    const [group] = (await second.explain()).formations
    const holders = (skill: string) =>
      group?.members.filter(({ skills }) => skills.some((s) => s === skill)).length
    assert.deepEqual([holders('work'), holders('check')], [2, 2])
    lost.open()
    while ((await second.explain()).losses.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const { waiting } = await second.explain()
    assert.ok(
      waiting?.kind === 'work' && !waiting.members.some((id) => id === 'ada'),
      JSON.stringify(waiting),
    )
    work.open()
    assert.equal((await second.outcome()).status, 'completed')
    const { formations, task: view } = await second.explain()
    assert.deepEqual([formations.length, view.epoch], [1, 1])
  },
)

test(
  'GROUP-10 below the count of a skill a new group is formed, without new members to spare',
  patient,
  async (t) => {
    const network = await networkFor(t)
    const work = gate()
    for (const id of ['ada', 'bob']) await agent(network, id, () => Promise.reject(new Error('broken')))
    const task = await network.announce(need({ spares: 1, maxAttempts: 9 }))
    for await (const update of task.updates()) if (update.kind === 'formed') break
    await agent(network, 'cyd', () => work.passed)
    await agent(network, 'dan', () => work.passed)
    work.open()
    assert.equal((await task.outcome()).status, 'completed')
    const last = (await task.explain()).formations.at(-1)
    assert.equal(last?.members.length, 1)
  },
)

test(
  'GROUP-11 where there is room for one optional skill, the one of the larger weight is covered',
  patient,
  async (t) => {
    for (const heavy of ['draw', 'sing']) {
      const network = await networkFor(t)
      await agent(network, 'ada', () => 1)
      for (const name of ['draw', 'sing']) await agent(network, name, () => 2, { skills: [{ name }] })
      const optional = ['draw', 'sing'].map((skill) => ({ skill, weight: skill === heavy ? 2 : 0.5 }))
      const task = await network.announce(need({ optional, maxGroupSize: 2 }))
      assert.equal((await task.outcome()).status, 'completed')
      const { formations } = await task.explain()
      assert.deepEqual(formations[0]?.members.map(({ agent }) => agent).sort(), ['ada', heavy].sort())
    }
  },
)

test('GROUP-12 a group that is too large to be proven says so in its explanation', patient, async (t) => {
  const network = await networkFor(t)
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`)
  for (let i = 0; i < 30; i++) {
    const skills = names.filter((_, j) => (i * 7 + j * 3) % 5 < 2).map((name) => ({ name }))
    await agent(network, `a${i}`, () => i, { skills, price: 1 + (i % 3) })
  }
  const requires = names.map((skill) => ({ skill, count: 2 }))
  const spec = { requires, maxGroupSize: 30, minMembers: 30, budget: 1000 }
  const task = await network.announce(need(spec))
  assert.equal((await task.outcome()).status, 'completed')
  assert.match(explanationText(await task.explain()), /too large to prove that none is better:/)
})

/**
 * Groups with fewer members than places: who can do several things is found, and what cannot be had is named.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Consideration } from '../../src/host/autonomous.ts'
import { explanationText } from '../../src/host/explain.ts'
import { networkFor, patient } from './stage.ts'

const skills = ['clean', 'train', 'chart', 'write'] as const

function requires(...names: readonly string[]): { readonly skill: string }[] {
  return names.map((skill) => ({ skill }))
}

test(
  'ASK-5 two agents who can do four things together are asked among hundreds who can do one',
  patient,
  async (t) => {
    const network = await networkFor(t)
    for (let i = 0; i < 400; i++) {
      const name = skills[i % 4] ?? 'clean'
      await network.join({
        id: `one-${i}`,
        skills: [{ name, level: 'expert', successRate: 1 }],
        perform: () => i,
      })
    }
    for (const [id, first, second] of [
      ['ada', 0, 2],
      ['bob', 1, 3],
    ] as const) {
      const own = [skills[first], skills[second]].map((name) => ({ name, successRate: 0.1 }))
      await network.join({ id, skills: own, perform: () => id })
    }
    const task = await network.announce({
      description: 'All',
      requires: requires(...skills),
      maxGroupSize: 2,
    })
    assert.equal((await task.outcome()).status, 'completed')
    const { formations } = await task.explain()
    assert.deepEqual(formations[0]?.members.map(({ agent }) => agent).sort(), ['ada', 'bob'])
    assert.ok((formations[0]?.considered.length ?? 99) <= 6, 'nobody else is bothered')
  },
)

test(
  'TASK-11 a task that no group of its size can do names the smallest set that does not fit',
  patient,
  async (t) => {
    const network = await networkFor(t)
    for (const [id, ...own] of [
      ['ada', 'clean', 'train'],
      ['bob', 'train', 'chart'],
      ['cyd', 'clean', 'train'],
    ] as const) {
      await network.join({ id, skills: own.map((name) => ({ name })), perform: () => id })
    }
    const spec = { description: 'Both', requires: requires('train', 'clean', 'chart'), maxGroupSize: 1 }
    const task = await network.announce(spec)
    const before = await task.explain()
    const novice = { level: 'novice', count: 1 }
    const needs = [
      { skill: 'clean', ...novice },
      { skill: 'chart', ...novice },
    ]
    assert.deepEqual(before.waiting, { kind: 'size', needs, size: 1, busy: false })
    assert.match(
      explanationText(before),
      /no single agent has clean \(novice\), chart \(novice\); allow a larger group, or ask for less\./,
    )
    // Whoever can do it all is asked as soon as it is there.
    await network.join({
      id: 'dan',
      skills: requires('train', 'clean', 'chart').map(({ skill }) => ({ name: skill })),
      perform: () => 1,
    })
    assert.equal((await task.outcome()).status, 'completed')
  },
)

test(
  'TASK-11 when the only group is busy the task says so, and goes on when it is free',
  patient,
  async (t) => {
    const network = await networkFor(t)
    let finish: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const both = [{ name: 'clean' }, { name: 'train' }]
    await network.join({ id: 'ada', skills: both, maxConcurrentTasks: 1, perform: () => held })
    for (const { name } of both) await network.join({ id: name, skills: [{ name }], perform: () => 1 })
    const pair = { description: 'Both', requires: requires('clean', 'train'), maxGroupSize: 1 }
    const first = await network.announce(pair)
    for await (const update of first.updates()) if (update.kind === 'formed') break
    const second = await network.announce(pair)
    const { waiting, summary } = await second.explain()
    assert.ok(waiting?.kind === 'size' && waiting.busy && waiting.size === 1, JSON.stringify(waiting))
    assert.match(
      summary,
      /no single agent has clean \(novice\), train \(novice\) and a free slot; it goes on when/,
    )
    finish()
    assert.equal((await second.outcome()).status, 'completed')
  },
)

test('ASK-5 when one of the best two declines, the next two who can do it are asked', patient, async (t) => {
  const network = await networkFor(t)
  const both = (rate: number) => ['clean', 'train'].map((name) => ({ name, successRate: rate }))
  for (let i = 0; i < 12; i++) {
    const consider = (): Consideration => (i < 9 ? { decline: 'not today' } : {})
    await network.join({ id: `both-${i}`, skills: both(1 - i / 20), consider, perform: () => i })
  }
  for (let i = 0; i < 50; i++)
    await network.join({ id: `one-${i}`, skills: [{ name: 'train' }], perform: () => i })
  const task = await network.announce({
    description: 'Both',
    requires: requires('clean', 'train'),
    maxGroupSize: 1,
  })
  assert.equal((await task.outcome()).status, 'completed')
  const members = (await task.explain()).formations[0]?.members ?? []
  assert.match(members[0]?.agent ?? '', /^both-(9|10|11)$/)
})

test('TASK-11 a task that no single agent can do holds up none that needs the same', patient, async (t) => {
  const network = await networkFor(t)
  let finish: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const both = ['clean', 'train'] as const
  for (const name of both) {
    await network.join({ id: name, skills: [{ name }], maxConcurrentTasks: 1, perform: () => held })
  }
  const spec = { description: 'Both', requires: requires(...both) }
  const first = await network.announce(spec)
  for await (const update of first.updates()) if (update.kind === 'formed') break
  const alone = await network.announce({ ...spec, maxGroupSize: 1 })
  const together = await network.announce(spec)
  finish()
  assert.equal((await together.outcome()).status, 'completed')
  assert.equal((await alone.explain()).waiting?.kind, 'size')
})

test('ASK-5 in a project whoever is planned for a task is a group of one, too', patient, async (t) => {
  const network = await networkFor(t)
  const release = Promise.withResolvers<void>()
  const skilled = [{ name: 'clean' }, { name: 'train' }]
  await network.join({ id: 'ada', skills: skilled, maxConcurrentTasks: 1, perform: () => release.promise })
  const both = { requires: requires('clean', 'train'), maxGroupSize: 1, project: 'churn', expectedMs: 1_000 }
  const handles = await Promise.all(
    ['first', 'second'].map((id) => network.announce({ ...both, id, description: id })),
  )
  const isPlanned = async (): Promise<boolean> => {
    return (await network.tasks()).some(({ id, forecast }) => id === 'second' && forecast?.basis === 'plan')
  }
  while (!(await isPlanned())) await new Promise((resolve) => setImmediate(resolve))
  release.resolve()
  for (const handle of handles) assert.equal((await handle.outcome()).status, 'completed')
})

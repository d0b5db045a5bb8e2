/** What the command line says of the future, from a file whose network is not running. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Network } from '../../src/index.ts'
import { convoke, folderWith } from './convoke.ts'

test('FORECAST-6 tasks and explain show when open tasks are expected to end, and say where nobody knows', async () => {
  const file = join(folderWith({}), 'run.db')
  const network = await Network.open(file, { durability: 'normal' })
  const work = { requires: [{ skill: 'etl' }], project: 'churn' }
  await network.announce({ id: 'load', description: 'Load', ...work, expectedMs: 3_600_000 })
  await network.announce({
    id: 'train',
    description: 'Train',
    ...work,
    dependsOn: ['load'],
    expectedMs: 7_200_000,
  })
  await network.announce({ id: 'riddle', description: 'Riddle', requires: [{ skill: 'etl' }] })
  const hurry = { expectedMs: 3_600_000, deadlineMs: 1_800_000 }
  await network.announce({ id: 'hurry', description: 'Hurry', requires: [{ skill: 'etl' }], ...hurry })
  await network.close()

  const { out } = await convoke(['tasks', '--network', file, '--json'])
  type Span = { earliestAt: number; finishesAt: number; latestAt: number }
  type View = {
    id: string
    forecast?: Span & { madeAt: number; basis: string; project: Span & { openTasks: number } }
  }
  const views = new Map((JSON.parse(out) as View[]).map((view) => [view.id, view]))
  const train = views.get('train')?.forecast
  assert.ok(train !== undefined)
  const hours = (train.finishesAt - train.madeAt) / 3_600_000
  assert.ok(hours > 2.7 && hours < 3.9, `in ${hours} h`)
  assert.ok(train.earliestAt < train.finishesAt && train.finishesAt < train.latestAt)
  assert.deepEqual([train.basis, train.project.openTasks], ['dependencies', 2])
  assert.equal(views.get('riddle')?.forecast, undefined)

  const table = (await convoke(['tasks', '--network', file])).out
  assert.match(table, /\ntrain +blocked +normal +0 +in 3\.\d h \(\d\.\d h to \d\.\d h\) /)
  // TASK-12: accepted with a warning.
  assert.match(table, /\nhurry +waiting +normal +0 +in \d.* to \d[^)]*\), late /)
  const text = (await convoke(['explain', 'train', '--network', file])).out
  assert.match(
    text,
    /\nIt is expected to end in 3\.\d h, most likely between .*, if agents are free when they are needed\.\n/,
  )
  assert.match(text, /\nIts project, with 2 open tasks, is expected to end in 3\.\d h/)
  assert.match(
    (await convoke(['explain', 'riddle', '--network', file])).out,
    /\nWhen it will end cannot be said\.\n/,
  )
})

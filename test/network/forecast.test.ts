/** What a network says of the future. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explanationText, Network } from '../../src/index.ts'

const hour = 3_600_000

test('FORECAST-2 FORECAST-4 a running network forecasts tasks and projects, by its plan where it has one', async () => {
  await using network = await Network.open(':memory:', { seed: 1 })
  const release = Promise.withResolvers<void>()
  await network.join({
    id: 'ada',
    skills: [{ name: 'etl' }],
    maxConcurrentTasks: 1,
    perform: () => release.promise,
  })
  const etl = { requires: [{ skill: 'etl' }], project: 'churn' }
  // One agent for both: the second can begin only when the first has ended.
  const specs = ['first', 'second'].map((id) => ({ id, description: id, ...etl, expectedMs: hour }))
  await Promise.all(specs.map((spec) => network.announce(spec)))
  const tasks = await until(network, 'second', ({ forecast }) => forecast?.basis === 'plan')
  const { forecast } = tasks
  assert.ok(forecast !== undefined)
  assert.ok(forecast.earliestAt < forecast.finishesAt && forecast.finishesAt < forecast.latestAt)
  const inHours = (forecast.finishesAt - forecast.madeAt) / hour
  assert.ok(inHours > 1.9 && inHours < 2.3, `in ${inHours} h`)
  assert.equal(forecast.project?.openTasks, 2)
  assert.ok((forecast.project?.finishesAt ?? 0) >= forecast.finishesAt)

  const text = explanationText(await network.explain('second'))
  assert.match(
    text,
    /It is expected to end in 2\.\d h, most likely between .* h and .* h, by the plan of its project\./,
  )
  assert.match(text, /Its project, with 2 open tasks, is expected to end in /)
  const first = (await network.tasks()).find(({ id }) => id === 'first')
  assert.equal(first?.forecast?.basis, 'dependencies')

  await network.announce({
    id: 'flight',
    description: 'fly',
    requires: [{ skill: 'flying' }],
    expectedMs: hour,
  })
  assert.match(explanationText(await network.explain('flight')), /When it will end cannot be said\./)
  release.resolve()
})

type View = Awaited<ReturnType<Network['tasks']>>[number]

/** A plan is made beside the corridor: it is there some turns later. */
async function until(network: Network, id: string, isThere: (view: View) => boolean): Promise<View> {
  for (;;) {
    const view = (await network.tasks()).find((task) => task.id === id)
    if (view !== undefined && isThere(view)) return view
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('FORECAST-5 statements are corrected by what came true, and what is not stated is learned', async () => {
  await using network = await Network.open(':memory:', { seed: 1 })
  const held = Promise.withResolvers<void>()
  await network.join({
    id: 'ada',
    skills: [{ name: 'etl' }],
    maxConcurrentTasks: 8,
    perform: ({ payload }) => (payload === 'hold' ? held.promise : 'done'),
  })
  const spec = { description: 'x', requires: [{ skill: 'etl' }] }
  const unknown = await network.announce({ ...spec, id: 'unknown', payload: 'hold' })
  assert.equal((await network.tasks())[0]?.forecast, undefined)
  // What takes no time was said to take an hour, twelve times.
  for (let i = 0; i < 12; i++) await (await network.announce({ ...spec, expectedMs: hour })).outcome()
  await network.announce({ ...spec, id: 'stated', expectedMs: hour, dependsOn: ['unknown'], payload: 'hold' })
  const views = new Map((await network.tasks()).map((view) => [view.id as string, view]))
  const learned = views.get('unknown')?.forecast
  assert.ok(learned !== undefined && learned.finishesAt - learned.madeAt < 60_000)
  const stated = views.get('stated')?.forecast
  assert.ok(stated !== undefined && stated.finishesAt - stated.madeAt < hour / 2)
  held.resolve()
  await unknown.outcome()
})

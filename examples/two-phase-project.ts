/**
 * A project in two phases: the second task depends on the first, waits for it, and is handed its results.
 * Run it: `node examples/two-phase-project.ts`
 */
import { Network } from '../src/index.ts'

const readings = 'day,celsius\n1,14.5\n2,\n3,16.1\n4,15.2\n5,none\n6,17.4\n'

await using network = await Network.open(':memory:')

await network.join({
  id: 'etl-bot',
  skills: [{ name: 'etl', level: 'advanced' }],
  perform({ payload }) {
    const lines = String(payload).trim().split('\n').slice(1)
    const values = lines.map((line) => Number.parseFloat(line.split(',')[1] ?? ''))
    return { values: values.filter(Number.isFinite), dropped: values.filter(Number.isNaN).length }
  },
})

await network.join({
  id: 'statistician',
  skills: [{ name: 'statistics', level: 'expert' }],
  perform({ inputs }) {
    const results = inputs.load?.etl ?? []
    const values = results.flatMap(({ result }) => (result as { values: number[] }).values)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
    return { days: values.length, mean: mean.toFixed(2), deviation: Math.sqrt(variance).toFixed(2) }
  },
})

const load = await network.announce({
  id: 'load',
  description: 'Extract the readings and leave out what is no number',
  requires: [{ skill: 'etl', level: 'intermediate' }],
  payload: readings,
})
const analyse = await network.announce({
  id: 'analyse',
  description: 'Describe the readings',
  requires: [{ skill: 'statistics', level: 'advanced' }],
  dependsOn: [load.id],
})

for (const task of [load, analyse]) {
  const { status, results } = await task.outcome()
  console.log(`${task.id} ${status}: ${JSON.stringify(results)}`)
}

/**
 * A specialised agent as a class: it says what it can do, and does it when a task starts.
 * Run it: `node examples/specialised-agent.ts`
 */
import { type Assignment, AutonomousAgent, Network, type Work } from '../src/index.ts'

interface Order {
  readonly kind: 'predict' | 'describe'
  readonly values: readonly number[]
}

class DataScienceAgent extends AutonomousAgent {
  constructor(id: string) {
    super(id, [
      { name: 'data_analysis', level: 'expert', successRate: 0.96 },
      { name: 'machine_learning', level: 'advanced', successRate: 0.92 },
      { name: 'visualization', level: 'intermediate', successRate: 0.88 },
    ])
  }

  override handleTaskStart(assignment: Assignment, work: Work): unknown {
    const { kind, values } = assignment.payload as Order
    work.report(0.5, `${kind} from ${values.length} values`)
    switch (kind) {
      case 'predict':
        return { next: predictNext(values) }
      case 'describe':
        return { mean: meanOf(values), least: Math.min(...values), most: Math.max(...values) }
    }
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Goes on along the straight line with the least squared distance to the values. */
function predictNext(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = meanOf(values)
  const rise = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  const run = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
  return mean + (rise / run) * (values.length - middle)
}

await using network = await Network.open(':memory:')
await network.join(new DataScienceAgent('ada'))

for (const kind of ['describe', 'predict'] as const) {
  const task = await network.announce({
    description: `${kind} the visitors of a week`,
    requires: [{ skill: 'machine_learning', level: 'intermediate' }],
    payload: { kind, values: [120, 132, 140, 155, 161, 170, 184] } satisfies Order,
  })
  const { status, results } = await task.outcome()
  for (const { agent, result } of results.machine_learning ?? []) {
    console.log(`${kind}: ${status} by ${agent}: ${JSON.stringify(result)}`)
  }
}

/**
 * One task that needs four skills at different levels: a group forms, within an hour and with at most five members.
 * Run it: `node examples/complex-task.ts`
 */
import { type AgentDefinition, explanationText, Network } from '../src/index.ts'

/** Does whatever part of the task it was invited for, and looks at who else is there. */
const perform: AgentDefinition['perform'] = ({ skills }, { group }) => {
  const others = group.members.map(({ agent }) => agent)
  return `${skills.join(' and ')} done, in a group of ${others.length}`
}

const crew: readonly Omit<AgentDefinition, 'perform'>[] = [
  { id: 'iris', skills: [{ name: 'data_cleaning', level: 'expert' }] },
  {
    id: 'cleo',
    skills: [
      { name: 'feature_engineering', level: 'advanced' },
      { name: 'data_cleaning', level: 'novice' },
    ],
  },
  { id: 'ada', skills: [{ name: 'model_training', level: 'expert' }] },
  { id: 'tom', skills: [{ name: 'model_training', level: 'intermediate' }] },
  {
    id: 'otto',
    skills: [
      { name: 'model_deployment', level: 'intermediate' },
      { name: 'feature_engineering', level: 'novice' },
    ],
  },
]

await using network = await Network.open(':memory:')
for (const agent of crew) await network.join({ ...agent, perform })

const task = await network.announce({
  id: 'churn',
  description: 'Build a customer churn prediction system',
  requires: [
    { skill: 'data_cleaning', level: 'intermediate' },
    { skill: 'feature_engineering', level: 'advanced' },
    { skill: 'model_training', level: 'advanced' },
    { skill: 'model_deployment', level: 'intermediate' },
  ],
  deadlineMs: 3_600_000,
  maxGroupSize: 5,
  priority: 'high',
})

for await (const update of task.updates()) {
  if (update.kind !== 'formed') continue
  const members = update.members.map(({ agent, skills }) => `${agent} (${skills.join(', ')})`)
  console.log(`formed, epoch ${update.epoch}: ${members.join(', ')}`)
}
const { status, results } = await task.outcome()
console.log(`${status}:`)
for (const [skill, parts] of Object.entries(results)) {
  for (const { agent, result } of parts) console.log(`  ${skill}: ${agent}: ${String(result)}`)
}
console.log(explanationText(await task.explain()))

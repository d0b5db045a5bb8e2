import { explanationText, Network } from '../src/index.ts'

await using network = await Network.open(':memory:', { seed: 7 })

const agent = (id: string, skill: string, level: string) =>
  network.join({
    id,
    skills: [{ name: skill, level }],
    perform: ({ payload, skills }) => `${skills} of ${payload} done`,
  })
await agent('ada', 'data_cleaning', 'expert')
await agent('bob', 'model_training', 'advanced')
await agent('cyd', 'model_training', 'novice')

const task = await network.announce({
  id: 'churn',
  description: 'Build a churn prediction system',
  payload: 'customers.csv',
  requires: [
    { skill: 'data_cleaning', level: 'intermediate' },
    { skill: 'model_training', level: 'advanced' },
  ],
})
const outcome = await task.outcome()
console.log(outcome.status, JSON.stringify(outcome.results))
console.log(explanationText(await task.explain()))

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './child.ts'

async function linesOf(example: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`examples/${example}.ts`)
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  return stdout.trimEnd().split('\n')
}

test('DEMO-14 a specialised agent is a class that handles the start of a task', async () => {
  assert.deepEqual(await linesOf('specialised-agent'), [
    'describe: completed by ada: {"mean":151.71428571428572,"least":120,"most":184}',
    'predict: completed by ada: {"next":193}',
  ])
})

test('DEMO-14 a task with four skills, a deadline and a bound on the group gets the agents that are able', async () => {
  const lines = await linesOf('complex-task')
  assert.match(lines[0] ?? '', /^formed, epoch 1: /)
  assert.deepEqual(lines.slice(1, 6), [
    'completed:',
    '  data_cleaning: iris: data_cleaning done, in a group of 4',
    '  feature_engineering: cleo: feature_engineering done, in a group of 4',
    '  model_training: ada: model_training done, in a group of 4',
    '  model_deployment: otto: model_deployment done, in a group of 4',
  ])
})

test('DEMO-14 the second phase of a project is handed the results of the first', async () => {
  const [load, analyse] = await linesOf('two-phase-project')
  assert.match(load ?? '', /^load completed: .*"values":\[14.5,16.1,15.2,17.4\],"dropped":2/)
  assert.match(analyse ?? '', /^analyse completed: .*"days":4,"mean":"15.80","deviation":"1.25"/)
})

test('DEMO-14 hub and agent are configured in words with units, and a wrong limit is refused', async () => {
  const [words, agent, refusal] = await linesOf('configuration')
  assert.equal(words, 'ONE TWO THREE FOUR FIVE SIX SEVEN')
  assert.match(agent ?? '', /^ada takes 5 at once; translation: 7 done, \d+ % expected of the next$/)
  assert.match(refusal ?? '', /^E_RANGE: groupTimeoutMs /)
})

/** What several logs must say of each other, fact by fact. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, ended } from '../../lab/conformance/facts.ts'
import { BetweenLogs } from '../../src/host/journal/between-logs.ts'
import type { EndStatus, Fact, TaskId } from '../../src/protocol/index.ts'
import { partitionOf } from '../../src/protocol/partition.ts'

const partitions = 2

function taskOf(partition: number, from = 0): TaskId {
  for (let i = from; ; i++) if (partitionOf(`t${i}`, partitions) === partition) return `t${i}` as TaskId
}

const [there, here] = [taskOf(0), taskOf(1)]
const hanging = accepted(here, { dependsOn: [there] })

function believed(status: EndStatus): Fact {
  return { kind: 'dependency.ended', task: here, at: 1, dependency: there, status, results: [] }
}

/** Problems of the logs as they are read one after the other; `late` are facts behind the end that counts. */
function problemsIn(logs: readonly (readonly Fact[])[], late: readonly Fact[] = []): string[] {
  const between = new BetweenLogs(partitions)
  for (const [partition, facts] of logs.entries()) {
    for (const [i, fact] of facts.entries()) between.observe(partition, fact, i + 1, !late.includes(fact))
  }
  return between
    .problems()
    .map(({ partition, position, problem }) => `${position} of ${partition}: ${problem}`)
}

test('LOG-18 what hangs on a task of another log, and what it believes of its end, is in that log', () => {
  assert.deepEqual(problemsIn([[accepted(there)], [hanging]]), [])
  assert.deepEqual(
    problemsIn([
      [accepted(there), ended(there)],
      [hanging, believed('completed')],
    ]),
    [],
  )
  assert.deepEqual(problemsIn([[], [hanging]]), [
    `1 of 1: task ${there}, on which something hangs, is not in the log of hub-0`,
  ])
  assert.deepEqual(problemsIn([[], [accepted(here, { parent: there, depth: 1 })]]), [
    `1 of 1: task ${there}, on which something hangs, is not in the log of hub-0`,
  ])
  const wrong = `2 of 1: task ${there} is said to be completed, and is not in the log of hub-0`
  assert.deepEqual(problemsIn([[accepted(there)], [hanging, believed('completed')]]), [wrong])
  const failed = { ...ended(there), status: 'failed' } as Fact
  assert.deepEqual(
    problemsIn([
      [accepted(there), failed],
      [hanging, believed('completed')],
    ]),
    [wrong],
  )
  // Within one log its own rules say the same.
  assert.deepEqual(problemsIn([[], [accepted(here, { dependsOn: [taskOf(1, 99)] })]]), [])
})

test('LOG-18 what was written after the other log was read says nothing against it', () => {
  const late = believed('completed')
  assert.deepEqual(problemsIn([[accepted(there)], [hanging, late]], [late]), [])
  assert.deepEqual(problemsIn([[], [hanging]], [hanging]), [])
})

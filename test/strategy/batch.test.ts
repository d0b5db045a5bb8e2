/** The groups of several tasks at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOracle, randomBatch } from '../../lab/oracle/batch.ts'
import { type BatchTask, formTogether } from '../../src/strategy/batch.ts'
import { seeded } from '../../src/strategy/random.ts'

/** The value of the teams, counted here; throws at a team that is none. */
function examined(
  tasks: readonly BatchTask[],
  slots: readonly number[],
  repairs: number,
  seed: number,
): number {
  const { teams, value } = formTogether(tasks, slots, repairs, seeded(seed))
  const used = slots.map(() => 0)
  let sum = 0
  for (const [t, task] of tasks.entries()) {
    const team = teams[t]
    if (team === undefined) continue
    sum += task.worth
    const covered = task.needs.map(() => 0)
    for (const { candidate, needs } of team.members) {
      const agent = task.candidates[candidate]
      used[candidate] = (used[candidate] ?? 0) + 1
      sum -= agent?.cost ?? Infinity
      for (const need of needs) {
        covered[need] = (covered[need] ?? 0) + 1
        sum += agent?.values[need] ?? -Infinity
      }
    }
    assert.deepEqual(
      covered,
      task.needs.map(({ count }) => count),
    )
    assert.ok(team.members.length <= task.sizeMax)
    assert.equal(new Set(team.members.map(({ candidate }) => candidate)).size, team.members.length)
  }
  for (const [agent, times] of used.entries()) assert.ok(times <= (slots[agent] ?? 0), `agent ${agent}`)
  assert.ok(Math.abs(sum - value) < 1e-9, `${sum} is told as ${value}`)
  return value
}

test('BATCH-1 every group is whole, and no agent is in more groups than it has slots', () => {
  const random = seeded(2)
  for (let i = 0; i < 40; i++) {
    const { tasks, slots } = randomBatch(random)
    examined(tasks, slots, 20, i)
  }
})

test('BATCH-2 more repairs are never worse, and the same seed gives the same groups', () => {
  const random = seeded(3)
  for (let i = 0; i < 20; i++) {
    const { tasks, slots } = randomBatch(random)
    const few = examined(tasks, slots, 5, i)
    assert.ok(examined(tasks, slots, 0, i) <= few && few <= examined(tasks, slots, 50, i))
    assert.deepEqual(formTogether(tasks, slots, 20, seeded(i)), formTogether(tasks, slots, 20, seeded(i)))
  }
})

test('BATCH-3 the groups are within 1 % of the optimum in the mean, and none of twelve is 5 % below it', async () => {
  const oracle = await batchOracle()
  const random = seeded(4)
  const gaps: number[] = []
  for (let i = 0; i < 12; i++) {
    const { tasks, slots } = randomBatch(random)
    const best = oracle(tasks, slots)
    const value = examined(tasks, slots, 150, i)
    assert.ok(value <= best + 1e-6, `${value} is better than the optimum ${best}`)
    gaps.push((best - value) / Math.max(1, best))
  }
  gaps.sort((a, b) => a - b)
  assert.ok(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length <= 0.01, gaps.join())
  assert.ok((gaps[11] ?? 1) <= 0.05, gaps.join())
})

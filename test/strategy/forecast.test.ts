import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forecast, type OpenTask } from '../../src/strategy/forecast.ts'
import { drawNormal } from '../../src/strategy/normal.ts'
import { seeded } from '../../src/strategy/random.ts'

function open(id: string, more: Partial<OpenTask> = {}): OpenTask {
  const unknown = { elapsedMs: undefined, notBeforeMs: 0, after: [], project: undefined }
  return { id, typicalMs: 1_000, spread: 0.5, ...unknown, ...more }
}

/** The ends of one course of events. */
function course(tasks: readonly OpenTask[], random: () => number): Map<string, number> {
  const ends = new Map<string, number>()
  for (const { id, typicalMs = 0, spread, after, notBeforeMs } of tasks) {
    const begins = Math.max(notBeforeMs, ...after.map((before) => ends.get(before) ?? 0))
    ends.set(id, begins + typicalMs * Math.exp(spread * drawNormal(random)))
  }
  return ends
}

test('FORECAST-1 of ten ends one lies before the range, eight in it, and five before the expected one', () => {
  const tasks = [
    open('a', { project: 'p' }),
    open('b', { typicalMs: 3_000, spread: 0.9, project: 'p' }),
    open('c', { typicalMs: 500, after: ['a', 'b'], project: 'p' }),
    open('d', { notBeforeMs: 2_500, after: ['a'], project: 'p' }),
  ]
  const made = forecast(tasks, seeded(1))
  const random = seeded(2)
  const runs = 4_000
  const counts = new Map<string, { before: number; half: number; within: number }>()
  for (let run = 0; run < runs; run++) {
    const ends = course(tasks, random)
    ends.set('p', Math.max(...ends.values()))
    for (const [id, end] of ends) {
      const known = made.tasks.get(id) ?? made.projects.get(id)
      assert.ok(known !== undefined)
      const count = counts.get(id) ?? { before: 0, half: 0, within: 0 }
      if (end < known.earliestMs) count.before += 1
      if (end < known.typicalMs) count.half += 1
      if (end >= known.earliestMs && end <= known.latestMs) count.within += 1
      counts.set(id, count)
    }
  }
  assert.equal(counts.size, 5)
  for (const [id, { before, half, within }] of counts) {
    assert.ok(Math.abs(before / runs - 0.1) < 0.04, `${id}: ${before} before`)
    assert.ok(Math.abs(half / runs - 0.5) < 0.07, `${id}: ${half} before the expected`)
    assert.ok(Math.abs(within / runs - 0.8) < 0.06, `${id}: ${within} within`)
  }
})

test('FORECAST-2 of what is not known nothing is said, nor of what waits for it, nor of its project', () => {
  const made = forecast(
    [
      open('a', { typicalMs: undefined, project: 'p' }),
      open('b', { after: ['a'], project: 'p' }),
      open('c', { after: ['b'] }),
      open('d', { after: ['ended-long-ago'], project: 'q' }),
    ],
    seeded(1),
  )
  assert.deepEqual([...made.tasks.keys()], ['d'])
  assert.deepEqual([...made.projects.keys()], ['q'])
})

test('FORECAST-3 what is at work ends after now, and later the longer it has lasted', () => {
  const fresh = forecast([open('a', { elapsedMs: 0 })], seeded(1)).tasks.get('a')
  const long = forecast([open('a', { elapsedMs: 900 })], seeded(1)).tasks.get('a')
  const beyond = forecast([open('a', { elapsedMs: 50_000 })], seeded(1)).tasks.get('a')
  assert.ok(fresh !== undefined && long !== undefined && beyond !== undefined)
  assert.ok(long.earliestMs > 0 && long.typicalMs < fresh.typicalMs)
  assert.ok(long.typicalMs + 900 > fresh.typicalMs)
  assert.equal(beyond.typicalMs, 5_000)
})

/** Whose turn it is, of all that wait: the strategy alone, without a hub. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NodeId, SkillName } from '../../src/protocol/id.ts'
import { type Priority, priorityLevel } from '../../src/protocol/task.ts'
import { isUrgent, queueKey } from '../../src/strategy/age.ts'
import {
  type Claimant,
  choose,
  enterLine,
  leaveLine,
  newRotation,
  pay,
  savedMax,
  urgentRunMax,
} from '../../src/strategy/rotation.ts'

const step = 30_000

interface Waiting extends Claimant {
  readonly name: string
}

/** One line in which tasks wait until they are chosen. */
class Queue {
  readonly rotation = newRotation()
  readonly #waiting: Waiting[] = []
  #arrivals = 0

  announce(
    by: string,
    said: { priority?: Priority; places?: number; at?: number; line?: string } = {},
  ): string {
    const { priority = 'normal', places = 1, at = this.#arrivals } = said
    const name = `${by}${this.#arrivals}`
    const line = (said.line ?? 'work') as SkillName
    this.#waiting.push({
      name,
      initiator: by as NodeId,
      line,
      places,
      level: priorityLevel(priority),
      urgent: isUrgent(priority),
      key: queueKey(at, priority, step),
      arrival: this.#arrivals++,
    })
    enterLine(this.rotation, line, by as NodeId)
    return name
  }

  /** Serves one and answers whose it was; undefined when nobody waits. */
  serve(now = 1_000): Waiting | undefined {
    const choice = choose(this.rotation, this.#waiting, now, step)
    if (choice === undefined) return undefined
    pay(this.rotation, choice)
    leaveLine(this.rotation, choice.task.line, choice.task.initiator)
    this.#waiting.splice(this.#waiting.indexOf(choice.task), 1)
    return choice.task
  }

  serveAll(times: number, now?: number): string {
    return Array.from({ length: times }, () => this.serve(now)?.initiator ?? '-').join('')
  }
}

test('TURN-1 initiators take turns, however many tasks one of them has announced before', () => {
  const queue = new Queue()
  for (let i = 0; i < 100; i++) queue.announce('f')
  for (const other of ['a', 'b']) for (let i = 0; i < 2; i++) queue.announce(other)
  assert.equal(queue.serveAll(8), 'fabfabff')
})

test('TURN-1 while two wait, the places that they took differ by no more than two groups and what was saved', () => {
  const groups = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(groups, groups, (mine, yours) => {
      const queue = new Queue()
      for (const places of mine) queue.announce('a', { places })
      for (const places of yours) queue.announce('b', { places })
      const taken = { a: 0, b: 0 }
      const left = { a: mine.length, b: yours.length }
      const largest = Math.max(...mine, ...yours)
      while (left.a > 0 && left.b > 0) {
        const task = queue.serve()
        const who = task?.initiator === 'a' ? 'a' : 'b'
        taken[who] += task?.places ?? 0
        left[who] -= 1
        assert.ok(Math.abs(taken.a - taken.b) <= 2 * largest + savedMax, JSON.stringify(taken))
      }
    }),
  )
})

test('TURN-2 a group of four is paid with four turns', () => {
  const queue = new Queue()
  for (let i = 0; i < 3; i++) queue.announce('a', { places: 4 })
  for (let i = 0; i < 12; i++) queue.announce('b')
  assert.equal(queue.serveAll(10), 'abbbbabbbb')
})

test('TURN-2 who had no use for its turns may take a few places more, and no more than that', () => {
  const queue = new Queue()
  queue.announce('a')
  for (let i = 0; i < 100; i++) queue.announce('f')
  assert.equal(queue.serveAll(41), `a${'f'.repeat(40)}`)
  for (let i = 0; i < 20; i++) queue.announce('a')
  assert.match(queue.serveAll(12), new RegExp(`^a{${savedMax}}f(af)+a?$`))
})

test('TURN-3 of twenty tasks that begin one is not urgent, while others wait', () => {
  const queue = new Queue()
  for (let i = 0; i < 100; i++) queue.announce('c', { priority: 'critical' })
  for (let i = 0; i < 10; i++) queue.announce('l', { priority: 'low' })
  const once = `${'c'.repeat(urgentRunMax)}l`
  assert.equal(queue.serveAll(60), once.repeat(3))
})

test('TURN-4 the higher level goes first, whoever announced it', () => {
  const queue = new Queue()
  queue.announce('a', { priority: 'low' })
  queue.announce('b', { priority: 'normal' })
  queue.announce('c', { priority: 'high' })
  queue.announce('d', { priority: 'critical' })
  assert.equal(queue.serveAll(4), 'dcba')
})

test('TURN-4 a flood does not rise above others by the wait that it causes itself', () => {
  const queue = new Queue()
  for (let i = 0; i < 100; i++) queue.announce('f', { at: 0 })
  const now = 10 * step
  queue.announce('a', { at: now })
  queue.announce('h', { at: now, priority: 'high' })
  queue.announce('l', { at: now, priority: 'low' })
  assert.equal(queue.serveAll(6, now), 'fahfff')
})

test('TURN-5 of its own tasks an initiator has the first served, in whichever line its turn was', () => {
  const queue = new Queue()
  const older = queue.announce('a', { line: 'one' })
  const younger = queue.announce('a', { line: 'two' })
  queue.announce('b', { line: 'two' })
  assert.equal(queue.serve()?.name, older)
  assert.deepEqual([queue.serve()?.name, queue.serve()?.initiator], [younger, 'b'])
})

test('TURN-5 among any tasks of one initiator the order is that of age', () => {
  const tasks = fc.array(
    fc.record({
      priority: fc.constantFrom<Priority>('low', 'normal', 'high'),
      at: fc.nat(100_000),
      line: fc.constantFrom('one', 'two', 'three'),
    }),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(tasks, (all) => {
      const queue = new Queue()
      for (const said of all) queue.announce('a', said)
      let before = Number.NEGATIVE_INFINITY
      for (let task = queue.serve(200_000); task !== undefined; task = queue.serve(200_000)) {
        assert.ok(task.key >= before)
        before = task.key
      }
    }),
  )
})

test('TURN-6 nothing is kept of a line in which nobody waits', () => {
  const queue = new Queue()
  for (const by of ['a', 'b', 'c']) queue.announce(by)
  queue.serveAll(3)
  assert.deepEqual([queue.rotation.lines.size, queue.rotation.clock], [0, 0])
})

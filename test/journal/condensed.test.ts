/**
 * Ended tasks lie condensed in a journal in memory: whatever a fact says must come back.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc, { type Arbitrary } from 'fast-check'
import { standing } from '../../lab/arbitrary/hubs.ts'
import {
  agentId,
  all,
  amount,
  json,
  nodeId,
  record,
  refusal,
  skillName,
  some,
  text,
  whole,
} from '../../lab/arbitrary/values.ts'
import { considered, member } from '../../lab/arbitrary.ts'
import { accepted, announcement } from '../../lab/conformance/facts.ts'
import { openMemoryJournal } from '../../src/host/journal/memory.ts'
import type { Fact, TaskId } from '../../src/protocol/index.ts'

const task = 'a' as TaskId
const about = { task: fc.constant(task), at: amount }
function kind<Kind extends string>(name: Kind): Arbitrary<Kind> {
  return fc.constant(name)
}

const first: Arbitrary<Fact> = record(
  { kind: kind('task.accepted'), ...about, initiator: nodeId, announcement: fc.constant(announcement('a')) },
  { warning: all({ kind: fc.constant('late' as const), message: text, expectedMs: amount }) },
)
const between: Arbitrary<Fact> = fc.oneof(
  all({
    kind: kind('group.formed'),
    ...about,
    epoch: whole,
    members: some(member),
    considered: some(considered),
    uncovered: some(skillName),
    strategy: text,
  }),
  all({
    kind: kind('member.finished'),
    ...about,
    epoch: whole,
    agent: agentId,
    result: json,
    tookMs: amount,
  }),
  all({ kind: kind('claim.returned'), ...about, epoch: whole, by: nodeId, reason: text }),
  record(
    {
      kind: kind('standing.changed'),
      ...about,
      evidence: some(all({ agent: agentId, skills: some(standing) })),
      strategy: text,
    },
    { epoch: whole },
  ),
)
const last: Arbitrary<Fact> = record(
  { kind: kind('task.ended'), ...about, epoch: whole, status: fc.constantFrom('completed', 'failed') },
  { reason: refusal, considered: some(considered) },
)

test('JOURNAL-9 the facts of an ended task come back as they were, at their positions', async () => {
  await fc.assert(
    fc.asyncProperty(first, some(between), last, some(between), async (first, facts, last, late) => {
      const journal = openMemoryJournal({ endedKept: 1 })
      const all = [first, ...facts, last, ...late]
      await journal.append([accepted('open'), ...all])
      assert.deepEqual(await journal.history(task), all)
      const read: unknown[] = []
      for await (const recorded of journal.read(1)) read.push(recorded)
      assert.deepEqual(
        read,
        all.map((fact, i) => ({ position: i + 2, fact })),
      )
    }),
  )
})

test('JOURNAL-9 a fact is kept that is larger than a store of numbers', async () => {
  const [one] = fc.sample(considered, 1)
  const costs = { time: 1, load: 2, price: 3, late: 4, spread: 5, plan: 6 }
  const many = Array.from({ length: 5_000 }, (_, i) => ({ ...one, score: i, outcomes: 0.5, costs }))
  const formed = { kind: 'group.formed', task, at: 1, epoch: 1, members: [], considered: many, uncovered: [] }
  const facts = [
    accepted('a'),
    { ...formed, strategy: 's' },
    { kind: 'task.ended', task, at: 2, epoch: 1, status: 'completed' },
  ] as Fact[]
  const journal = openMemoryJournal()
  await journal.append(facts)
  assert.deepEqual(await journal.history(task), facts)
})

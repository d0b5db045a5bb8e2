/** What is handed over as JSON text is the value that it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openOutcome, resultsBySkill } from '../../src/host/assignment.ts'
import type { AgentId, SkillName } from '../../src/protocol/id.ts'
import type { JsonText } from '../../src/protocol/json.ts'

const agent = 'ada' as AgentId
const skills = ['etl' as SkillName]

/** What its reader gets of a result. */
function opened(result: string): unknown {
  const { results } = openOutcome({
    status: 'completed',
    results: [{ agent, skills, result: result as JsonText }],
  })
  return results.etl?.[0]?.result
}

test('a result is opened as the value that it was, whatever is in it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.string()), (value) => {
      const text = JSON.stringify(value)
      assert.deepEqual(opened(text), JSON.parse(text))
    }),
  )
})

test('a text that JSON writes otherwise is opened as it was, and so is what begins or ends like a text', () => {
  const values = [
    '',
    '"',
    '\\',
    'a"',
    '"a',
    '\n',
    '\u0000',
    '\ud800',
    'ü',
    '"a","b"',
    [''],
    ['a', 'b'],
    { '"': '"' },
  ]
  for (const value of values) assert.deepEqual(opened(JSON.stringify(value)), value)
  assert.equal(opened('"\\u0061"'), 'a')
  assert.throws(() => opened('"'), SyntaxError)
})

test('results of several agents for one skill stand side by side', () => {
  const all = resultsBySkill([
    { agent, skills, result: '"one"' as JsonText },
    { agent: 'bob' as AgentId, skills, result: 'null' as JsonText },
  ])
  assert.deepEqual(all, {
    etl: [
      { agent, result: 'one' },
      { agent: 'bob', result: null },
    ],
  })
})

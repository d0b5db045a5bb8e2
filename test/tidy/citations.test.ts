/**
 * Proves that the gate between SPEC.md and the tests can fail.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  citationsIn,
  citationsInTranscript,
  danglingIn,
  disagreements,
  idsAtHead,
  malformedRules,
  rulesOf,
} from './citations.ts'
import { parseOne } from './source.ts'

const idsIn = (code: string): string[] => citationsIn(parseOne('test/x.ts', code)).map(({ id }) => id)

test('TIDY-9 a rule is a list item that begins with its bold number', () => {
  const text =
    '# T\n- **AB-1** One.\n- **AB-2** Two\n  (deferred: next\n  week).\n- AB-3 no\ntext **AB-4** no'
  assert.deepEqual(rulesOf(text), [
    { id: 'AB-1', line: 2 },
    { id: 'AB-2', line: 3, deferred: 'next week' },
  ])
  assert.deepEqual(malformedRules(text), ['- AB-3 no'])
  assert.equal(malformedRules('- ** AB-3** no\n* **AB-4** no\n- **AB-5**').length, 2)
})

test('TIDY-9 ids are read at the head of a title only', () => {
  assert.deepEqual(idsAtHead('AB-1 it works'), ['AB-1'])
  assert.deepEqual(idsAtHead('AB-1, CD-22: it works as AB-3 says'), ['AB-1', 'CD-22'])
  assert.deepEqual(idsAtHead('AB-1 CD-2 both'), ['AB-1', 'CD-2'])
  assert.deepEqual(idsAtHead('UTF-8text and AB-3'), [])
  assert.deepEqual(idsAtHead('it works (AB-1)'), [])
})

test('TIDY-9 citations are titles of tests, not strings or comments', () => {
  assert.deepEqual(idsIn("test('AB-1 a', f)"), ['AB-1'])
  assert.deepEqual(idsIn('it("AB-1 a", f); describe(`AB-2 $' + '{x}`, f); suite(`AB-3`, f)'), [
    'AB-1',
    'AB-2',
    'AB-3',
  ])
  assert.deepEqual(idsIn("await t.test('AB-1 a', f)"), ['AB-1'])
  assert.deepEqual(idsIn("const cases = [{ title: 'AB-1 a', run() {} }]"), ['AB-1'])
  assert.deepEqual(idsIn("test.skip('AB-1 a', f); it.todo('AB-2 a')"), [])
  assert.deepEqual(idsIn("// test('AB-1 a', f)\nconst a = \"test('AB-1 a')\"; f('AB-1 a')"), [])
})

test('TIDY-9 a transcript cites in its first line', () => {
  assert.deepEqual(citationsInTranscript('a.txt', 'rule: AB-1, CD-2\nAB-3'), [
    { id: 'AB-1', where: 'a.txt:1' },
    { id: 'CD-2', where: 'a.txt:1' },
  ])
  assert.equal(citationsInTranscript('a.txt', '# rule: AB-1')[0]?.id, 'AB-1')
  assert.deepEqual(citationsInTranscript('a.txt', 'hello\nrule: AB-1'), [])
})

test('TIDY-9 every kind of disagreement is told', () => {
  const rules = rulesOf(
    '- **AB-1** a\n- **AB-2** b\n- **AB-2** c\n- **AB-3** d (deferred: x)\n- **AB-4** e (deferred: y)',
  )
  const wrong = disagreements(rules, [
    { id: 'AB-2', where: 'x:1' },
    { id: 'AB-4', where: 'x:2' },
    { id: 'AB-9', where: 'x:3' },
  ])
  assert.deepEqual(wrong, [
    'SPEC.md:3 AB-2 is already on line 2',
    'SPEC.md:1 no test cites AB-1',
    'SPEC.md:5 AB-4 is deferred, yet x:2 proves it',
    'x:3 cites AB-9, which SPEC.md lacks',
  ])
})

test('TIDY-9 a mention of a rule that is not there is found, a word that only looks like one is not', () => {
  const rules = rulesOf('- **AB-1** a')
  assert.deepEqual(danglingIn(rules, 'as AB-1 and AB-2 say, AB-2 above all, in UTF-8'), ['AB-2'])
})

/**
 * SPEC.md and the tests agree: every rule has a test that cites it, and every cited rule exists.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  citationsIn,
  citationsInTranscript,
  danglingIn,
  disagreements,
  malformedRules,
  rulesOf,
} from './tidy/citations.ts'
import { commentsOf, project, root } from './tidy/source.ts'

const specification = readFileSync(join(root, 'SPEC.md'), 'utf8')

function transcripts(): string[] {
  const folder = 'lab/transcripts'
  if (!existsSync(join(root, folder))) return []
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.txt')).map((name) => `${folder}/${name}`)
}

test('TIDY-9 rules are written as rules', () => {
  assert.ok(rulesOf(specification).length > 0)
  assert.deepEqual(malformedRules(specification), [])
})

test('TIDY-9 every rule has a test, and every cited rule exists', () => {
  const citations = [
    ...project()
      .filter(({ path }) => path.startsWith('test/') || path.startsWith('lab/'))
      .flatMap(citationsIn),
    ...transcripts().flatMap((path) => citationsInTranscript(path, readFileSync(join(root, path), 'utf8'))),
  ]
  const wrong = disagreements(rulesOf(specification), citations)
  assert.equal(wrong.length, 0, `\n${wrong.join('\n')}`)
})

test('TIDY-9 documents and comments mention only rules that exist', () => {
  const rules = rulesOf(specification)
  const documents = readdirSync(root, { encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  for (const name of readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.md')) documents.push(`docs/${name}`)
  }
  const texts = [
    ...documents.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
    ...project().map((source) => ({
      path: source.path,
      text: commentsOf(source)
        .map(({ text }) => text)
        .join('\n'),
    })),
  ]
  const dangling = texts.flatMap(({ path, text }) =>
    danglingIn(rules, text).map((id) => `${path} mentions ${id}`),
  )
  assert.deepEqual(dangling, [])
})

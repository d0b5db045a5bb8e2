/**
 * The public face, listed: what a user can import changes only together with `test/face.txt`.
 * `node test/face.test.ts --rewrite` writes the list anew; the difference is then reviewed like any other.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { faceText } from './tidy/face.ts'
import { faces } from './tidy/imports.ts'
import { project } from './tidy/source.ts'

const list = new URL('./face.txt', import.meta.url)

test('TIDY-8 the public face is the listed one', () => {
  const entries = project().filter(({ path }) => faces.includes(path) && path.endsWith('index.ts'))
  const text = faceText(entries)
  if (process.argv.includes('--rewrite')) writeFileSync(list, text)
  assert.equal(text, readFileSync(list, 'utf8'), 'the exports have changed; see the head of this test')
})

/**
 * The public face, listed: what a user can import changes only together with `test/face.txt`.
 * `node test/face.test.ts --rewrite` writes the list anew; the difference is then reviewed like any other.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faceText } from './tidy/face.ts'
import { faces } from './tidy/imports.ts'
import { project, root } from './tidy/source.ts'

const list = new URL('./face.txt', import.meta.url)

test('TIDY-8 the public face is the listed one', () => {
  const entries = project().filter(({ path }) => faces.includes(path) && path.endsWith('index.ts'))
  const text = faceText(entries)
  if (process.argv.includes('--rewrite')) writeFileSync(list, text)
  assert.equal(text, readFileSync(list, 'utf8'), 'the exports have changed; see the head of this test')
})

test('TIDY-8 what the package names as its entries are the faces', () => {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { types: string; default: string }>
    bin: Record<string, string>
  }
  const built = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)]
  const sources = built.map((path) => path.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts'))
  assert.deepEqual(sources.toSorted(), [...faces].sort())
  for (const { types, default: code } of Object.values(exports))
    assert.equal(types, code.replace(/\.js$/, '.d.ts'))
})

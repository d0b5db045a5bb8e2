/**
 * Proves that the import table can fail.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edgesOf, forbiddenImports, unreached } from './imports.ts'
import { parse, parseOne } from './source.ts'

const dependencies = ['zod', 'yaml']

function verdict(path: string, code: string): boolean {
  return forbiddenImports(parseOne(path, code), dependencies).length === 0
}

/** Floor, what it imports, whether it may. */
const cases: readonly (readonly [path: string, specifier: string, allowed: boolean])[] = [
  ['src/protocol/x.ts', './y.ts', true],
  ['src/protocol/x.ts', '../strategy/y.ts', false],
  ['src/protocol/codec.ts', 'zod', true],
  ['src/protocol/codec/x.ts', 'zod', true],
  ['src/protocol/x.ts', 'zod', false],
  ['src/hub/x.ts', 'node:crypto', false],
  ['src/strategy/x.ts', '../protocol/y.ts', true],
  ['src/strategy/x.ts', '../hub/y.ts', false],
  ['src/hub/x.ts', '../strategy/y.ts', true],
  ['src/hub/x.ts', '../agent/y.ts', false],
  ['src/agent/x.ts', '../hub/y.ts', false],
  ['src/agent/x.ts', '../host/y.ts', false],
  ['src/host/x.ts', '../hub/y.ts', true],
  ['src/host/x.ts', '../gateway/y.ts', false],
  ['src/host/x.ts', 'node:sqlite', true],
  ['src/host/x.ts', 'yaml', true],
  ['src/host/x.ts', 'fast-check', false],
  ['src/host/x.ts', '../../lab/y.ts', false],
  ['src/host/x.ts', './y.js', false],
  ['src/workforce/x.ts', '../hub/y.ts', false],
  ['src/gateway/http/x.ts', '../../host/y.ts', true],
  ['src/gateway/http/x.ts', '../../cli/y.ts', false],
  ['src/cli/x.ts', '../index.ts', true],
  ['src/index.ts', './host/y.ts', true],
  ['src/index.ts', './cli/y.ts', false],
  ['src/newfloor/x.ts', '../host/y.ts', false],
  ['examples/x.ts', '../src/index.ts', true],
  ['examples/x.ts', '../src/host/y.ts', false],
  ['examples/x.ts', 'csv-parse', true],
  ['test/x.ts', '../src/hub/y.ts', true],
]

test('TIDY-1 the table lets pass what it allows and nothing else', () => {
  for (const [path, specifier, allowed] of cases) {
    const file = specifier
    for (const code of [
      `import { a } from '${file}'`,
      `import type { A } from '${file}'`,
      `export { a } from '${file}'`,
      `const a = import('${file}')`,
      `type A = import('${file}').A`,
    ]) {
      assert.equal(verdict(path, code), allowed, `${path}: ${code}`)
    }
  }
})

test('TIDY-1 an import in a comment or a string is none', () => {
  assert.ok(verdict('src/hub/x.ts', "// import '../agent/y.ts'\nconst a = \"import '../agent/y.ts'\""))
})

test('TIDY-7 a file that nobody loads is found; a worker is loaded by its URL', () => {
  const sources = parse(
    new Map([
      ['src/index.ts', "export { a } from './a.ts'"],
      ['src/a.ts', "import type { B } from './b.ts'\nexport const a = new URL('./w.ts', import.meta.url)"],
      ['src/b.ts', ''],
      ['src/w.ts', "import './v.ts'"],
      ['src/v.ts', ''],
      ['src/lost.ts', "import './a.ts'"],
      ['test/x.ts', "import '../src/lost.ts'"],
    ]),
  )
  assert.deepEqual(unreached(sources, ['src/index.ts']), ['src/lost.ts'])
})

test('TIDY-7 an edge names the file it leads to', () => {
  const [edge] = edgesOf(parseOne('src/gateway/http/x.ts', "import '../../host/desk.ts'"))
  assert.equal(edge?.target, 'src/host/desk.ts')
})

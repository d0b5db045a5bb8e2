/**
 * Proves that each ban can fail, and that it lets its own words pass where they are no code.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bannedIn, bans, postponedIn } from './bans.ts'
import { parse, parseOne } from './source.ts'

/** For each ban: code that it must catch, as a file of a pure floor or of another. */
const caught: Readonly<Record<string, readonly [path: string, ...code: string[]]>> = {
  Date: [
    'src/hub/x.ts',
    'const at = Date.now()',
    'const at = new Date()',
    'const { now } = Date',
    'const o = { Date }',
    'interface A { at: Date }',
  ],
  performance: ['src/hub/x.ts', 'performance.now()'],
  'Math.random': ['src/strategy/x.ts', 'const a = Math.random()', 'const r = Math.random'],
  'a source of randomness': ['src/agent/x.ts', 'crypto.randomUUID()'],
  'a timer': ['src/agent/x.ts', 'setTimeout(f, 1)', 'setInterval(f)', 'setImmediate(f)', 'queueMicrotask(f)'],
  'async or await': [
    'src/hub/x.ts',
    'async function f() {}',
    'const f = async () => 1',
    'const o = { async f() {} }',
    'await x',
    'for await (const a of b) {}',
  ],
  Promise: ['src/hub/x.ts', 'Promise.resolve()', 'let a: Promise<void>'],
  'import()': ['src/hub/x.ts', "import('./y.ts')"],
  'for…in': ['src/hub/x.ts', 'for (const key in object) f(key)'],
  'an order or a text that depends on the machine': [
    'src/strategy/x.ts',
    'a.localeCompare(b)',
    'n.toLocaleString()',
    'new Intl.Collator()',
  ],
  console: ['src/hub/x.ts', 'console.log(1)', 'console.error(1)', 'const { log } = console'],
  printing: ['src/host/x.ts', 'console.log(1)', 'f(console)'],
  process: ['src/protocol/x.ts', 'process.exit(1)', 'f(process)'],
  globalThis: ['src/hub/x.ts', "globalThis['Date']"],
  'a declared global': [
    'src/hub/x.ts',
    'declare const setTimeout: unknown',
    'declare function fetch(): void',
  ],
  'the state of a module': ['src/host/x.ts', 'let open = 0', 'export let count = 1', 'var a = 1'],
  'a test that does not run': ['test/x.ts', "test.skip('a', f)", "it.only('a', f)", "describe.todo('a')"],
  any: [
    'test/x.ts',
    'let a: any',
    'const a = b as any',
    'function f(...a: any[]) {}',
    'type A = Map<string, any>',
  ],
  'export default': [
    'lab/x.ts',
    'export default 1',
    'export default function f() {}',
    'export default class C {}',
    'const a = 1; export = a',
  ],
  'export *': ['src/index.ts', "export * from './a.ts'", "export * as a from './a.ts'"],
  enum: ['bench/x.ts', 'enum A { B }', 'const enum A { B }', 'export enum A { B }'],
  namespace: [
    'examples/x.ts',
    'namespace A { export const b = 1 }',
    'declare module "a" {}',
    'declare global {}',
  ],
  'non-null !': ['test/x.ts', 'a!.b', 'f(a!)', 'a[0]! + 1'],
  'process.env': ['src/host/x.ts', 'process.env.HOME', "process.env['HOME']", 'globalThis.process.env'],
}

test('TIDY-2 every ban catches its samples, alone and with its replacement named', () => {
  for (const { name, instead } of bans) {
    const [path, ...samples] = caught[name] ?? []
    assert.ok(path !== undefined && samples.length > 0, `the ban of ${name} has no sample`)
    for (const code of samples) {
      const findings = bannedIn(parseOne(path, `const first = 0\n${code}\n`))
      assert.ok(
        findings.some(
          ({ line, what }) => line === 2 && what.startsWith(`${name} `) && what.includes(instead),
        ) ||
          (name === 'console' && findings.length > 0),
        `${name} did not catch: ${code}`,
      )
    }
  }
})

test('TIDY-2 console is banned in the shell and allowed on the command line', () => {
  assert.equal(bannedIn(parseOne('src/host/x.ts', 'console.log(1)')).length, 1)
  for (const path of ['src/cli/x.ts', 'examples/x.ts', 'lab/x.ts', 'bench/x.ts']) {
    assert.deepEqual(bannedIn(parseOne(path, 'console.log(process.env.HOME)')), [], path)
  }
})

test('TIDY-2 a banned word in a comment, a string, a template, a pattern or a property is no code', () => {
  const text = [
    '// Date.now(), await, any, enum, Math.random()',
    '/* process.env, console.log, export default */',
    "const a = 'Date.now() any enum'",
    `const b = \`await \${a} Math.random() \${a} setTimeout(f)\``,
    'const c = /Date|Promise|any/',
    'const d = { Date: 1, process: 2, performance: 3 }',
    'const e = d.Date + d.process',
    'declare const brand: unique symbol',
    'function h() { let inner = 0; for (let i = 0; i < 1; i++) inner += i }',
    'interface F { readonly console: string; Promise(): void }',
    'function g(value: string) { switch (value) { case a: return 1; default: return 0 } }',
  ]
  assert.deepEqual(bannedIn(parseOne('src/hub/x.ts', text.join('\n'))), [])
})

test('TIDY-2 pure bans hold on all four pure floors and nowhere else', () => {
  const code = 'export const at = Date.now()'
  const paths = ['protocol', 'strategy', 'hub', 'agent', 'host', 'cli'].map((floor) => `src/${floor}/x.ts`)
  const hit = parse(new Map(paths.map((path) => [path, code]))).filter(
    (source) => bannedIn(source).length > 0,
  )
  assert.deepEqual(
    hit.map(({ path }) => path),
    paths.slice(0, 4),
  )
})

test('TIDY-3 a comment that puts work off is found, a string is not', () => {
  const word = ['TO', 'DO'].join('')
  assert.equal(postponedIn(parseOne('src/a/x.ts', `// ${word} later`)).length, 1)
  assert.equal(postponedIn(parseOne('src/a/x.ts', `// @ts-${'ignore'}`)).length, 1)
  assert.equal(postponedIn(parseOne('src/a/x.ts', `/* x\n FIX${''}ME */ f()`)).length, 1)
  assert.equal(
    postponedIn(parseOne('src/a/x.ts', `const a = '// ${word}', b = \`// ${word} \${a} // ${word}\``)).length,
    0,
  )
  assert.equal(
    postponedIn(parseOne('src/a/x.ts', `const a = /\\/\\/ ${word}/\nconst b = "it's" // a ${word}`)).length,
    1,
  )
})

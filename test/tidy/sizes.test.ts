/**
 * Proves that the rules on sizes, headers and names can fail.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyNamesIn, headlessIn, longFunctionsIn, longIn } from './sizes.ts'
import { parseOne } from './source.ts'

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `  f(${n})`).join('\n')

test('TIDY-4 a file of 399 lines passes and one of 400 does not', () => {
  assert.equal(longIn(parseOne('src/x.ts', `${'\n'.repeat(398)}f()\n`)).length, 0)
  assert.equal(longIn(parseOne('src/x.ts', `${'\n'.repeat(399)}f()\n`)).length, 1)
})

test('TIDY-4 a line of 120 characters passes and one of 121 does not, in a string or not', () => {
  assert.equal(longIn(parseOne('src/x.ts', `f('${'a'.repeat(115)}')`)).length, 0)
  assert.deepEqual(
    longIn(parseOne('src/x.ts', `\n\`${'a'.repeat(119)}\``)).map(({ line }) => line),
    [2],
  )
})

test('TIDY-4 a function of 60 lines passes and one of 61 does not, whatever its form', () => {
  for (const [open, close] of [
    ['function f() {', '}'],
    ['const f = () => {', '}'],
    ['const f = function () {', '}'],
    ['class C { m() {', '} }'],
    ['class C { constructor() {', '} }'],
    ['const o = { get a() {', '} }'],
  ]) {
    assert.equal(longFunctionsIn(parseOne('src/x.ts', `${open}\n${lines(58)}\n${close}`)).length, 0, open)
    assert.equal(longFunctionsIn(parseOne('src/x.ts', `${open}\n${lines(59)}\n${close}`)).length, 1, open)
  }
})

test('TIDY-4 a suite of short tests is no long function, but a shipped function full of functions is', () => {
  const suite = `describe('x', () => {\n${`  test('y', () => {\n${lines(40)}\n  })\n`.repeat(3)}})`
  assert.equal(longFunctionsIn(parseOne('test/x.ts', suite)).length, 0)
  assert.equal(longFunctionsIn(parseOne('src/x.ts', suite)).length, 1)
  const long = `describe('x', () => {\n  test('y', () => {\n${lines(61)}\n  })\n})`
  assert.equal(longFunctionsIn(parseOne('test/x.ts', long)).length, 1)
})

test('TIDY-5 a file of src or lab without a header is found', () => {
  assert.equal(
    headlessIn(parseOne('src/x.ts', "import './y.ts'\n/** Comes too late to be one. */")).length,
    1,
  )
  assert.equal(headlessIn(parseOne('lab/x.ts', '// a line is no header, however long it may be')).length, 1)
  assert.equal(headlessIn(parseOne('src/x.ts', '/** */')).length, 1)
  assert.equal(headlessIn(parseOne('src/x.ts', '/** What this file is for. */\n')).length, 0)
  assert.equal(
    headlessIn(parseOne('src/x.ts', '#!/usr/bin/env node\n/** What this file is for. */\n')).length,
    0,
  )
  assert.equal(headlessIn(parseOne('bench/x.ts', '')).length, 0)
})

test('TIDY-6 names that say nothing are found in paths and declarations', () => {
  const paths = [
    'src/hub/utils.ts',
    'src/helpers/x.ts',
    'src/task-manager.ts',
    'src/commonTypes.ts',
    'src/misc.ts',
  ]
  for (const path of paths) assert.equal(emptyNamesIn(parseOne(path, '')).length, 1, path)
  for (const code of [
    'class TaskManager {}',
    'interface UserService {}',
    'const taskHelpers = 1',
    'type Utils = 1',
  ]) {
    assert.equal(emptyNamesIn(parseOne('src/x.ts', code)).length, 1, code)
  }
  assert.equal(emptyNamesIn(parseOne('src/commonly.ts', 'const managed = 1; const serviced = 2')).length, 0)
})

/**
 * Proves that the listing of the public face sees every form of an export.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportedNames, faceText } from './face.ts'
import { parseOne } from './source.ts'

test('TIDY-8 every form of an export is listed', () => {
  const code = [
    "export { b, type T, old as renamed } from './b.ts'",
    "export type { U } from './u.ts'",
    'export const c = 1, d = 2',
    'export function e(): void {}',
    'export class F {}',
    'export interface G {}',
    'export type H = 1',
    'export async function i() {}',
    'const hidden = 1',
  ]
  const source = parseOne('src/index.ts', code.join('\n'))
  const names = ['F', 'b', 'c', 'd', 'e', 'i', 'renamed', 'type G', 'type H', 'type T', 'type U']
  assert.deepEqual(exportedNames(source), names)
  assert.equal(
    faceText([source, source]),
    `${`src/index.ts\n  ${names.join('\n  ')}\n\n`.repeat(2).trimEnd()}\n`,
  )
})

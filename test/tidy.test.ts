/**
 * The walls of the house, held over every file: imports, bans, sizes, names. `tidy/` has the rules; `tidy/*.test.ts`
 * proves that each of them can fail.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bannedIn, postponedIn } from './tidy/bans.ts'
import { faces, forbiddenImports, unreached } from './tidy/imports.ts'
import { emptyNamesIn, headlessIn, longFunctionsIn, longIn } from './tidy/sizes.ts'
import { type Finding, project, root, type Source } from './tidy/source.ts'

function holds(rule: (source: Source) => Finding[]): void {
  const findings = project().flatMap(rule)
  assert.equal(
    findings.length,
    0,
    findings.map(({ path, line, what }) => `\n${path}:${line} ${what}`).join(''),
  )
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

test('TIDY-1 a floor imports only floors below it', () => {
  const dependencies = Object.keys(manifest.dependencies)
  holds((source) => forbiddenImports(source, dependencies))
})

test('TIDY-2 nothing is written that is banned', () => holds(bannedIn))

test('TIDY-3 no comment puts work off', () => holds(postponedIn))

test('TIDY-4 files and lines are short', () => holds(longIn))

test('TIDY-4 functions are short', () => holds(longFunctionsIn))

test('TIDY-5 every file of src and lab says what it is for', () => holds(headlessIn))

test('TIDY-6 names say something', () => holds(emptyNamesIn))

test('TIDY-7 every file of src is reached from a face', () => {
  const paths = new Set(project().map(({ path }) => path))
  assert.deepEqual(
    faces.filter((face) => !paths.has(face)),
    [],
    'these faces are missing',
  )
  assert.deepEqual(unreached(project(), faces), [], 'no face reaches these files; remove them, or use them')
})

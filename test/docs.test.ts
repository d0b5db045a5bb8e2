/** Every program in a document compiles and runs, as it stands there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { natsMissing } from '../lab/nats-server.ts'
import { documents, programsIn, read } from './documents.ts'
import { natsFor } from './nats.ts'
import { root } from './tidy/source.ts'

const run = promisify(execFile)

interface Program {
  /** The document, and the number of the program in it. */
  readonly name: string
  readonly text: string
}

const faces: Readonly<Record<string, string>> = {
  convoke: 'src/index.ts',
  'convoke/workforce': 'src/workforce/index.ts',
  'convoke/protocol': 'src/protocol/index.ts',
}

function programs(): Program[] {
  return documents().flatMap((path) =>
    programsIn(read(path)).map((text, i) => ({ name: `${path}-${i + 1}`.replaceAll(/[/.]/g, '-'), text })),
  )
}

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('DOC-3 every program in a document passes the compiler', async (t) => {
  const directory = directoryFor(t)
  for (const { name, text } of programs())
    writeFileSync(join(directory, `${name}.ts`), `${text}\nexport {}\n`)
  const paths = Object.fromEntries(Object.entries(faces).map(([face, file]) => [face, [join(root, file)]]))
  const typeRoots = [join(root, 'node_modules/@types')]
  const lenient = { isolatedDeclarations: false, declaration: false, noUnusedLocals: false }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { ...lenient, paths, typeRoots },
      include: ['*.ts'],
    }),
  )
  const compiler = join(root, 'node_modules/.bin/tsc')
  const { stdout } = await run(compiler, ['-p', join(directory, 'tsconfig.json')]).catch((error: unknown) => {
    return error as { readonly stdout: string }
  })
  // What is wrong elsewhere is for `npm run check` to say.
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.includes(basename(directory))),
    [],
  )
})

/** Stands in the documents for a server that is there. */
const server = 'nats://127.0.0.1:4222'

for (const { name, text } of programs()) {
  test(`DOC-3 ${name} runs`, async (t) => {
    const directory = directoryFor(t)
    let source = text
    if (text.includes(server)) {
      const missing = natsMissing()
      if (missing !== undefined) return t.skip(missing)
      source = source.replaceAll(server, (await natsFor(t)).url)
    }
    for (const [face, file] of Object.entries(faces)) {
      source = source.replaceAll(`from '${face}'`, `from '${pathToFileURL(join(root, file)).href}'`)
    }
    writeFileSync(join(directory, 'program.ts'), source)
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
    const { stderr } = await run(process.execPath, ['program.ts'], { cwd: directory, timeout: 20_000 })
    assert.equal(stderr, '')
  })
}

test('DOC-4 decisions are numbered one after the other', () => {
  const names = readdirSync(join(root, 'docs/decisions')).sort()
  for (const [i, name] of names.entries()) {
    const number = String(i + 1).padStart(2, '0')
    assert.ok(name.startsWith(`${number}-`), `${name} should be number ${number}`)
    assert.ok(read(`docs/decisions/${name}`).startsWith(`# ${number} `), `the title of ${name}`)
  }
})

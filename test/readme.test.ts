/** The README and the other documents say what is: programs, output, commands, links. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { anchorsIn, blocksIn, documents, linksIn, read } from './documents.ts'
import { root } from './tidy/source.ts'

const run = promisify(execFile)
const readme = read('README.md')

test('DOC-1 the program in the README is the example, and prints what the README says', async () => {
  const [program] = blocksIn(readme).filter(({ language }) => language === 'ts')
  const [output] = blocksIn(readme).filter(({ language }) => language === 'text')
  assert.ok(program !== undefined && output !== undefined)
  const example = read('examples/hello.ts').replace(/^\/\*\*[\s\S]*?\*\/\n+/, '')
  assert.equal(program.text.replace("from 'convoke'", "from '../src/index.ts'"), example)
  const { stdout, stderr } = await run(process.execPath, ['examples/hello.ts'], {
    cwd: root,
    timeout: 20_000,
  })
  assert.deepEqual([stdout, stderr], [output.text, ''])
})

/** Words of a shell line: what is run, without comments and what npm brings. */
function commandsIn(text: string): string[] {
  const shell = blocksIn(text).filter(({ language }) => language === 'sh')
  const inTables = [...text.matchAll(/`((?:npm|npx|\.ci)[^`\n]*)`/g)].map(([, command = '']) => command)
  const lines = shell.flatMap((block) => block.text.split('\n'))
  return [...lines, ...inTables]
    .map((line) => line.replace(/\s#.*$/, '').trim())
    .filter((line) => line !== '')
}

const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }

function problemWith(command: string): string | undefined {
  const [program = '', verb = '', name = '', ...rest] = command.split(/\s+/)
  if (program === 'npm' && verb === 'run' && scripts[name] === undefined) return `no script "${name}"`
  if (program === 'npm' && verb === 'test' && scripts.test === undefined) return 'no script "test"'
  if (program.startsWith('.') && !existsSync(join(root, program))) return `no file ${program}`
  for (const word of [name, ...rest]) {
    const isPath = /^[\w./-]+\/[\w.-]+\.(ts|yaml|csv|md)$/.test(word) && !word.includes('…')
    if (isPath && !existsSync(join(root, word))) return `no file ${word}`
  }
  return undefined
}

test('DOC-2 every command in a document names a script or a file that exists', () => {
  const known = documents().flatMap((path) => commandsIn(read(path)).map((command) => ({ path, command })))
  assert.ok(known.some(({ path }) => path === 'README.md') && known.length > 10)
  const wrong = known.flatMap(({ path, command }) => {
    const problem = problemWith(command)
    return problem === undefined ? [] : [`${path}: ${command}: ${problem}`]
  })
  assert.deepEqual(wrong, [])
  assert.equal(problemWith('npm run nothing'), 'no script "nothing"')
  assert.equal(problemWith('npx node --test test/no/such.test.ts'), 'no file test/no/such.test.ts')
})

test('DOC-2 every link in a document leads to a file and a heading that exist', () => {
  const wrong: string[] = []
  let links = 0
  for (const path of documents()) {
    for (const link of linksIn(read(path))) {
      links += 1
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(root, target))) wrong.push(`${path} links to ${link}, which does not exist`)
      else if (anchor !== undefined && !anchorsIn(read(target)).has(anchor))
        wrong.push(`${path} links to ${link}, and ${target} has no such heading`)
    }
  }
  assert.ok(links > 10)
  assert.deepEqual(wrong, [])
})

test('DOC-2 every file that the README, ARCHITECTURE or CONTRIBUTING names exists', () => {
  for (const path of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']) {
    const named = [...read(path).matchAll(/`((?:src|test|lab|docs|examples|bench)\/[\w./-]*\w)\/?`/g)]
    const exists = (name: string): boolean =>
      existsSync(join(root, name)) || existsSync(join(root, `${name}.ts`))
    const missing = named.map(([, name = '']) => name).filter((name) => !exists(name))
    assert.deepEqual(missing, [], path)
  }
})

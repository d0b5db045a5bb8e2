/**
 * The agents of a project: what can be missing, and how modules become agents.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readProject } from '../../src/cli/project/read.ts'
import { agentsOf } from '../../src/cli/project/workforce.ts'
import { folderWith } from './convoke.ts'

const project = `agents:
  - { id: ada, skills: { work: expert }, command: [cat] }
  - { id: bob, skills: { work: novice }, command: cat }
tasks:
  - { id: one, description: Do it, requires: { work: novice } }
`

const modules = {
  'broken.ts': 'export const agent = {',
  'empty.ts': 'export const other = 1',
  'ada.ts': `export const agent = { id: 'ada', skills: [{ name: 'art' }], perform: () => 1 }`,
  'idle.ts': `export const agent = { id: 'cleo', skills: [{ name: 'art' }] }`,
  'nobody.ts': `export const agent = { skills: [{ name: 'art' }], perform: () => 1 }`,
  'unskilled.ts': `export const agent = { id: 'cleo', perform: () => 1 }`,
}

const module = (name: string): readonly [string, string] => ['tasks:', `  - { module: ./${name} }\ntasks:`]

/** What is changed in the project, and the problem that it then has. */
const wrong: readonly (readonly [readonly [string, string], string, RegExp])[] = [
  [
    ['[cat]', '[no-such-program]'],
    'E_FILE',
    /:2:\d+: agents\[0\]\.command names the program "no-such-program", which was/,
  ],
  [
    ['[cat]', '[./cat]'],
    'E_FILE',
    /:2:\d+: agents\[0\]\.command names the program "\.\/cat", which was not found/,
  ],
  [['[cat]', '[/]'], 'E_FILE', /agents\[0\]\.command names the program "\/", which was not found/],
  [['[cat]', '[cat], cwd: nowhere'], 'E_FILE', /:2:\d+: agents\[0\]\.cwd ".*nowhere" is not a folder/],
  [
    ['{ work: novice } }\n', '{ art: novice } }\n'],
    'E_NOT_SKILLED',
    /requires\.art needs 1 agent with art at novice or above; the project has 0/,
  ],
  [
    ['Do it, requires: { work: novice }', 'Do it, requires: { work: { level: expert, count: 2 } }'],
    'E_NOT_SKILLED',
    /:5:\d+: tasks\[0\]\.requires\.work needs 2 agents with work at expert or above; the project has 1/,
  ],
  [
    ['requires: { work: novice } }', 'requires: { work: novice }, exclude: [ada, bob] }'],
    'E_NOT_SKILLED',
    /the project has 0/,
  ],
  [module('no.ts'), 'E_FILE', /:4:\d+: agents\[2\]\.module "\.\/no\.ts" is not a file/],
  [module('broken.ts'), 'E_FILE', /agents\[2\]\.module "\.\/broken\.ts" cannot be loaded: /],
  [module('empty.ts'), 'E_FILE', /agents\[2\]\.module "\.\/empty\.ts" does not export an agent/],
  [module('idle.ts'), 'E_TYPE', /agents\[2\]\.module exports an agent without the function "perform"/],
  [
    module('nobody.ts'),
    'E_TYPE',
    /agents\[2\]\.module exports an agent without an id, and the project gives none/,
  ],
  [module('unskilled.ts'), 'E_TYPE', /agents\[2\]\.module exports an agent without skills/],
  [module('ada.ts'), 'E_AGENT_ID_TAKEN', /:4:\d+: agents\[2\] has the id "ada", which another one has/],
]

test('CLI-12 every way in which an agent can be missing has its sentence and its line', async () => {
  for (const [i, [[from, to], code, message]] of wrong.entries()) {
    const name = `${i}.yaml`
    const text = project.replace(from, to)
    assert.notEqual(text, project)
    const file = join(folderWith({ ...modules, [name]: text }), name)
    await assert.rejects(
      readProject(file).then((read) => agentsOf(read, process.env)),
      { code, message, exit: 2 },
      to,
    )
  }
})

test('CLI-12 a task with a deadline may need what nobody has: it expires, and says so', async () => {
  const text = project.replace('{ work: novice } }\n', '{ art: novice }, deadline: 1s }\n')
  const file = join(folderWith({ 'p.yaml': text }), 'p.yaml')
  assert.equal((await agentsOf(await readProject(file), process.env)).length, 2)
})

test('CLI-13 a project may replace what a module says of its agent', async () => {
  const text = project.replace(
    'tasks:',
    '  - { module: ./ada.ts, id: pia, skills: { art: expert }, price: 3 }\ntasks:',
  )
  const file = join(folderWith({ ...modules, 'p.yaml': text }), 'p.yaml')
  const pia = (await agentsOf(await readProject(file), process.env)).at(-1)
  assert.deepEqual([pia?.id, pia?.skills, pia?.price], ['pia', [{ name: 'art', level: 'expert' }], 3])
})

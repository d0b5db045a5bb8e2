/**
 * Project files: what is understood, and that everything else is refused with its line.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../src/cli/problem.ts'
import { cycleIn, inOrder } from '../../src/cli/project/meaning.ts'
import { parseProject } from '../../src/cli/project/read.ts'

const base = `agents:
  - { id: ada, skills: { etl: expert }, command: [echo] }
tasks:
  - id: clean
    description: Clean the rows
    requires: { etl: intermediate }
`

function problem(text: string): string {
  try {
    parseProject('p.yaml', text)
  } catch (cause) {
    assert.ok(cause instanceof Problem, String(cause))
    assert.equal(cause.exit, 2)
    return `${cause.code} ${cause.message}${cause.hint === undefined ? '' : ` | ${cause.hint}`}`
  }
  return 'no problem'
}

test('PROJECT-1 every way to write skills and requirements means the same', () => {
  const full = parseProject('p.yaml', base).shape
  const [agent] = full.agents
  assert.deepEqual(agent?.skills, [{ name: 'etl', level: 'expert' }])
  assert.deepEqual(full.tasks[0]?.requires, [{ skill: 'etl', level: 'intermediate' }])
  const ways = [
    '{ etl: intermediate }',
    '{ etl: { level: intermediate } }',
    '[{ skill: etl, level: intermediate }]',
  ]
  for (const way of ways) {
    assert.deepEqual(parseProject('p.yaml', base.replace('{ etl: intermediate }', way)).shape, full)
  }
  const bare = parseProject('p.yaml', base.replace('{ etl: intermediate }', '[etl]')).shape
  assert.deepEqual(bare.tasks[0]?.requires, [{ skill: 'etl' }])
})

const complete = `name: all
network: all.db
durability: normal
levels: [low, high]
limits: { groupTimeoutMs: 5s, maxAttempts: 2 }
agents:
  - id: ada
    skills: [{ name: etl, level: high, successRate: 0.9, meanTime: 30s }]
    command: echo done
    cwd: sub
    env: { COLOUR: red, SIZE: 3 }
    timeout: 1m
    maxConcurrentTasks: 2
    price: 1.5
  - { module: ./bob.ts }
tasks:
  - id: first
    description: The first
    requires: [etl]
  - id: all
    description: All of it
    payload: { rows: [1, 2] }
    metadata: { ticket: 7 }
    requires: { etl: { level: high, count: 2 } }
    optional: { ml: low }
    priority: critical
    deadline: 10m
    maxGroupSize: 3
    minMembers: 2
    dependsOn: [first]
    budget: 4
    verify: { skill: review, level: low }
    maxAttempts: 2
    workSilence: 90s
    exclude: [eve]
`

test('PROJECT-1 every key is understood', () => {
  const { shape } = parseProject('p.yaml', complete)
  assert.deepEqual(shape.limits, { groupTimeoutMs: 5_000, maxAttempts: 2 })
  assert.deepEqual(shape.agents[0], {
    id: 'ada',
    skills: [{ name: 'etl', level: 'high', successRate: 0.9, meanTime: 30_000 }],
    command: 'echo done',
    cwd: 'sub',
    env: { COLOUR: 'red', SIZE: '3' },
    timeout: 60_000,
    maxConcurrentTasks: 2,
    price: 1.5,
  })
  assert.deepEqual(shape.tasks[1], {
    id: 'all',
    description: 'All of it',
    payload: { rows: [1, 2] },
    metadata: { ticket: 7 },
    requires: [{ skill: 'etl', level: 'high', count: 2 }],
    optional: [{ skill: 'ml', level: 'low' }],
    priority: 'critical',
    deadline: 600_000,
    maxGroupSize: 3,
    minMembers: 2,
    dependsOn: ['first'],
    budget: 4,
    verify: { skill: 'review', level: 'low' },
    maxAttempts: 2,
    workSilence: 90_000,
    exclude: ['eve'],
  })
})

/** What is added to the base, or what replaces what, and the problem that it is. */
const wrong: readonly (readonly [string | readonly [string, string], string])[] = [
  ['    requires: { ml: novice }\n', 'E_YAML p.yaml:7:5: Map keys must be unique'],
  ['  : [', 'E_YAML p.yaml:7:'],
  [['[echo]', '[echo'], 'E_YAML p.yaml:2:'],
  ['    payload: !secret x\n', 'E_YAML p.yaml:7:14: Unresolved tag'],
  ['    payload: *nobody\n', 'E_YAML p.yaml:7:14: Unresolved alias'],
  [
    '    deadlin: 10m\n',
    'E_UNKNOWN_FIELD p.yaml:7:5: tasks[0].deadlin is not a key of a project file | Did you mean "deadline"?',
  ],
  ['grop: 1\n', 'E_UNKNOWN_FIELD p.yaml:7:1: grop is not a key of a project file | The keys here are: name,'],
  ['__proto__: { polluted: 1 }\n', 'E_UNKNOWN_FIELD p.yaml:7:1: __proto__ is not a key'],
  [
    ['{ etl: intermediate }', '{ etl: { cuont: 2 } }'],
    'E_UNKNOWN_FIELD p.yaml:6:24: tasks[0].requires.etl.cuont is not a key of a project file | Did you mean "count"?',
  ],
  [['    description: Clean the rows\n', ''], 'E_MISSING_FIELD p.yaml:4:5: tasks[0].description is missing'],
  [
    [', command: [echo]', ''],
    'E_MISSING_FIELD p.yaml:2:5: agents[0].command is missing | An agent has a command or a module.',
  ],
  [
    ['command: [echo]', 'command: [echo], module: ./a.ts'],
    'E_TYPE p.yaml:2:58: agents[0].module and command exclude each other',
  ],
  [
    ['[echo]', '[]'],
    'E_TYPE p.yaml:2:41: agents[0].command must be a list of a program and its arguments, or a line',
  ],
  [['id: ada, ', ''], 'E_MISSING_FIELD p.yaml:2:5: agents[0].id is missing'],
  [
    ['id: ada', 'id: ada.b'],
    'E_BAD_ID p.yaml:2:7: agents[0].id "ada.b" is not an id | An id has 1 to 64 characters',
  ],
  [['id: clean', 'id: ".."'], 'E_BAD_ID p.yaml:4:5: tasks[0].id ".." is not an id'],
  [['id: clean', 'id: __proto__'], 'E_BAD_ID p.yaml:4:5: tasks[0].id "__proto__" is not an id'],
  [['id: clean', 'id: ""'], 'E_BAD_ID p.yaml:4:5: tasks[0].id "" is not an id'],
  [['id: clean', `id: ${'x'.repeat(5_000)}`], 'E_BAD_ID p.yaml:4:5: tasks[0].id "xxx'],
  [
    ['expert', 'guru'],
    'E_BAD_LEVEL p.yaml:2:26: agents[0].skills.etl "guru" is not one of novice, intermediate, advanced, expert',
  ],
  [['intermediate', 'EXPERT'], 'E_BAD_LEVEL p.yaml:6:17: tasks[0].requires.etl "EXPERT" is not one of'],
  ['levels: [low, high]\n', 'E_BAD_LEVEL p.yaml:2:26: agents[0].skills.etl "expert" is not one of low, high'],
  ['levels: [low, low]\n', 'E_BAD_LEVEL p.yaml:7:1: levels names "low" twice'],
  [
    'limits: { groupTimoutMs: 5 }\n',
    'E_UNKNOWN_FIELD p.yaml:7:11: limits.groupTimoutMs is not a limit | Did you mean "groupTimeoutMs"?',
  ],
  [
    'limits: { groupTimeoutMs: -5 }\n',
    'E_RANGE p.yaml:7:11: limits.groupTimeoutMs must be a whole number of at least 1, got -5',
  ],
  [
    '    priority: urgent\n',
    'E_BAD_PRIORITY p.yaml:7:5: tasks[0].priority "urgent" is not one of low, normal, high, critical',
  ],
  [
    '    deadline: 10\n',
    'E_TYPE p.yaml:7:5: tasks[0].deadline must be a span of time such as 500ms, 30s, 10m or 1h, got 10',
  ],
  ['    deadline: -10m\n', 'E_TYPE p.yaml:7:5: tasks[0].deadline must be a span of time'],
  ['    maxGroupSize: 0\n', 'E_RANGE p.yaml:7:5: tasks[0].maxGroupSize must be at least 1, got 0'],
  ['    maxGroupSize: 3.5\n', 'E_RANGE p.yaml:7:5: tasks[0].maxGroupSize must be a whole number, got 3.5'],
  ['    maxGroupSize: three\n', 'E_TYPE p.yaml:7:5: tasks[0].maxGroupSize must be a number, got "three"'],
  ['    budget: -1\n', 'E_RANGE p.yaml:7:5: tasks[0].budget must be at least 0, got -1'],
  [['{ etl: intermediate }', '[]'], 'E_NO_REQUIREMENTS p.yaml:6:5: tasks[0].requires names no skill'],
  [
    ['{ etl: intermediate }', '[etl, etl]'],
    'E_DUPLICATE_SKILL p.yaml:6:5: tasks[0].requires names the skill "etl" twice',
  ],
  [
    '    optional: { etl: novice }\n',
    'E_DUPLICATE_SKILL p.yaml:7:5: tasks[0].optional names the skill "etl" twice',
  ],
  [
    '    dependsOn: [clean]\n',
    'E_DEPENDENCY_CYCLE p.yaml:7:17: tasks[0].dependsOn[0] is wrong: the task "clean" depends on itself',
  ],
  [
    '    dependsOn: [claen]\n',
    'E_NO_SUCH_TASK p.yaml:7:17: tasks[0].dependsOn[0] "claen" is not a task of this project | Did you mean "clean"?',
  ],
  [
    '  - { id: clean, description: Again, requires: [etl] }\n',
    'E_TASK_CONFLICT p.yaml:7:7: tasks[1].id "clean" is already the id of tasks[0]',
  ],
  [
    ['\ntasks', '\n  - { id: ada, skills: [ml], command: [echo] }\ntasks'],
    'E_AGENT_ID_TAKEN p.yaml:3:7: agents[1].id "ada" is already the id of agents[0]',
  ],
]

test('PROJECT-2 what is wrong is told with its code, its line and its column', () => {
  for (const [change, expected] of wrong) {
    const text = typeof change === 'string' ? base + change : base.replace(change[0], change[1])
    assert.notEqual(text, base)
    assert.ok(problem(text).startsWith(expected), `${problem(text)}\n  instead of\n${expected}`)
  }
  assert.equal(problem(''), 'E_TYPE p.yaml:1:1: the project must be a map, got "null"')
  assert.equal(problem('- 1'), 'E_TYPE p.yaml:1:1: the project must be a map, got "[1]"')
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})

test('PROJECT-2 a cycle is named from end to end', () => {
  const task = (id: string, on: string): string =>
    `  - { id: ${id}, description: x, requires: [etl], dependsOn: [${on}] }\n`
  assert.match(
    problem(base + task('a', 'clean, b') + task('b', 'c') + task('c', 'a')),
    /^E_DEPENDENCY_CYCLE p.yaml:7:\d+: tasks\[1\].dependsOn closes a circle: a->b->c->a \|/,
  )
})

test('PROJECT-2 a file of aliases that would grow without end is refused', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 10; i++) {
    const [name, of] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)]
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`)
  }
  assert.match(problem(bomb.join('\n')), /^E_YAML p.yaml: Excessive alias count/)
})

test('PROJECT-3 no text makes the reader throw anything but a problem', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.mixedCase(fc.constant(base))), (text) => {
      problem(text)
    }),
    { numRuns: 300 },
  )
})

test('PROJECT-4 tasks are announced after those that they depend on, otherwise in the order of the file', () => {
  const graph = fc
    .uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { maxLength: 8 })
    .chain((ids) =>
      fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), dependsOn: fc.subarray(ids) }))),
    )
  fc.assert(
    fc.property(graph, (tasks) => {
      const map = new Map(tasks.map(({ id, dependsOn }) => [id, dependsOn]))
      const cycle = cycleIn(map)
      if (cycle !== undefined) {
        assert.ok(cycle.length > 1)
        assert.equal(cycle[0], cycle.at(-1))
        for (const [i, id] of cycle.slice(0, -1).entries()) {
          assert.ok(map.get(id)?.includes(cycle[i + 1] ?? ''), `${id} depends on the next of ${cycle}`)
        }
        return
      }
      const order = inOrder(tasks.map((task) => ({ ...task, description: '', requires: [] }))).map(
        ({ id }) => id,
      )
      assert.equal(order.length, tasks.length)
      for (const { id, dependsOn } of tasks) {
        for (const on of dependsOn) assert.ok(order.indexOf(on) < order.indexOf(id))
      }
    }),
  )
})

test('FAULT-11 a key that is no text is refused, and nothing is printed past the command line', async (t) => {
  const warnings: Error[] = []
  const note = (warning: Error): number => warnings.push(warning)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const text = base.replace('{ etl: intermediate }', '{ { y: 1 }: intermediate }')
  assert.match(problem(text), /^E_BAD_ID p\.yaml:6:/)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(warnings, [])
})

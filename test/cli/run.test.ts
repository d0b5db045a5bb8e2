/**
 * `convoke run` with real agents in real processes: what it promises about outcomes, exit codes and interruptions.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { convoke, folderWith, root, start } from './convoke.ts'

interface RunReport {
  readonly completed: boolean
  readonly tasks: readonly {
    readonly id: string
    readonly status: string
    readonly epoch: number
    readonly members: Readonly<Record<string, readonly string[]>>
    readonly results: Readonly<
      Record<string, readonly { readonly agent: string; readonly result: unknown }[]>
    >
    readonly reason?: { readonly code: string; readonly message: string }
  }[]
}

/** A project of one agent with the skill `work` and this command, and these tasks. */
function projectOf(command: string, tasks: readonly string[], more = ''): string {
  const agent = `agents:\n  - { id: ada, skills: { work: expert }, command: ${command} }\n`
  return `${agent}${more}tasks:\n${tasks.map((task) => `  - { ${task} }\n`).join('')}`
}

const task = (id: string, more = ''): string =>
  `id: ${id}, description: Do it, requires: { work: novice }${more}`

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20)
}

function hasPython(): boolean {
  try {
    return execFileSync('python3', ['--version'], { stdio: 'pipe' }).length > 0
  } catch {
    return false
  }
}

const withoutPython = hasPython() ? false : 'python3 is not in the PATH'

test('CLI-10 the example project, with agents in shell and Python, does its work', {
  skip: withoutPython,
}, async () => {
  const folder = folderWith({})
  cpSync(join(root, 'examples/project'), folder, { recursive: true })
  const { code, out, err } = await convoke(['run', join(folder, 'project.yaml'), '--json'])
  assert.equal(err, '')
  const report = JSON.parse(out) as RunReport
  assert.deepEqual(
    report.tasks.map(({ id, status, epoch }) => [id, status, epoch]),
    ['split', 'count', 'merge', 'report'].map((id) => [id, 'completed', 1]),
  )
  const [, count, merge, last] = report.tasks
  assert.deepEqual(count?.members.counting?.toSorted(), ['ada', 'bob', 'cleo'])
  // Counted once more, another way.
  const words =
    readFileSync(join(folder, 'barn.txt'), 'utf8')
      .toLowerCase()
      .match(/[a-z']+/g) ?? []
  const table = { table: 'out/words.tsv', words: words.length, different: new Set(words).size, from: 3 }
  assert.deepEqual(merge?.results.merging?.[0]?.result, table)
  assert.match(String(last?.results.reporting?.[0]?.result), /^The most frequent words.*\n +\d+ {2}\w{5,}/)
  assert.equal(code, 0)
})

test('CLI-10 what happens is shown on standard error, the outcome on standard output', async () => {
  const command = `[sh, -c, 'echo "{\\"progress\\": 0.5, \\"note\\": \\"half\\"}"; echo done']`
  const folder = folderWith({
    'p.yaml': projectOf(command, [task('one'), task('two', ', dependsOn: [one]')]),
  })
  const { code, out, err } = await convoke(['run', join(folder, 'p.yaml')])
  assert.equal(code, 0)
  assert.match(err, /\d\d:\d\d\.\d {2}one {2}group of 1: ada \(work\)\n/)
  assert.match(err, /one {2}ada █████░░░░░ {2}50% {2}half\n/)
  assert.match(err, /two {2}completed\n$/)
  assert.match(out, /^TASK {2}STATUS {5}EPOCH {2}TOOK .*\none {3}completed {2}1 .* work: ada\n/)
  assert.match(out, /\ntwo, work by ada:\n {2}done\n\n2 of 2 tasks completed in [^\n]+\.\n$/)
})

test('CLI-11 a task that is not completed is exit code 3, with the reason', async () => {
  const folder = folderWith({
    'fails.yaml': projectOf(`[sh, -c, 'printf "no \\033[31mdisk" >&2; exit 7']`, [
      task('one', ', maxAttempts: 1'),
      task('two', ', dependsOn: [one]'),
    ]),
    'waits.yaml': projectOf('[cat]', [
      'id: one, description: Do it, requires: { art: novice }, deadline: 300ms',
    ]),
    'prints.yaml': projectOf(`[${process.execPath}, -e, 'process.stdout.write("x".repeat(1e8))']`, [
      task('one', ', maxAttempts: 1'),
    ]),
  })
  const run = async (name: string): Promise<RunReport & { code: number | null }> => {
    const { code, out, err } = await convoke(['run', join(folder, name), '--json'])
    assert.equal(err, '')
    return { code, ...(JSON.parse(out) as RunReport) }
  }
  const [fails, waits, prints] = await Promise.all([run('fails.yaml'), run('waits.yaml'), run('prints.yaml')])
  assert.deepEqual([fails.code, waits.code, prints.code], [3, 3, 3])
  assert.equal(fails.completed, false)
  assert.deepEqual(
    fails.tasks.map(({ status }) => status),
    ['failed', 'failed'],
  )
  assert.match(fails.tasks[0]?.reason?.message ?? '', /exited with code 7: no .\[31mdisk/)
  assert.equal(fails.tasks[1]?.reason?.code, 'E_DEPENDENCY_FAILED')
  assert.equal(waits.tasks[0]?.status, 'expired')
  assert.match(
    prints.tasks[0]?.reason?.message ?? '',
    /printed too much: a line is longer than 1048704 characters/,
  )
  const { out } = await convoke(['run', join(folder, 'fails.yaml'), '--quiet'])
  assert.match(out, /no \\u\{1b\}\[31mdisk/)
  assert.ok(!out.includes('\u001b'))
})

test('CLI-12 what is missing is told before anything is started', async () => {
  const folder = folderWith({ 'p.yaml': projectOf('[no-such-program]', [task('one')], 'network: run.db\n') })
  const { code, out, err } = await convoke(['run', join(folder, 'p.yaml')])
  const sentence = 'agents[0].command names the program "no-such-program", which was not found'
  assert.match(err, /^error E_FILE: .*p\.yaml:2:\d+: [^\n]+\nhint: Is it installed, and in the PATH\?\n$/)
  assert.ok(err.includes(sentence), err)
  assert.deepEqual([code, out, existsSync(join(folder, 'run.db'))], [2, '', false])
})

test('CLI-12 a task for which the agents of the project make no group is told before anything is started', async () => {
  const agents = `agents:
  - { id: ada, skills: { etl: expert }, command: ['true'] }
  - { id: bob, skills: { etl: novice, ml: novice }, command: ['true'] }
tasks:
`
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'requires: { etl: novice }, include: [adda]',
      /include\[0\] "adda" is not an agent .*\nhint: Did you mean "ada"/,
    ],
    [
      'requires: { etl: expert }, exclude: [ada]',
      /requires\.etl needs 1 agent with etl at expert .* has 0$/m,
    ],
    [
      'requires: { etl: novice }, spares: 2',
      /needs 3 agents with etl at novice or above, with 2 to spare; the p/,
    ],
    ['requires: { etl: novice }, verify: { skill: law }', /verify needs 1 agent with law at novice/],
    ['requires: { etl: expert, ml: novice }, maxGroupSize: 1', /tasks\[0\] asks for a group that the agents/],
    ['requires: { ml: novice }, include: [ada]', /tasks\[0\] asks for a group that the agents/],
  ]
  const files = cases.map(
    ([more], i) => [`${i}.yaml`, `${agents}  - { id: one, description: One, ${more} }\n`] as const,
  )
  const folder = folderWith(Object.fromEntries(files))
  const ended = await Promise.all(files.map(([name]) => convoke(['run', join(folder, name)])))
  for (const [i, [more, sentence]] of cases.entries()) {
    assert.match(ended[i]?.err ?? '', sentence, more)
    assert.equal(ended[i]?.code, 2)
  }
})

test('CLI-13 a module is an agent, as an object or of a class, and the project may rename it', async () => {
  const folder = folderWith({
    'agents.ts': `import { AutonomousAgent } from ${JSON.stringify(join(root, 'src/index.ts'))}
class Painter extends AutonomousAgent {
  #tool = 'brush'
  handleTaskStart(assignment: { payload: unknown }) { return { tool: this.#tool, paints: assignment.payload } }
}
export const agent = new Painter('paul', [{ name: 'art', level: 'novice' }])`,
    'p.yaml': `agents:
  - { module: ./agents.ts }
  - { module: ./agents.ts, id: pia, skills: { sculpture: expert } }
tasks:
  - { id: paint, description: Paint, requires: [art], payload: [a, 1] }
  - { id: carve, description: Carve, requires: { sculpture: expert } }
`,
  })
  const { code, out, err } = await convoke(['run', join(folder, 'p.yaml'), '--json'])
  assert.equal(err, '')
  const [paint, carve] = (JSON.parse(out) as RunReport).tasks
  assert.deepEqual(paint?.results, { art: [{ agent: 'paul', result: { tool: 'brush', paints: ['a', 1] } }] })
  assert.deepEqual(carve?.results, { sculpture: [{ agent: 'pia', result: { tool: 'brush', paints: null } }] })
  assert.equal(code, 0)
})

test('CLI-14 Ctrl-C ends the programs, keeps the state, and the same command continues', {
  timeout: 60_000,
}, async () => {
  // Each run of an agent leaves a line. The second task waits until it is allowed to end.
  const agent = `task=$(sed 's/.*"task":"\\([a-z]*\\)".*/\\1/')
echo "$task $$" >> trace
[ $task = one ] || while [ ! -e go ]; do sleep 0.05; done
`
  const folder = folderWith({
    'agent.sh': agent,
    'p.yaml': projectOf(
      '[sh, agent.sh]',
      [task('one'), task('two', ', dependsOn: [one]')],
      'network: run.db\n',
    ),
  })
  const trace = (): string[] =>
    existsSync(join(folder, 'trace')) ? readFileSync(join(folder, 'trace'), 'utf8').trim().split('\n') : []
  const first = start(['run', join(folder, 'p.yaml')])
  await until(() => trace().length === 2)
  first.child.kill('SIGINT')
  const { code, out, err } = await first.ended
  assert.match(err, /\ninterrupted; what was done is kept in .*run\.db, and the same command continues\n$/)
  assert.equal(out, '')
  assert.equal(code, 130)
  const pid = Number(trace()[1]?.split(' ')[1])
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  const second = start(['run', join(folder, 'p.yaml'), '--json'])
  await until(() => trace().length === 3)
  execFileSync('touch', [join(folder, 'go')])
  const end = await second.ended
  assert.equal((JSON.parse(end.out) as RunReport).completed, true)
  assert.equal(end.code, 0)
  assert.deepEqual(
    trace().map((line) => line.split(' ')[0]),
    ['one', 'two', 'two'],
  )
  // Run once more, nothing runs.
  assert.equal((await convoke(['run', join(folder, 'p.yaml')])).code, 0)
  assert.equal(trace().length, 3)
})

test('CLI-14 Ctrl-C with a network in memory says that nothing is kept', async () => {
  const folder = folderWith({ 'p.yaml': projectOf('[sleep, "600"]', [task('one')]) })
  const running = start(['run', join(folder, 'p.yaml')])
  await until(() => running.err().includes('group of 1'))
  running.child.kill('SIGINT')
  const { code, err } = await running.ended
  assert.match(err, /\ninterrupted; the network was in memory, so nothing is kept\n$/)
  assert.equal(code, 130)
})

test('CLI-15 a file that cannot be used is exit code 6, a refused task exit code 3', async () => {
  const folder = folderWith({
    'p.yaml': projectOf('[cat]', [task('one')], 'network: run.db\n'),
    'other.yaml': projectOf('[cat]', [task('one', ', payload: 2')], 'network: run.db\n'),
    'slow.yaml': projectOf('[sleep, "600"]', [task('slow')], 'network: slow.db\n'),
    'text.db': 'this is no database, and long enough to be looked at '.repeat(50),
  })
  const at = (name: string): string => join(folder, name)
  assert.equal((await convoke(['run', at('p.yaml')])).code, 0)
  const conflict = await convoke(['run', at('other.yaml'), '--quiet'])
  assert.match(conflict.err, /^error E_TASK_CONFLICT: /)
  assert.equal(conflict.code, 3)
  const text = await convoke(['run', at('p.yaml'), '--network', at('text.db'), '--quiet'])
  assert.match(text.err, /^error E_NOT_A_STORE: /)
  assert.equal(text.code, 6)
  const slow = start(['run', at('slow.yaml')])
  await until(() => slow.err().includes('group of 1'))
  const second = await convoke(['run', at('slow.yaml'), '--quiet'])
  assert.match(second.err, /^error E_STORE_LOCKED: /)
  assert.equal(second.code, 6)
  slow.child.kill('SIGINT')
  assert.equal((await slow.ended).code, 130)
})

test('CLI-3 an error that nobody could catch is one sentence, too', async () => {
  const folder = folderWith({
    'stray.ts': `export const agent = { id: 'eve', skills: [{ name: 'work' }], async perform() {
  setTimeout(() => { throw new Error('stray') })
  await new Promise((resolve) => setTimeout(resolve, 10_000))
} }`,
    'p.yaml': `agents: [{ module: ./stray.ts }]\ntasks: [{ ${task('one')} }]\n`,
  })
  const { code, out, err } = await convoke(['run', join(folder, 'p.yaml'), '--quiet'])
  assert.match(err, /^error E_BROKEN: [^\n]*: stray\nhint: [^\n]+--debug[^\n]+\n$/)
  assert.deepEqual([code, out], [1, ''])
})

test('CLI-14 an agent that does not hear that it was called off is not waited for long', {
  timeout: 30_000,
}, async () => {
  const folder = folderWith({
    'deaf.ts': `export const agent = { id: 'eve', skills: [{ name: 'work' }], perform: () => new Promise(() => {}) }`,
    'p.yaml': `agents: [{ module: ./deaf.ts }]\ntasks: [{ ${task('one')} }]\n`,
  })
  const running = start(['run', join(folder, 'p.yaml')])
  await until(() => running.err().includes('group of 1'))
  running.child.kill('SIGINT')
  assert.equal((await running.ended).code, 130)
  const again = start(['run', join(folder, 'p.yaml')])
  await until(() => again.err().includes('group of 1'))
  const from = performance.now()
  again.child.kill('SIGINT')
  await pause(300)
  again.child.kill('SIGINT')
  assert.equal((await again.ended).code, 130)
  assert.ok(performance.now() - from < 3_000, 'a second Ctrl-C does not wait')
})

test('CLI-9 a network of a kind that is not known is not available', async () => {
  const folder = folderWith({ 'p.yaml': projectOf('[cat]', [task('one')], 'network: smoke://signals\n') })
  const { code, err } = await convoke(['run', join(folder, 'p.yaml'), '--quiet'])
  assert.match(err, /^error E_UNREACHABLE: [^\n]*"smoke:\/\/signals"/)
  assert.equal(code, 5)
})

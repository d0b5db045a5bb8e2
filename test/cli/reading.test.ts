/**
 * The commands that read the file of a network: after its end, and while another process runs on it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Network } from '../../src/index.ts'
import { convoke, folderWith, root, start } from './convoke.ts'

/** Two tasks that complete, one that fails, one that depends on it. A description is hostile. */
const project = `network: run.db
agents:
  - { id: ada, skills: { work: expert }, command: [sh, -c, 'echo "{\\"checkpoint\\": 7}"; echo done'] }
  - { id: eve, skills: { harm: expert }, command: [sh, -c, 'echo no >&2; exit 9'] }
tasks:
  - { id: one, description: "First \\e[31m\\u202e", requires: { work: novice } }
  - { id: two, description: Second, requires: { work: advanced }, priority: high, dependsOn: [one] }
  - { id: bad, description: Fails, requires: { harm: novice }, maxAttempts: 1 }
  - { id: after, description: Never, requires: { work: novice }, dependsOn: [bad] }
`

const folder = folderWith({ 'p.yaml': project, 'empty.db': '', 'text.db': 'no database '.repeat(500) })
const file = join(folder, 'run.db')

before(async () => {
  assert.equal((await convoke(['run', join(folder, 'p.yaml'), '--quiet'])).code, 3)
})

async function json<Value>(...words: readonly string[]): Promise<Value> {
  const { code, out, err } = await convoke([...words, '--network', file, '--json'])
  assert.equal(err, '')
  assert.equal(code, 0)
  assert.equal(out.trim().split('\n').length, 1)
  return JSON.parse(out) as Value
}

test('CLI-16 tasks are listed with their status, also by status', async () => {
  type Task = { id: string; status: string; reason?: { code: string }; members: Record<string, string[]> }
  const tasks = await json<Task[]>('tasks')
  const ended = new Map(tasks.map(({ id, status }) => [id, status]))
  assert.deepEqual(
    [ended.get('one'), ended.get('two'), ended.get('bad')],
    ['completed', 'completed', 'failed'],
  )
  assert.deepEqual(tasks.find(({ id }) => id === 'one')?.members, { work: ['ada'] })
  const failed = await json<Task[]>('tasks', '--status', 'failed')
  assert.ok(failed.length > 0 && failed.every(({ status }) => status === 'failed'))
  assert.equal((await json<Task[]>('tasks', '--limit', '1')).length, 1)
  const { out, code } = await convoke(['tasks', '--network', file])
  assert.equal(code, 0)
  assert.match(out, /^TASK +STATUS +PRIORITY +EPOCH +TOOK +MEMBERS +DESCRIPTION\n/)
  assert.match(out, /\none +completed +normal +1 .* work: ada +First \\u\{1b\}\[31m\\u\{202e\}\n/)
  assert.ok(!/[\u202e]|\p{Cc}(?<!\n)/u.test(out))
})

test('CLI-16 agents are listed with what was seen of them, not with what they claim', async () => {
  type Agent = { id: string; finished: number; lost: number; skills: { name: string; successRate: number }[] }
  const [ada, eve, ...others] = await json<Agent[]>('agents')
  assert.deepEqual([ada?.id, ada?.finished, ada?.lost], ['ada', 2, 0])
  assert.deepEqual([eve?.id, eve?.finished, eve?.lost], ['eve', 0, 1])
  assert.deepEqual(others, [])
  assert.ok((ada?.skills[0]?.successRate ?? 0) > (eve?.skills[0]?.successRate ?? 1))
  assert.match(
    (await convoke(['agents', '--network', file])).out,
    /^AGENT .*\nada +2 +0 +work +expert +\d+% /,
  )
})

test('CLI-16 a task is explained, and one that never was is not found', async () => {
  type Explanation = {
    summary: string
    formations: { members: { agent: string }[] }[]
    losses: { agent: string }[]
  }
  const two = await json<Explanation>('explain', 'two')
  assert.equal(two.summary, 'Task "two" is completed, in epoch 1.')
  assert.equal(two.formations[0]?.members[0]?.agent, 'ada')
  const bad = await json<Explanation>('explain', 'bad')
  assert.deepEqual(
    bad.losses.map(({ agent }) => agent),
    ['eve'],
  )
  assert.match((await convoke(['explain', 'bad', '--network', file])).out, /exited with code 9: no/)
  for (const id of ['nobody', '../x', '__proto__']) {
    const { code, out, err } = await convoke(['explain', id, '--network', file])
    assert.match(err, /^error E_NO_SUCH_TASK: there is no task ".*" in this network\nhint: /)
    assert.equal(out, '')
    assert.equal(code, 4)
  }
})

test('CLI-16 of a task that waits the file does not say what for, and who does is told', async () => {
  const place = join(folder, 'waits.db')
  const network = await Network.open(place)
  await network.announce({ id: 'lone', description: 'Wait', requires: [{ skill: 'nobody' }] })
  await network.close()
  const { code, out } = await convoke(['explain', 'lone', '--network', place])
  assert.equal(code, 0)
  assert.match(out, /^Task "lone" is waiting\.\n/)
  assert.match(out, /^What it waits for the file does not say: .* \(task\.explain\(\)\)\.$/m)
})

test('CLI-17 the log is shown from any position, as lines for people or of JSON', async () => {
  const { out, code } = await convoke(['watch', '--network', file, '--once', '--json'])
  assert.equal(code, 0)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { position: number; fact: { kind: string } })
  assert.deepEqual(
    lines.map(({ position }) => position),
    lines.map((_, i) => i + 1),
  )
  for (const kind of [
    'hub.started',
    'task.accepted',
    'group.formed',
    'checkpoint.saved',
    'member.finished',
    'task.ended',
  ]) {
    assert.ok(
      lines.some(({ fact }) => fact.kind === kind),
      kind,
    )
  }
  const rest = await convoke(['watch', '--network', file, '--once', '--json', '--after', '3'])
  assert.equal(JSON.parse(rest.out.split('\n')[0] ?? '').position, 4)
  const text = (await convoke(['watch', '--network', file, '--once'])).out
  assert.match(text, /^ +1 {2}\d{4}-\d\d-\d\dT.* {2}hub\.started +hub hub/)
  assert.match(text, /task\.accepted +one {2}First \\u\{1b\}/)
  const wrong = await convoke(['watch', '--network', file, '--after', '-3'])
  assert.equal(wrong.code, 2)
})

test('CLI-17 everything can be read while another process writes', { timeout: 60_000 }, async () => {
  const busy = folderWith({
    'p.yaml': `network: run.db
agents: [{ id: ada, skills: { work: expert }, command: [sh, -c, 'while [ ! -e go ]; do sleep 0.05; done'] }]
tasks:
  - { id: slow, description: Slow, requires: { work: novice } }
  - { id: next, description: Next, requires: { work: novice }, dependsOn: [slow] }
`,
  })
  const at = join(busy, 'run.db')
  const running = start(['run', join(busy, 'p.yaml')])
  while (!running.err().includes('group of 1')) await pause(20)
  const watching = start(['watch', '--network', at, '--json'])
  const [tasks, agents, blocked] = await Promise.all([
    convoke(['tasks', '--network', at, '--json']),
    convoke(['agents', '--network', at, '--json']),
    convoke(['explain', 'next', '--network', at]),
  ])
  const statuses = (JSON.parse(tasks.out) as { id: string; status: string }[]).map(({ id, status }) => [
    id,
    status,
  ])
  assert.deepEqual(statuses, [
    ['slow', 'working'],
    ['next', 'blocked'],
  ])
  assert.deepEqual((JSON.parse(agents.out) as { working: string[] }[])[0]?.working, ['slow'])
  const said = 'Task "next" is blocked: it waits for "slow".\nWhen it will end cannot be said.\n'
  assert.equal(blocked.out, said)
  while (!watching.out().includes('group.formed')) await pause(20)
  assert.ok(!watching.out().includes('task.ended'))
  writeFileSync(join(busy, 'go'), '')
  assert.equal((await running.ended).code, 0)
  while (watching.out().split('task.ended').length < 3) await pause(20)
  watching.child.kill('SIGINT')
  const end = await watching.ended
  assert.deepEqual([end.code, end.err], [130, ''])
})

test('CLI-5 watch | head -1 is quiet and no error', async () => {
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'watch', '--network', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let err = ''
  child.stderr.on('data', (text) => {
    err += String(text)
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.stdout.destroy()
  // A pipe is found closed by the next write.
  const again = start(['run', join(folder, 'p.yaml'), '--quiet'])
  await again.ended
  const [code] = (await closed) as [number | null]
  assert.deepEqual([code, err], [0, ''])
})

test('CLI-18 a sound file passes the audit, a changed byte does not', async () => {
  const good = await convoke(['audit', file])
  assert.match(good.out, /^\d+ facts about \d tasks: 0 open, 2 completed, .*\nNo problem found\.\n$/)
  assert.equal(good.code, 0)
  const report = JSON.parse((await convoke(['audit', file, '--json'])).out) as {
    ok: boolean
    problems: unknown[]
  }
  assert.deepEqual([report.ok, report.problems], [true, []])
  // A description is changed in every page where it stands, by somebody who did not recompute the hashes.
  const bytes = readFileSync(file, 'latin1').replaceAll('Second', 'Sechst')
  const copy = join(folder, 'changed.db')
  writeFileSync(copy, bytes, 'latin1')
  const bad = await convoke(['audit', copy, '--json'])
  const { ok, problems } = JSON.parse(bad.out) as { ok: boolean; problems: { problem: string }[] }
  assert.equal(ok, false)
  assert.match(problems.map(({ problem }) => problem).join(), /damaged/)
  assert.equal(bad.code, 6)
})

test('CLI-9 a file that is not there is exit code 4, one that is no network exit code 6', async () => {
  for (const words of [['tasks'], ['agents'], ['watch', '--once'], ['explain', 'one']]) {
    const none = await convoke([...words, '--network', join(folder, 'none.db')])
    assert.match(none.err, /^error E_FILE: there is no file ".*none\.db"\nhint: /)
    assert.deepEqual([none.code, none.out], [4, ''])
    const text = await convoke([...words, '--network', join(folder, 'text.db'), '--json'])
    assert.match(text.err, /^error E_NOT_A_STORE: /)
    assert.deepEqual([text.code, text.out], [6, ''])
  }
  assert.equal((await convoke(['audit', join(folder, 'none.db')])).code, 4)
  assert.equal((await convoke(['audit', join(folder, 'empty.db')])).code, 6)
})

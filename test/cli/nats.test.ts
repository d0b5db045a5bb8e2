/**
 * The commands that take part in a network on NATS, as an operator uses them: each a process of its own.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { NatsServer } from '../../lab/nats-server.ts'
import { readNatsJournal } from '../../src/host/nats/reader.ts'
import type { TaskId } from '../../src/protocol/id.ts'
import { hasNats, natsFor, patient } from '../nats.ts'
import { convoke, type Ended, type Running, start } from './convoke.ts'

async function said(running: Running, words: RegExp): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (words.test(running.err())) return
    await pause(25)
  }
  assert.fail(`${words} was never said:\n${running.err()}`)
}

interface Stand {
  readonly server: NatsServer
  /** Runs a command to its end. */
  run(...words: readonly string[]): Promise<Ended>
  /** Starts one that stays. */
  stay(...words: readonly string[]): Running
}

async function standFor(t: TestContext): Promise<Stand> {
  const server = await natsFor(t)
  const env = { CONVOKE_NETWORK: server.url }
  return {
    server,
    run: (...words) => convoke(words, { env }),
    stay(...words) {
      const running = start(words, { env })
      t.after(() => running.child.kill('SIGKILL'))
      return running
    },
  }
}

/** Answers when it is known to be healthy. */
async function healthOf(running: Running): Promise<{ status: number; body: unknown; url: string }> {
  await said(running, /health: http/)
  const url = /health: (\S+)/.exec(running.err())?.[1] ?? ''
  const response = await fetch(url)
  return { status: response.status, body: await response.json(), url }
}

/** Waits until it is so. */
async function healthy(url: string, partitions: object): Promise<void> {
  let body: unknown
  for (let tries = 0; tries < 600; tries++) {
    const response = await fetch(url)
    body = await response.json()
    if (response.status === 200 && JSON.stringify(body).includes(JSON.stringify({ partitions }).slice(1, -1)))
      return
    await pause(25)
  }
  assert.fail(JSON.stringify(body))
}

/** The optional skills, the budget, the expected duration and the project of a task that was accepted. */
async function announced(place: string, id: string): Promise<unknown[]> {
  const journal = await readNatsJournal(place, {})
  const [fact] = await journal.history(id as TaskId)
  await journal.close()
  assert.equal(fact?.kind, 'task.accepted')
  const { optional, budget, expectedMs, project } = fact.announcement
  return [...optional.map(({ skill }) => skill), budget, expectedMs, project]
}

if (hasNats('CLI-20 the commands on a real server')) {
  test(
    'CLI-20 CLI-21 CLI-22 a hub, an agent and a task, each from a process of its own',
    patient,
    async (t) => {
      const { server, run, stay } = await standFor(t)
      const up = stay('up', '--health', '0', '--name', 'alpha')
      const { status, body, url } = await healthOf(up)
      assert.deepEqual([status, body], [200, { connected: true, hub: 'here', refusals: {}, inputsLost: 0 }])
      assert.equal((await fetch(url.replace('health', 'else'))).status, 404)
      const ada = stay(
        'agent',
        '--id',
        'ada',
        '--skill',
        'counting:expert,typing',
        '--run',
        'wc -w',
        '--capacity',
        '2',
      )
      await said(ada, /ada has joined/)
      const more = '--optional painting --budget 5 --expected 1s --project words --json'.split(' ')
      const counted = await run('announce', 'Count', '--requires', 'counting:advanced', ...more)
      assert.equal(counted.code, 0, counted.err)
      const { id, status: outcome, results } = JSON.parse(counted.out)
      assert.deepEqual([outcome, results.counting[0].agent], ['completed', 'ada'])
      assert.deepEqual(await announced(server.url, id), ['painting', 5, 1_000, 'words'])
      assert.match(ada.err(), /begins t\S+ \(counting\), epoch 1\n/)
      assert.match(ada.err(), /has done t\S+ after /)
      const failing = stay('agent', '--id', 'eve', '--skill', 'harm', '--run', 'echo no >&2; exit 9')
      await said(failing, /eve has joined/)
      const failed = await run('announce', 'Fail', '--requires', 'harm', '--deadline', '3s')
      assert.equal(failed.code, 3)
      assert.match(failed.out, /^t\S+ (failed|expired): E_/)
      // What was refused is counted where an operator looks.
      assert.equal(
        (await run('announce', 'Again', '--requires', 'harm', '--id', 'counted', '--no-wait')).code,
        0,
      )
      assert.equal(
        (await run('announce', 'Else', '--requires', 'harm', '--id', 'counted', '--no-wait')).code,
        3,
      )
      const { refusals } = (await (await fetch(url)).json()) as { refusals: Record<string, number> }
      assert.equal(refusals.E_TASK_CONFLICT, 1)
      ada.child.kill('SIGINT')
      assert.equal((await ada.ended).code, 130)
      const agents = JSON.parse((await run('agents', '--json')).out) as { id: string; present: boolean }[]
      assert.deepEqual(
        agents.map(({ id, present }) => [id, present]),
        [
          ['ada', false],
          ['eve', true],
        ],
      )
      up.child.kill('SIGTERM')
      assert.equal((await up.ended).code, 130)
    },
  )

  test(
    'CLI-20 the next hub follows at once when one is asked to end, and health says so',
    patient,
    async (t) => {
      const { stay, server } = await standFor(t)
      const one = stay('up', '--name', 'one', '--health', '0')
      await said(one, /is the hub now/)
      const two = stay('up', '--name', 'two', '--health', '0')
      assert.deepEqual((await healthOf(two)).body, { connected: true, hub: 'elsewhere' })
      one.child.kill('SIGTERM')
      await one.ended
      await said(two, /is the hub now/)
      const { body, url } = await healthOf(two)
      assert.deepEqual(body, { connected: true, hub: 'here', refusals: {}, inputsLost: 0 })
      await server.kill()
      await said(two, /disconnected:/)
      const response = await fetch(url)
      const alone = (await response.json()) as { connected: boolean; hub: string }
      assert.deepEqual([response.status, alone.connected, alone.hub], [503, false, 'here'])
    },
  )

  test('CLI-20 of several partitions each process has its share, and says how many', patient, async (t) => {
    const { run, stay } = await standFor(t)
    const words = ['up', '--lease', '2s', '--health', '0']
    const one = stay(...words, '--name', 'one', '--partitions', '3')
    await said(one, /health: http/)
    const { url } = await healthOf(one)
    await healthy(url, { here: 3, elsewhere: 0, unknown: 0 })
    const two = stay(...words, '--name', 'two')
    await said(two, /\npartitions: 0 here, 3 elsewhere\n/)
    await said(one, /this process leaves partition \d to two/)
    await healthy(url, { here: 2, elsewhere: 1, unknown: 0 })
    const other = await run('up', '--partitions', '2')
    assert.equal(other.code, 3)
    assert.match(other.err, /error E_RANGE: the network ".*" has 3 partitions, and not 2\n/)
    one.child.kill('SIGTERM')
    assert.equal((await one.ended).code, 130)
    await healthy((await healthOf(two)).url, { here: 3, elsewhere: 0, unknown: 0 })
  })

  test(
    'CLI-22 CLI-23 a task is accepted, shown, explained and cancelled by different processes',
    patient,
    async (t) => {
      const { run, stay } = await standFor(t)
      const up = stay('up', '--health', '0')
      await said(up, /is the hub now/)
      const accepted = await run(
        'announce',
        'Fly \u001b[31m',
        '--requires',
        'flying',
        '--id',
        'fly',
        '--no-wait',
      )
      assert.deepEqual([accepted.code, accepted.out], [0, 'fly\n'])
      const explained = await run('explain', 'fly')
      assert.equal(explained.out.split('\n')[0], 'Task "fly" is waiting: no agent here has flying (novice).')
      const tasks = await run('tasks')
      assert.match(tasks.out, /\nfly +waiting .*Fly \\u\{1b\}\[31m\n/)
      assert.equal((await run('groups')).out, 'No groups.\n')
      const waiting = stay('announce', 'Wait', '--requires', 'sitting', '--id', 'wait')
      await said(waiting, /accepted/)
      waiting.child.kill('SIGINT')
      const ended = await waiting.ended
      assert.equal(ended.code, 130)
      assert.match(ended.err, /the task wait goes on/)
      const cancelled = await run('cancel', 'fly', '--reason', 'no wings', '--json')
      assert.equal(cancelled.code, 0)
      const { status, reason } = JSON.parse(cancelled.out)
      assert.deepEqual([status, reason.message], ['cancelled', 'no wings'])
      assert.equal((await run('cancel', 'nobody')).code, 4)
      assert.equal((await run('explain', 'nobody')).code, 4)
      const watched = await run('watch', '--once', '--json')
      const kinds = watched.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).fact.kind)
      assert.deepEqual(kinds, ['hub.started', 'task.accepted', 'task.accepted', 'task.ended'])
      const open = JSON.parse((await run('tasks', '--json')).out) as { id: string; status: string }[]
      assert.deepEqual(
        open.map((task) => [task.id, task.status]),
        [
          ['fly', 'cancelled'],
          ['wait', 'waiting'],
        ],
      )
    },
  )

  test(
    'CLI-21 a second process under the same id takes its place, once the first is gone',
    patient,
    async (t) => {
      const { stay } = await standFor(t)
      await said(stay('up', '--health', '0'), /is the hub now/)
      const words = ['agent', '--id', 'ada', '--skill', 'work', '--run', 'true']
      const first = stay(...words)
      await said(first, /ada has joined/)
      const second = stay(...words)
      const { code, err } = await first.ended
      assert.equal(code, 3)
      assert.match(err, /error E_AGENT_ID_TAKEN: another process has joined as "ada"/)
      await said(second, /ada has joined/)
    },
  )
}

test('CLI-21 CLI-22 what a command on NATS lacks is told before anything is done', async () => {
  const lines: readonly (readonly [readonly string[], RegExp])[] = [
    [['up'], /--network is missing/],
    [['up', '--network', 'run.db'], /takes part in a network, and "run.db" is a file/],
    [['up', '--network', 'nats://x', '--health', 'x'], /port "x"/],
    [['up', '--network', 'nats://x', '--lease', '5'], /lease "5"/],
    [['up', '--network', 'nats://x', '--partitions', 'x'], /partitions "x"/],
    [['up', '--network', 'nats://x', '--partitions', '17'], /partitions "17"/],
    [['agent', '--network', 'nats://x'], /--id is missing/],
    [['agent', '--network', 'nats://x', '--id', 'a', '--skill', 'b'], /--run is missing/],
    [['agent', '--network', 'nats://x', '--id', 'a', '--skill', 'b:c:1', '--run', 'x'], /skill "b:c:1"/],
    [['announce', 'x', '--network', 'nats://x'], /--requires is missing/],
    [['announce', 'x', '--network', 'nats://x', '--requires', 'a b'], /the skill "a b" cannot be read/],
    [['announce', 'x', '--network', 'nats://x', '--requires', 'a', '--payload', '{'], /payload/],
    [['announce', 'x', '--network', 'nats://x', '--requires', 'a', '--priority', 'top'], /priority "top"/],
    [['announce', 'x', '--network', 'nats://x', '--requires', 'a', '--deadline', '9'], /--deadline "9"/],
    [['announce', 'x', '--network', 'nats://x', '--requires', 'a', '--expected', '9'], /--expected "9"/],
    [['announce', 'x', '--network', 'nats://x', '--requires', 'a', '--budget', 'much'], /budget "much"/],
    [
      ['announce', 'x', '--network', 'nats://x', '--requires', 'a', '--optional', 'b:c:d'],
      /"b:c:d".*--optional/s,
    ],
    [['cancel', 'a b', '--network', 'nats://x'], /TASK/],
  ]
  const ended = await Promise.all(lines.map(([words]) => convoke(words, { env: { CONVOKE_NETWORK: '' } })))
  for (const [i, [, sentence]] of lines.entries()) {
    assert.match(ended[i]?.err ?? '', sentence)
    assert.match(ended[i]?.err ?? '', /^error E_[A-Z_]+: [^\n]+\n(hint: [^\n]+\n)?$/)
    assert.equal(ended[i]?.code, 2, ended[i]?.err)
  }
  const nobody = await convoke(['tasks', '--network', 'nats://127.0.0.1:1'])
  assert.equal(nobody.code, 5)
  assert.match(nobody.err, /^error E_UNREACHABLE: NATS at nats:\/\/127.0.0.1:1\/main cannot be reached/)
})

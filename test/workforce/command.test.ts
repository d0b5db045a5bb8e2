/**
 * Command agents against real processes: what a program may print, how it may end, and that it always ends.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import type { Assignment } from '../../src/host/assignment.ts'
import type { Work } from '../../src/host/autonomous.ts'
import type { AgentId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { type CommandAgentOptions, commandAgent } from '../../src/workforce/index.ts'
import { resultOfText, understand } from '../../src/workforce/said.ts'

interface Heard {
  readonly progress: (readonly [number, string | undefined])[]
  readonly checkpoints: unknown[]
  readonly words: (readonly [unknown, string | undefined])[]
}

const assignment = {
  task: 'clean-1' as TaskId,
  epoch: 2,
  skills: ['etl' as SkillName],
  description: 'Clean the rows',
  payload: { file: 'rows.csv' },
  metadata: null,
  depth: 0,
  inputs: { load: { etl: [{ agent: 'bob' as AgentId, result: 42 }] } },
  finished: [],
  checkpoint: { agent: 'eve' as AgentId, epoch: 1, data: { done: 10 } },
} satisfies Assignment

/** Runs a command on one assignment, with a partner that listens. */
async function run(
  command: string | readonly string[],
  more: Partial<CommandAgentOptions> & {
    signal?: AbortSignal
    payload?: unknown
    save?: Work['checkpoint']
  } = {},
): Promise<Heard & { result: unknown }> {
  const { signal, payload, save, ...options } = more
  const heard: Heard = { progress: [], checkpoints: [], words: [] }
  const agent = commandAgent({ id: 'ada', skills: [{ name: 'etl', level: 'expert' }], command, ...options })
  const work: Omit<Work, 'announce'> = {
    signal: signal ?? new AbortController().signal,
    report: (fraction, note) => void heard.progress.push([fraction, note]),
    checkpoint: save ?? (async (data) => void heard.checkpoints.push(data)),
    group: {
      members: [
        { agent: 'ada' as AgentId, skills: ['etl' as SkillName] },
        { agent: 'eve' as AgentId, skills: ['ml' as SkillName] },
      ],
      say: (data, to) => void heard.words.push([data, to]),
      async *words() {},
    },
  }
  const given = payload === undefined ? assignment : { ...assignment, payload }
  const result = await agent.perform(given, work as Work)
  return { ...heard, result }
}

const script = (code: string): readonly string[] => [process.execPath, '-e', code]
const folder = (): string => mkdtempSync(join(tmpdir(), 'convoke-command-'))

/** Waits for a condition; the test runner bounds the whole. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10)
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie still has an id. It no longer runs.
    return !existsSync('/proc/self') || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('CMD-1 the program reads the assignment as one line of JSON', { timeout: 30_000 }, async () => {
  const { result } = await run(['cat'])
  assert.deepEqual(result, {
    agent: 'ada',
    task: 'clean-1',
    epoch: 2,
    skills: ['etl'],
    description: 'Clean the rows',
    payload: { file: 'rows.csv' },
    metadata: null,
    inputs: { load: { etl: [{ agent: 'bob', result: 42 }] } },
    finished: [],
    members: [
      { agent: 'ada', skills: ['etl'] },
      { agent: 'eve', skills: ['ml'] },
    ],
    checkpoint: { agent: 'eve', epoch: 1, data: { done: 10 } },
  })
  assert.equal((await run(['wc', '-l'])).result, 1)
})

test('CMD-2 progress, checkpoints, words and the result are lines of JSON, in order', {
  timeout: 30_000,
}, async () => {
  const heard = await run(
    script(`for (const line of [
      { progress: 0.25, note: 'a quarter' }, { checkpoint: { row: 7 } }, { say: 'hello' },
      { say: [1], to: 'eve' }, { progress: 1 }, { result: { rows: 9 } }]) console.log(JSON.stringify(line))
      console.log('a last word for the log')`),
  )
  assert.deepEqual(heard, {
    progress: [
      [0.25, 'a quarter'],
      [1, undefined],
    ],
    checkpoints: [{ row: 7 }],
    words: [
      ['hello', undefined],
      [[1], 'eve'],
    ],
    result: { rows: 9 },
  })
})

test('CMD-3 without a result line the text is the result: JSON, a last line of JSON, a string, or null', {
  timeout: 30_000,
}, async () => {
  assert.deepEqual((await run(['echo', '{"rows": 3}'])).result, { rows: 3 })
  assert.deepEqual((await run("printf 'loading\\ndone\\n[1,2]\\n'")).result, [1, 2])
  assert.equal((await run("printf '  two\\nlines\\n\\n'")).result, '  two\nlines')
  assert.equal((await run(['true'])).result, null)
})

test('CMD-3 what text is as a result', () => {
  assert.deepEqual(resultOfText(['{', '  "a": 1', '}']), { a: 1 })
  assert.equal(resultOfText(['7']), 7)
  assert.equal(resultOfText(['rows read:', '7']), 'rows read:\n7')
  assert.equal(resultOfText(['{not json']), '{not json')
  assert.equal(resultOfText(['', ' ']), null)
})

test('CMD-2 any line is understood, and what is JSON of ours comes back as it went', () => {
  fc.assert(
    fc.property(fc.string(), (line) => {
      assert.ok(understand(line).kind.length > 0)
    }),
  )
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      // JSON has no -0, so the expectation goes through text as well.
      const same: unknown = JSON.parse(JSON.stringify(value))
      assert.deepEqual(understand(JSON.stringify({ result: value })), { kind: 'result', value: same })
      assert.deepEqual(understand(JSON.stringify({ checkpoint: value })), {
        kind: 'checkpoint',
        data: same,
      })
      assert.equal(understand(JSON.stringify({ result: value, more: 1 })).kind, 'text')
    }),
  )
})

test('CMD-4 a list is never given to a shell, a text is', { timeout: 30_000 }, async () => {
  assert.equal((await run(['echo', '$HOME; echo "x"'])).result, '$HOME; echo "x"')
  assert.equal((await run('echo one | tr o 0')).result, '0ne')
})

test('CMD-4 the program runs where and with the environment that was said', { timeout: 30_000 }, async () => {
  const cwd = folder()
  assert.equal((await run(['pwd'], { cwd })).result, cwd)
  assert.equal(
    (await run('echo "<$COLOUR>"', { env: { PATH: process.env.PATH, COLOUR: 'red' } })).result,
    '<red>',
  )
})

test('CMD-5 an exit code other than 0 is a failure with the last lines of standard error', {
  timeout: 30_000,
}, async () => {
  await assert.rejects(run("echo first >&2; echo 'no such column: cost' >&2; exit 3"), {
    message: 'the program exited with code 3: first | no such column: cost',
  })
  await assert.rejects(run('exit 1'), { message: 'the program exited with code 1' })
  await assert.rejects(run('kill -SEGV $$'), { message: 'the program was ended by SIGSEGV' })
  // A result does not outweigh the exit code.
  await assert.rejects(run(`echo '{"result":1}'; exit 9`), { message: 'the program exited with code 9' })
})

test('CMD-5 what cannot be started is a failure that names it', { timeout: 30_000 }, async () => {
  await assert.rejects(run(['no-such-program-here']), {
    message: 'the program "no-such-program-here" was not found',
  })
  await assert.rejects(run(['/etc/passwd']), { message: 'the program "/etc/passwd" may not be executed' })
  await assert.rejects(run(['echo'], { cwd: '/no/such/folder' }), {
    message: 'there is no folder "/no/such/folder" to run in',
  })
  await assert.rejects(run([]), { message: 'the command is empty' })
})

test('CMD-6 a line that is meant for the network and wrong is a failure, not silence', {
  timeout: 30_000,
}, async () => {
  await assert.rejects(run(['echo', '{"progress": 40}']), {
    message: 'the program printed a line that is wrong: "progress" must be a number from 0 to 1, got 40',
  })
  await assert.rejects(run(['echo', '{"say": 1, "to": 2}']), /"to" must be the id of a member, got 2/)
  await assert.rejects(run(`echo '{"result":1}'; echo '{"result":2}'`), {
    message: 'the program gave its result twice',
  })
})

test('CMD-7 calling the work off ends the program and what it started', { timeout: 20_000 }, async () => {
  const pids = join(folder(), 'pids')
  const off = new AbortController()
  const work = run(`sleep 600 & echo $! $$ > ${pids}; wait`, { signal: off.signal })
  await until(() => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'))
  off.abort(new Error('called off'))
  await assert.rejects(work, { message: 'called off' })
  const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
  assert.equal(started.length, 2)
  await until(() => !started.some(alive))
})

test('CMD-7 a program that ignores the request to end is made to', { timeout: 20_000 }, async () => {
  const ready = join(folder(), 'ready')
  const off = new AbortController()
  const code = `process.on('SIGTERM', () => {})
    require('node:fs').writeFileSync(${JSON.stringify(ready)}, String(process.pid))
    setInterval(() => {}, 1000)`
  const work = run(script(code), { signal: off.signal, killGraceMs: 100 })
  await until(() => existsSync(ready) && readFileSync(ready, 'utf8') !== '')
  const from = performance.now()
  off.abort(new Error('called off'))
  await assert.rejects(work, { message: 'called off' })
  assert.ok(performance.now() - from >= 90, 'the grace was given')
  assert.equal(alive(Number(readFileSync(ready, 'utf8'))), false)
})

test('CMD-7 work that was called off before it began starts nothing', { timeout: 30_000 }, async () => {
  const trace = join(folder(), 'trace')
  await assert.rejects(run(`touch ${trace}`, { signal: AbortSignal.abort(new Error('too late')) }), {
    message: 'too late',
  })
  assert.equal(existsSync(trace), false)
})

test('CMD-7 a program that takes too long has failed', { timeout: 30_000 }, async () => {
  await assert.rejects(run(['sleep', '600'], { timeoutMs: 100 }), {
    message: 'the program did not end within 100 ms',
  })
})

test('CMD-7 what a program leaves running does not hold its result up', { timeout: 20_000 }, async () => {
  const pid = join(folder(), 'pid')
  assert.equal((await run(`sleep 600 & echo $! > ${pid}; echo done`)).result, 'done')
  await until(() => !alive(Number(readFileSync(pid, 'utf8'))))
})

test('CMD-8 a hundred megabytes on one line are refused, with memory that stays small', {
  timeout: 60_000,
}, async () => {
  const before = process.memoryUsage().rss
  await assert.rejects(run(script(`process.stdout.write('x'.repeat(100e6))`)), {
    message: 'the program printed too much: a line is longer than 1048704 characters',
  })
  assert.ok(process.memoryUsage().rss - before < 60e6)
})

test('CMD-8 a program that never stops printing is ended', { timeout: 60_000 }, async () => {
  await assert.rejects(run(['yes'], { outputBytesMax: 200_000 }), {
    message: 'the program printed too much: more than 200000 characters',
  })
})

test('CMD-8 a result over the limit is refused; a long log with a short result is not', {
  timeout: 30_000,
}, async () => {
  const long = `for (let i = 0; i < 300; i++) console.log('row', i)`
  await assert.rejects(
    run(script(long), { payloadBytesMax: 1_000 }),
    /printed too much: \d+ characters without {"result": …}/,
  )
  assert.equal(
    (await run(script(`${long}; console.log('{"result": 300}')`), { payloadBytesMax: 1_000 })).result,
    300,
  )
  await assert.rejects(
    run(script(`console.log('{"result":"' + 'x'.repeat(2_000) + '"}')`), { payloadBytesMax: 1_000 }),
    { code: 'E_TOO_LARGE', message: 'the program printed too much: a line is longer than 1128 characters' },
  )
})

test('CMD-9 a slow network slows the program down and loses no line', { timeout: 30_000 }, async () => {
  const saved: unknown[] = []
  let [saving, most] = [0, 0]
  await run(script(`for (let i = 0; i < 50; i++) console.log(JSON.stringify({ checkpoint: i }))`), {
    killGraceMs: 5,
    save: async (data) => {
      most = Math.max(most, ++saving)
      await pause(10)
      saving--
      saved.push(data)
    },
  })
  assert.equal(most, 1)
  assert.deepEqual(saved, [...Array(50).keys()])
})

test('CMD-9 a program may end without reading a large assignment', { timeout: 30_000 }, async () => {
  assert.equal((await run(['echo', 'ready'], { payload: 'x'.repeat(1_000_000) })).result, 'ready')
})

/**
 * The command line as such: words, help, errors, exit codes, pipes.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCommandLine } from '../../src/cli/arguments.ts'
import { commands } from '../../src/cli/commands.ts'
import { parseDuration } from '../../src/cli/duration.ts'
import { printable, table } from '../../src/cli/terminal.ts'
import { showDuration } from '../../src/host/span.ts'
import { nearest } from '../../src/protocol/nearest.ts'
import { convoke, folderWith, root } from './convoke.ts'

/** An error is one sentence with a code, perhaps a hint, and nothing else anywhere. */
function complains(
  { code, out, err }: { code: number | null; out: string; err: string },
  exit: number,
  sentence: RegExp,
): void {
  assert.match(err, sentence)
  assert.match(err, /^error E_[A-Z_]+: [^\n]+\n(hint: [^\n]+\n)?$/)
  assert.equal(out, '')
  assert.equal(code, exit)
}

test('CLI-1 what is wrong with the command line is told before anything is done', async () => {
  const lines: readonly (readonly [string, RegExp])[] = [
    ['dotcor', /^error E_USAGE: unknown command "dotcor"\nhint: Did you mean "doctor"\?/],
    ['doctor --jsno', /^error E_USAGE: unknown option "--jsno"\nhint: Did you mean "--json"\?/],
    ['run', /^error E_USAGE: PROJECT.yaml is missing\nhint: Write convoke run PROJECT.yaml/],
    [
      'run a.yaml --network',
      /^error E_USAGE: the option --network needs a value\nhint: Write --network FILE\./,
    ],
    ['agents', /^error E_USAGE: the option --network is missing/],
    ['__proto__', /^error E_USAGE: unknown command "__proto__"/],
  ]
  const ended = await Promise.all(lines.map(([line]) => convoke(line.split(' '))))
  for (const [i, [, sentence]] of lines.entries()) {
    const end = ended[i]
    assert.ok(end !== undefined)
    complains(end, 2, sentence)
  }
})

test('CLI-1 every way to get a command line wrong has its sentence', () => {
  const lines: readonly (readonly [string, string])[] = [
    ['doctor --json=1', 'the option --json takes no value, got "1"'],
    ['doctor --json --json', 'the option --json is given twice'],
    ['doctor --__proto__', 'unknown option "--__proto__"'],
    ['doctor all', '"convoke doctor" does not take "all"'],
    ['run a.yaml b.yaml', '"convoke run" does not take "b.yaml"'],
    ['run a.yaml --network=', 'the option --network needs a value'],
    ['agents --network --json', 'the option --network needs a value'],
    ['explain --network x.db', 'TASK is missing'],
    ['tasks -x', 'unknown option "-x"'],
  ]
  for (const [line, message] of lines) {
    const [name, ...words] = line.split(' ')
    const command = commands.find((known) => known.name === name) ?? assert.fail(name)
    assert.throws(() => readCommandLine(command, words), { code: 'E_USAGE', exit: 2, message }, line)
  }
  const run = commands.find(({ name }) => name === 'run') ?? assert.fail()
  assert.deepEqual(readCommandLine(run, ['--network=-x', '--json', '--', '--help']), {
    operands: ['--help'],
    options: { network: '-x', json: true },
  })
})

test('CLI-1 words of others are escaped in an error', async () => {
  complains(await convoke(['\u001b[31mred\u202e']), 2, /unknown command "\\u001b\[31mred\\u202e"/)
})

test('CLI-2 every command has help with examples that it would accept', async () => {
  const { out, code, err } = await convoke(['--help'])
  assert.equal(code, 0)
  assert.equal(err, '')
  for (const command of commands) {
    assert.match(out, new RegExp(`^  ${command.name} `, 'm'))
    assert.ok(command.examples.length > 0)
    for (const [line] of command.examples) assert.ok(line.startsWith(`convoke ${command.name}`), line)
  }
  const [one, other] = await Promise.all([convoke(['run', '--help']), convoke(['help', 'run'])])
  assert.equal(one.code, 0)
  assert.equal(one.out, other.out)
  assert.match(one.out, /^Examples\n {2}convoke run /m)
  for (const words of [
    ['security', '--help'],
    ['help', 'security'],
  ]) {
    const family = await convoke(words)
    assert.equal(family.code, 0)
    for (const last of ['generate', 'add', 'remove']) assert.ok(family.out.includes(`  security ${last} `))
  }
})

test('CLI-2 the version is that of the package', async () => {
  assert.match((await convoke(['--version'])).out, /^convoke \d+\.\d+\.\d+\n$/)
  const { version } = JSON.parse((await convoke(['--version', '--json'])).out) as { version: string }
  assert.match(version, /^\d+\.\d+\.\d+$/)
})

test('CLI-3 a stack trace is shown only with --debug', async () => {
  assert.doesNotMatch((await convoke(['doctor', 'all'])).err, /\n\s+at /)
  assert.match((await convoke(['doctor', 'all', '--debug'])).err, /\n\s+at /)
})

test('CLI-4 the doctor looks at everything and finds what is needed here', async () => {
  const { out, err, code } = await convoke(['doctor', '--json'])
  const report = JSON.parse(out) as { ok: boolean; findings: { what: string; verdict: string }[] }
  assert.equal(err, '')
  assert.equal(code, 0)
  assert.equal(report.ok, true)
  assert.deepEqual(
    report.findings.map(({ what }) => what),
    ['Node.js', 'SQLite', 'durable file', 'shell', 'Python', 'NATS'],
  )
})

test('CLI-4 the doctor says what is missing and what to do', async () => {
  const { out, code } = await convoke(['doctor', '--json'], {
    env: { TMPDIR: '/dev/null/folder', PATH: '/dev/null' },
  })
  const report = JSON.parse(out) as {
    ok: boolean
    findings: { what: string; verdict: string; fix?: string }[]
  }
  assert.equal(report.ok, false)
  assert.equal(report.findings.find(({ what }) => what === 'durable file')?.verdict, 'missing')
  const python = report.findings.find(({ what }) => what === 'Python')
  assert.deepEqual([python?.verdict, typeof python?.fix], ['optional', 'string'])
  assert.equal(code, 5)
})

test('CLI-5 a reader that has seen enough is no error', async () => {
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let err = ''
  child.stderr.on('data', (text) => {
    err += String(text)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(err, '')
  assert.equal(code, 0)
})

test('CLI-6 colours are for terminals, and for who wants them', async () => {
  assert.ok(!(await convoke(['help'], { env: { NO_COLOR: '' } })).out.includes('\u001b'))
  assert.ok(!(await convoke(['dotcor'], { env: { NO_COLOR: '' } })).err.includes('\u001b'))
})

test('CLI-7 text of others cannot steer a terminal', () => {
  assert.equal(printable('a\u001b[2Jb\r\nc\u202ed\u0085'), 'a\\u{1b}[2Jb\\r\\nc\\u{202e}d\\u{85}')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('CLI-8 spans of time have a unit', () => {
  const spans = {
    '500ms': 500,
    '30s': 30_000,
    '10m': 600_000,
    '1h': 3_600_000,
    '2d': 172_800_000,
    '1.5s': 1_500,
  }
  for (const [text, ms] of Object.entries(spans)) assert.equal(parseDuration(text), ms)
  for (const text of ['', '10', 'm', '-5s', '1e3s', '5 parsecs', 'Infinity', '9999999999999d']) {
    assert.equal(parseDuration(text), undefined, text)
  }
  assert.deepEqual([0, 8, 999, 3_400, 59_949, 59_950, 754_000, 5_400_000, 259_200_000].map(showDuration), [
    '0 ms',
    '8 ms',
    '999 ms',
    '3.4 s',
    '60 s',
    '1.0 min',
    '13 min',
    '1.5 h',
    '3.0 d',
  ])
})

test('CLI-1 the nearest word is a slip of the hand away, or there is none', () => {
  const words = ['agents', 'tasks', 'explain', 'watch', 'audit']
  assert.equal(nearest('agnets', words), 'agents')
  assert.equal(nearest('AUDTI', words), 'audit')
  assert.equal(nearest('expalin', words), 'explain')
  assert.equal(nearest('x', words), undefined)
  assert.equal(nearest('banana', words), undefined)
  for (const word of words) assert.equal(nearest(word, words), word)
})

test('CLI-7 a table keeps its columns', () => {
  assert.deepEqual(
    table([
      ['ID', 'STATUS'],
      ['a', 'completed'],
      ['long-one', 'x'],
    ]),
    ['ID        STATUS', 'a         completed', 'long-one  x'],
  )
})

test('CLI-9 what does not exist is not found', async () => {
  const folder = folderWith({})
  complains(await convoke(['run', join(folder, 'no.yaml')]), 4, /^error E_FILE: there is no file "/)
  complains(await convoke(['run', folder]), 2, /^error E_FILE: the file .* cannot be read: EISDIR/)
})

/**
 * The folder that `convoke security` writes: what is in it, who may read it, and what is never replaced in silence.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { usersText } from '../../src/host/nats/security/configuration.ts'
import { rightsOf } from '../../src/host/nats/security/rights.ts'
import { principalOf, subjectsOf } from '../../src/host/nats/subjects.ts'
import type { NodeId } from '../../src/protocol/index.ts'
import { convoke, type Ended, folderWith } from '../cli/convoke.ts'

const seed = /SU[A-Z2-7]{56}/

function texts(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** Whatever is printed, no secret is in it. */
async function security(...words: readonly string[]): Promise<Ended> {
  const ended = await convoke(['security', ...words])
  assert.doesNotMatch(ended.out + ended.err, seed)
  return ended
}

test('SEC-1 every key has a file of its own that its owner alone may read, and no secret is elsewhere', async () => {
  const folder = join(folderWith({}), 'secure')
  const words = [
    'generate',
    folder,
    '--hubs',
    'h1,h2',
    '--agents',
    'ada',
    '--clients',
    'ops',
    '--name',
    'plant',
  ]
  const { code, out, err } = await security(...words, '--json')
  assert.equal(code, 0, err)
  const { keys, network } = JSON.parse(out) as {
    keys: { role: string; id: string; file: string }[]
    network: string
  }
  assert.equal(network, 'plant')
  assert.deepEqual(
    keys.map(({ role, id }) => `${role} ${id}`),
    ['hub h1', 'hub h2', 'agent ada', 'client ops'],
  )
  for (const { role, id, file } of keys) {
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const pattern = new RegExp(`^# convoke: ${role} ${id} of the network plant\\n${seed.source}\\n$`)
    assert.match(readFileSync(file, 'utf8'), pattern)
  }
  assert.equal(statSync(join(folder, 'keys')).mode & 0o777, 0o700)
  const all = texts(folder)
  assert.deepEqual(Object.keys(all), [
    'keys/ada.key',
    'keys/h1.key',
    'keys/h2.key',
    'keys/ops.key',
    'network.json',
    'server.conf',
    'users.conf',
  ])
  for (const [name, text] of Object.entries(all))
    assert.equal(seed.test(text), name.startsWith('keys/'), name)
  assert.match(all['server.conf'] ?? '', /listen: "127\.0\.0\.1:4222"/)
})

test('SEC-1 what is there is not replaced unless it is asked for', async () => {
  const folder = folderWith({})
  const generate = ['generate', folder, '--hubs', 'h1', '--agents', 'ada']
  assert.equal((await security(...generate)).code, 0)
  const before = texts(folder)
  const again = await security(...generate)
  assert.equal(again.code, 4)
  assert.match(
    again.err,
    /^error E_FILE: the network "main" is there already.*\nhint: convoke security add .*--force/,
  )
  assert.equal((await security('add', folder, '--agents', 'ada')).code, 4)
  assert.deepEqual(texts(folder), before)
  // A key that somebody has put there by hand, and a server.conf without a network.
  writeFileSync(join(folder, 'keys/bob.key'), 'mine')
  assert.match((await security('add', folder, '--agents', 'bob')).err, /there is a file .*bob\.key" already/)
  const other = folderWith({ 'server.conf': 'mine' })
  assert.match(
    (await security('generate', other, '--hubs', 'h1')).err,
    /there is a file .*server\.conf" already/,
  )
  assert.deepEqual(texts(other), { 'server.conf': 'mine' })
  // Asked for, a key is made anew, with the bits of a new file.
  chmodSync(join(folder, 'keys/ada.key'), 0o644)
  assert.equal((await security('add', folder, '--agents', 'ada', '--force')).code, 0)
  const after = texts(folder)
  assert.notEqual(after['keys/ada.key'], before['keys/ada.key'])
  assert.equal(after['keys/h1.key'], before['keys/h1.key'])
  assert.equal(after['server.conf'], before['server.conf'])
  assert.equal(statSync(join(folder, 'keys/ada.key')).mode & 0o777, 0o600)
  assert.equal((await security(...generate, '--force')).code, 0)
  assert.notEqual(texts(folder)['keys/h1.key'], before['keys/h1.key'])
})

test('SEC-2 one more is written beside the others, and who is removed is in no list and has no key', async () => {
  const folder = folderWith({})
  await security('generate', folder, '--hubs', 'h1')
  const before = texts(folder)
  const added = await security('add', folder, '--agents', 'ada,bob', '--clients', 'ops')
  assert.equal(added.code, 0, added.err)
  assert.match(added.out, /agent +ada +.*keys\/ada\.key\n[\s\S]*Next: nats-server --signal reload\n$/)
  const after = texts(folder)
  for (const name of ['keys/h1.key', 'server.conf']) assert.equal(after[name], before[name])
  for (const id of ['h1', 'ada', 'bob', 'ops'])
    assert.match(after['users.conf'] ?? '', new RegExp(`# \\w+ ${id}\\n`))
  assert.equal((await security('remove', folder, 'bob')).code, 0)
  assert.ok(!existsSync(join(folder, 'keys/bob.key')))
  assert.doesNotMatch(`${texts(folder)['users.conf']}${texts(folder)['network.json']}`, /bob/)
  assert.match(
    (await security('remove', folder, 'bob')).err,
    /nobody named "bob"\nhint: There are h1, ada, ops\./,
  )
  assert.match((await security('add', folderWith({}), '--agents', 'x')).err, /there is no network in/)
  assert.equal(existsSync(join(folder, 'network.json.new')), false)
})

test('SEC-1 what a command of security lacks is told before anything is written', async () => {
  const folder = join(folderWith({}), 'none')
  const occupied = join(folderWith({ file: '' }), 'file')
  const lines: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /unknown command "security"/],
    [['generat', folder], 2, /Did you mean "security generate"/],
    [['generate'], 2, /FOLDER is missing/],
    [['generate', folder], 2, /--hubs is missing/],
    [['generate', folder, '--hubs', 'a.b'], 3, /E_BAD_ID: hub "a\.b"/],
    [['generate', folder, '--hubs', 'hub'], 3, /E_BAD_ID: hub "hub" has the name of a hub/],
    [
      ['generate', folder, '--hubs', 'a', '--agents', 'hub-3'],
      3,
      /E_BAD_ID: agent "hub-3" has the name of a hub/,
    ],
    [['generate', folder, '--hubs', 'a,a'], 3, /E_BAD_ID: hub "a" is there twice/],
    [['generate', folder, '--hubs', 'a--b'], 3, /"--" in it/],
    [['generate', folder, '--hubs', 'a'.repeat(49)], 3, /too long/],
    [['generate', folder, '--hubs', 'a', '--name', '>'], 3, /E_BAD_ID: network ">"/],
    [['generate', folder, '--hubs', 'a', '--listen', '4222'], 2, /address "4222"/],
    [['generate', folder, '--hubs', 'a', '--listen', '0.0.0.0:4222'], 2, /could read and change everything/],
    [['generate', folder, '--hubs', 'a', '--cert', 'x'], 2, /TLS needs --cert and --key/],
    [['generate', join(occupied, 'x'), '--hubs', 'a'], 4, /E_FILE: ".*" cannot be read: ENOTDIR/],
    [['add', folder], 2, /nobody is named/],
  ]
  const ended = await Promise.all(lines.map(([words]) => security(...words)))
  for (const [i, [words, code, sentence]] of lines.entries()) {
    assert.match(ended[i]?.err ?? '', sentence)
    assert.match(ended[i]?.err ?? '', /^error E_[A-Z_]+: [^\n]+\n(hint: [^\n]+\n)?$/)
    assert.equal(ended[i]?.code, code, words.join(' '))
  }
  assert.equal(existsSync(folder), false)
})

test('SEC-2 a roster that is damaged, or that somebody else changes, is left as it is', async () => {
  const folder = folderWith({
    'network.json': '{"network":"main","identities":[{"role":"hub","id":"a","nkey":"S"}]}',
  })
  const damaged = await security('add', folder, '--agents', 'ada')
  assert.match(damaged.err, /E_FILE: .*network\.json" is not what convoke security has written/)
  await security('generate', folder, '--hubs', 'h1', '--force')
  writeFileSync(join(folder, 'network.json.new'), '')
  const busy = await security('add', folder, '--agents', 'ada')
  assert.match(busy.err, /another convoke security is at work/)
  assert.ok(existsSync(join(folder, 'network.json.new')))
})

test('SEC-4 the rights of an agent name its own subjects alone', () => {
  const { publish, subscribe } = rightsOf({ role: 'agent', principal: 'ada', network: 'main' }, 2)
  assert.deepEqual(publish, [
    'convoke.main.to.hub.ada',
    'convoke.main.to.hub-0.ada',
    'convoke.main.to.hub-1.ada',
    'convoke.main.life.ada',
    'convoke.main.ask.*',
  ])
  assert.deepEqual(subscribe, [
    'convoke.main.to.ada.*',
    'convoke.main.life.ada',
    'convoke.main.owner.*',
    '_INBOX.main.ada.>',
  ])
  const identities = [{ role: 'client', id: 'ops', nkey: 'U' }] as const
  assert.doesNotMatch(usersText({ network: 'main', identities }), /CREATE|DELETE|PURGE|UPDATE/)
})

test('SEC-7 an id reaches no subject unchecked, and answers under its principal', () => {
  const subjects = subjectsOf('main')
  const names: readonly [string, string][] = [
    ['ada', 'ada'],
    ['ops--1', 'ops'],
    ['ops--1--2', 'ops'],
    ['--ops', '--ops'],
    ['ada-1', 'ada-1'],
  ]
  for (const [id, principal] of names) assert.equal(principalOf(id as NodeId), principal)
  for (const id of [
    '',
    'a.b',
    '*',
    '>',
    '..',
    'a b',
    'a\r\nPUB x 0',
    'x'.repeat(5_000),
    'агент',
    '\u202e',
    '__proto__',
  ]) {
    const made = [
      () => subjects.to(id as NodeId, 'ada' as NodeId),
      () => subjects.to('ada' as NodeId, id as NodeId),
      () => subjects.allTo(id as NodeId),
      () => subjects.life(id as NodeId),
    ]
    for (const make of made) assert.throws(make, /unchecked/)
  }
})

/**
 * A network on NATS: one hub decides, others stand by and take over, and nobody who announced, joined or asked notices
 * more than a pause. Hubs that are killed or paused are processes of their own.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { NatsServer } from '../../lab/nats-server.ts'
import { readNatsJournal } from '../../src/host/nats/reader.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import { Fault, Network, type NetworkOptions, type Notice } from '../../src/index.ts'
import type { Fact } from '../../src/protocol/index.ts'
import { type Running, start } from '../cli/convoke.ts'
import { closeFirst, hasNats, natsFor, patient } from '../nats.ts'
import { agent, gate, need } from './stage.ts'

const leaseMs = 2_000

async function networkOn(t: TestContext, server: NatsServer, options: NetworkOptions = {}): Promise<Network> {
  const { limits, ...more } = options
  const brisk = { retryMs: 100, resendMs: 500, heartbeatMs: 500, hubLeaseMs: leaseMs, ...limits }
  const network = await Network.open(server.url, { ...more, limits: brisk })
  closeFirst(t, () => network.close())
  return network
}

/** A hub in a process of its own. Resolves when it decides, or stands by. */
async function hubProcess(t: TestContext, server: NatsServer, name: string): Promise<Running> {
  const words = ['up', '--network', server.url, '--name', name, '--lease', `${leaseMs}ms`, '--health', '0']
  const running = start(words)
  t.after(() => running.child.kill('SIGKILL'))
  await until(
    () => running.err().includes('health: http'),
    `${name} is up`,
    () => running.err(),
  )
  return running
}

async function until(holds: () => boolean, what: string, said: () => string = () => ''): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (holds()) return
    await pause(25)
  }
  assert.fail(`it never came true that ${what}\n${said()}`)
}

function decides(running: Running): boolean {
  return running.err().includes('this process is the hub now')
}

async function logOf(server: NatsServer): Promise<Fact[]> {
  const journal = await readNatsJournal(server.url, {})
  const facts: Fact[] = []
  for await (const { fact } of journal.read(0)) facts.push(fact)
  await journal.close()
  return facts
}

/** Every rule of the log, over the log as it is. */
async function lawful(server: NatsServer): Promise<Fact[]> {
  const facts = await logOf(server)
  const invariants = new Invariants()
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  assert.deepEqual(invariants.violations(), [])
  return facts
}

function hubsIn(facts: readonly Fact[]): number {
  return facts.filter(({ kind }) => kind === 'hub.started').length
}

test('NATS-17 who is embedded loads nothing of the client of NATS', async () => {
  const loaded = async (where: string): Promise<number> => {
    const program = `
      import { createRequire } from 'node:module'
      import { Network } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
      const network = await Network.open(${JSON.stringify(where)}).catch(() => undefined)
      await network?.close()
      const names = Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache)
      console.log(names.filter((name) => name.includes('@nats-io')).length)`
    const words = ['--input-type=module', '--eval', program]
    const { stdout } = await promisify(execFile)(process.execPath, words)
    return Number(stdout)
  }
  assert.equal(await loaded(':memory:'), 0)
  // The same question finds it where it is loaded.
  assert.ok((await loaded('nats://127.0.0.1:1')) > 10)
})

if (hasNats('NATS-11 a network on a real server')) {
  test('NATS-11 one process decides, the next stands by, and closing hands over', patient, async (t) => {
    const server = await natsFor(t)
    const first = await networkOn(t, server, { name: 'first' })
    const second = await networkOn(t, server, { name: 'second' })
    assert.deepEqual(first.status(), { connected: true, hub: 'here' })
    assert.deepEqual(second.status(), { connected: true, hub: 'elsewhere' })
    await agent(second, 'ada', ({ task }) => `did ${task}`)
    const before = await first.announce(need({ id: 'before' }))
    assert.equal((await before.outcome()).status, 'completed')
    const open = await second.announce(need({ id: 'open', requires: [{ skill: 'flying' }] }))
    await first.close()
    await until(() => second.status().hub === 'here', 'the second has taken over')
    await second.join({ id: 'bird', skills: [{ name: 'flying' }], perform: () => 'flown' })
    assert.equal((await open.outcome()).status, 'completed')
    const after = await second.announce(need({ id: 'after' }))
    assert.equal((await after.outcome()).status, 'completed')
    assert.equal((await second.task('before'))?.id, 'before')
    assert.equal(hubsIn(await lawful(server)), 2)
  })

  test('NATS-11 what a hub was killed with goes on under the next, within its lease', patient, async (t) => {
    const server = await natsFor(t)
    const one = await hubProcess(t, server, 'one')
    await until(() => decides(one), 'the first decides')
    const two = await hubProcess(t, server, 'two')
    const client = await networkOn(t, server, { hub: false, name: 'client' })
    const begun = gate()
    const may = gate()
    await agent(client, 'ada', async ({ task }) => {
      begun.open()
      if (task === 'long') await may.passed
      return `did ${task}`
    })
    const long = await client.announce(need({ id: 'long' }))
    await begun.passed
    const waiting = await client.announce(need({ id: 'waiting', requires: [{ skill: 'flying' }] }))
    one.child.kill('SIGKILL')
    const from = performance.now()
    // Said while there is no hub: it is said again until there is one.
    const announced = client.announce(need({ id: 'meanwhile' }))
    const asked = client.agents()
    const joined = client.join({ id: 'bird', skills: [{ name: 'flying' }], perform: () => 'flown' })
    await until(() => decides(two), 'the second decides', two.err)
    assert.ok(performance.now() - from > leaseMs / 2, 'it took over while the first may have lived')
    may.open()
    await joined
    await asked
    for (const task of [long, await announced, waiting]) {
      assert.equal((await task.outcome()).status, 'completed', task.id)
    }
    assert.equal(hubsIn(await lawful(server)), 2)
  })

  test(
    'NATS-12 a hub that was paused is silent until the log is its own, and steps down when it is not',
    patient,
    async (t) => {
      const server = await natsFor(t)
      const one = await hubProcess(t, server, 'one')
      await until(() => decides(one), 'the first decides')
      const two = await hubProcess(t, server, 'two')
      const client = await networkOn(t, server, { hub: false, name: 'client' })
      await agent(client, 'ada', ({ task }) => `did ${task}`)
      const said: { incarnation: number; kind: string }[] = []
      void (async () => {
        for await (const seen of client.watch()) {
          if (seen.kind !== 'message' || seen.envelope.from.id !== 'hub') continue
          said.push({ incarnation: seen.envelope.from.incarnation, kind: seen.envelope.message.kind })
        }
      })()
      const first = await client.announce(need({ id: 'first' }))
      await first.outcome()
      one.child.kill('SIGSTOP')
      await until(() => decides(two), 'the second decides', two.err)
      const late = await client.announce(need({ id: 'late' }))
      assert.equal((await late.outcome()).status, 'completed')
      const before = said.length
      one.child.kill('SIGCONT')
      // It wakes with messages of before in its hands.
      await until(() => /no longer: another hub/.test(one.err()), 'the first steps down', one.err)
      for (let i = 0; i < 5; i++) await (await client.announce(need({ id: `more${i}` }))).outcome()
      const newest = Math.max(...said.map(({ incarnation }) => incarnation))
      assert.deepEqual(
        said.slice(before).filter(({ incarnation }) => incarnation !== newest),
        [],
        'an earlier hub was heard after its successor',
      )
      assert.equal(hubsIn(await lawful(server)), 2)
      // It stands by now, for the one that follows it.
      two.child.kill('SIGKILL')
      const again = await client.announce(need({ id: 'again' }))
      assert.equal((await again.outcome()).status, 'completed')
      assert.equal(hubsIn(await lawful(server)), 3)
    },
  )

  test(
    'NATS-12 a hub that was paused for less than its lease, with nobody behind it, goes on',
    patient,
    async (t) => {
      const server = await natsFor(t)
      const one = await hubProcess(t, server, 'one')
      await until(() => decides(one), 'the first decides')
      const client = await networkOn(t, server, { hub: false, name: 'client' })
      await agent(client, 'ada', ({ task }) => `did ${task}`)
      one.child.kill('SIGSTOP')
      await pause(2 * leaseMs)
      one.child.kill('SIGCONT')
      const task = await client.announce(need())
      assert.equal((await task.outcome()).status, 'completed')
      assert.equal(hubsIn(await lawful(server)), 1)
    },
  )

  test('NATS-13 a process without a hub waits for one, and is never one', patient, async (t) => {
    const server = await natsFor(t)
    const notices: Notice[] = []
    const client = await networkOn(t, server, { hub: false, notify: (notice) => void notices.push(notice) })
    assert.equal(client.status().hub, undefined)
    assert.ok(notices.some(({ code }) => code === 'hub'))
    assert.deepEqual(await client.tasks(), [])
    await assert.rejects(client.agents(), { code: 'E_UNREACHABLE' })
    const announced = client.announce(need({ id: 'early' }))
    const joined = agent(client, 'ada', () => 1)
    const hub = await networkOn(t, server, { name: 'hub-process' })
    await joined
    assert.equal((await (await announced).outcome()).status, 'completed')
    await hub.close()
    await pause(2 * leaseMs)
    assert.equal(client.status().hub, undefined)
    assert.equal((await client.explain('early')).task.status, 'completed')
  })

  test('NATS-14 every process sees the same tasks, groups, facts and messages', patient, async (t) => {
    const server = await natsFor(t)
    const one = await networkOn(t, server, { name: 'one' })
    const two = await networkOn(t, server, { name: 'two', hub: false })
    const seen: Record<string, string[]> = { one: [], two: [] }
    const kinds = new Set<string>()
    for (const [name, network] of Object.entries({ one, two })) {
      void (async () => {
        for await (const each of network.watch()) {
          if (each.kind === 'fact') seen[name]?.push(`${each.position} ${each.fact.kind}`)
          else kinds.add(each.envelope.message.kind)
        }
      })()
    }
    const begun = gate()
    const may = gate()
    await pause(200)
    await agent(one, 'ada', async () => {
      begun.open()
      await may.passed
      return 'done'
    })
    const task = await two.announce(need({ id: 'shared' }))
    await begun.passed
    for (const network of [one, two]) {
      assert.deepEqual(
        (await network.tasks()).map(({ id, status }) => [id, status]),
        [['shared', 'working']],
      )
      assert.deepEqual(
        (await network.groups()).map(({ members }) => members[0]?.agent),
        ['ada'],
      )
      assert.deepEqual(
        (await network.agents()).map(({ id, busy }) => [id, busy]),
        [['ada', 1]],
      )
      assert.equal((await network.explain('shared')).waiting?.kind, 'work')
    }
    may.open()
    await task.outcome()
    await until(
      () => seen.one?.length === seen.two?.length && /ended/.test(seen.two?.at(-1) ?? ''),
      'both saw the end',
    )
    assert.deepEqual(seen.one, seen.two)
    assert.ok(
      ['TASK_ANNOUNCE', 'GROUP_INVITE', 'TASK_COMPLETE'].every((kind) => kinds.has(kind)),
      [...kinds].join(),
    )
  })

  test('NATS-5 a program that is opened again under its name ends the earlier one', patient, async (t) => {
    const server = await natsFor(t)
    const first = await networkOn(t, server, { name: 'desk', hub: false })
    const closed = first.closed()
    const keeper = await networkOn(t, server, { name: 'keeper' })
    const second = await networkOn(t, server, { name: 'desk', hub: false })
    const fault = await closed
    assert.ok(fault instanceof Fault && fault.code === 'E_CLOSED', String(fault))
    assert.match(fault.message, /"desk" was opened anew elsewhere/)
    await assert.rejects(first.tasks(), { code: 'E_CLOSED' })
    await agent(keeper, 'ada', () => 1)
    assert.equal((await (await second.announce(need())).outcome()).status, 'completed')
  })

  test('NATS-15 an option of NATS is refused elsewhere, and a wrong one on NATS', patient, async () => {
    const cases: readonly [string, object, string, string][] = [
      [':memory:', { hub: false }, 'E_UNKNOWN_FIELD', 'hub'],
      ['nats://x', { hub: 'no' }, 'E_TYPE', 'hub'],
      ['nats://x', { notify: 5 }, 'E_TYPE', 'notify'],
      ['nats://x', { credentials: 5 }, 'E_TYPE', 'credentials'],
      ['nats://x', { tls: { cafile: 'x' } }, 'E_UNKNOWN_FIELD', 'tls.cafile'],
    ]
    for (const [where, options, code, field] of cases) {
      await assert.rejects(Network.open(where, options as NetworkOptions), (error: { refusal: object }) => {
        const { code: said, field: at } = error.refusal as { code: string; field: string }
        assert.deepEqual([said, at], [code, field])
        return true
      })
    }
    await assert.rejects(Network.open('nats://127.0.0.1:1', { credentials: '/none' }), { code: 'E_FILE' })
  })
}

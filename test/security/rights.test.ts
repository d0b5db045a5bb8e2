/**
 * What the keys of `convoke security` allow on a real server, and what they do not.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { nkeys } from '@nats-io/transport-node'
import { isForbidden } from '../../src/host/nats/line.ts'
import { cancelOnNats } from '../../src/host/nats/reader.ts'
import { add, remove } from '../../src/host/nats/security/keyring.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import { Network, type Notice } from '../../src/index.ts'
import { encode, type NodeId, type TaskId } from '../../src/protocol/index.ts'
import { convoke, start } from '../cli/convoke.ts'
import { hasNats, patient } from '../nats.ts'
import { agent, assertRefused, need } from '../network/stage.ts'
import { root } from '../tidy/source.ts'
import { standFor, until } from './stand.ts'

const subjects = subjectsOf('main')
const hub = 'hub' as NodeId

if (hasNats('SEC-3 keys on a real server')) {
  test(
    'SEC-3 a hub, an agent and clients work, each with its own key and no other right',
    patient,
    async (t) => {
      const { open, key, server } = await standFor(t)
      const notices: Notice[] = []
      const notify = (notice: Notice): void => void notices.push(notice)
      await open('alpha', { notify })
      const ada = await open('ada', { notify, name: 'ada--desk' })
      await agent(ada, 'ada', async ({ task }, { announce }) => {
        if (task !== 'whole') return 'part'
        const part = await announce(need({ id: 'part' }))
        return (await part.outcome()).status
      })
      const one = await open('ops', { notify })
      // A second program under the same key takes nothing from the first.
      const two = await open('ops', { notify })
      const whole = await one.announce(need({ id: 'whole', deadlineMs: 30_000 }))
      const plain = await two.announce(need({ id: 'plain' }))
      assert.deepEqual((await whole.outcome()).results, { work: [{ agent: 'ada', result: 'completed' }] })
      assert.equal((await plain.outcome()).status, 'completed')
      assert.equal((await two.explain('whole')).task.status, 'completed')
      assert.equal((await one.tasks()).length, 3)
      assert.equal((await one.agents()).length, 1)
      const seen: string[] = []
      void (async () => {
        for await (const each of one.watch()) if (each.kind === 'fact') seen.push(each.fact.kind)
      })()
      const waiting = await one.announce(need({ id: 'waiting', requires: [{ skill: 'flying' }] }))
      await until(
        () => seen.includes('task.accepted'),
        () => `the fact is shown: ${seen}`,
      )
      // From the command line, by whoever has the key of the initiator, whichever program of it announced.
      const env = { CONVOKE_NETWORK: server.url, CONVOKE_CREDENTIALS: key('ops') }
      const cancelled = await convoke(['cancel', 'waiting', '--json'], { env })
      assert.equal(cancelled.code, 0, cancelled.err)
      assert.equal((await waiting.outcome()).status, 'cancelled')
      // The taps of those who watch messages are all that is refused to anybody here.
      const refused = notices.filter(({ code }) => code === 'forbidden' || code === 'server-error')
      assert.deepEqual(
        refused.map(({ text }) => text),
        ['these credentials do not allow to hear convoke.main.to.*.*'],
      )
    },
  )

  test('SEC-3 the commands take a key by option and by environment', patient, async (t) => {
    const { server, key } = await standFor(t)
    const env = { CONVOKE_NETWORK: server.url }
    const stay = (...words: readonly string[]) => {
      const running = start(words, { env })
      t.after(() => running.child.kill('SIGKILL'))
      return running
    }
    const up = stay('up', '--credentials', key('alpha'))
    await until(() => /is the hub now/.test(up.err()), up.err)
    // Its key says who it is.
    const ada = stay('agent', '--skill', 'work', '--run', 'wc -c', '--credentials', key('ada'))
    await until(() => /ada has joined/.test(ada.err()), ada.err)
    const as = (id: string) => ({ env: { ...env, CONVOKE_CREDENTIALS: key(id) } })
    const done = await convoke(['announce', 'Count', '--requires', 'work', '--id', 'count'], as('ops'))
    assert.deepEqual([done.code, done.out.split('\n')[0]], [0, 'count completed'], done.err)
    assert.equal((await convoke(['tasks', '--json'], as('ops'))).code, 0)
    // An agent reads no log, and somebody else's name is not to be had.
    const tasks = await convoke(['tasks'], as('ada'))
    assert.equal(tasks.code, 3, tasks.err)
    assert.match(tasks.err, /^error E_FORBIDDEN: NATS at .* refuses: these credentials do not allow/m)
    assert.match(tasks.err, /hint: An agent does not read the log/)
    const bob = await convoke(['agent', '--id', 'bob', '--skill', 'work', '--run', 'true'], as('ada'))
    assert.equal(bob.code, 3)
    assert.match(bob.err, /error E_RANGE: the key of the agent "ada" does not speak for "bob--desk"/)
  })

  test(
    'NATS-18 SEC-4 what an agent says in the name of another, or of the hub, reaches nobody',
    patient,
    async (t) => {
      const { open, line } = await standFor(t)
      const heard: string[] = []
      const planner = await open('alpha', { name: 'alpha' })
      void (async () => {
        for await (const each of planner.watch()) {
          if (each.kind === 'message') heard.push(`${each.envelope.from.id} ${each.envelope.message.kind}`)
        }
      })()
      await planner.announce(need({ id: 'open' }))
      const notices: Notice[] = []
      const ada = await line('ada', notices)
      const order = (from: string): string => {
        const message = { kind: 'TASK_CANCEL', task: 'open' as TaskId, reason: 'mischief' } as const
        return encode({
          from: { id: from as NodeId, incarnation: Date.now() },
          to: { id: hub, incarnation: 0 },
          message,
        })
      }
      // As another on the subject of another; as another on its own; as the hub to another agent.
      ada.publish(subjects.to(hub, 'alpha' as NodeId), order('alpha'))
      ada.publish(subjects.to(hub, 'bob' as NodeId), order('bob'))
      ada.publish(subjects.to(hub, 'ada' as NodeId), order('alpha'))
      ada.publish(subjects.to('bob' as NodeId, hub), order('hub'))
      // As the hub's life, as its owner, as another's life.
      ada.publish(subjects.life(hub), `${Date.now() + 1e9}`)
      ada.publish(
        subjects.owner(0),
        JSON.stringify({ kind: 'released', incarnation: Number.MAX_SAFE_INTEGER, name: 'x' }),
      )
      ada.publish(subjects.life('bob' as NodeId), `${Date.now() + 1e9}`)
      // To the log, and beside it.
      ada.publish(subjects.log(0), '[]')
      ada.publish(subjects.newest(0), '{}')
      const refusals = (): string[] =>
        notices.filter(({ code }) => code === 'forbidden').map(({ text }) => text)
      await until(
        () => refusals().length >= 8,
        () => refusals().join('\n'),
      )
      const refused = refusals()
      const what = 'these credentials do not allow to say anything on'
      assert.deepEqual(refused, [
        `${what} convoke.main.to.hub.alpha`,
        `${what} convoke.main.to.hub.bob`,
        `${what} convoke.main.to.bob.hub`,
        `${what} convoke.main.life.hub`,
        `${what} convoke.main.owner.0`,
        `${what} convoke.main.life.bob`,
        `${what} convoke.main.log.0`,
        `${what} convoke.main.side.newest.0`,
      ])
      // What came last has been heard by now, and nothing before it.
      const own = { kind: 'TASK_FOLLOW', task: 'open' as TaskId } as const
      const me = { id: 'ada' as NodeId, incarnation: Date.now() }
      const said = encode({ from: me, to: { id: hub, incarnation: 0 }, message: own })
      assert.ok(ada.publish(subjects.to(hub, me.id), said), 'the line is up')
      await until(
        () => heard.some((each) => each.startsWith('ada TASK_FOLLOW')),
        () => [...heard, ...notices.map(({ text }) => text)].join('\n'),
      )
      assert.ok(!heard.some((each) => each.endsWith('TASK_CANCEL')), heard.join())
      assert.equal(planner.status().hub, 'here')
      assert.equal((await planner.explain('open')).task.status, 'waiting')
    },
  )

  test(
    'SEC-4 an agent hears nobody else, and can neither read, make, change nor delete a stream',
    patient,
    async (t) => {
      const { open, line } = await standFor(t)
      const planner = await open('alpha', { name: 'alpha' })
      const notices: Notice[] = []
      const ada = await line('ada', notices)
      const stolen: string[] = []
      const others = [
        subjects.all,
        subjects.allTo('bob' as NodeId),
        subjects.log(0),
        '_INBOX.>',
        'convoke.>',
        '>',
      ]
      for (const subject of others) ada.subscribe(subject, (message) => void stolen.push(message.subject))
      const refusals = (): string[] =>
        notices.filter(({ code }) => code === 'forbidden').map(({ text }) => text)
      await until(
        () => refusals().length >= others.length,
        () => refusals().join('\n'),
      )
      const told = refusals()
      assert.deepEqual(
        told,
        others.map((subject) => `these credentials do not allow to hear ${subject}`),
      )
      const bob = await open('bob')
      await agent(bob, 'bob', () => 'secret')
      assert.equal((await (await planner.announce(need())).outcome()).status, 'completed')
      assert.deepEqual(stolen, [])
      const name = subjects.logStream(0)
      for (const id of ['ada', 'ops']) {
        const management = await jetstreamManager((await line(id)).nats, { checkAPI: false })
        const attempts = {
          read: () => management.streams.getMessage(name, { seq: 1 }),
          add: () => management.streams.add({ name: 'OTHER', subjects: ['other'] }),
          change: () => management.streams.update(name, { deny_delete: false }),
          purge: () => management.streams.purge(name),
          delete: () => management.streams.delete(name),
          forget: () => management.streams.purge(subjects.sideStream),
        }
        for (const [what, attempt] of Object.entries(attempts)) {
          if (what === 'read' && id === 'ops') assert.equal(((await attempt()) as { seq: number }).seq, 1)
          else await assert.rejects(attempt(), isForbidden, `${id} may ${what}`)
        }
      }
    },
  )

  test(
    'SEC-5 whom the server does not know is told so, and a key that does not fit before it is asked',
    patient,
    async (t) => {
      const { open, key, server, folder } = await standFor(t)
      const hints: string[] = []
      const forbidden = async (opening: Promise<Network>): Promise<void> => {
        await assert.rejects(opening, (fault: { code: string; message: string; hint: string }) => {
          assert.equal(fault.code, 'E_FORBIDDEN', fault.message)
          assert.ok(!/S[UA][A-Z2-7]{20}/.test(`${fault.message}${fault.hint}`))
          hints.push(fault.hint)
          return true
        })
      }
      await forbidden(Network.open(server.url))
      await forbidden(Network.open(server.url.replace('//', '//ada:password@')))
      const stranger = join(folder, 'stranger.key')
      writeFileSync(stranger, Buffer.from(nkeys.createUser().getSeed()), { mode: 0o600 })
      await forbidden(Network.open(server.url, { credentials: stranger }))
      assert.equal(new Set(hints).size, 1)
      assert.match(hints[0] ?? '', /--credentials FILE/)
      await assertRefused(open('ada', { hub: true }), 'E_RANGE', 'hub')
      await assertRefused(open('ada', { name: 'bob' }), 'E_RANGE', 'name')
      await assertRefused(open('ada', { name: 'hub' }), 'E_AGENT_ID_TAKEN', 'name')
      await assertRefused(open('ada', { name: 'hub--1' }), 'E_AGENT_ID_TAKEN', 'name')
      await assertRefused(
        Network.open(`${server.url}/other`, { credentials: key('ada') }),
        'E_RANGE',
        'where',
      )
      await open('alpha')
      const ada = await open('ada')
      await assertRefused(
        agent(ada, 'bob', () => 1),
        'E_RANGE',
        'id',
      )
      await assertRefused(
        agent(ada, 'hub--x', () => 1),
        'E_AGENT_ID_TAKEN',
        'id',
      )
      // One key may bring several agents along.
      await agent(ada, 'ada--1', () => 1)
      await agent(ada, 'ada--2', () => 2)
      const ops = await open('ops')
      assert.equal((await (await ops.announce(need())).outcome()).status, 'completed')
      await ops.announce(need({ id: 'his', requires: [{ skill: 'flying' }] }))
      await assert.rejects(cancelOnNats(server.url, { credentials: key('eve') }, 'his' as TaskId, 'no'), {
        code: 'E_FORBIDDEN',
      })
      const damaged: readonly [string, string, number][] = [
        ['open.key', '', 0o644],
        ['short.key', 'SUAAAA\n', 0o600],
        ['twice.key', `${'S'.repeat(58)}\n${'S'.repeat(58)}\n`, 0o600],
        ['empty.key', '', 0o600],
      ]
      for (const [name, text, mode] of damaged) {
        const file = join(folder, name)
        writeFileSync(file, text)
        chmodSync(file, mode)
        await assert.rejects(
          Network.open(server.url, { credentials: file }),
          (fault: { code: string; hint: string }) => {
            assert.equal(fault.code, 'E_FILE')
            assert.match(fault.hint, mode === 0o644 ? /chmod 600/ : /convoke security/)
            return true
          },
        )
      }
    },
  )

  test('SEC-5 a bare seed, as other tools of NATS write it, opens the same door', patient, async (t) => {
    const { open, key, server, folder } = await standFor(t)
    await open('alpha')
    const bare = join(folder, 'bare.nk')
    writeFileSync(bare, readFileSync(key('eve'), 'utf8').split('\n')[1] ?? '')
    // Its group may read it: that is how orchestrators hand out secrets.
    chmodSync(bare, 0o640)
    const eve = await Network.open(server.url, { credentials: bare, name: 'eve', hub: false })
    assert.equal((await eve.agents()).length, 0)
    await eve.close()
  })

  test(
    'SEC-2 somebody added is let in after a reload, somebody removed is let out, and the others stay',
    patient,
    async (t) => {
      const { open, server, folder, key } = await standFor(t)
      const notices: Notice[] = []
      const planner = await open('alpha', { notify: (notice) => void notices.push(notice) })
      const ada = await open('ada')
      const left = ada.closed()
      await agent(ada, 'ada', () => 'by ada')
      add(folder, [{ role: 'agent', id: 'carol' }], false)
      await assert.rejects(open('carol'), { code: 'E_FORBIDDEN' })
      server.reload()
      let carol: Network | undefined
      await until(
        () => {
          if (carol === undefined)
            void open('carol').then(
              (network) => (carol = network),
              () => {},
            )
          return carol !== undefined
        },
        () => 'carol is let in',
      )
      remove(folder, ['ada'])
      server.reload()
      const fault = await left
      assert.equal(fault?.code, 'E_FORBIDDEN', fault?.message)
      if (carol !== undefined) await agent(carol, 'carol', () => 'by carol')
      const task = await planner.announce(need())
      assert.equal((await task.outcome()).results.work?.[0]?.result, 'by carol')
      assert.ok(!notices.some(({ code }) => code === 'disconnected'), JSON.stringify(notices))
      await assert.rejects(open('ada'), { code: 'E_FILE' })
      assert.ok(key('carol').endsWith('carol.key'))
    },
  )

  const hasPython = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0

  test('SEC-8 the agent in Python signs with its key, and is refused with another', patient, async (t) => {
    if (!hasPython) return t.skip('skipped: python3 is not installed')
    const { open, server, key } = await standFor(t)
    const planner = await open('alpha')
    const { port } = new URL(server.url.replace('nats', 'http'))
    const python = (id: string, file: string[]) => {
      const script = join(root, 'examples/python/agent.py')
      const child = spawn('python3', [script, '127.0.0.1', port, 'main', id, 'counting', ...file])
      t.after(() => child.kill('SIGKILL'))
      let said = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text) => {
          said += text
        })
      }
      return () => said
    }
    const ada = python('ada', [key('ada')])
    const nobody = python('bob', [])
    await until(() => ada().includes('ada has joined'), ada)
    const task = await planner.announce(need({ requires: [{ skill: 'counting' }], payload: 'one two' }))
    assert.deepEqual((await task.outcome()).results.counting?.[0]?.result, { words: 2 })
    await until(() => /the server refuses: .*Authorization/.test(nobody()), nobody)
  })
}

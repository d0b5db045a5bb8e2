/**
 * A network on NATS with several partitions: whichever processes own them, it is one network to everybody who takes
 * part.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import type { NatsServer } from '../../lab/nats-server.ts'
import { auditOnNats, readNatsJournal } from '../../src/host/nats/reader.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Network, Notice } from '../../src/index.ts'
import { partitionOf } from '../../src/protocol/partition.ts'
import { type Running, start } from '../cli/convoke.ts'
import { hasNats, lineTo, natsFor, patient } from '../nats.ts'
import { eventually, leaseMs, networkOn, sharesOf, until } from './nats-stage.ts'
import { agent, gate, need, refusalOf } from './stage.ts'

/** Every rule of every log, and between them. */
async function lawful(server: NatsServer): Promise<void> {
  const { problems, open } = await auditOnNats(server.url, {})
  assert.deepEqual(problems, [])
  assert.equal(open, 0)
}

/** A group of three of which nobody has two skills. */
const three = { requires: [{ skill: 'etl' }, { skill: 'statistics' }, { skill: 'report' }] }

async function crew(network: Network, size: number): Promise<void> {
  for (let i = 0; i < size; i++) {
    const name = three.requires[i % 3]?.skill ?? ''
    await network.join({ id: `worker-${i}`, skills: [{ name }], perform: ({ task }) => `did ${task}` })
  }
}

if (hasNats('NATS-21 a network of several partitions on a real server')) {
  test('NATS-21 the number of partitions is that of whoever made the network', patient, async (t) => {
    const server = await natsFor(t)
    const first = await networkOn(t, server, { name: 'first', partitions: 3 })
    await until(() => first.status().partitions?.here === 3, 'all hubs are here')
    assert.deepEqual(first.status(), {
      connected: true,
      hub: 'here',
      partitions: { here: 3, elsewhere: 0, unknown: 0 },
    })
    for (const options of [{ partitions: 4 }, { partitions: 1, hub: false }]) {
      const opening = networkOn(t, server, { name: 'other', ...options })
      const { code, field, message } = await refusalOf(opening)
      assert.deepEqual([code, field], ['E_RANGE', 'partitions'])
      assert.match(message, new RegExp(`has 3 partitions, and not ${options.partitions}$`))
    }
    const silent = await networkOn(t, server, { name: 'silent', hub: false })
    const same = await networkOn(t, server, { name: 'same', hub: false, partitions: 3 })
    for (const network of [silent, same]) {
      await until(() => network.status().partitions?.elsewhere === 3, 'all hubs are known')
    }
    await first.close()
    // It is on the servers, and no process need remember it.
    const again = await networkOn(t, server, { name: 'again' })
    await until(() => again.status().partitions?.here === 3, 'all hubs are here again')
  })

  test(
    'NATS-21 who makes a network at once with another number has that of the other',
    patient,
    async (t) => {
      const server = await natsFor(t)
      const openings = [2, 3].map((partitions) =>
        networkOn(t, server, { name: `of${partitions}`, partitions }),
      )
      const [of2, of3] = await Promise.allSettled(openings)
      const failed = [of2, of3].filter((each) => each?.status === 'rejected')
      assert.equal(failed.length, 1)
      const { reason } = failed[0] as PromiseRejectedResult
      assert.match(reason.message, /has (2 partitions, and not 3|3 partitions, and not 2)/)
    },
  )

  test('NATS-13 who comes before the first hub learns the number with it', patient, async (t) => {
    const server = await natsFor(t)
    const early = await networkOn(t, server, { name: 'early', hub: false })
    assert.equal(early.status().hub, undefined)
    assert.deepEqual(await early.tasks(), [])
    const joined = crew(early, 6)
    const announced = early.announce(need({ ...three, id: 'early' }))
    await networkOn(t, server, { name: 'late', partitions: 2 })
    await joined
    assert.equal((await (await announced).outcome()).status, 'completed')
    assert.equal(early.status().partitions?.elsewhere, 2)
  })

  test(
    'NATS-24 groups, tasks, agents, facts and explanations are those of one network',
    patient,
    async (t) => {
      const server = await natsFor(t)
      const hub = await networkOn(t, server, { name: 'hub-process', partitions: 4 })
      const client = await networkOn(t, server, { name: 'client', hub: false })
      const seen = new Map<number, number[]>()
      void (async () => {
        for await (const each of client.watch()) {
          if (each.kind !== 'fact') continue
          const log = seen.get(each.partition ?? -1) ?? []
          seen.set(each.partition ?? -1, [...log, each.position])
        }
      })()
      await crew(client, 9)
      const ids = Array.from({ length: 24 }, (_, i) => `task-${i}`)
      assert.equal(new Set(ids.map((id) => partitionOf(id, 4))).size, 4, 'every hub has some')
      for (const id of ids) await client.announce(need({ ...three, id }))
      const begun = gate()
      const may = gate()
      await agent(client, 'ada', async () => {
        begun.open()
        await may.passed
      })
      const working = await client.announce(need({ id: 'working' }))
      await begun.passed
      await client.announce(need({ id: 'flying', requires: [{ skill: 'wings' }] }))
      for (const id of ids) {
        const task = await client.task(id)
        assert.equal((await task?.outcome())?.status, 'completed', id)
      }
      for (const network of [hub, client]) await eventually(() => shows(network, ids))
      await refusalOf(hub.announce(need({ id: 'working', requires: [{ skill: 'else' }] })))
      assert.equal(hub.counts()?.refusals.E_TASK_CONFLICT, 1)
      assert.equal(client.counts(), undefined)
      may.open()
      await working.outcome()
      await client.cancel('flying')
      await lawful(server)
      await sawAll(server, seen)
    },
  )

  test('NATS-26 one log that cannot be read takes nothing from the others', patient, async (t) => {
    const server = await natsFor(t)
    const first = await networkOn(t, server, { name: 'first', partitions: 2 })
    await until(() => first.status().partitions?.here === 2, 'all hubs are here')
    await first.close()
    const line = await lineTo(server.url)
    await jetstream(line.nats).publish(subjectsOf('main').log(1), 'no fact')
    await line.close()
    const notices: string[] = []
    const notify = ({ text }: Notice): void => void notices.push(text)
    const next = await networkOn(t, server, { name: 'next', notify })
    await until(
      () => notices.some((text) => /not the hub of partition 1: .* is none of a log/.test(text)),
      'it is told',
    )
    assert.deepEqual(next.status(), {
      connected: true,
      hub: undefined,
      partitions: { here: 1, elsewhere: 0, unknown: 1 },
    })
    const of = (partition: number): string => {
      for (let i = 0; ; i++) if (partitionOf(`t${i}`, 2) === partition) return `t${i}`
    }
    for (let i = 0; ; i++) {
      if (partitionOf(`agent-${i}`, 2) !== 0) continue
      await agent(next, `agent-${i}`, () => 'done')
      break
    }
    assert.equal((await (await next.announce(need({ id: of(0) }))).outcome()).status, 'completed')
    const waiting = next.announce(need({ id: of(1) }))
    waiting.catch(() => {})
    assert.equal(await Promise.race([waiting.then(() => 'accepted'), pause(leaseMs, 'silent')]), 'silent')
    const told = (): number => notices.filter((text) => /partition 1/.test(text)).length
    const before = told()
    await until(() => told() > before, 'it is tried again')
  })

  test(
    'NATS-25 what a task has to do with has its hub: sub-tasks, and those that depend on it',
    patient,
    async (t) => {
      const server = await natsFor(t)
      await networkOn(t, server, { name: 'hub-process', partitions: 4 })
      const client = await networkOn(t, server, { name: 'client', hub: false })
      await client.join({
        id: 'boss',
        skills: [{ name: 'work' }],
        async perform({ task }, { announce }) {
          const part = await announce(need({ requires: [{ skill: 'parts' }] }))
          assert.equal(partitionOf(part.id, 4), partitionOf(task, 4))
          return (await part.outcome()).status
        },
      })
      await client.join({ id: 'helper', skills: [{ name: 'parts' }], perform: () => 'done' })
      for (let i = 0; i < 6; i++) {
        const task = await client.announce(need())
        const { results } = await task.outcome()
        assert.equal(results.work?.[0]?.result, 'completed')
        const next = await client.announce(need({ requires: [{ skill: 'parts' }], dependsOn: [task.id] }))
        assert.equal(partitionOf(next.id, 4), partitionOf(task.id, 4))
        assert.equal((await next.outcome()).status, 'completed')
      }
      await lawful(server)
    },
  )

  test(
    'NATS-22 a process that comes gets its share, one that goes leaves it to the others',
    patient,
    async (t) => {
      const server = await natsFor(t)
      const notices: string[] = []
      const notify = ({ text }: Notice): void => void notices.push(text)
      const one = await networkOn(t, server, { name: 'one', partitions: 5, notify })
      await until(() => sharesOf([one]).join() === '5', 'the first has all')
      const client = await networkOn(t, server, { name: 'client', hub: false })
      await crew(client, 6)
      let isOver = false
      let done = 0
      const load = (async () => {
        while (!isOver) {
          const task = await client.announce(need(three))
          assert.equal((await task.outcome()).status, 'completed')
          done += 1
        }
      })()
      const two = await networkOn(t, server, { name: 'two' })
      assert.deepEqual(sharesOf([one, two]), [5, 0], 'nothing moves to a process that has only begun')
      await until(() => sharesOf([one, two]).join() === '3,2', 'they share')
      const three_ = await networkOn(t, server, { name: 'three' })
      const all = [one, two, three_]
      await until(() => sharesOf(all).join() === '2,2,1' || sharesOf(all).join() === '1,2,2', 'three share')
      const moved = notices.length
      await pause(3 * leaseMs)
      assert.equal(notices.length, moved, `nothing moves that is even:\n${notices.join('\n')}`)
      await one.close()
      await until(
        () => sharesOf([two, three_]).join() === '3,2' || sharesOf([two, three_]).join() === '2,3',
        'two share',
      )
      const before = done
      await until(() => done > before + 5, 'work goes on')
      isOver = true
      await load
      await until(() => client.status().partitions?.elsewhere === 5, 'the client knows all hubs')
      await lawful(server)
    },
  )

  test(
    'NATS-23 the partitions of a process that dies are shared out among those who live',
    patient,
    async (t) => {
      const server = await natsFor(t)
      const one = await hubProcess(t, server, 'one')
      await until(() => ownedBy(one) === 4, 'the first owns all', one.err)
      const two = await networkOn(t, server, { name: 'two' })
      const three_ = await networkOn(t, server, { name: 'three' })
      const client = await networkOn(t, server, { name: 'client', hub: false })
      await crew(client, 6)
      const begun = gate()
      const may = gate()
      await agent(client, 'ada', async () => {
        begun.open()
        await may.passed
        return 'done'
      })
      const long = await client.announce(need({ id: 'long' }))
      await begun.passed
      one.child.kill('SIGKILL')
      const from = performance.now()
      const meanwhile = Promise.all(
        Array.from({ length: 12 }, (_, i) => client.announce(need({ ...three, id: `m${i}` }))),
      )
      const joined = client.join({ id: 'late', skills: [{ name: 'late' }], perform: () => 'done' })
      await until(
        () => client.status().partitions?.unknown === 0 && total([two, three_]) === 4,
        'all have a hub',
      )
      const tookMs = performance.now() - from
      assert.ok(tookMs > leaseMs / 2, 'it took over while the first may have lived')
      await until(() => sharesOf([two, three_]).join() === '2,2', 'they share what it had')
      may.open()
      await joined
      for (const task of [long, ...(await meanwhile)])
        assert.equal((await task.outcome()).status, 'completed', task.id)
      await lawful(server)
    },
  )
}

function total(networks: readonly Network[]): number {
  return sharesOf(networks).reduce((sum, share) => sum + share, 0)
}

async function hubProcess(t: TestContext, server: NatsServer, name: string): Promise<Running> {
  const lease = `${leaseMs}ms`
  const running = start([
    'up',
    '--network',
    server.url,
    '--name',
    name,
    '--lease',
    lease,
    '--partitions',
    '4',
  ])
  t.after(() => running.child.kill('SIGKILL'))
  return running
}

function ownedBy(running: Running): number {
  return [...running.err().matchAll(/is the hub of partition \d now/g)].length
}

/** Whoever watched saw every fact of every log once and in order, by partition. */
async function sawAll(server: NatsServer, seen: ReadonlyMap<number, readonly number[]>): Promise<void> {
  const reader = await readNatsJournal(server.url, {})
  const ends = reader.logs.map((log) => log.end().position)
  await until(() => ends.every((end, log) => seen.get(log)?.at(-1) === end), 'all facts were seen')
  for (const [log, positions] of seen) {
    const first = positions[0] ?? 0
    assert.deepEqual(
      positions,
      positions.map((_, i) => first + i),
      `log ${log} in order, and each fact once`,
    )
  }
  const instants: number[] = []
  for await (const { fact } of reader.read(0)) instants.push(fact.at)
  assert.deepEqual(
    instants,
    [...instants].sort((a, b) => a - b),
    'as one journal it goes forward in time',
  )
  assert.equal((await reader.history('task-7' as never))[0]?.kind, 'task.accepted')
  await reader.close()
}

/** What is open and ended, who is busy with what, and why, is the same wherever it is looked at. */
async function shows(network: Network, ended: readonly string[]): Promise<void> {
  const tasks = await network.tasks()
  assert.deepEqual(tasks.map(({ id }) => id).sort(), [...ended, 'working', 'flying'].sort())
  const instants = tasks.map(({ announcedAt }) => announcedAt)
  assert.deepEqual(
    instants,
    instants.toSorted((a, b) => a - b),
    'in the order in which they were announced',
  )
  assert.equal(tasks.find(({ id }) => id === 'flying')?.waiting?.kind, 'missing')
  const groups = await network.groups()
  assert.deepEqual(
    groups.map(({ task }) => task),
    ['working'],
  )
  const agents = await network.agents()
  assert.deepEqual(
    agents.map(({ id, busy }) => [id, busy]),
    [['ada', 1], ...Array.from({ length: 9 }, (_, i) => [`worker-${i}`, 0])],
  )
  assert.equal((await network.explain('working')).waiting?.kind, 'work')
  assert.equal((await network.explain('flying')).waiting?.kind, 'missing')
}

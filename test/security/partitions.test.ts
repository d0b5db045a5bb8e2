/** The keys of `convoke security` in a network of several partitions, on a real server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Notice } from '../../src/index.ts'
import { convoke } from '../cli/convoke.ts'
import { hasNats, patient } from '../nats.ts'
import { agent, need } from '../network/stage.ts'
import { standFor, until } from './stand.ts'

const subjects = subjectsOf('main')

if (hasNats('SEC-3 keys and several partitions on a real server')) {
  test('SEC-3 SEC-4 the same keys do for several partitions, and allow no more', patient, async (t) => {
    const { open, key, line, server } = await standFor(t)
    const notices: Notice[] = []
    const notify = (notice: Notice): void => void notices.push(notice)
    // Whoever may read no stream hears how many there are, also who comes before the network is made.
    const early = open('ada', { notify, name: 'ada--desk' })
    await open('alpha', { notify, partitions: 3 })
    const ada = await early
    await agent(ada, 'ada', ({ task }) => `did ${task}`)
    await agent(await open('bob', { notify, name: 'bob--desk' }), 'bob', () => 'bob')
    const ops = await open('ops', { notify })
    for (const network of [ada, ops]) assert.equal(network.status().partitions?.elsewhere, 3)
    const both = need({ requires: [{ skill: 'work', count: 2 }] })
    const tasks = await Promise.all(
      Array.from({ length: 12 }, (_, i) => ops.announce({ ...both, id: `b${i}` })),
    )
    for (const task of tasks) assert.equal((await task.outcome()).status, 'completed')
    assert.equal((await (await ada.announce(need())).outcome()).status, 'completed')
    assert.equal((await ops.tasks()).length, 13)
    assert.equal((await ops.agents()).length, 2)
    await ops.announce(need({ id: 'waiting', requires: [{ skill: 'flying' }] }))
    const env = { CONVOKE_NETWORK: server.url, CONVOKE_CREDENTIALS: key('ops') }
    assert.equal((await convoke(['cancel', 'waiting'], { env })).code, 0)
    const audited = await convoke(['audit', server.url, '--json', '--credentials', key('ops')])
    assert.equal(audited.code, 0, audited.out)
    assert.deepEqual(
      notices.filter(({ code }) => code === 'forbidden' || code === 'server-error'),
      [],
    )
    const bare = await line('ada', notices)
    for (const subject of [subjects.owner(1), subjects.hosts, subjects.log(2)]) {
      bare.publish(subject, '{"kind":"leaves","name":"alpha"}')
    }
    await until(
      () => notices.filter(({ code }) => code === 'forbidden').length === 3,
      () => JSON.stringify(notices),
    )
  })
}

/**
 * A project on NATS whose tasks belong to different hubs, in one process and in several: what hangs together by
 * `dependsOn` or as a sub-task does not notice.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditOnNats } from '../../src/host/nats/reader.ts'
import type { Network, NetworkOptions } from '../../src/index.ts'
import { partitionOf } from '../../src/protocol/partition.ts'
import { hasNats, natsFor, patient } from '../nats.ts'
import { networkOn, sharesOf, until } from './nats-stage.ts'
import { gate, need } from './stage.ts'

const partitions = 4

/** An id of the task of one partition. */
function idIn(partition: number, what: string): string {
  for (let i = 0; ; i++) if (partitionOf(`${what}-${i}`, partitions) === partition) return `${what}-${i}`
}

if (hasNats('NATS-24 a project over several hubs on a real server')) {
  test('NATS-24 HOME-15 HOME-19 a project whose tasks have different hubs', patient, async (t) => {
    const server = await natsFor(t)
    const open = (options: NetworkOptions): Promise<Network> => {
      return networkOn(t, server, { ...options, limits: { agentTimeoutMs: 3_000 } })
    }
    const both = await Promise.all(['one', 'two'].map((name) => open({ name, partitions })))
    await until(() => sharesOf(both).join() === '2,2', 'they share')
    const client = await open({ name: 'client', hub: false })
    const begun = gate()
    const may = gate()
    const mayFail = gate()
    const part = idIn(3, 'part')
    for (const [i, id] of ['ada', 'bob', 'eve'].entries()) {
      await client.join({
        id,
        skills: [{ name: ['clean', 'train', 'report'][i] ?? '' }],
        async perform({ task, inputs }, { announce }) {
          if (task.startsWith('first')) {
            begun.open()
            await may.passed
          }
          if (task.startsWith('whole')) {
            const sub = await announce(need({ id: part, requires: [{ skill: 'train' }] }))
            return (await sub.outcome()).status
          }
          if (task.startsWith('bad')) {
            await mayFail.passed
            throw new Error('no')
          }
          return [
            task.replace(/-\d+$/, ''),
            ...Object.keys(inputs)
              .map((each) => each.replace(/-\d+$/, ''))
              .sort(),
          ]
        },
      })
    }
    const [first, second, third, last] = [0, 1, 2, 3].map((i) =>
      idIn(i, ['first', 'second', 'third', 'last'][i] ?? ''),
    )
    const clean = { requires: [{ skill: 'clean' }] }
    await client.announce(need({ ...clean, id: first ?? '' }))
    await client.announce(
      need({ id: second ?? '', requires: [{ skill: 'train' }], dependsOn: [first ?? ''] }),
    )
    await client.announce(need({ id: third ?? '', requires: [{ skill: 'train' }], dependsOn: [first ?? ''] }))
    const report = need({
      id: last ?? '',
      requires: [{ skill: 'report' }],
      dependsOn: [second ?? '', third ?? ''],
    })
    const end = await client.announce(report)
    await begun.passed
    assert.equal((await client.explain(last ?? '')).waiting?.kind, 'dependencies')
    assert.equal((await client.tasks()).filter(({ status }) => status === 'blocked').length, 3)
    // One of the two goes, in the middle: its hubs go on in the other.
    await both[0]?.close()
    may.open()
    assert.deepEqual((await end.outcome()).results.report?.[0]?.result, ['last', 'second', 'third'])
    const whole = await client.announce(need({ ...clean, id: idIn(1, 'whole') }))
    assert.deepEqual((await whole.outcome()).results.clean?.[0]?.result, 'completed')
    assert.equal((await client.tasks()).find(({ id }) => id === part)?.parent, whole.id)
    const bad = await client.announce(need({ ...clean, id: idIn(2, 'bad'), maxAttempts: 1 }))
    const next = await client.announce(need({ ...clean, id: idIn(0, 'next'), dependsOn: [bad.id] }))
    mayFail.open()
    assert.equal((await bad.outcome()).status, 'failed')
    assert.equal((await next.outcome()).reason?.code, 'E_DEPENDENCY_FAILED')
    const { problems, open: left } = await auditOnNats(server.url, {})
    assert.deepEqual([problems, left], [[], 0])
  })
}

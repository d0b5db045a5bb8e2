/**
 * The protocol is open: an agent in plain Python, written from docs/protocol.md alone, joins, works, and survives a
 * change of the hub.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Network } from '../../src/index.ts'
import { closeFirst, hasNats, natsFor, patient } from '../nats.ts'
import { root } from '../tidy/source.ts'

const hasPython = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0

async function openFor(t: TestContext, url: string, name: string, partitions: number): Promise<Network> {
  const network = await Network.open(url, { name, partitions, limits: { hubLeaseMs: 2_000, retryMs: 100 } })
  closeFirst(t, () => network.close())
  return network
}

if (hasNats('PROTO-1 an agent in Python')) {
  for (const partitions of [1, 3]) {
    const where = partitions === 1 ? '' : ', where there are several hubs'
    test(`PROTO-1 an agent in Python joins, offers, works and completes${where}`, patient, async (t) => {
      if (!hasPython) return t.skip('skipped: python3 is not installed')
      const server = await natsFor(t)
      const first = await openFor(t, server.url, 'first', partitions)
      const second = await openFor(t, server.url, 'second', partitions)
      const { port } = new URL(server.url.replace('nats', 'http'))
      const script = join(root, 'examples/python/agent.py')
      const python = spawn('python3', [script, '127.0.0.1', port, 'main', 'monty', 'counting'])
      let [said, wrong] = ['', '']
      python.stdout.on('data', (text) => {
        said += text
      })
      python.stderr.on('data', (text) => {
        wrong += text
      })
      t.after(() => python.kill('SIGKILL'))
      const count = async (id: string, words: string): Promise<unknown> => {
        const requires = [{ skill: 'counting', level: 'advanced' }]
        const task = await second.announce({ id, description: 'Count', payload: words, requires })
        const { status, results } = await task.outcome()
        assert.equal(status, 'completed', wrong)
        assert.equal(results.counting?.[0]?.agent, 'monty')
        return results.counting?.[0]?.result
      }
      assert.deepEqual(await count('one', 'to call together'), { words: 3 })
      const many = Array.from({ length: 20 }, (_, i) => count(`many${i}`, 'a '.repeat(i + 1)))
      assert.deepEqual(
        await Promise.all(many),
        many.map((_, i) => ({ words: i + 1 })),
      )
      await first.close()
      assert.deepEqual(await count('after', 'another hub has taken over'), { words: 5 })
      assert.match(said, /^monty has joined\nbegins one, epoch 1\n/)
      assert.equal(wrong, '')
      python.kill('SIGINT')
      await once(python, 'exit')
      for (let tries = 0; tries < 100; tries++) {
        const [monty] = await second.agents()
        if (monty?.present === false) return
        await pause(50)
      }
      assert.fail('its farewell was not heard')
    })
  }
}

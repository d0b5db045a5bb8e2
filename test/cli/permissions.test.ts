/**
 * Least privilege: a server that lets an agent use its own subjects, as docs/operating.md lists them, and no other.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import { Network } from '../../src/index.ts'
import { encode, type NodeId } from '../../src/protocol/index.ts'
import { read } from '../documents.ts'
import { closeFirst, hasNats, lineTo, natsFor, patient } from '../nats.ts'
import { start } from './convoke.ts'

/** What the document says that an agent needs, as lists of the server's configuration. */
function granted(): Readonly<Record<'publish' | 'subscribe', string>> {
  const block = /```text\n(publish:[\s\S]*?)```/.exec(read('docs/operating.md'))?.[1] ?? ''
  const [publish = '', subscribe = ''] = block.replace('publish:', '').split('subscribe:')
  const list = (text: string): string =>
    text
      .trim()
      .split(/\s+/)
      .map((subject) => `"${subject}"`)
      .join(', ')
  return { publish: list(publish), subscribe: list(subscribe) }
}

if (hasNats('NATS-18 an agent with its own subjects alone')) {
  test(
    'NATS-18 an agent with its own subjects alone works, and speaks for nobody else',
    patient,
    async (t) => {
      const { publish, subscribe } = granted()
      const permissions = `permissions: { publish: [ ${publish} ], subscribe: [ ${subscribe} ] }`
      const server = await natsFor(t, [
        `authorization { users: [ { user: hub, password: one }, { user: ada, password: two, ${permissions} } ] }`,
      ])
      const at = (login: string): string => server.url.replace('nats://', `nats://${login}@`)
      const hub = await Network.open(at('hub:one'), { name: 'planner' })
      closeFirst(t, () => hub.close())
      await assert.rejects(Network.open(server.url), { code: 'E_UNREACHABLE' })
      await assert.rejects(Network.open(at('ada:wrong')), (fault: { code: string; hint: string }) => {
        assert.equal(fault.code, 'E_UNREACHABLE')
        assert.match(fault.hint, /credentials/)
        return true
      })
      const words = [
        'agent',
        '--id',
        'ada',
        '--skill',
        'work',
        '--run',
        'echo done',
        '--network',
        at('ada:two'),
      ]
      const agent = start(words)
      t.after(() => agent.child.kill('SIGKILL'))
      for (let tries = 0; tries < 800 && !agent.err().includes('has joined'); tries++) await pause(25)
      const need = { description: 'Work', requires: [{ skill: 'work' }] }
      const task = await hub.announce(need)
      assert.equal((await task.outcome()).status, 'completed', agent.err())
      assert.ok(!/server-error|permission/i.test(agent.err()), agent.err())
      // In the name of the planner it asks for the end of a task, and the server lets nothing through.
      const open = await hub.announce({ ...need, id: 'open', requires: [{ skill: 'flying' }] })
      const line = await lineTo(at('ada:two'))
      const from = { id: 'planner' as NodeId, incarnation: Date.now() }
      const to = { id: 'hub' as NodeId, incarnation: 0 }
      const message = { kind: 'TASK_CANCEL', task: open.id, reason: 'mischief' } as const
      const order = encode({ from, to, message })
      const subjects = subjectsOf('main')
      line.publish(subjects.to(to.id, from.id), order)
      line.publish(subjects.to(to.id, 'ada' as NodeId), order)
      await line.nats.flush()
      await pause(300)
      await line.close()
      assert.equal((await hub.explain('open')).task.status, 'waiting')
    },
  )
}

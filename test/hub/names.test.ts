/**
 * Strangers that come with skills of their own invention and go: what they leave behind in the hub.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Hub } from '../../src/hub/hub.ts'
import type { HubId, Message, NodeId, SkillName } from '../../src/protocol/index.ts'
import { seeded } from '../../src/strategy/random.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const strangers = 5_000

test('FAULT-13 names that strangers make up are forgotten with them', () => {
  const hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  hub.receive({ kind: 'opened' }, 1)
  const say = (id: string, message: Message): void => {
    const from = { id: id as NodeId, incarnation: 1 }
    hub.receive({ kind: 'received', envelope: { from, to: hub.address(), message } }, 1)
    hub.drain()
  }
  const visits = (round: number): number => {
    for (let i = 0; i < strangers; i++) {
      const skills = Array.from({ length: 8 }, (_, k) => {
        return { name: `s${round}-${i}-${k}` as SkillName, level: 'expert' }
      })
      say(`x${i}`, { kind: 'AGENT_JOIN', skills, capacity: 1 })
    }
    for (let i = 0; i < strangers; i++) say(`x${i}`, { kind: 'AGENT_LEAVE', reason: 'enough' })
    collect()
    return process.memoryUsage().heapUsed
  }
  const first = visits(1)
  const grown = Math.max(visits(2), visits(3)) - first
  const { roster, supply } = hub.state()
  assert.deepEqual([roster.size, supply.size], [0, 0])
  // Kept, the 80,000 names of two rounds would take more than 40 MB.
  assert.ok(grown < 8_000_000, `the heap has grown by ${grown} bytes`)
})

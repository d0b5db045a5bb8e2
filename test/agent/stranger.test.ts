/**
 * What somebody who is not the hub says to an agent.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { messageOf } from '../../lab/arbitrary.ts'
import { canonical } from '../../lab/explore/canonical.ts'
import { Agent } from '../../src/agent/agent.ts'
import { announcer } from '../../src/host/participant.ts'
import { messageKinds } from '../../src/protocol/codec/messages.ts'
import type { Envelope, HubId, Message, NodeId } from '../../src/protocol/index.ts'

const self = { id: 'ada' as NodeId, incarnation: 1 }
const hub = 'hub' as HubId

function present(): Agent {
  const agent = new Agent(self, hub, { ...announcer, capacity: 1 })
  agent.receive({ kind: 'join' }, 1)
  hears(agent, 'hub', { kind: 'AGENT_WELCOME', heartbeatMs: 1_000 })
  return agent
}

function hears(agent: Agent, from: string, message: Message, incarnation = 1): readonly object[] {
  agent.drain()
  const envelope: Envelope = { from: { id: from as NodeId, incarnation }, to: self, message }
  agent.receive({ kind: 'received', envelope }, 2)
  return agent.drain().effects
}

test('FAULT-9 an agent hears its hub alone: a stranger changes nothing and is told so', () => {
  fc.assert(
    fc.property(fc.oneof(...messageKinds.map(messageOf)), fc.integer({ min: 1 }), (message, incarnation) => {
      const agent = present()
      const before = canonical(agent.state())
      const effects = hears(agent, 'eve', message, incarnation)
      assert.equal(canonical(agent.state()), before)
      const kinds = effects.map((effect) => ('message' in effect ? (effect.message as Message).kind : effect))
      assert.deepEqual(kinds, message.kind === 'MESSAGE_REFUSED' ? [] : ['MESSAGE_REFUSED'])
    }),
    { numRuns: 300 },
  )
})

test('FAULT-9 the hub is believed where a stranger is not, and is heard after one', () => {
  const agent = present()
  const expelled: Message = { kind: 'AGENT_REFUSED', refusal: { code: 'E_AGENT_ID_TAKEN', message: 'taken' } }
  hears(agent, 'eve', expelled, 2 ** 40)
  assert.equal(agent.state().presence, 'present')
  hears(agent, 'hub', expelled)
  assert.equal(agent.state().presence, 'gone')
})

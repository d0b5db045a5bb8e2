/**
 * Small worlds of the real machines, to the last state. The counts are pinned: a change of the machines that lets other
 * things happen shows here, and whoever means it writes the new counts down.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realAgent } from '../../lab/explore/agent-species.ts'
import { canonical } from '../../lab/explore/canonical.ts'
import { type Exploration, exploreWorld } from '../../lab/explore/explore.ts'
import { realHub } from '../../lab/explore/hub-species.ts'
import type { World } from '../../lab/explore/world.ts'
import { worlds } from '../../lab/explore/worlds.ts'
import type { HubEffect } from '../../src/hub/state.ts'

function worldNamed(name: string): World {
  const world = worlds.find((world) => world.name === name)
  assert.ok(world !== undefined, `there is no world "${name}"`)
  return world
}

/** The whole bounds are explored by `npm run lab -- explore`. */
type Pin = readonly [world: string, clockSteps: number, states: number, transitions: number]

const pinned: readonly Pin[] = [
  ['two agents, bad network', 0, 714, 1922],
  ['one agent, unordered network', 1, 1796, 4593],
  ['two agents, unordered network', 1, 533, 1189],
  ['two agents, one crashes', 1, 17761, 55907],
  ['two agents, the hub crashes', 0, 3836, 9099],
  ['one agent, everything', 1, 33070, 85103],
  ['three agents', 0, 3060, 9055],
  ['open offers', 1, 5025, 13686],
  ['two of a kind', 0, 2254, 5805],
  ['checkpoint', 1, 5826, 15871],
  ['contention', 1, 19643, 43678],
  ['contention of pairs', 0, 5250, 14917],
  ['two slots', 0, 3739, 7769],
  ['failures', 1, 4883, 12392],
  ['a claim is sent back', 1, 21168, 59203],
  ['a claim is checked by an agent', 0, 458, 1366],
  ['cancellation', 0, 3764, 11347],
  ['started by the initiator', 0, 2704, 7721],
  ['dependency', 0, 4331, 10061],
  ['departure', 0, 3098, 9120],
  ['departure and crash', 0, 3966, 10005],
  ['deadline', 1, 8752, 25773],
  ['two hubs', 0, 73642, 269233],
  ['two hubs, an agent crashes', 1, 60148, 216932],
  ['two hubs want one agent', 0, 25545, 86845],
  ['two hubs, dependency', 0, 50438, 164238],
]

for (const [name, clockSteps, states, transitions] of pinned) {
  test(`LINK-6 END-6 ${name}: every interleaving with ${clockSteps} steps of the clock`, () => {
    const found = exploreWorld({ ...worldNamed(name), clockSteps })
    assert.equal(reportOf(found), '')
    assert.deepEqual(
      Object.entries(found.sometimes).filter(([, reached]) => !reached),
      [],
    )
    assert.deepEqual([found.states, found.transitions], [states, transitions])
  })
}

function reportOf({ broken }: Exploration): string {
  return broken === undefined ? '' : [broken.what, ...broken.trace].join('\n')
}

const crash = { ...worldNamed('two agents, the hub crashes'), clockSteps: 0 }

test('LOG-2 a hub that forgets after a crash what has ended is caught', () => {
  const found = exploreWorld(crash, {
    hub: (self, random, configuration) => {
      const hub = realHub(self, random, configuration)
      const replay = hub.replay.bind(hub)
      hub.replay = (fact) => {
        if (fact.kind !== 'task.ended') replay(fact)
      }
      return hub
    },
  })
  assert.match(found.broken?.what ?? '', /^LOG-2: .* after the end$/)
  assert.match(found.broken?.trace.join('\n') ?? '', /crashes/)
})

test('GROUP-4 a hub that releases what it has confirmed is caught', () => {
  const found = exploreWorld(
    { ...worldNamed('two agents, bad network'), clockSteps: 0 },
    {
      hub: (self, random, configuration) => {
        const hub = realHub(self, random, configuration)
        const drain = hub.drain.bind(hub)
        hub.drain = () => {
          const { facts, effects } = drain()
          return { facts, effects: [...effects, ...effects.flatMap(releaseOf)] }
        }
        return hub
      },
    },
  )
  assert.match(found.broken?.what ?? '', /was confirmed and is released/)
})

function releaseOf(effect: HubEffect): HubEffect[] {
  if (effect.kind !== 'send' || effect.message.kind !== 'GROUP_FORMED') return []
  const { task, invite } = effect.message
  if (invite === undefined) return []
  const refusal = { code: 'E_BUSY', message: 'changed its mind' } as const
  return [{ ...effect, message: { kind: 'GROUP_RELEASE', task, invite, refusal } }]
}

test('END-6 an agent whose promises never lapse is caught', () => {
  const found = exploreWorld(crash, {
    agent: (self, hub, profile, configuration) => {
      const agent = realAgent(self, hub, profile, configuration)
      const receive = agent.receive.bind(agent)
      agent.receive = (input, now) => {
        receive(input, now)
        for (const hold of agent.state().holds) Object.assign(hold, { until: Number.MAX_SAFE_INTEGER })
      }
      return agent
    },
  })
  assert.match(found.broken?.what ?? '', /^in the end: /)
})

test('LINK-6 equal states have one text, different ones two, and a circle ends', () => {
  const state = (skill: string) => {
    const entry: { skill: string; self?: object } = { skill }
    entry.self = entry
    return { roster: new Map([['ada', entry]]), asked: new Set([entry]), now: Math.random() }
  }
  assert.equal(canonical(state('clean')), canonical(state('clean')))
  assert.notEqual(canonical(state('clean')), canonical(state('model')))
  const shared = { held: 0 }
  assert.notEqual(canonical([shared, shared]), canonical([{ held: 0 }, { held: 0 }]))
})

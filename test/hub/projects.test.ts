/**
 * Projects in the live hub: their order, whom they take, the plan that is followed, and what becomes of it when
 * reality departs from it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour } from '../../lab/world/behaviour.ts'
import { World } from '../../lab/world.ts'
import type { AnnounceSpec } from '../../src/host/autonomous.ts'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Fact, HubId, Message, NodeId, TaskId } from '../../src/protocol/index.ts'
import { defaultConfiguration, defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import { seeded } from '../../src/strategy/random.ts'

const second = 1_000

function etl(id: string, more: Partial<AnnounceSpec> = {}): AnnounceSpec {
  return { id, description: id, requires: [{ skill: 'etl' }], ...more }
}

function worker(id: string, skills: readonly string[], workMs: number, slots = 1): Behaviour {
  return { id, skills: skills.map((name) => ({ name })), workMs, maxConcurrentTasks: slots }
}

/** A world with agents and announcements, and the groups that were formed, in order. */
async function played(
  limits: Partial<Limits>,
  agents: readonly Behaviour[],
  specs: readonly (readonly [by: string, spec: AnnounceSpec])[],
  {
    seed = 1,
    until = 600 * second,
    oneByOne = false,
  }: { seed?: number; until?: number; oneByOne?: boolean } = {},
): Promise<{ formed: string[]; world: World; facts: Fact[] }> {
  const facts: Fact[] = []
  const world = new World({
    seed,
    configuration: { ...defaultConfiguration, limits: { ...defaultLimits, ...limits } },
    watch: (happening) => {
      if (happening.kind === 'durable') facts.push(happening.fact)
    },
  })
  world.openHub()
  await world.timeline.settle()
  for (const by of new Set(specs.map(([by]) => by))) await world.openDesk(by)
  for (const agent of agents) await world.join(agent)
  await world.timeline.settle()
  for (const [by, spec] of specs) {
    world.announce(by, spec)
    if (oneByOne) await world.timeline.runUntil(world.timeline.now + 10)
  }
  await world.timeline.runUntil(until)
  const formed = facts.flatMap((fact) => {
    if (fact.kind !== 'group.formed') return []
    return [`${fact.task}: ${fact.members.map(({ agent }) => agent).join(' ')}`]
  })
  return { formed, world, facts }
}

function namesOf(formed: readonly string[]): string[] {
  return formed.map((line) => line.split(':')[0] ?? '')
}

/** Keeps ada busy until everything is announced. */
const plug: readonly [string, AnnounceSpec] = ['desk', etl('plug')]

test('AHEAD-2 the tasks of a project change places among themselves, and all others keep theirs', async () => {
  const specs: readonly (readonly [string, AnnounceSpec])[] = [
    plug,
    ['desk', etl('short', { project: 'p', expectedMs: 10 * second })],
    ['desk', etl('alone', { expectedMs: 500 * second })],
    ['desk', etl('long', { project: 'p', expectedMs: 5 * second })],
    ['desk', etl('after', { dependsOn: ['long'], expectedMs: 60 * second })],
    ['desk', etl('last')],
  ]
  const agents = [worker('ada', ['etl'], second)]
  const { formed } = await played({ planStepsMax: 0 }, agents, specs, { oneByOne: true })
  assert.deepEqual(namesOf(formed), ['plug', 'long', 'alone', 'after', 'short', 'last'])
})

test('AHEAD-2 priority stays above the order of a project', async () => {
  const ada = worker('ada', ['etl'], second)
  const { formed } = await played(
    { planStepsMax: 0 },
    [ada],
    [
      ['desk', etl('long', { expectedMs: 500 * second })],
      ['desk', etl('after', { dependsOn: ['long'], expectedMs: 60 * second })],
      ['desk', etl('urgent', { priority: 'high', project: 'p', expectedMs: second })],
    ],
  )
  assert.equal(namesOf(formed)[0], 'urgent')
})

test('AHEAD-1 tasks of other initiators, and of projects with other names, are no part of it', async () => {
  const specs: readonly (readonly [string, AnnounceSpec])[] = [
    plug,
    ['desk', etl('a', { project: 'p', expectedMs: second })],
    ['desk', etl('b', { project: 'q', expectedMs: 50 * second })],
    ['other', etl('c', { project: 'p', expectedMs: 90 * second })],
    ['desk', etl('d', { dependsOn: ['a', 'b'], expectedMs: second })],
    ['desk', etl('e', { project: 'p', expectedMs: 70 * second })],
  ]
  const agents = [worker('ada', ['etl'], second)]
  const { formed } = await played({ planStepsMax: 0 }, agents, specs, { oneByOne: true })
  // As a part of the first project, the other initiator's task would go before all.
  assert.deepEqual(namesOf(formed), ['plug', 'e', 'c', 'b', 'a', 'd'])
})

test('AHEAD-3 without a stated duration the agents’ claims and outcomes order a project', async () => {
  const ada: Behaviour = {
    ...worker('ada', ['etl', 'statistics'], second),
    skills: [
      { name: 'etl', meanTimeMs: 2 * second },
      { name: 'statistics', meanTimeMs: 200 * second },
    ],
  }
  const { formed } = await played(
    { planStepsMax: 0 },
    [ada],
    [
      ['desk', etl('short', { project: 'p' })],
      ['desk', { ...etl('long', { project: 'p' }), requires: [{ skill: 'statistics' }] }],
    ],
  )
  assert.deepEqual(namesOf(formed), ['long', 'short'])
})

test('AHEAD-4 the agent that the rest of the project needs is kept for it', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const agents = [worker('ada', ['etl', 'statistics'], second), worker('bob', ['etl'], second)]
    const { formed } = await played(
      { planStepsMax: 0 },
      agents,
      [
        ['desk', etl('a', { project: 'p', expectedMs: 9 * second })],
        ['desk', { ...etl('b', { project: 'p', expectedMs: second }), requires: [{ skill: 'statistics' }] }],
      ],
      { seed },
    )
    assert.deepEqual(formed, ['a: bob', 'b: ada'], `seed ${seed}`)
  }
})

/** By rank alone `x` begins first, takes ada for ten seconds, and lets `y`, which only ada can do, wait. */
const planSpecs: readonly (readonly [string, AnnounceSpec])[] = [
  ['desk', etl('x', { project: 'p', expectedMs: 12 * second })],
  ['desk', { ...etl('y', { project: 'p', expectedMs: 2 * second }), requires: [{ skill: 'statistics' }] }],
  ['desk', { ...etl('z', { dependsOn: ['y'], expectedMs: 9 * second }), requires: [{ skill: 'report' }] }],
]

test('AHEAD-5 a plan is followed: the strategy that decided is in the record', async () => {
  const agents = [worker('ada', ['etl', 'statistics'], 2 * second), worker('cyd', ['report'], 9 * second)]
  const { formed, facts } = await played({}, agents, planSpecs)
  assert.deepEqual(namesOf(formed), ['y', 'x', 'z'])
  const strategies = facts.flatMap((fact) => (fact.kind === 'group.formed' ? [fact.strategy] : []))
  for (const strategy of strategies) assert.match(strategy, / restarts-fbi@1$/)
  const unplanned = await played({ planStepsMax: 0 }, agents, planSpecs)
  assert.deepEqual(namesOf(unplanned.formed), ['x', 'y', 'z'])
})

test('AHEAD-5 whoever waits for its turn says so', async () => {
  const agents = [worker('ada', ['etl'], 2 * second)]
  const specs: readonly (readonly [string, AnnounceSpec])[] = [
    ['desk', etl('a', { project: 'p', expectedMs: 2 * second })],
    ['desk', etl('b', { project: 'p', expectedMs: 3 * second })],
    ['desk', etl('c', { dependsOn: ['b'], expectedMs: 3 * second })],
  ]
  const { world } = await played({}, agents, specs, { until: second })
  const explanation = await world.explain('desk', 'a')
  assert.equal(explanation?.waiting?.kind, 'planned')
  assert.match(explanation?.summary ?? '', /by the plan of its project its turn with ada has not come/)
})

test('AHEAD-9 with more agents than places nothing is planned and nobody is spared; with as many it is', async () => {
  const specs: readonly (readonly [string, AnnounceSpec])[] = [
    ['desk', etl('a', { project: 'p', expectedMs: 2 * second })],
    ['desk', etl('b', { project: 'p', expectedMs: 3 * second })],
    ['desk', etl('c', { dependsOn: ['b'], expectedMs: 3 * second })],
  ]
  const strategiesWith = async (count: number): Promise<string> => {
    const agents = Array.from({ length: count }, (_, i) => worker(`w${i}`, ['etl'], 2 * second))
    const { facts } = await played({}, agents, specs)
    return facts.flatMap((fact) => (fact.kind === 'group.formed' ? [fact.strategy] : [])).join('\n')
  }
  assert.doesNotMatch(await strategiesWith(4), /restarts-fbi|scarce/)
  assert.match(await strategiesWith(3), / restarts-fbi@1$/m)
})

test('AHEAD-6 a plan holds nobody, and is made again when reality departs from it', async () => {
  // The work takes five times as long as was said, cyd leaves for good, and somebody else takes ada meanwhile.
  const agents = [
    worker('ada', ['etl', 'statistics'], 20 * second),
    worker('cyd', ['report'], 9 * second),
    worker('eve', ['report'], 9 * second),
  ]
  const { world, facts } = await played({}, agents, planSpecs, { until: second })
  await world.openDesk('other')
  world.announce('other', etl('alone', { priority: 'critical' }))
  world.crash('cyd')
  await world.timeline.runUntil(600 * second)
  const ended = facts.flatMap((fact) => (fact.kind === 'task.ended' ? [`${fact.task} ${fact.status}`] : []))
  assert.deepEqual(ended.sort(), ['alone completed', 'x completed', 'y completed', 'z completed'])
  const order = namesOf(facts.flatMap((fact) => (fact.kind === 'group.formed' ? [fact.task] : [])))
  assert.ok(order.indexOf('alone') < order.indexOf('x'), `${order}`)
  assert.ok((world.hub?.planning.plans ?? 0) > 1)
})

test('AHEAD-10 where others take the agents again and again, a project is not planned any more', async () => {
  const agents = ['ada', 'bob', 'cyd'].map((id) => worker(id, ['etl'], 10 * second))
  const specs = Array.from({ length: 40 }, (_, i): readonly [string, AnnounceSpec] => {
    const expectedMs = (5 + ((7 * i) % 11)) * second
    return [`desk-${i % 4}`, etl(`t${i}`, { project: `p${i % 4}`, expectedMs })]
  })
  const { world, formed } = await played({}, agents, specs)
  assert.equal(formed.length, specs.length)
  // By plans that are mended whatever becomes of them it takes 176.
  const { plans = 0 } = world.hub?.planning ?? {}
  assert.ok(plans > 0 && plans < specs.length, `${plans} plans`)
})

test('AHEAD-6 who will not have a task is not planned for it again', async () => {
  const agents = [
    { ...worker('ada', ['etl'], second), declines: 'not today' },
    worker('bob', ['etl', 'statistics'], second),
  ]
  const { formed } = await played({}, agents, [
    ['desk', etl('a', { project: 'p', expectedMs: second })],
    ['desk', { ...etl('b', { project: 'p', expectedMs: second }), requires: [{ skill: 'statistics' }] }],
  ])
  assert.deepEqual([...formed].sort(), ['a: bob', 'b: bob'])
})

/** A hub whose questions for plans nobody answers. */
class Unplanned {
  readonly hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  now = 1_000
  plans: number[] = []
  /** Of each plan, the steps allowed. */
  budgets: number[] = []
  #serial = 0

  constructor() {
    this.hub.receive({ kind: 'opened' }, this.now)
    this.drain()
  }

  hears(id: string, message: Message): Message[] {
    const from = { id: id as NodeId, incarnation: 1 }
    this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
    return this.drain()
  }

  wakes(): Message[] {
    this.now = this.hub.wakeAt() ?? this.now
    this.hub.receive({ kind: 'woke' }, this.now)
    return this.drain()
  }

  /** In one turn. */
  announces(...specs: AnnounceSpec[]): Message[] {
    const { limits, levels } = defaultConfiguration
    for (const spec of specs) {
      const task = checkAnnouncement(spec, { id: 't' as TaskId, limits, levels })
      assert.ok(!isRefusal(task))
      const from = { id: 'desk' as NodeId, incarnation: 1 }
      const message = { kind: 'TASK_ANNOUNCE', task, fresh: this.#fresh() } as const
      this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
    }
    return this.drain()
  }

  /** So that the hub need not look in its journal first. */
  #fresh(): { hub: number; serial: number } {
    this.#serial += 1
    return { hub: this.hub.address().incarnation, serial: this.#serial }
  }

  drain(): Message[] {
    return this.hub.drain().effects.flatMap((effect) => {
      if (effect.kind === 'send') return [effect.message]
      if (effect.kind === 'plan') {
        this.plans.push(effect.round)
        this.budgets.push(effect.stepsMax)
        return []
      }
      this.hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, this.now)
      return this.drain()
    })
  }
}

test('AHEAD-7 nobody waits longer than a second for a plan, and an old answer changes nothing', () => {
  const talk = new Unplanned()
  talk.hears('ada', { kind: 'AGENT_JOIN', skills: [{ name: 'etl' as never, level: 'novice' }], capacity: 1 })
  talk.announces(
    etl('a', { project: 'p', expectedMs: second }),
    etl('b', { project: 'p', expectedMs: second }),
  )
  assert.equal(talk.plans.length, 1)
  const began = talk.now
  const said: Message[] = []
  while (!said.some(({ kind }) => kind === 'SKILL_QUERY')) said.push(...talk.wakes())
  assert.equal(talk.now, began + second)
  const none = { lengthMs: 2_000, startMs: [0, 1_000], endMs: [1_000, 2_000], teams: [[0], [0]] }
  talk.hub.receive({ kind: 'planned', project: 'desk p', round: 99, schedule: none }, talk.now)
  assert.deepEqual(talk.drain(), [])
  assert.equal([...talk.hub.state().projects.values()][0]?.plan, undefined)
})

test('AHEAD-7 without durations nobody looks ahead', () => {
  const talk = new Unplanned()
  talk.hears('ada', { kind: 'AGENT_JOIN', skills: [{ name: 'etl' as never, level: 'novice' }], capacity: 1 })
  const said = talk.announces(etl('a', { project: 'p' }), etl('b', { project: 'p' }))
  assert.deepEqual(talk.plans, [])
  assert.ok(said.some(({ kind }) => kind === 'SKILL_QUERY'))
})

test('AHEAD-8 a plan that lost a task is mended with a quarter of the steps; a task more, and it is made anew', () => {
  const talk = new Unplanned()
  const part = (id: string): AnnounceSpec => etl(id, { project: 'p', expectedMs: second })
  const answer = (): void => {
    const none = { lengthMs: Number.POSITIVE_INFINITY, startMs: [], endMs: [], teams: [] }
    const round = talk.plans.at(-1) ?? 0
    talk.hub.receive({ kind: 'planned', project: 'desk p', round, schedule: none }, talk.now)
    talk.drain()
  }
  talk.hears('ada', { kind: 'AGENT_JOIN', skills: [{ name: 'etl' as never, level: 'novice' }], capacity: 1 })
  talk.announces(part('a'), part('b'), part('c'), part('d'))
  answer()
  talk.hears('desk', { kind: 'TASK_CANCEL', task: 'd' as TaskId, reason: 'no need' })
  // The hub looks again when the queue is served.
  talk.announces(etl('alone'))
  answer()
  talk.announces(part('e'))
  const all = defaultLimits.planStepsMax
  assert.deepEqual(talk.budgets, [all, all / 4, all])
})

/**
 * Inside one process messages are handed over as values. This test listens to a busy network and puts each message
 * through the codec: whatever is said there could be said over a wire.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AgentDefinition, Network, type Observation, type TaskHandle } from '../../src/index.ts'
import { decode, defaultLimits, encode, isRefusal, type MessageKind } from '../../src/protocol/index.ts'

/** What goes wrong once for each agent that does it, so that the story can go on. */
const once = new Set<string>()
const firstTime = (what: string): boolean => !once.has(what) && once.add(what) !== undefined

const worker = (
  id: string,
  skills: readonly string[],
  rest: Partial<AgentDefinition> = {},
): AgentDefinition => ({
  id,
  skills: skills.map((name) => ({ name, level: 'expert', successRate: 0.9, meanTimeMs: 12.5 })),
  price: 0.5,
  perform: () => ({ by: id }),
  ...rest,
})

const agents: readonly AgentDefinition[] = [
  worker('ada', ['draw', 'talk'], {
    async perform(_assignment, work) {
      work.report(0.5, 'half \ud83d\ude00 done')
      await work.checkpoint({ rows: [1, 2.5, null], text: '"\u2028' })
      work.group.say({ hello: ['all'] })
      return { by: 'ada', nothing: undefined }
    },
  }),
  worker('bob', ['draw'], {
    async perform(_assignment, work) {
      work.group.say('only you', 'ada')
      const part = await work.announce({ description: 'a part', requires: [{ skill: 'talk' }] })
      return (await part.outcome()).status
    },
  }),
  worker('eve', ['fail'], {
    perform() {
      if (firstTime('fail')) throw new Error(`half a character \ud800, and long ${'x'.repeat(2_000_000)}`)
      return 'second time'
    },
  }),
  worker('no', ['draw'], { consider: () => ({ decline: 'not today\n\u001b[31m' }) }),
  worker('judge', ['judge'], { perform: () => ({ accepted: true, reason: 'fine' }) }),
  worker('yes', ['shy'], { confirm: () => (firstTime('reject') ? { reject: 'changed my mind' } : true) }),
  worker('sleeper', ['sleep'], {
    perform: (_assignment, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
  }),
]

async function stories(network: Network): Promise<void> {
  const handles = await Promise.all(agents.map((agent) => network.join(agent)))
  const group = await network.announce({
    id: 'group',
    description: 'a group that works',
    payload: { any: ['thing', 1e-9] },
    requires: [{ skill: 'draw', level: 'advanced', count: 2 }],
    optional: [{ skill: 'talk' }],
    budget: 10,
    verify: () => (firstTime('verify') ? { accepted: false, reason: 'again, please' } : true),
  })
  assert.equal((await group.outcome()).status, 'completed')
  const after = await network.announce({
    description: 'what comes after, judged by another agent',
    requires: [{ skill: 'fail' }],
    dependsOn: ['group'],
    deadlineMs: 60_000,
    verify: { skill: 'judge' },
    startBy: 'initiator',
  })
  void startEach(after)
  const shy = await network.announce({ description: 'shy', requires: [{ skill: 'shy' }] })
  const asleep = await network.announce({ description: 'asleep', requires: [{ skill: 'sleep' }] })
  await formed(asleep)
  await asleep.explain()
  await network.agents()
  await asleep.cancel('no longer needed')
  const late = await network.announce({
    description: 'late',
    requires: [{ skill: 'nobody' }],
    deadlineMs: 20,
  })
  await late.explain()
  for (const task of [after, shy, asleep, late]) await task.outcome()
  await assert.rejects(
    network.announce({ description: 'x', requires: [{ skill: 'a' }], dependsOn: [late.id] }),
  )
  await handles[0]?.leave('done')
}

/** A new generation of the group waits for its start again. */
async function startEach(task: TaskHandle): Promise<void> {
  for await (const update of task.updates()) if (update.kind === 'formed') await task.start()
}

async function formed(task: TaskHandle): Promise<void> {
  for await (const update of task.updates()) if (update.kind === 'formed') return
}

/** What these stories cannot do without. */
const expected: readonly MessageKind[] = [
  'TASK_ANNOUNCE',
  'TASK_ACCEPTED',
  'TASK_REFUSED',
  'TASK_ENDED',
  'TASK_CANCEL',
  'TASK_VERDICT',
  'SKILL_QUERY',
  'SKILL_OFFER',
  'SKILL_DECLINE',
  'GROUP_INVITE',
  'GROUP_ACCEPT',
  'GROUP_REJECT',
  'GROUP_FORMED',
  'TASK_START',
  'TASK_UPDATE',
  'TASK_COMPLETE',
  'TASK_FAILED',
  'TASK_NOTED',
  'GROUP_DISSOLVED',
  'AGENT_JOIN',
  'AGENT_WELCOME',
  'AGENT_LEAVE',
  'HUB_ASK',
  'HUB_TELL',
]

test('CODEC-6 every message of a network in one process could be sent over a wire', {
  timeout: 30_000,
}, async () => {
  const stop = new AbortController()
  const heard: Observation[] = []
  const network = await Network.open(':memory:', { seed: 1, limits: { retryMs: 20 } })
  const listening = (async () => {
    for await (const observation of network.watch({ signal: stop.signal })) heard.push(observation)
  })()
  try {
    await stories(network)
  } finally {
    await network[Symbol.asyncDispose]()
    stop.abort()
    await listening
  }
  const kinds = new Set<MessageKind>()
  for (const observation of heard) {
    if (observation.kind !== 'message') continue
    const { envelope } = observation
    const arrived = decode(encode(envelope), defaultLimits)
    if (isRefusal(arrived)) assert.fail(`${arrived.message}: ${JSON.stringify(envelope).slice(0, 500)}`)
    assert.deepEqual(arrived, wellFormed(envelope))
    kinds.add(envelope.message.kind)
  }
  assert.deepEqual(
    expected.filter((kind) => !kinds.has(kind)),
    [],
    'these were never said',
  )
})

/** The value with half characters replaced, as a wire does it; everything else as it is, `undefined` too. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wellFormed(inner)]))
}

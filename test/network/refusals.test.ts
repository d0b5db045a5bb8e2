/** Nothing is refused in silence: every code is provoked here, or named with the place where it belongs. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Network, type TaskHandle } from '../../src/index.ts'
import { type Refusal, type RefusalCode, refusalCodes } from '../../src/protocol/refusal.ts'
import { agent, fileFor, gate, need, networkFor, patient, refusalOf } from './stage.ts'

/** Said between nodes, or never in one process. Their tests are those of the codec, the machines and the worlds. */
const between: readonly RefusalCode[] = [
  'E_DEPTH',
  'E_VERSION',
  'E_UNKNOWN_KIND',
  'E_NO_SUCH_AGENT',
  'E_STALE_INCARNATION',
  'E_STALE_EPOCH',
  'E_STALE_INVITE',
  'E_BAD_STATE',
  'E_BUSY',
  'E_NOT_SKILLED',
  'E_CLOSED',
]

/** What a user can put right says how. */
const withHint: ReadonlySet<RefusalCode> = new Set([
  'E_BAD_ID',
  'E_UNKNOWN_FIELD',
  'E_DUPLICATE_SKILL',
  'E_NO_REQUIREMENTS',
  'E_TOO_LARGE',
  'E_NOT_SERIALISABLE',
  'E_GROUP_TOO_SMALL',
  'E_DEADLINE_PAST',
  'E_TASK_CONFLICT',
  'E_DEPENDENCY_CYCLE',
  'E_DEPTH_LIMIT',
  'E_FULL',
  'E_QUOTA',
  'E_HOPELESS',
  'E_AGENT_ID_TAKEN',
])

function refusalsIn(value: unknown): Refusal[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(refusalsIn)
  const isOne = 'code' in value && 'message' in value
  return isOne ? [value as Refusal, ...inner] : inner
}

/** Everything that the network says or notes down is looked through for refusals. */
function gather(network: Network, into: Refusal[]): void {
  const listen = async (): Promise<void> => {
    for await (const observation of network.watch()) into.push(...refusalsIn(observation))
  }
  void listen()
}

async function malformed(network: Network): Promise<Refusal[]> {
  const wrong: readonly Record<string, unknown>[] = [
    { id: 'a b' },
    { requires: [{ skill: 'work', level: 'guru' }] },
    { priority: 'urgent' },
    { maxAttempts: 0 },
    { budget: 'x' },
    { description: '\udc00' },
    { requirements: 1 },
    { description: '' },
    { requires: [{ skill: 'a' }, { skill: 'a' }] },
    { requires: [] },
    { payload: 'x'.repeat(2_000_000) },
    { payload: 5n },
    { requires: [{ skill: 'a', count: 2 }], maxGroupSize: 1 },
    { deadlineMs: -5 },
    { id: 'self', dependsOn: ['self'] },
    { dependsOn: ['nobody'] },
  ]
  const refusals: Refusal[] = []
  for (const spec of wrong) {
    const refusal = await refusalOf(network.announce(need(spec)))
    assert.ok(refusal.field !== undefined, refusal.code)
    refusals.push(refusal)
  }
  return refusals
}

async function outOfPlace(t: TestContext): Promise<Refusal[]> {
  const network = await networkFor(t, {
    limits: { maxAnnouncements: 2, maxAnnouncementsPerInitiator: 1, depthMax: 0 },
  })
  const ada = await agent(network, 'ada', async (_, { announce }) => {
    throw (await announce(need()).catch((error: unknown) => error)) as Error
  })
  const deep = await network.announce(need({ maxAttempts: 1 }))
  const seen: Refusal[] = []
  seen.push(...(await deep.explain()).losses.map(({ reason }) => reason))
  await deep.outcome()
  seen.push(...(await deep.explain()).losses.map(({ reason }) => reason))
  const magic = need({ id: 'magic', requires: [{ skill: 'magic' }] })
  const first = await network.announce(magic)
  seen.push(await refusalOf(network.announce({ ...magic, payload: 1 })))
  seen.push(await refusalOf(network.announce(need())))
  await ada.announce(need({ id: 'hers', requires: [{ skill: 'magic' }] }))
  seen.push(await refusalOf(ada.announce(need())))
  seen.push(await refusalOf(network.cancel('hers')))
  seen.push(await refusalOf(agent(network, 'ada', () => 1)))
  await first.cancel()
  seen.push(await refusalOf(network.announce(need({ dependsOn: ['magic'] }))))
  return seen
}

/** Ways in which work comes to nothing; what is said of it is gathered. */
async function lost(t: TestContext, into: Refusal[]): Promise<void> {
  const deaf = await networkFor(t, { limits: { heartbeatMs: 60_000, agentTimeoutMs: 500 } })
  const network = await networkFor(t)
  gather(deaf, into)
  gather(network, into)
  const never = (): Promise<unknown> => new Promise(() => {})
  const ending = async (task: Promise<TaskHandle>): Promise<unknown> => (await task).outcome()
  await agent(deaf, 'gone', never)
  await ending(deaf.announce(need({ maxAttempts: 1 })))
  await agent(network, 'ada', ({ payload }, { signal }) => {
    if (payload === 'fail') throw new Error('no')
    return new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  await ending(network.announce(need({ payload: 'fail', maxAttempts: 1 })))
  await ending(network.announce(need({ workSilenceMs: 5, maxAttempts: 1 })))
  await ending(network.announce(need({ deadlineMs: 5 })))
  const task = await network.announce(need({ requires: [{ skill: 'magic' }] }))
  await task.cancel()
  await task.cancel()
  await network.join({
    id: 'shy',
    skills: [{ name: 'sing' }],
    perform: never,
    consider: () => ({ decline: 'shy' }),
  })
  const slow = { id: 'slow', skills: [{ name: 'paint', meanTimeMs: 60_000 }], perform: never }
  await network.join({ ...slow, consider: () => ({}) })
  for (const skill of ['sing', 'paint']) {
    const task = await network.announce(need({ requires: [{ skill }], deadlineMs: 30_000 }))
    while ((await task.explain()).waiting?.kind !== 'unwilling')
      await new Promise((done) => setImmediate(done))
    await task.cancel()
  }
  const bob = await network.join({ id: 'bob', skills: [{ name: 'dig' }], perform: never })
  const dig = await network.announce(need({ requires: [{ skill: 'dig' }] }))
  for await (const update of dig.updates()) if (update.kind === 'formed') break
  await bob.leave()
  await dig.cancel()
  const verify = (): boolean => false
  await network.join({ id: 'eve', skills: [{ name: 'guess' }], perform: () => 1 })
  await ending(network.announce(need({ requires: [{ skill: 'guess' }], verify, maxAttempts: 1 })))
}

/** A deadline that nobody here has ever kept. */
async function hopeless(t: TestContext): Promise<Refusal> {
  const network = await networkFor(t)
  await agent(network, 'ada', () => new Promise((done) => setTimeout(done, 40)))
  for (let i = 0; i < 7; i++) await (await network.announce(need())).outcome()
  return refusalOf(network.announce(need({ deadlineMs: 1 })))
}

async function restarted(t: TestContext, into: Refusal[]): Promise<void> {
  const file = fileFor(t)
  const begun = gate()
  {
    await using network = await Network.open(file)
    await agent(network, 'ada', () => {
      begun.open()
      return new Promise(() => {})
    })
    await network.announce(need({ id: 'long' }))
    await begun.passed
  }
  await using network = await Network.open(file)
  into.push(...(await network.explain('long')).losses.map(({ reason }) => reason))
}

test('PROMISE-6 every refusal has a code, a reason in one line, and the way out', patient, async (t) => {
  const seen: Refusal[] = []
  seen.push(...(await malformed(await networkFor(t))))
  seen.push(...(await outOfPlace(t)))
  seen.push(await hopeless(t))
  await lost(t, seen)
  await restarted(t, seen)
  for (const refusal of seen) {
    const { code, message, hint } = refusal
    assert.ok(refusalCodes.includes(code), code)
    assert.match(message, /^[^\n]{3,1500}$/, code)
    assert.ok(!message.endsWith('.'), message)
    if (withHint.has(code)) assert.match(hint ?? '', /^\S.*[.?]$/, `${code}: ${message}`)
  }
  const provoked = new Set(seen.map(({ code }) => code))
  assert.deepEqual(
    refusalCodes.filter((code) => provoked.has(code) === between.includes(code)),
    [],
    'provoked and said to be between nodes, or neither',
  )
})

/**
 * The network under chance: whatever goes wrong, the log keeps its rules, no slot is lost, and once it is calm again
 * everything comes to its end.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Storm, weather } from '../../lab/world/storm.ts'
import { hubName } from '../../lab/world.ts'
import { Hub } from '../../src/hub/hub.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import { seeded } from '../../src/strategy/random.ts'

const seeds = 30

function play(seed: number): Promise<Storm> {
  return weather({ seed, agents: 3 + (seed % 4), tasks: 12, stormMs: 60_000 })
}

function violationsOf(facts: readonly Fact[]): string[] {
  const invariants = new Invariants()
  for (const [i, fact] of facts.entries()) invariants.observe(fact, i + 1)
  return invariants.violations().map(({ rule, task, what }) => `${rule} ${task} ${what}`)
}

function openTasks(facts: readonly Fact[]): string[] {
  const open = new Set<string>()
  for (const fact of facts) {
    if (fact.kind === 'task.accepted') open.add(fact.task)
    if (fact.kind === 'task.ended') open.delete(fact.task)
  }
  return [...open]
}

for (let seed = 1; seed <= seeds; seed++) {
  test(`LOG-15 LINK-6 END-6 a storm, seed ${seed}`, async () => {
    const { world, happenings } = await play(seed)
    const { facts } = world.disk
    assert.deepEqual(violationsOf(facts), [])
    assert.deepEqual(
      happenings.flatMap((happening) => (happening.kind === 'stopped' ? [happening.fault] : [])),
      [],
    )
    assertAcknowledgedIsDurable(happenings)
    await assertLive(world, openTasks(facts))
    for (const { id, busy } of await world.agents('desk')) assert.equal(busy, 0, `${id} holds ${busy} slots`)
    await assertReplayIsLive({ world, happenings })
  })
}

/** What has not ended waits for a skill that evidence has taken from everybody, or for such a task, and says so. */
async function assertLive(world: Storm['world'], open: readonly string[]): Promise<void> {
  for (const id of open) {
    const explanation = await world.explain('desk', id)
    const waiting = explanation?.waiting
    const waitsForOpen = waiting?.kind === 'dependencies' && waiting.tasks.some((task) => open.includes(task))
    assert.ok(waiting?.kind === 'missing' || waitsForOpen, explanation?.summary)
  }
}

/** What an initiator was told is on the disk before it is said. */
function assertAcknowledgedIsDurable(happenings: Storm['happenings']): void {
  const accepted = new Set<string>()
  for (const happening of happenings) {
    if (happening.kind === 'durable' && happening.fact.kind === 'task.accepted')
      accepted.add(happening.fact.task)
    if (happening.kind !== 'sent' || happening.envelope.from.id !== hubName) continue
    const { message } = happening.envelope
    if (message.kind === 'TASK_ACCEPTED') assert.ok(accepted.has(message.task), message.task)
  }
}

/** The live hub writes its snapshot when it is closed; a hub that replays the whole log comes to the same. */
async function assertReplayIsLive({ world }: Storm): Promise<void> {
  const { hub, disk, configuration } = world
  assert.ok(hub !== undefined)
  const replayed = new Hub({ id: hubName, incarnation: 1 }, seeded(1), configuration)
  for (const fact of disk.facts) replayed.replay(fact)
  const closing = hub.close()
  await world.timeline.settle()
  await closing
  const live = disk.lastSnapshot ?? []
  assert.deepEqual(undated(replayed.snapshot()), undated(live))
}

/** The instant of a snapshot, and the life that wrote it, are its own. */
function undated(facts: readonly Fact[]): unknown[] {
  return facts
    .filter(({ kind }) => kind !== 'hub.started')
    .map((fact) => ('strategy' in fact ? { ...fact, at: 0 } : fact))
}

test('the same seed gives the same trace, another seed another', async () => {
  const traceOf = async (seed: number): Promise<string> => {
    const hash = createHash('sha256')
    await weather({
      seed,
      agents: 4,
      tasks: 12,
      stormMs: 60_000,
      watch: (happening, at) => hash.update(`${at} ${JSON.stringify(happening)}\n`),
    })
    return hash.digest('hex')
  }
  const [first, second, other] = [await traceOf(7), await traceOf(7), await traceOf(8)]
  assert.equal(first, second)
  assert.notEqual(first, other)
})

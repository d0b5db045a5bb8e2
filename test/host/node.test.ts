/**
 * The corridor: what is decided, what is durable, what is performed, and in which order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HubHost } from '../../src/host/hub-host.ts'
import { openMemoryJournal } from '../../src/host/journal/memory.ts'
import { Node } from '../../src/host/node.ts'
import type { Clock, Journal } from '../../src/host/ports.ts'
import { memoryTransport } from '../../src/host/transport/memory.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import {
  checkAnnouncement,
  type NodeId,
  type TaskAnnouncement,
  type TaskId,
} from '../../src/protocol/index.ts'
import { defaultConfiguration } from '../../src/protocol/limits.ts'
import type { Decision, Machine } from '../../src/protocol/machine.ts'
import { seeded } from '../../src/strategy/random.ts'

const clock: Clock = { now: () => 1, arm: () => {} }

/** Answers every input with an effect; a capital letter is a fact as well. */
class Echo implements Machine<string, string, string> {
  #heard: string[] = []
  heard = ''
  /** Of each turn, whether it was one. */
  readonly parts: boolean[] = []

  receive(input: string): void {
    this.#heard.push(input)
    this.heard += input
  }

  drain(isPart: boolean): Decision<string, string> {
    this.parts.push(isPart)
    const effects = this.#heard
    this.#heard = []
    return { facts: effects.filter((letter) => letter !== letter.toLowerCase()), effects }
  }

  replay(): void {}

  wakeAt(): undefined {
    return undefined
  }
}

interface Append {
  readonly facts: string
  readonly done: PromiseWithResolvers<void>
}

function corridor(): {
  readonly node: Node<string, string, string>
  readonly machine: Echo
  readonly appends: Append[]
  readonly performed: () => string
  readonly failed: unknown[]
} {
  const machine = new Echo()
  const appends: Append[] = []
  const failed: unknown[] = []
  let performed = ''
  const node = new Node<string, string, string>(machine, {
    clock,
    soon: setImmediate,
    append: (facts) => {
      const done = Promise.withResolvers<void>()
      appends.push({ facts: facts.join(''), done })
      return done.promise
    },
    appendTakesTime: true,
    perform: (effect) => {
      performed += effect
    },
    woke: '',
    failed: (cause) => failed.push(cause),
    inboxMax: 1_000,
  })
  return { node, machine, appends, performed: () => performed, failed }
}

test('CORRIDOR-1 effects wait for their facts and those of every earlier decision, and keep their order', async () => {
  const { node, appends, performed } = corridor()
  node.take('a')
  await turn()
  assert.equal(performed(), 'a', 'nothing to wait for')
  node.take('B')
  await turn()
  node.take('c')
  await turn()
  assert.equal(performed(), 'a')
  appends[0]?.done.resolve()
  await node.idle()
  assert.equal(performed(), 'aBc')
})

test('CORRIDOR-2 while facts are under way the machine goes on, and the next append has all of theirs', async () => {
  const { node, machine, appends, performed } = corridor()
  for (const input of ['A', 'B', 'c', 'D']) {
    node.take(input)
    await turn()
  }
  assert.equal(machine.heard, 'ABcD')
  assert.deepEqual(
    appends.map(({ facts }) => facts),
    ['A'],
  )
  appends[0]?.done.resolve()
  await turn()
  await turn()
  assert.equal(performed(), 'A')
  assert.deepEqual(
    appends.map(({ facts }) => facts),
    ['A', 'BD'],
  )
  appends[1]?.done.resolve()
  await node.idle()
  assert.equal(performed(), 'ABcD')
})

test('CORRIDOR-3 after an append that failed nothing is decided and nothing performed', async () => {
  const { node, machine, appends, performed, failed } = corridor()
  node.take('A')
  await turn()
  node.take('b')
  await turn()
  appends[0]?.done.reject(new Error('the disk is gone'))
  await node.idle()
  node.take('c')
  await turn()
  assert.deepEqual([machine.heard, performed(), failed.length, appends.length], ['Ab', '', 1, 1])
})

test('CORRIDOR-5 a machine is told that it has heard a part, and never twice in a row', async () => {
  const { node, machine, appends } = corridor()
  for (const input of 'a'.repeat(200)) node.take(input)
  await turn()
  for (const input of 'a'.repeat(200)) node.take(input)
  await turn()
  assert.deepEqual([machine.parts, machine.heard.length, appends.length], [[true, false], 400, 0])
})

test('CORRIDOR-5 a disk that rests is given the facts of 64 inputs, and the others while it writes', async () => {
  const { node, machine, appends, performed } = corridor()
  const inputs = [...'AbCdEfGhIj'.repeat(10)]
  for (const input of inputs) node.take(input)
  await turn()
  assert.equal(machine.heard.length, 64)
  await turn()
  await turn()
  assert.equal(machine.heard, inputs.join(''), 'while the disk writes a turn takes all the others')
  appends[0]?.done.resolve()
  await turn()
  assert.deepEqual(
    appends.map(({ facts }) => facts.length),
    [32, 18],
  )
  appends[1]?.done.resolve()
  await node.idle()
  assert.equal(performed(), inputs.join(''))
})

/** Slow enough that the hub is always ahead of it. */
function slow(journal: Journal, snapshots: (readonly Fact[])[], appended: Fact[]): Journal {
  return {
    takesTime: true,
    replay: (apply) => journal.replay(apply),
    append: async (facts) => {
      await turn()
      await turn()
      appended.push(...facts)
      return journal.append(facts)
    },
    snapshot: async (facts) => {
      snapshots.push(facts)
      assert.deepEqual(openIn(facts), openIn(appended))
      await journal.snapshot(facts)
    },
    history: (task) => journal.history(task),
    read: (after) => journal.read(after),
    close: () => journal.close(),
  }
}

function openIn(facts: readonly Fact[]): string[] {
  const open = new Set<string>()
  for (const fact of facts) {
    if (fact.kind === 'task.accepted') open.add(fact.task)
    if (fact.kind === 'task.ended') open.delete(fact.task)
  }
  return [...open]
}

test('CORRIDOR-4 a snapshot stands for what was appended before it, however far ahead the hub is', async () => {
  const { limits, levels } = defaultConfiguration
  const snapshots: (readonly Fact[])[] = []
  const faults: unknown[] = []
  const journal = slow(openMemoryJournal(), snapshots, [])
  const transport = memoryTransport(setImmediate)
  const hub = await HubHost.open('hub' as NodeId, {
    journal,
    transport,
    clock,
    soon: setImmediate,
    random: seeded(1),
    configuration: { levels, limits: { ...limits, snapshotEvery: 3 } },
    failed: (fault) => faults.push(fault),
  })
  const self = { id: 'desk' as NodeId, incarnation: 1 }
  let accepted = 0
  const link = await transport.open(self, ({ message }) => {
    if (message.kind === 'TASK_ACCEPTED') accepted += 1
  })
  for (let i = 0; i < 40; i++) {
    const spec = { description: 'a task', requires: [{ skill: 'none' }] }
    const task = checkAnnouncement(spec, { id: `t${i}` as TaskId, limits, levels }) as TaskAnnouncement
    // Said to be fresh, so that the hub decides at once and need not look the id up.
    const fresh = { hub: hub.address().incarnation, serial: i + 1 }
    link.send({ from: self, to: hub.address(), message: { kind: 'TASK_ANNOUNCE', task, fresh } })
    await turn()
  }
  while (accepted < 40 && faults.length === 0) await turn()
  assert.deepEqual(faults, [])
  await hub.close()
  assert.ok(snapshots.length > 3, 'several were due')
})

/** A hub of two; what the other one says is said by the test. */
import assert from 'node:assert/strict'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { AgentId, GrantId, HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { defaultConfiguration, defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import type { Envelope, Message, MessageKind } from '../../src/protocol/message.ts'
import { homeOf, hubOf } from '../../src/protocol/partition.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import type { SlotReserve } from '../../src/protocol/slot.ts'
import { seeded } from '../../src/strategy/random.ts'

export const here: HubId = hubOf(0, 2)
export const there: HubId = hubOf(1, 2)

/** The n-th name that belongs to a hub. */
export function named(prefix: string, hub: HubId, n = 0): string {
  let left = n
  for (let i = 0; ; i++) {
    const id = `${prefix}-${i}`
    if (homeOf(id, 2) === hub && left-- === 0) return id
  }
}

/** By whom a task is announced, on what it hangs, and what else it says. */
interface Hanging {
  readonly by?: string
  readonly dependsOn?: readonly string[]
  readonly parent?: string
  readonly depth?: number
  readonly priority?: 'normal' | 'high' | 'critical'
  readonly maxGroupSize?: number
}

export type Said<Kind extends MessageKind> = Extract<Message, { readonly kind: Kind }>

export class OneOfTwo {
  readonly hub: Hub
  readonly said: Envelope[] = []
  /** What it has decided, and found in its journal. */
  readonly facts: Fact[]
  readonly limits: Limits
  now = 1_000

  /** `facts`: what it finds in its journal. */
  constructor(limits: Partial<Limits> = {}, facts: readonly Fact[] = []) {
    this.limits = { ...defaultLimits, ...limits }
    const configuration = { ...defaultConfiguration, limits: this.limits, partitions: 2 }
    this.hub = new Hub({ id: here, incarnation: 1 }, seeded(1), configuration)
    this.facts = [...facts]
    for (const fact of facts) this.hub.replay(fact)
    this.hub.receive({ kind: 'opened' }, this.now)
    this.drain()
  }

  hears(id: string, message: Message, incarnation = 1): void {
    const from = { id: id as NodeId, incarnation }
    this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
    this.drain()
  }

  pass(spanMs: number): void {
    this.now += spanMs
    this.hub.receive({ kind: 'woke' }, this.now)
    this.drain()
  }

  drain(): void {
    const { facts, effects } = this.hub.drain()
    this.facts.push(...facts)
    for (const effect of effects) {
      if (effect.kind === 'send') this.said.push(effect)
      else if (effect.kind === 'recall') {
        const { task } = effect
        const found = this.facts.filter((fact) => 'task' in fact && fact.task === task)
        this.hub.receive({ kind: 'recalled', task, facts: found }, this.now)
        this.drain()
      }
    }
  }

  /** What was said of one kind since this was last asked. */
  heard<Kind extends MessageKind>(kind: Kind, to?: string): Said<Kind>[] {
    const found = this.said.filter(
      (one) => one.message.kind === kind && (to === undefined || one.to.id === to),
    )
    for (const one of found) this.said.splice(this.said.indexOf(one), 1)
    return found.map(({ message }) => message as Said<Kind>)
  }

  join(id: string, skills: readonly string[], more: Partial<Said<'AGENT_JOIN'>> = {}): void {
    const listed = skills.map((name) => ({ name: name as SkillName, level: 'novice' }))
    this.hears(id, { kind: 'AGENT_JOIN', skills: listed, capacity: 1, ...more })
  }

  announce(id: string, skills: readonly string[], more: Hanging = {}): void {
    const { by = 'you', parent, depth = 1, ...rest } = more
    const requires = skills.map((skill) => ({ skill }))
    const context = { id: id as TaskId, limits: this.limits, levels: defaultConfiguration.levels }
    const task = checkAnnouncement({ description: id, requires, ...rest }, context)
    assert.ok(!isRefusal(task))
    const above = parent === undefined ? {} : { parent: parent as TaskId, depth }
    this.hears(by, { kind: 'TASK_ANNOUNCE', task: { ...task, ...above } })
  }

  slots(agent: string): readonly [held: number, running: number] {
    const entry = this.hub.state().roster.get(agent as AgentId)
    return [entry?.held ?? -1, entry?.running ?? -1]
  }
}

export function reserve(
  task: string,
  key: number,
  skill: string,
  more: Partial<SlotReserve> = {},
): SlotReserve {
  return {
    kind: 'SLOT_RESERVE',
    task: task as TaskId,
    round: 1,
    place: { urgent: false, key, arrival: 0 },
    needs: [{ skill: skill as SkillName, level: 'novice', count: 1, optional: false }],
    exclude: [],
    include: [],
    returns: [],
    ...more,
  }
}

export const ada: string = named('ada', here)
export const bob: string = named('bob', there)
export const early: string = named('early', there)
export const late: string = named('late', there)
export const own: string = named('own', here)

export function grantOf(agent: string, skill: string, id: string): Said<'SLOT_GRANT'>['grants'][number] {
  const skills = [{ name: skill as SkillName, level: 'novice' }]
  return {
    id: id as GrantId,
    agent: agent as AgentId,
    incarnation: 1,
    skills,
    standings: [],
    capacity: 1,
    busy: 0,
  }
}

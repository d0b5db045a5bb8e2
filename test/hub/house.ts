/** A hub and agents that do as they are told, without a network between them. */
import assert from 'node:assert/strict'
import { Hub } from '../../src/hub/hub.ts'
import { checkAnnouncement } from '../../src/protocol/announce.ts'
import type { AgentId, HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { defaultConfiguration, type Limits } from '../../src/protocol/limits.ts'
import type { AgentReport, HubTell, Message, WaitingFor } from '../../src/protocol/message.ts'
import { isRefusal, type Refusal } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { Warning } from '../../src/protocol/warning.ts'
import { seeded } from '../../src/strategy/random.ts'

const roomy = {
  ...defaultConfiguration.limits,
  maxAnnouncements: 100_000,
  maxAnnouncementsPerInitiator: 100_000,
}

interface Announced {
  readonly requires: readonly string[]
  readonly priority?: string
  readonly parent?: string
  readonly project?: string
  readonly deadlineMs?: number
  readonly expectedMs?: number
  readonly dependsOn?: readonly string[]
  readonly maxGroupSize?: number
  readonly budget?: number
  readonly exclude?: readonly string[]
}

/** A hub whose agents accept everything and work until they are told that they are done. */
export class House {
  readonly hub: Hub
  /** In the order in which they began. */
  readonly begun: string[] = []
  /** Who began. */
  readonly at: string[] = []
  readonly #working: { readonly agent: string; readonly task: TaskId; readonly epoch: number }[] = []
  readonly refused: Refusal[] = []
  /** What was said against tasks that were accepted. */
  readonly warned: Map<string, Warning> = new Map()
  /** What agents that are asked ask. */
  readonly priceOf: Map<string, number> = new Map()
  /** Tasks about which agents say nothing. */
  readonly silent: Set<string> = new Set()
  #told: HubTell['waits'] = []
  #reports: readonly AgentReport[] = []
  now = 1_000

  readonly #limits: Limits

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { ...roomy, ...limits }
    const configuration = { ...defaultConfiguration, limits: this.#limits }
    this.hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1), configuration)
    this.hub.receive({ kind: 'opened' }, this.now)
    this.#drain()
  }

  join(id: string, ...skills: string[]): void {
    this.hear(id, joining(skills))
    this.#drain()
  }

  /** They come in one turn of the hub. `successRate` is what they claim. */
  joinAll(agents: readonly { id: string; skills: string[]; successRate: number }[]): void {
    for (const { id, skills, successRate } of agents) this.hear(id, joining(skills, successRate))
    this.#drain()
  }

  announce(by: string, id: string, spec: Announced): void {
    const { requires, priority = 'normal', parent, ...more } = spec
    const said = { description: id, requires: requires.map((skill) => ({ skill })), priority, ...more }
    const task = checkAnnouncement(said, { id: id as TaskId, limits: this.#limits, levels: defaultLevels })
    assert.ok(!isRefusal(task))
    const above = parent === undefined ? {} : { parent: parent as TaskId, depth: 1 }
    this.says(by, { kind: 'TASK_ANNOUNCE', task: { ...task, ...above } })
  }

  /** The work that began first is done, or that on a task. */
  finish(named?: string): void {
    const place = this.#working.findIndex(({ task }) => named === undefined || task === named)
    const [work] = this.#working.splice(place, 1)
    assert.ok(work !== undefined, 'nobody works')
    const { agent, task, epoch } = work
    const result = { agent: agent as AgentId, skills: [], result: jsonNull }
    this.says(agent, { kind: 'TASK_COMPLETE', task, epoch, results: [result] })
  }

  pass(spanMs: number): void {
    this.now += spanMs
    this.hub.receive({ kind: 'woke' }, this.now)
    this.#drain()
  }

  /** What the hub says that a task waits for. */
  waits(task: string): WaitingFor | undefined {
    this.says('reader', { kind: 'HUB_ASK', request: 1, about: { kind: 'task', task: task as TaskId } })
    return this.#told[0]?.waiting
  }

  /** What the hub thinks of an agent. */
  reportOf(agent: string): AgentReport | undefined {
    this.says('reader', { kind: 'HUB_ASK', request: 1, about: { kind: 'agents' } })
    return this.#reports.find(({ id }) => id === agent)
  }

  says(id: string, message: Message): void {
    this.hear(id, message)
    this.#drain()
  }

  /** Takes the message, and no turn yet. */
  hear(id: string, message: Message): void {
    const from = { id: id as NodeId, incarnation: 1 }
    this.hub.receive({ kind: 'received', envelope: { from, to: this.hub.address(), message } }, this.now)
  }

  #drain(): void {
    for (const effect of this.hub.drain().effects) {
      if (effect.kind === 'send') this.#answer(effect.to.id, effect.message)
      else if (effect.kind === 'recall') {
        this.hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, this.now)
        this.#drain()
      }
    }
  }

  #answer(to: string, message: Message): void {
    if (message.kind === 'SKILL_QUERY') {
      if (this.silent.has(message.call.task)) return
      const { call, round } = message
      const price = this.priceOf.get(to)
      const offer = { kind: 'SKILL_OFFER', task: call.task, round, busy: 0, capacity: 1 } as const
      this.says(to, price === undefined ? offer : { ...offer, price })
    } else if (message.kind === 'GROUP_INVITE') {
      this.says(to, { kind: 'GROUP_ACCEPT', task: message.call.task, invite: message.invite })
    } else if (message.kind === 'TASK_REFUSED') {
      this.refused.push(message.refusal)
    } else if (message.kind === 'TASK_ACCEPTED') {
      if (message.warning !== undefined) this.warned.set(message.task, message.warning)
    } else if (message.kind === 'HUB_TELL') {
      this.#told = message.waits
      this.#reports = message.agents
    } else if ((message.kind === 'TASK_START' || message.kind === 'GROUP_FORMED') && message.assignment) {
      const { task, epoch } = message.assignment
      this.begun.push(task)
      this.at.push(to)
      this.#working.push({ agent: to, task, epoch })
    }
  }
}

function joining(skills: readonly string[], successRate?: number): Message {
  const listed = skills.map((name) => {
    const skill = { name: name as SkillName, level: 'expert' }
    return successRate === undefined ? skill : { ...skill, successRate }
  })
  return { kind: 'AGENT_JOIN', skills: listed, capacity: 1 }
}

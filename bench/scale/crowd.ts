/**
 * A hub among stand-ins that offer, accept and finish when they are told to.
 */
import { Hub } from '../../src/hub/hub.ts'
import type { Member } from '../../src/protocol/group.ts'
import type { AgentId, HubId, NodeId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { defaultConfiguration, defaultLimits } from '../../src/protocol/limits.ts'
import type { Message } from '../../src/protocol/message.ts'
import { seeded } from '../../src/strategy/random.ts'

export interface Crowd {
  readonly agents: number
  /** Groups that are at work all the time. */
  readonly groups: number
}

const capacity = 5
/** Of the network; some are wanted, and had, much more often than others. */
const skillCount = 200
/** Popularity falls with this power of the rank. */
const popularity = 0.8
const levels = defaultConfiguration.levels

interface Group {
  readonly task: TaskId
  readonly epoch: number
  readonly members: readonly Member[]
}

export class CrowdedHub {
  readonly #hub: Hub
  readonly #groupSize: number
  readonly #random = seeded(7)
  readonly #skillShares: number[] = []
  readonly #groups: Group[] = []
  #oldest = 0
  #announced = 0
  #now = 1_700_000_000_000
  /** All that was said, by the hub and to it. */
  messages = 0

  constructor(groupSize: number) {
    this.#groupSize = groupSize
    const open = 100_000
    const limits = {
      ...defaultLimits,
      maxAnnouncements: open,
      maxAnnouncementsPerInitiator: open,
      agentTimeoutMs: 1e9,
    }
    this.#hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1), { levels, limits })
    this.#hub.receive({ kind: 'opened' }, this.#now)
    let sum = 0
    for (let i = 1; i <= skillCount; i++) {
      sum += i ** -popularity
      this.#skillShares.push(sum)
    }
  }

  /** Slots that the hub counts as taken. */
  get busySlots(): number {
    let busy = 0
    for (const { held, running } of this.#hub.state().roster.values()) busy += held + running
    return busy
  }

  join(index: number, skills: number): void {
    const names = this.#someSkills(skills)
    const claims = names.map((name) => {
      return { name, level: levels[Math.floor(this.#random() * levels.length)] ?? '' }
    })
    this.#say(`agent-${index}` as AgentId, { kind: 'AGENT_JOIN', skills: claims, capacity })
  }

  beat(index: number): void {
    this.#say(`agent-${index}` as AgentId, { kind: 'AGENT_HEARTBEAT', working: [], busy: 0 })
  }

  /** One task is announced, and its group stands when this returns. */
  form(): void {
    const before = this.#groups.length
    this.#now += 1
    const task = `t${this.#announced++}` as TaskId
    const requires = this.#someSkills(this.#groupSize).map((skill) => {
      return { skill, level: levels[1] ?? '', count: 1 }
    })
    this.#say('desk' as NodeId, {
      kind: 'TASK_ANNOUNCE',
      task: {
        id: task,
        description: 'a task',
        payload: jsonNull,
        metadata: jsonNull,
        requires,
        optional: [],
        priority: 'normal',
        maxGroupSize: this.#groupSize,
        minMembers: 1,
        dependsOn: [],
        verify: { by: 'trust' },
        startBy: 'hub',
        maxAttempts: 1,
        workSilenceMs: 1e9,
        exclude: [],
        depth: 0,
      },
    })
    if (this.#groups.length !== before + 1) throw new Error(`the group of ${task} was not formed at once`)
  }

  /** The group that has worked for the longest ends. */
  finishOldest(): void {
    const group = this.#groups[this.#oldest]
    if (group === undefined) return
    this.#oldest += 1
    if (this.#oldest > 20_000) {
      this.#groups.splice(0, this.#oldest)
      this.#oldest = 0
    }
    const { task, epoch, members } = group
    for (const { agent, skills } of members) {
      const results = [{ agent, skills, result: jsonNull }]
      this.#say(agent, { kind: 'TASK_COMPLETE', task, epoch, results })
    }
  }

  #say(id: NodeId, message: Message): void {
    this.messages += 1
    const envelope = { from: { id, incarnation: 1 }, to: this.#hub.address(), message }
    this.#hub.receive({ kind: 'received', envelope }, this.#now)
    this.#drain()
  }

  #drain(): void {
    for (const effect of this.#hub.drain().effects) {
      if (effect.kind === 'send') this.#hear(effect.to.id, effect.message)
      else if (effect.kind === 'recall') {
        this.#hub.receive({ kind: 'recalled', task: effect.task, facts: [] }, this.#now)
        this.#drain()
      }
    }
  }

  #hear(id: NodeId, message: Message): void {
    this.messages += 1
    if (message.kind === 'SKILL_QUERY') {
      const { call, round } = message
      this.#say(id, { kind: 'SKILL_OFFER', task: call.task, round, busy: 0, capacity })
    } else if (message.kind === 'GROUP_INVITE') {
      this.#say(id, { kind: 'GROUP_ACCEPT', task: message.call.task, invite: message.invite })
    } else if (message.kind === 'GROUP_FORMED' && id === 'desk') {
      const { task, epoch, members } = message
      this.#groups.push({ task, epoch, members })
    }
  }

  #someSkills(count: number): SkillName[] {
    const names = new Set<SkillName>()
    while (names.size < count) {
      const at = this.#random() * (this.#skillShares.at(-1) ?? 0)
      const index = this.#skillShares.findIndex((share) => at < share)
      names.add(`skill-${index}` as SkillName)
    }
    return [...names]
  }
}

/**
 * An agent or an initiator of a small world: what its owner's code is doing, and which rules each of its turns is held
 * to.
 */
import { Agent } from '../../src/agent/agent.ts'
import {
  type AgentEffect,
  type AgentInput,
  type AgentState,
  busySlots,
  lifeOf,
  type Matter,
  type News,
  type Profile,
} from '../../src/agent/state.ts'
import type { NodeId, TaskId } from '../../src/protocol/id.ts'
import type { Configuration } from '../../src/protocol/limits.ts'
import { type Machine, never } from '../../src/protocol/machine.ts'
import type { Address, Envelope } from '../../src/protocol/message.ts'
import { homeOf } from '../../src/protocol/partition.ts'
import type { EndStatus } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { BrokenRule, type Species, type Turn } from './automaton.ts'

/** An agent as the explorer takes it: the real one, or one with a fault built in. */
export type AgentMachine = Machine<AgentInput, never, AgentEffect> & { state(): Readonly<AgentState> }
export type MakeAgent = (
  self: Address,
  hub: NodeId,
  profile: Profile,
  configuration: Configuration,
) => AgentMachine

export const realAgent: MakeAgent = (self, hub, profile, configuration) =>
  new Agent(self, hub, profile, configuration)

export interface AgentBirth {
  readonly self: Address
  readonly profile: Profile
}

/** What the owner's code is doing, and what it has been told. */
export interface AgentShadow {
  /** Work that has begun and not ended, and whether it was told to stop. */
  readonly runs: ReadonlyMap<number, { readonly task: TaskId; readonly stopping: boolean }>
  /** Task, epoch and skills of everything that was begun in this life. */
  readonly begun: ReadonlySet<string>
  /** Questions and invitations that wait for the owner's judgement. */
  readonly matters: readonly { readonly task: TaskId; readonly matter: Matter }[]
  /** Own tasks: what was last heard of them, and claims to judge. */
  readonly accepted: ReadonlySet<TaskId>
  readonly outcomes: ReadonlyMap<TaskId, EndStatus | 'refused'>
  readonly claims: ReadonlyMap<TaskId, number>
  /** Groups that wait for it to say that they may begin. */
  readonly formed: ReadonlyMap<TaskId, number>
  /** It was turned away, and may be born again from this instant on. */
  readonly againAt: Millis | undefined
}

type Draft = {
  -readonly [Key in keyof AgentShadow]: AgentShadow[Key] extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : AgentShadow[Key] extends ReadonlySet<infer V>
      ? Set<V>
      : AgentShadow[Key]
}

const unborn: AgentShadow = {
  runs: new Map(),
  begun: new Set(),
  matters: [],
  accepted: new Set(),
  outcomes: new Map(),
  claims: new Map(),
  formed: new Map(),
  againAt: undefined,
}

export function agentSpecies(
  make: MakeAgent,
  configuration: Configuration,
): Species<AgentBirth, AgentInput, never, AgentEffect, AgentShadow, AgentMachine> {
  return {
    bear: ({ self, profile }) =>
      make(self, homeOf(self.id, configuration.partitions ?? 1), profile, configuration),
    unborn: () => unborn,
    watch: (turn) => ({ shadow: watch(turn), sights: [] }),
    hidden: (_, { runs, begun, matters, accepted, outcomes, claims, formed, againAt }) => {
      const ownWork = `${[...runs].map(([run, { task, stopping }]) => `${run}${task}${stopping}`)}`
      const own = `${[...accepted].sort()} ${[...outcomes].sort()} ${[...claims].sort()} ${[...formed].sort()}`
      return ` ${ownWork} ${[...begun].sort()} ${JSON.stringify(matters)} ${own} ${againAt}`
    },
  }
}

function watch({
  input,
  effects,
  machine,
  before,
  now,
}: Turn<AgentInput, never, AgentEffect, AgentShadow, AgentMachine>): AgentShadow {
  const agent = machine.state()
  const draft: Draft = {
    ...before,
    runs: new Map(before.runs),
    begun: new Set(before.begun),
    accepted: new Set(before.accepted),
    outcomes: new Map(before.outcomes),
    claims: new Map(before.claims),
    formed: new Map(before.formed),
  }
  if (input.kind === 'settled') draft.runs.delete(input.run)
  if (input.kind === 'judged') draft.claims.delete(input.task)
  if (input.kind === 'start') draft.formed.delete(input.task)
  if (input.kind === 'considered') {
    const name = JSON.stringify(input.matter)
    draft.matters = draft.matters.filter(({ matter }) => JSON.stringify(matter) !== name)
  }
  for (const effect of effects) follow(agent, draft, effect, now)
  examine(agent, draft)
  if (input.kind === 'received') examineEnd(agent, draft, input.envelope)
  return draft
}

function follow(agent: Readonly<AgentState>, draft: Draft, effect: AgentEffect, now: Millis): void {
  switch (effect.kind) {
    case 'begin': {
      const { task, epoch, skills } = effect.assignment
      const name = `${task} ${epoch} ${skills}`
      if (draft.begun.has(name))
        throw new BrokenRule(`begins ${skills} of ${task} twice in the epoch ${epoch}`)
      draft.begun.add(name)
      draft.runs.set(effect.run, { task, stopping: false })
      return
    }
    case 'stop': {
      const run = draft.runs.get(effect.run)
      if (run !== undefined) draft.runs.set(effect.run, { ...run, stopping: true })
      return
    }
    case 'consider':
      draft.matters = [...draft.matters, { task: effect.call.task, matter: effect.matter }]
      return
    case 'expelled':
      if (effect.refusal.retryAfterMs !== undefined) draft.againAt = now + effect.refusal.retryAfterMs
      return
    case 'news':
      return hear(agent, draft, effect.task, effect.news)
    case 'send':
    case 'regroup':
    case 'word':
    case 'joined':
    case 'told':
      return
    default:
      return never(effect)
  }
}

function hear(agent: Readonly<AgentState>, draft: Draft, task: TaskId, news: News): void {
  switch (news.kind) {
    case 'accepted':
      draft.accepted.add(task)
      return
    case 'claimed':
      draft.claims.set(task, news.epoch)
      return
    case 'refused':
    case 'ended': {
      const status = news.kind === 'ended' ? news.outcome.status : 'refused'
      const known = draft.outcomes.get(task)
      // A copy that was accepted after all is taken back; the program was told no.
      if (known === 'refused') return
      if (known !== undefined && known !== status)
        throw new BrokenRule(`${task} ended as ${known}, and then as ${status}`)
      if (status === 'refused' && draft.accepted.has(task))
        throw new BrokenRule(`${task} was accepted, and then refused`)
      draft.outcomes.set(task, status)
      draft.claims.delete(task)
      draft.formed.delete(task)
      return
    }
    case 'formed':
      if (agent.announced.get(task)?.announcement.startBy === 'initiator') draft.formed.set(task, news.epoch)
      return
    case 'objected':
    case 'update':
      return
    default:
      return never(news)
  }
}

function examine(agent: Readonly<AgentState>, { runs }: Draft): void {
  const { capacity } = agent.profile
  if (capacity > 0 && busySlots(agent) > capacity)
    throw new BrokenRule(`${agent.self.id} has ${busySlots(agent)} busy slots of ${capacity}`)
  if (runs.size > capacity) throw new BrokenRule(`${agent.self.id} works on ${runs.size} of ${capacity}`)
}

/** Once it was told, it does not go on with what is over. What an earlier hub says tells it nothing. */
function examineEnd(agent: Readonly<AgentState>, { runs }: Draft, { from, message }: Envelope): void {
  if (from.incarnation < lifeOf(agent, from.id)) return
  if (message.kind !== 'GROUP_DISSOLVED' && message.kind !== 'TASK_CANCEL') return
  const { task } = message
  const work = agent.works.get(task)
  const last = message.kind === 'GROUP_DISSOLVED' ? message.epoch : Number.POSITIVE_INFINITY
  if (work !== undefined && work.epoch <= last)
    throw new BrokenRule(`${agent.self.id} was told that ${task} is over, and is still a member`)
  if (work !== undefined) return
  for (const run of runs.values()) {
    if (run.task === task && !run.stopping)
      throw new BrokenRule(`${agent.self.id} was told that ${task} is over, and works on`)
  }
}

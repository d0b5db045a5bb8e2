/**
 * The hub of a small world: how it is born from its journal, what is known of it, and which rules each of its turns is
 * held to.
 */
import { Hub, type HubInput } from '../../src/hub/hub.ts'
import { Invariants } from '../../src/hub/invariants.ts'
import { partOf } from '../../src/hub/members.ts'
import type { HubEffect, HubState, RosterEntry } from '../../src/hub/state.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { HubId, InviteId, NodeId, TaskId } from '../../src/protocol/id.ts'
import type { Configuration } from '../../src/protocol/limits.ts'
import type { Machine } from '../../src/protocol/machine.ts'
import type { Address, Message } from '../../src/protocol/message.ts'
import type { EndStatus } from '../../src/protocol/task.ts'
import { BrokenRule, type Species, type Turn } from './automaton.ts'
import type { Sight } from './sights.ts'

export const hubId: HubId = 'hub' as HubId

/** A hub as the explorer takes it: the real one, or one with a fault built in. */
export type HubMachine = Machine<HubInput, Fact, HubEffect> & {
  state(): Readonly<HubState>
  snapshot(): readonly Fact[]
}
export type MakeHub = (self: Address, random: () => number, configuration: Configuration) => HubMachine

export const realHub: MakeHub = (self, random, configuration) => new Hub(self, random, configuration)

export interface HubBirth {
  readonly id: HubId
  readonly incarnation: number
  /** Everything that was ever durable. */
  readonly journal: readonly Fact[]
  /** What it is told of it. */
  readonly replayed: readonly Fact[]
}

interface Membership {
  readonly task: TaskId
  readonly agent: NodeId
}

export interface HubShadow {
  /** Everything that is durable. */
  readonly journal: readonly Fact[]
  /** Accepts that it has answered with a group, while the membership lasts: the task and the agent. */
  readonly confirmed: ReadonlyMap<InviteId, Membership>
  /** What it looks up in its journal. */
  readonly recalls: readonly TaskId[]
  readonly ended: ReadonlyMap<TaskId, EndStatus>
}

type HubTurn = Turn<HubInput, Fact, HubEffect, HubShadow, HubMachine>

export function hubSpecies(
  make: MakeHub,
  configuration: Configuration,
): Species<HubBirth, HubInput, Fact, HubEffect, HubShadow, HubMachine> {
  return {
    bear({ id, incarnation, replayed }, random) {
      const hub = make({ id, incarnation }, random, configuration)
      for (const fact of replayed) hub.replay(fact)
      return hub
    },
    unborn: ({ journal }) => ({ journal, confirmed: new Map(), recalls: [], ended: endsIn(journal) }),
    watch: (turn) => watch(turn),
    hidden(machine, { confirmed, recalls, ended }) {
      const hub = machine.state()
      const order = [...hub.supply.keys()].map((skill) => [...hub.catalog.agentsWith(skill, 0)].join())
      return ` ${order.join(';')} ${[...confirmed.keys()].sort().join()} ${recalls.join()} ${[...ended].join(';')}`
    },
  }
}

function endsIn(facts: readonly Fact[]): Map<TaskId, EndStatus> {
  const ends = new Map<TaskId, EndStatus>()
  for (const fact of facts) if (fact.kind === 'task.ended') ends.set(fact.task, fact.status)
  return ends
}

function watch({ input, facts, effects, machine, before }: HubTurn) {
  const hub = machine.state()
  const journal = facts.length === 0 ? before.journal : [...before.journal, ...facts]
  if (facts.length > 0) examineJournal(before.journal, facts)
  for (const entry of hub.roster.values()) examineSlots(hub, entry)
  for (const effect of effects) if (effect.kind === 'send') examineStart(journal, effect.message)
  const confirmed = new Map(before.confirmed)
  for (const fact of facts) forgetConfirmed(confirmed, fact)
  let recalls = before.recalls
  if (input.kind === 'recalled') recalls = recalls.filter((task) => task !== input.task)
  for (const effect of effects) {
    if (effect.kind === 'recall') recalls = [...recalls, effect.task]
    else if (effect.kind === 'send') examineAnswer(confirmed, effect.to.id, effect.message)
  }
  const ended = facts.some(({ kind }) => kind === 'task.ended') ? endsIn(journal) : before.ended
  const sights = [...sightsInFacts(before.journal, facts), ...sightsInEffects(effects), ...sightsInState(hub)]
  return { shadow: { journal, confirmed, recalls, ended }, sights }
}

/** The invariants of the log, at the facts that are new. */
function examineJournal(before: readonly Fact[], facts: readonly Fact[]): void {
  const invariants = new Invariants()
  let position = 0
  for (const fact of before) invariants.observe(fact, position++)
  for (const fact of facts) invariants.observe(fact, position++)
  const [first] = invariants.violations()
  if (first !== undefined) throw new BrokenRule(`${first.rule}: ${first.what}`)
}

/** What the roster counts is what the searches hold and the groups use, and it is within the capacity. */
function examineSlots(hub: Readonly<HubState>, entry: RosterEntry): void {
  let held = 0
  let running = 0
  for (const task of hub.tasks.values()) {
    const { search, guests } = task
    if (search?.invitations.some(({ asked }) => asked.entry === entry)) held += 1
    const part = partOf(task.group, entry.id)
    if (guests?.has(entry.id)) continue
    if (part?.state === 'working' && part.member.incarnation === entry.address.incarnation) running += 1
  }
  for (const { epoch } of entry.loans ?? []) {
    if (epoch === 0) held += 1
    else running += 1
  }
  if (held !== entry.held || running !== entry.running) {
    const counted = `${entry.held} held and ${entry.running} running slots`
    throw new BrokenRule(`the hub counts ${counted} of ${entry.id}; there are ${held} and ${running}`)
  }
  if (held + running > entry.capacity) {
    throw new BrokenRule(`${entry.id} has ${held} held and ${running} running slots of ${entry.capacity}`)
  }
}

/** Whoever begins is handed what those before it have finished, and the last that was saved of its own part. */
function examineStart(journal: readonly Fact[], message: Message): void {
  if (message.kind !== 'TASK_START' && message.kind !== 'GROUP_FORMED') return
  const { task, assignment } = message
  if (assignment === undefined) return
  let finished = 0
  let saved: string | undefined
  for (const fact of journal) {
    if (fact.kind === 'claim.returned' && fact.task === task) {
      finished = 0
      saved = undefined
    }
    if (fact.kind === 'member.finished' && fact.task === task) finished += 1
    if (fact.kind !== 'checkpoint.saved' || fact.task !== task) continue
    // One agent for each skill: so the work that goes on is that of the same skills.
    if (fact.checkpoint.skills.join() === assignment.skills.join()) saved = fact.checkpoint.data
  }
  if (assignment.finished.length !== finished)
    throw new BrokenRule(`${task} begins with ${assignment.finished.length} of ${finished} results`)
  if (assignment.checkpoint?.data !== saved)
    throw new BrokenRule(`${task} begins without what was saved of the same part`)
}

function forgetConfirmed(confirmed: Map<InviteId, Membership>, fact: Fact): void {
  if (fact.kind !== 'member.lost' && fact.kind !== 'claim.returned' && fact.kind !== 'task.ended') return
  for (const [invite, { task, agent }] of confirmed) {
    if (task === fact.task && (fact.kind !== 'member.lost' || fact.agent === agent)) confirmed.delete(invite)
  }
}

/** Every accept is confirmed or released; what was confirmed is not released while the membership lasts. */
function examineAnswer(confirmed: Map<InviteId, Membership>, agent: NodeId, message: Message): void {
  if (message.kind === 'GROUP_FORMED' && message.invite !== undefined)
    confirmed.set(message.invite, { task: message.task, agent })
  if (message.kind === 'GROUP_RELEASE' && confirmed.has(message.invite)) {
    throw new BrokenRule(`the accept of ${message.invite} was confirmed and is released`)
  }
}

function sightsInFacts(before: readonly Fact[], facts: readonly Fact[]): Sight[] {
  const seen: Sight[] = []
  const all = facts.length === 0 ? before : [...before, ...facts]
  for (const fact of facts) {
    switch (fact.kind) {
      case 'group.formed': {
        const { epoch, members, considered, task } = fact
        if (considered.some(({ verdict }) => verdict === 'rejected')) seen.push('rejected')
        if (considered.some(({ verdict }) => verdict === 'silent')) seen.push('silent')
        const last = before.findLast((old) => old.kind === 'group.formed' && old.task === task)
        if (epoch > 1 && last?.kind === 'group.formed') {
          seen.push('formedAnew')
          const lives = new Set(last.members.map(({ agent, incarnation }) => `${agent} ${incarnation}`))
          if (members.some(({ agent, incarnation }) => lives.has(`${agent} ${incarnation}`)))
            seen.push('survived')
        }
        break
      }
      case 'member.lost':
        if (fact.reason.code === 'E_AGENT_LOST') seen.push('agentLost')
        break
      case 'member.finished':
        if (isReborn(all, fact)) seen.push('reborn')
        break
      case 'task.ended':
        seen.push(...sightsInEnd(all, fact))
        break
      default:
        break
    }
  }
  return seen
}

function isReborn(facts: readonly Fact[], { task, agent }: Extract<Fact, { kind: 'member.finished' }>) {
  const last = facts.findLast((fact) => fact.kind === 'group.formed' && fact.task === task)
  const member = last?.kind === 'group.formed' && last.members.find((member) => member.agent === agent)
  return typeof member === 'object' && member.incarnation > 1
}

function sightsInEnd(facts: readonly Fact[], end: Extract<Fact, { kind: 'task.ended' }>): Sight[] {
  const own = facts.filter((fact) => fact.kind !== 'hub.started' && fact.task === end.task)
  const has = (kind: Fact['kind']) => own.some((fact) => fact.kind === kind)
  if (end.status === 'failed' || end.status === 'expired') return [end.status]
  if (end.status === 'cancelled') return has('group.formed') ? ['cancelledAtWork'] : []
  if (end.status !== 'completed') return []
  const seen: Sight[] = ['completed']
  if (has('claim.returned')) seen.push('sentBack')
  const accepted = facts.findIndex((fact) => fact.kind === 'task.accepted' && fact.task === end.task)
  if (facts.findLastIndex((fact) => fact.kind === 'hub.started') > accepted) seen.push('resumed')
  return seen
}

function sightsInEffects(effects: readonly HubEffect[]): Sight[] {
  const seen: Sight[] = []
  for (const effect of effects) {
    if (effect.kind !== 'send') continue
    if (effect.message.kind === 'SLOT_CONFIRM') seen.push('borrowed')
    if (effect.message.kind === 'SLOT_RECALL') seen.push('recalled')
    if (effect.message.kind === 'TASK_ASK') seen.push('askedAbroad')
  }
  const stale = effects.some((effect) => {
    if (effect.kind !== 'send') return false
    const { message } = effect
    if (message.kind === 'GROUP_RELEASE') return message.refusal.code === 'E_STALE_INVITE'
    return message.kind === 'MESSAGE_REFUSED' && staleCodes.has(message.refusal.code)
  })
  if (stale) seen.push('staleAnswered')
  return seen
}

const staleCodes: ReadonlySet<string> = new Set([
  'E_STALE_EPOCH',
  'E_STALE_INCARNATION',
  'E_NOT_MEMBER',
  'E_TASK_TERMINAL',
])

function sightsInState(hub: Readonly<HubState>): Sight[] {
  const seen: Sight[] = []
  for (const task of hub.tasks.values()) {
    if (task.fruitless > 0) seen.push('gaveUp')
    if (task.queued && task.waitingFor?.kind === 'busy') seen.push('busy')
    if (task.queued && task.waitingFor?.kind === 'missing') seen.push('missing')
  }
  return seen
}

/**
 * The hub: a pure machine that brings needs and agents together. The only switch over what it can receive; every phase
 * has its own file.
 * Must never happen here: a rule of a phase.
 */
import type { Fact } from '../protocol/fact.ts'
import type { HubId, TaskId } from '../protocol/id.ts'
import { type Configuration, defaultConfiguration } from '../protocol/limits.ts'
import { type Decision, type Machine, never } from '../protocol/machine.ts'
import type { Address, Envelope, Message } from '../protocol/message.ts'
import { isRefusal, refuse } from '../protocol/refusal.ts'
import { earliest, type Millis } from '../protocol/time.ts'
import type { Schedule } from '../strategy/plan.ts'
import { askAbroadAgain, dueAbroad } from './abroad.ts'
import { apply, snapshotOf } from './applying.ts'
import { sayReservationsAgain } from './borrowing.ts'
import { end, onVerdict, putToInitiator } from './ending.ts'
import { dropInvitation, giveUp, onInviteAnswer, settle } from './forming.ts'
import { confirmAgain, hearAgainAt } from './granted.ts'
import { guestIn } from './guests.ts'
import { onAnnounce, onCancel, onFollow, onRecalled, resume } from './intake.ts'
import { endLeases } from './lending.ts'
import { exchange, greet, hearHub, isNeighbour } from './neighbours.ts'
import { hearOpenOffers, onAnswer } from './offers.ts'
import { onPlanned } from './planning.ts'
import { awaken, serve, stirAll } from './queue.ts'
import { requirementsOf } from './reach.ts'
import { blameLate, loseAgent, loseMember, reconcile } from './recovering.ts'
import { reportAgain } from './reports.ts'
import { isOwn, isPresent, join, presentAgent } from './roster.ts'
import { noteEnds, onMemberMessage, onStart } from './running.ts'
import {
  countRefusal,
  type HubEffect,
  type HubState,
  invitePrefixOf,
  isLate,
  newHubState,
  type RosterEntry,
  type Search,
  send,
  type Task,
} from './state.ts'
import { onAsk } from './telling.ts'

export type HubInput =
  /** Once, after the journal was replayed and before anything else. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'received'; readonly envelope: Envelope }
  /** The answer to a `recall` effect. */
  | { readonly kind: 'recalled'; readonly task: TaskId; readonly facts: readonly Fact[] }
  /** The answer to a `plan` effect. */
  | {
      readonly kind: 'planned'
      readonly project: string
      readonly round: number
      readonly schedule: Schedule
    }
  | { readonly kind: 'woke' }

export class Hub implements Machine<HubInput, Fact, HubEffect> {
  readonly #hub: HubState

  /** `random` is seeded: two hubs with the same seed and the same inputs decide the same. */
  constructor(self: Address, random: () => number, configuration: Configuration = defaultConfiguration) {
    this.#hub = newHubState(self, configuration, random)
  }

  receive(input: HubInput, now: Millis): void {
    const hub = this.#hub
    // Time does not run backwards for a hub, whatever the clock of its machine does.
    if (now > hub.now) hub.now = now
    switch (input.kind) {
      case 'received':
        return this.#hear(input.envelope)
      case 'recalled':
        return onRecalled(hub, input.task, input.facts)
      case 'planned':
        return onPlanned(hub, input.project, input.round, input.schedule)
      case 'woke':
        return this.#wake()
      case 'opened':
        return open(hub)
      default:
        return never(input)
    }
  }

  drain(isPart = false): Decision<Fact, HubEffect> {
    const hub = this.#hub
    // Who is to have whom is decided knowing everybody who asks: what is announced together is looked at together.
    if (!isPart) choose(hub)
    noteEnds(hub)
    for (const task of hub.touched) {
      task.touched = false
      if (!task.ending) hub.taskDeadlines.set(task, nextDueOf(task))
    }
    if (hub.tasks.size === 0) hub.maintainAt = undefined
    else hub.maintainAt ??= hub.now + hub.configuration.limits.maintenanceIntervalMs
    const decision = { facts: hub.facts, effects: hub.effects }
    hub.touched = []
    hub.facts = []
    hub.effects = []
    return decision
  }

  replay(fact: Fact): void {
    if (fact.at > this.#hub.now) this.#hub.now = fact.at
    apply(this.#hub, fact)
  }

  wakeAt(): Millis | undefined {
    const hub = this.#hub
    if (hub.stirredLate) return hub.now
    const due = earliest(hub.taskDeadlines.earliest(), hub.agentDeadlines.earliest())
    const others = earliest(hub.lending.leases.earliest(), hub.reports.sayAgainAt)
    return earliest(earliest(hub.maintainAt, due), earliest(others, dueAbroad(hub)))
  }

  /** Under which this hub is reached; final once it was opened. */
  address(): Address {
    return this.#hub.self
  }

  /** What it knows, for those who watch it: its host and the lab. Nobody but the hub changes it. */
  state(): Readonly<HubState> {
    return this.#hub
  }

  /** Facts that stand for everything up to now. Call it between a `drain` and the next `receive`. */
  snapshot(): readonly Fact[] {
    return snapshotOf(this.#hub)
  }

  #hear({ from, message }: Envelope): void {
    const hub = this.#hub
    switch (message.kind) {
      case 'TASK_ANNOUNCE':
        return onAnnounce(hub, from, message)
      case 'TASK_FOLLOW':
        return onFollow(hub, from, message)
      case 'TASK_CANCEL':
        return onCancel(hub, from, message)
      case 'TASK_VERDICT':
        return onVerdict(hub, from, message)
      case 'TASK_START':
        return onStart(hub, from, message)
      case 'TASK_UPDATE':
      case 'TASK_COMPLETE':
      case 'TASK_FAILED':
        return onMemberMessage(hub, from, message)
      case 'AGENT_JOIN':
        return join(hub, from, message)
      case 'HUB_ASK':
        return onAsk(hub, from, message)
      case 'SLOT_RESERVE':
      case 'SLOT_GRANT':
      case 'SLOT_CONFIRM':
      case 'SLOT_RELEASE':
      case 'SLOT_RECALL':
      case 'SLOT_LOST':
      case 'OUTCOME_REPORT':
      case 'OUTCOME_NOTED':
      case 'TASK_ASK':
      case 'TASK_TELL':
      case 'HUB_GREET':
        if (isNeighbour(hub, from)) return hearHub(hub, from, message)
        return this.#answerUnasked(from, message)
      case 'SKILL_OFFER':
      case 'SKILL_DECLINE':
      case 'GROUP_ACCEPT':
      case 'GROUP_REJECT':
      case 'AGENT_HEARTBEAT':
      case 'AGENT_LEAVE':
        return this.#hearAgent(from, message)
      default:
        return this.#answerUnasked(from, message)
    }
  }

  #hearAgent(from: Address, message: FromPresentAgent): void {
    const hub = this.#hub
    const guest = guestIn(hub, from, message)
    const entry = guest ?? presentAgent(hub, from)
    if (isRefusal(entry)) {
      if (!isOwn(hub, from.id)) return onAnswerOfStranger(hub, from, message)
      const refusal = countRefusal(hub, entry)
      send(hub, from, { kind: 'MESSAGE_REFUSED', of: message.kind, refusal })
      return
    }
    entry.heardAt = hub.now
    if (guest !== undefined) hearOwn(hub, from)
    switch (message.kind) {
      case 'SKILL_OFFER':
      case 'SKILL_DECLINE':
        return onAnswer(hub, entry, message)
      case 'GROUP_ACCEPT':
      case 'GROUP_REJECT':
        return onInviteAnswer(hub, entry, message)
      case 'AGENT_HEARTBEAT':
        return reconcile(hub, entry, message)
      case 'AGENT_LEAVE':
        return loseAgent(hub, entry, refuse('E_LEAVING', `it left: ${message.reason}`), false)
      default:
        return never(message)
    }
  }

  /** What only a hub says, said to a hub. It is counted and answered, unless it is itself an answer. */
  #answerUnasked(from: Address, message: Message): void {
    const hub = this.#hub
    const refusal = countRefusal(hub, refuse('E_BAD_STATE', `a hub does not take ${message.kind}`))
    if (message.kind !== 'MESSAGE_REFUSED')
      send(hub, from, { kind: 'MESSAGE_REFUSED', of: message.kind, refusal })
  }

  #wake(): void {
    const hub = this.#hub
    if (hub.maintainAt !== undefined && hub.now >= hub.maintainAt) maintain(hub)
    endLeases(hub)
    reportAgain(hub)
    askAbroadAgain(hub)
    for (
      let entry = hub.agentDeadlines.takeDue(hub.now);
      entry;
      entry = hub.agentDeadlines.takeDue(hub.now)
    ) {
      wakeAgent(hub, entry)
    }
    for (let task = hub.taskDeadlines.takeDue(hub.now); task; task = hub.taskDeadlines.takeDue(hub.now)) {
      wakeTask(hub, task)
    }
  }
}

function choose(hub: HubState): void {
  do {
    serve(hub)
    hearOpenOffers(hub)
  } while (exchange(hub))
}

function open(hub: HubState): void {
  const { id, incarnation } = hub.self
  hub.facts.push({ kind: 'hub.started', at: hub.now, hub: id as HubId, incarnation })
  hub.invitePrefix = invitePrefixOf(hub.self)
  greet(hub)
  if (hub.reports.sent.size > 0) hub.reports.sayAgainAt = hub.now
  resume(hub)
}

/** A guest may be one of our own agents: what it says of a task shows that it lives. */
function hearOwn(hub: HubState, from: Address): void {
  const own = isPresent(hub, from.id, from.incarnation)
  if (own !== undefined) own.heardAt = hub.now
}

/** An agent of another home whose slot is not ours, or not any more: whether it is present we cannot know. */
function onAnswerOfStranger(hub: HubState, to: Address, message: FromPresentAgent): void {
  const refusal = countRefusal(hub, refuse('E_STALE_INVITE', 'the invitation is no longer open'))
  if (message.kind !== 'GROUP_ACCEPT') return
  send(hub, to, { kind: 'GROUP_RELEASE', task: message.task, invite: message.invite, refusal })
}

type FromPresentAgent = Extract<
  Message,
  {
    kind:
      | 'SKILL_OFFER'
      | 'SKILL_DECLINE'
      | 'GROUP_ACCEPT'
      | 'GROUP_REJECT'
      | 'AGENT_HEARTBEAT'
      | 'AGENT_LEAVE'
  }
>

function maintain(hub: HubState): void {
  hub.maintainAt = undefined
  stirAll(hub)
}

function wakeAgent(hub: HubState, entry: RosterEntry): void {
  const deadAt = entry.heardAt + hub.configuration.limits.agentTimeoutMs
  if (hub.now < deadAt) hub.agentDeadlines.set(entry, deadAt)
  else
    loseAgent(
      hub,
      entry,
      refuse('E_AGENT_LOST', `nothing was heard of it for ${hub.now - entry.heardAt} ms`),
      true,
    )
}

function wakeTask(hub: HubState, task: Task): void {
  if (!task.touched) {
    task.touched = true
    hub.touched.push(task)
  }
  if (isLate(hub, task)) {
    const late = refuse('E_DEADLINE', `the deadline of ${task.announcement.deadlineMs} ms has passed`)
    blameLate(hub, task)
    end(hub, task, 'expired', late)
    return
  }
  if (hub.now >= (startBy(task) ?? Infinity)) {
    end(hub, task, 'failed', refuse('E_WORK_SILENT', 'its initiator did not let the group begin in time'))
    return
  }
  if (task.restUntil !== undefined && hub.now >= task.restUntil) awaken(hub, task)
  if (task.lookAt !== undefined && hub.now >= task.lookAt) {
    task.lookAt = undefined
    if (task.project !== undefined) task.project.unsettled = true
    hub.queue.projectsStirred = true
  }
  if (task.claimedAt !== undefined && hub.now >= claimAgainAt(task)) putToInitiator(hub, task)
  for (const part of task.group?.parts ?? []) {
    if (part.state !== 'working' || !task.group?.started) continue
    const silentMs = hub.now - part.heardAt
    if (silentMs < task.announcement.workSilenceMs) continue
    loseMember(hub, task, part, refuse('E_WORK_SILENT', `no sign of work for ${silentMs} ms`), true)
    if (!hub.tasks.has(task.id)) return
  }
  sayReservationsAgain(hub, task)
  confirmAgain(hub, task)
  wakeSearch(hub, task)
}

function wakeSearch(hub: HubState, task: Task): void {
  const { search } = task
  if (search === undefined) return
  if (hub.now >= search.endsAt) {
    giveUp(hub, task, {
      kind: 'unwilling',
      needs: requirementsOf(search.needs),
    })
    return
  }
  for (const invitation of search.invitations) {
    if (invitation.accepted || hub.now < invitation.answerBy) continue
    if (task.search !== search) return
    const silent = refuse('E_TOO_LATE', 'the invitation was not answered in time')
    dropInvitation(hub, task, search, invitation, 'silent', silent)
  }
  if (task.search === search && hub.now >= (settleAt(search) ?? Infinity)) settle(hub, task)
}

/** A claim that is not judged is put to the initiator again. */
const claimAgainMs: Millis = 10_000

function claimAgainAt(task: Task): Millis {
  return (task.claimedAt ?? 0) + claimAgainMs
}

/** A group that stands and is not started holds its members no longer than silent work would. */
function startBy({ group, announcement }: Task): Millis | undefined {
  if (group === undefined || group.started) return undefined
  const holds = group.parts.some((part) => part.state === 'working')
  return holds ? group.formedAt + announcement.workSilenceMs : undefined
}

/** When what is there by then is chosen from. */
function settleAt({ unanswered, closesAt, chooseBy, invitations }: Search): Millis | undefined {
  if (unanswered > 0) return closesAt
  return invitations.length === 0 ? chooseBy : undefined
}

/** The earliest of everything that the task's state says must happen by some time. */
function nextDueOf(task: Task): Millis | undefined {
  let due = earliest(earliest(task.deadlineAt, task.restUntil), startBy(task))
  if (task.queued) due = earliest(due, task.lookAt)
  if (task.claimedAt !== undefined) due = earliest(due, claimAgainAt(task))
  due = earliest(due, hearAgainAt(task))
  const { search, group } = task
  if (search !== undefined) {
    due = earliest(due, search.endsAt)
    due = earliest(due, settleAt(search))
    for (const invitation of search.invitations) {
      if (!invitation.accepted) due = earliest(due, invitation.answerBy)
    }
  }
  if (group?.started) {
    for (const part of group.parts) {
      if (part.state === 'working') due = earliest(due, part.heardAt + task.announcement.workSilenceMs)
    }
  }
  return due
}

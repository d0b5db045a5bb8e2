/**
 * The agent: a pure machine that offers, joins, works, and announces. The only switch over what it can receive.
 * It is autonomous: the hub asks, and the agent decides what it takes.
 * Must never happen here: a rule of a phase.
 */
import type { NodeId } from '../protocol/id.ts'
import { type Configuration, defaultConfiguration } from '../protocol/limits.ts'
import { type Decision, type Machine, never } from '../protocol/machine.ts'
import type { Address, Assignment, Envelope, Message, MessageRefused } from '../protocol/message.ts'
import { isHub } from '../protocol/partition.ts'
import { refuse } from '../protocol/refusal.ts'
import { earliest, type Millis } from '../protocol/time.ts'
import {
  announce,
  ask,
  askAgain,
  follow,
  nextAskAt,
  onAccepted,
  onEnded,
  onObjection,
  onRefused,
  onTold,
  order,
  takesBack,
  tell,
} from './announcing.ts'
import { confirm, dropStaleHolds, onFormed, onInvite, onRelease, takesPart } from './joining.ts'
import {
  answer,
  askToJoin,
  beat,
  isLeaving,
  onExpelled,
  onQuery,
  onWelcome,
  repeatSkills,
} from './offering.ts'
import {
  type AgentEffect,
  type AgentInput,
  type AgentState,
  lifeOf,
  memberNamed,
  newAgentState,
  type Profile,
  say,
} from './state.ts'
import { onNoted, onReported, onSettled, onStart, onWord, sayEndingsAgain, stopWork } from './working.ts'

export class Agent implements Machine<AgentInput, never, AgentEffect> {
  readonly #agent: AgentState

  constructor(
    self: Address,
    hub: NodeId,
    profile: Profile,
    configuration: Configuration = defaultConfiguration,
  ) {
    this.#agent = newAgentState(self, hub, profile, configuration)
  }

  receive(input: AgentInput, now: Millis): void {
    const agent = this.#agent
    if (now > agent.now) agent.now = now
    switch (input.kind) {
      case 'received':
        return hear(agent, input.envelope)
      case 'woke':
        return wake(agent)
      case 'nudged':
        return nudge(agent)
      case 'join':
        return askToJoin(agent)
      case 'leave':
        return leave(agent, input.reason)
      case 'considered':
        if ('round' in input.matter) return answer(agent, input.task, input.matter.round, input.judgement)
        return confirm(agent, input.matter.invite, input.judgement)
      case 'reported':
        return onReported(agent, input.task, input.run, input.update)
      case 'settled':
        return onSettled(agent, input.task, input.run, input.ending)
      case 'announce':
        return announce(agent, input.announcement, input.fresh)
      case 'follow':
        return follow(agent, input.task)
      case 'cancel':
        return order(agent, { kind: 'TASK_CANCEL', task: input.task, reason: input.reason })
      case 'start':
        return order(agent, { kind: 'TASK_START', task: input.task, epoch: input.epoch })
      case 'judged': {
        const { task, epoch, accepted, reason } = input
        return say(agent, { kind: 'TASK_VERDICT', task, epoch, accepted, reason })
      }
      case 'ask':
        return ask(agent, input.request, input)
      default:
        return never(input)
    }
  }

  drain(): Decision<never, AgentEffect> {
    const decision = { facts: [], effects: this.#agent.effects }
    this.#agent.effects = []
    return decision
  }

  /** An agent keeps nothing: a reborn one is a new member, and the hub has what must survive. */
  replay(): void {}

  wakeAt(): Millis | undefined {
    const agent = this.#agent
    let at = earliest(earliest(agent.beatAt, agent.skillUpdateAt), nextAskAt(agent))
    for (const hold of agent.holds) at = earliest(at, hold.until)
    return earliest(at, agent.unnoted[0]?.sayAgainAt)
  }

  /** What it knows, for those who watch it: the lab. Nobody but the agent changes it. */
  state(): Readonly<AgentState> {
    return this.#agent
  }
}

function leave(agent: AgentState, reason: string): void {
  if (agent.presence === 'gone' || agent.presence === 'leaving') return
  agent.presence = 'leaving'
  agent.beatAt = undefined
  agent.skillUpdateAt = undefined
  agent.holds.length = 0
  for (const work of [...agent.works.values()]) stopWork(agent, work.task, undefined, reason)
  say(agent, { kind: 'AGENT_LEAVE', reason })
}

function wake(agent: AgentState): void {
  if (agent.beatAt !== undefined && agent.now >= agent.beatAt) beat(agent)
  if (agent.skillUpdateAt !== undefined && agent.now >= agent.skillUpdateAt) repeatSkills(agent)
  dropStaleHolds(agent)
  sayEndingsAgain(agent)
  askAgain(agent)
}

/** Says at once whatever would be said again later, and shows that it lives. */
function nudge(agent: AgentState): void {
  const { now, beatAt, unnoted, unanswered, followed, asked } = agent
  if (beatAt !== undefined) agent.beatAt = now
  for (const work of unnoted) work.sayAgainAt = now
  for (const times of [unanswered, followed]) for (const task of times.keys()) times.set(task, now)
  for (const [request, { question }] of asked) asked.set(request, { question, at: now })
  wake(agent)
}

function hear(agent: AgentState, { from, message }: Envelope): void {
  if (from.id !== agent.hub.id && !(agent.partitions > 1 && isHub(from.id, agent.partitions))) {
    answerStranger(agent, from, message)
    return
  }
  // The next hub has taken back what this one had promised.
  if (from.incarnation < lifeOf(agent, from.id)) return
  if (from.id === agent.hub.id) agent.hubIncarnation = from.incarnation
  else agent.otherHubs.set(from.id, from.incarnation)
  switch (message.kind) {
    case 'SKILL_QUERY':
      return onQuery(agent, message)
    case 'GROUP_INVITE':
      return onInvite(agent, message)
    case 'GROUP_RELEASE':
      return onRelease(agent, message)
    case 'GROUP_FORMED':
      return heardFormed(agent, message)
    case 'TASK_START':
      return message.assignment === undefined ? undefined : heardStart(agent, message.assignment)
    case 'TASK_UPDATE':
      return heardUpdate(agent, message)
    case 'TASK_NOTED':
      return onNoted(agent, message.task, message.epoch)
    case 'TASK_CANCEL':
      return stopWork(agent, message.task, undefined, message.reason)
    case 'GROUP_DISSOLVED':
      return stopWork(agent, message.task, message.epoch, message.reason)
    case 'AGENT_WELCOME':
      return onWelcome(agent, message.heartbeatMs)
    case 'AGENT_REFUSED':
      return onExpelled(agent, message.refusal)
    case 'TASK_ACCEPTED':
      return onAccepted(agent, message.task, message.warning)
    case 'TASK_REFUSED':
      return onRefused(agent, message.task, message.refusal)
    case 'TASK_COMPLETE':
      if (takesBack(agent, message.task)) return
      return tell(agent, message.task, { kind: 'claimed', epoch: message.epoch, results: message.results })
    case 'TASK_ENDED':
      return onEnded(agent, message.task, { kind: 'ended', outcome: message.outcome })
    case 'HUB_TELL':
      return onTold(agent, message)
    case 'MESSAGE_REFUSED':
      return heardRefusal(agent, from, message)
    default:
      // What only agents say: there is nothing to answer to a hub that says it.
      return
  }
}

/** Only its hub may ask, order or expel an agent. A refusal is not answered, or two strangers would never end. */
function answerStranger(agent: AgentState, to: Address, message: Message): void {
  if (message.kind === 'MESSAGE_REFUSED') return
  const refusal = refuse('E_BAD_STATE', `an agent takes ${message.kind} from its hub alone`)
  const answer = { kind: 'MESSAGE_REFUSED', of: message.kind, refusal } as const
  agent.effects.push({ kind: 'send', from: agent.self, to, message: answer })
}

function heardStart(agent: AgentState, assignment: Assignment): void {
  if (isLeaving(agent)) return
  const { task, epoch, skills } = assignment
  if (takesPart(agent, task, epoch, skills)) onStart(agent, assignment)
}

/** An agent may be both: a member of the group, and the one who announced the task. */
function heardFormed(agent: AgentState, message: Extract<Message, { kind: 'GROUP_FORMED' }>): void {
  const { task, epoch, members } = message
  const own = memberNamed(members, agent.self.id)
  if (own === undefined && takesBack(agent, task)) return
  if (own !== undefined && !isLeaving(agent)) onFormed(agent, message, own.skills)
  if (message.assignment !== undefined) heardStart(agent, message.assignment)
  if (agent.followed.has(task)) tell(agent, task, { kind: 'formed', epoch, members })
}

function heardUpdate(agent: AgentState, message: Extract<Message, { kind: 'TASK_UPDATE' }>): void {
  onWord(agent, message)
  if (agent.followed.has(message.task)) {
    tell(agent, message.task, { kind: 'update', agent: message.member, update: message.update })
  }
}

function heardRefusal(agent: AgentState, from: Address, message: MessageRefused): void {
  const { refusal, task } = message
  switch (refusal.code) {
    case 'E_NO_SUCH_AGENT':
      return from.id === agent.hub.id ? askToJoin(agent) : undefined
    case 'E_STALE_INCARNATION':
      return from.id === agent.hub.id ? onExpelled(agent, refusal) : undefined
    case 'E_NOT_MEMBER':
    case 'E_NO_SUCH_TASK':
    case 'E_TASK_TERMINAL':
      if (task === undefined) return
      if (isAboutWork(message)) stopWork(agent, task, undefined, refusal.message)
      else onObjection(agent, message.of, task, refusal)
      return
    default:
      // E_STALE_EPOCH and the like: the group's new state is on its way, or the next heartbeat fetches it.
      return
  }
}

function isAboutWork(message: MessageRefused): boolean {
  return message.of === 'TASK_UPDATE' || message.of === 'TASK_COMPLETE' || message.of === 'TASK_FAILED'
}

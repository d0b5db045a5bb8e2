/**
 * The initiator's side: announce until it is answered, ask after what is open, hear how it ends.
 * Must never happen here: a task whose end nobody would notice when one message is lost.
 */
import type { TaskId } from '../protocol/id.ts'
import type { HubTell, MessageKind } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { recall, remember } from '../protocol/recent.ts'
import type { Refusal } from '../protocol/refusal.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import { earliest, type Millis } from '../protocol/time.ts'
import type { Warning } from '../protocol/warning.ts'
import {
  type AgentState,
  type Announced,
  lifeOf,
  type News,
  type Order,
  type Question,
  say,
  sayTo,
} from './state.ts'

export function announce(agent: AgentState, announcement: TaskAnnouncement, fresh: boolean): void {
  if (recall(agent.refused, announcement.id)) remember(agent.refused, announcement.id, false)
  if (fresh) agent.serial += 1
  const { serial } = agent
  const hub = lifeOf(agent, homeOf(announcement.id, agent.partitions))
  const announced = { announcement, fresh: fresh && hub > 0 ? { hub, serial } : undefined, accepted: false }
  agent.announced.set(announcement.id, announced)
  sendAnnouncement(agent, announced)
}

/** Every copy says the same of its freshness: whichever is heard first, the others are known for copies by it. */
function sendAnnouncement(agent: AgentState, { announcement: task, fresh }: Announced): void {
  agent.unanswered.delete(task.id)
  agent.unanswered.set(task.id, agent.now + agent.configuration.limits.resendMs)
  say(agent, fresh === undefined ? { kind: 'TASK_ANNOUNCE', task } : { kind: 'TASK_ANNOUNCE', task, fresh })
}

export function follow(agent: AgentState, task: TaskId): void {
  askAfter(agent, task)
}

function askAfter(agent: AgentState, task: TaskId): void {
  agent.followed.delete(task)
  agent.followed.set(task, agent.now + agent.configuration.limits.agentTimeoutMs)
  say(agent, { kind: 'TASK_FOLLOW', task })
  const order = agent.orders.get(task)
  if (order !== undefined) say(agent, order)
}

/** What the initiator wants of its open task is said again with every question after it: it changes nothing twice. */
export function order(agent: AgentState, message: Order): void {
  agent.orders.set(message.task, message)
  say(agent, message)
}

/** Says again what was not answered. Both maps are in the order of their times, because each has one interval. */
export function askAgain(agent: AgentState): void {
  for (const [id, at] of [...agent.unanswered]) {
    if (at > agent.now) break
    const announced = agent.announced.get(id)
    if (announced !== undefined) sendAnnouncement(agent, announced)
  }
  for (const [id, at] of [...agent.followed]) {
    if (at > agent.now) break
    askAfter(agent, id)
  }
  for (const [request, { question, at }] of [...agent.asked]) {
    if (at > agent.now) break
    ask(agent, request, question)
  }
}

export function nextAskAt(agent: AgentState): Millis | undefined {
  const { unanswered, followed, asked } = agent
  const own = earliest(unanswered.values().next().value, followed.values().next().value)
  return earliest(own, asked.values().next().value?.at)
}

/** Asks a hub about itself, until it is told. */
export function ask(agent: AgentState, request: number, question: Question): void {
  const { about, hub = agent.hub.id } = question
  agent.asked.delete(request)
  agent.asked.set(request, { question, at: agent.now + agent.configuration.limits.resendMs })
  sayTo(agent, { id: hub, incarnation: 0 }, { kind: 'HUB_ASK', request, about })
}

/** The answer to a question that is still open; a second one changes nothing. */
export function onTold(agent: AgentState, message: HubTell): void {
  if (agent.asked.delete(message.request)) agent.effects.push({ kind: 'told', tell: message })
}

/**
 * A copy of an announcement came through after its refusal, and nobody waits for the task any more. The word that it is
 * accepted may be lost with the hub that would have said it, so whatever is heard of such a task takes it back.
 */
export function takesBack(agent: AgentState, task: TaskId): boolean {
  if (!recall(agent.refused, task)) return false
  agent.followed.delete(task)
  agent.followed.set(task, agent.now + agent.configuration.limits.agentTimeoutMs)
  order(agent, { kind: 'TASK_CANCEL', task, reason: 'its initiator was told that it is refused' })
  return true
}

export function onAccepted(agent: AgentState, task: TaskId, warning: Warning | undefined): void {
  if (takesBack(agent, task)) return
  const announced = agent.announced.get(task)
  agent.unanswered.delete(task)
  if (!agent.followed.has(task)) {
    agent.followed.set(task, agent.now + agent.configuration.limits.agentTimeoutMs)
  }
  if (announced?.accepted === true) return
  if (announced !== undefined) announced.accepted = true
  tell(agent, task, warning === undefined ? { kind: 'accepted' } : { kind: 'accepted', warning })
}

/** What is accepted is refused no more: that answers an earlier copy, and is late. A hub may have lost it, though. */
export function onRefused(agent: AgentState, task: TaskId, refusal: Refusal): void {
  const isLost = refusal.code === 'E_NO_SUCH_TASK' && refusal.field === undefined
  if (!isLost && agent.announced.get(task)?.accepted === true) return
  forget(agent, task)
  remember(agent.refused, task, true)
  tell(agent, task, { kind: 'refused', refusal })
}

/** What was wanted of an own task is not done. A task that has ended says so by itself. */
export function onObjection(agent: AgentState, of: MessageKind, task: TaskId, refusal: Refusal): void {
  agent.orders.delete(task)
  if (of === 'TASK_CANCEL' && refusal.code !== 'E_TASK_TERMINAL')
    tell(agent, task, { kind: 'objected', refusal })
}

export function onEnded(agent: AgentState, task: TaskId, news: News): void {
  forget(agent, task)
  tell(agent, task, news)
}

function forget(agent: AgentState, task: TaskId): void {
  agent.announced.delete(task)
  agent.unanswered.delete(task)
  agent.followed.delete(task)
  agent.orders.delete(task)
}

export function tell(agent: AgentState, task: TaskId, news: News): void {
  agent.effects.push({ kind: 'news', task, news })
}

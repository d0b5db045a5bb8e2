/**
 * Invitations: accept and hold a slot, or reject with a reason; confirmation and release.
 * Must never happen here: an accept that nobody confirms and that holds its slot for ever.
 */
import type { InviteId, TaskId } from '../protocol/id.ts'
import type { GroupFormed, GroupInvite, GroupRelease } from '../protocol/message.ts'
import { recall } from '../protocol/recent.ts'
import { refuse } from '../protocol/refusal.ts'
import { acceptOrReject } from '../strategy/bid.ts'
import { selfImage } from './offering.ts'
import { type AgentState, busySlots, type Hold, type Judgement, keepOnly, say, type Work } from './state.ts'
import { isSamePart, letGo, newWork, sayEnding, sayEndingLater } from './working.ts'

export function onInvite(agent: AgentState, message: GroupInvite): void {
  const { call, invite, epoch, skills, holdForMs } = message
  const { task } = call
  if (holdFor(agent, invite) !== undefined) {
    say(agent, { kind: 'GROUP_ACCEPT', task, invite })
    return
  }
  const refusal = acceptOrReject(selfImage(agent), call, agent.configuration.levels, agent.now)
  if (refusal !== undefined) {
    say(agent, { kind: 'GROUP_REJECT', task, invite, refusal })
    return
  }
  // No promise lasts longer than the longest search, whatever it is asked for.
  const until = agent.now + Math.min(holdForMs, agent.configuration.limits.groupTimeoutMs)
  agent.holds.push({ invite, task, epoch, skills, until })
  if (agent.profile.confirms) agent.effects.push({ kind: 'consider', call, matter: { invite } })
  else say(agent, { kind: 'GROUP_ACCEPT', task, invite })
}

function holdFor({ holds }: AgentState, invite: InviteId): Hold | undefined {
  for (const hold of holds) if (hold.invite === invite) return hold
  return undefined
}

function drop(agent: AgentState, invite: InviteId): void {
  keepOnly(agent.holds, (hold) => hold.invite !== invite)
}

export function confirm(agent: AgentState, invite: GroupInvite['invite'], judgement: Judgement): void {
  const hold = holdFor(agent, invite)
  if (hold === undefined) return
  if (judgement.kind === 'yes') say(agent, { kind: 'GROUP_ACCEPT', task: hold.task, invite })
  else {
    drop(agent, invite)
    say(agent, { kind: 'GROUP_REJECT', task: hold.task, invite, refusal: judgement.refusal })
  }
}

export function onRelease(agent: AgentState, message: GroupRelease): void {
  drop(agent, message.invite)
}

/** Gives back what was promised and never confirmed. */
export function dropStaleHolds(agent: AgentState): void {
  keepOnly(agent.holds, (hold) => hold.until > agent.now)
}

/** What was promised for a group up to this epoch is a promise no more. Answers whether anything was. */
function keepPromise({ holds }: AgentState, task: TaskId, epoch: number): boolean {
  const before = holds.length
  keepOnly(holds, (hold) => hold.task !== task || hold.epoch > epoch)
  return holds.length < before
}

/**
 * Once the group stands, what was promised for it is confirmed, also when the word that said so was lost. Answers
 * whether the agent takes part: a promise that has lapsed meanwhile, because its clock was set on or its machine slept,
 * is kept where there is room for it, and otherwise the agent says that it has none.
 */
export function takesPart(agent: AgentState, task: TaskId, epoch: number, skills: Work['skills']): boolean {
  const promised = keepPromise(agent, task, epoch)
  // A work that it knows of has begun after every part of the task that has come to an end.
  if (agent.works.has(task)) return true
  if (epoch <= (recall(agent.closed, task) ?? 0)) return false
  if (promised || busySlots(agent) < agent.profile.capacity) return true
  const refusal = refuse('E_BUSY', 'the promise has lapsed, and the slot is taken by now')
  const work = { ...newWork(task, epoch, [], skills), ending: refusal }
  agent.works.set(task, work)
  sayEnding(agent, work)
  return false
}

/** The group stands, or stands anew: a member whose part is the same goes on under the new epoch. */
export function onFormed(agent: AgentState, message: GroupFormed, skills: Work['skills']): void {
  const { task, epoch, members } = message
  if (!takesPart(agent, task, epoch, skills)) return
  const work = agent.works.get(task)
  if (work !== undefined && epoch < work.epoch) return
  if (work === undefined || !isSamePart(work, skills)) {
    if (work !== undefined) letGo(agent, work, 'the group gave it another part')
    agent.works.set(task, newWork(task, epoch, members, skills))
    return
  }
  work.epoch = epoch
  work.members = members
  if (work.run !== undefined) agent.effects.push({ kind: 'regroup', run: work.run, epoch, members })
  // Whether the result still counts is known when TASK_START has had its chance: it carries a verifier's feedback.
  if (work.ending !== undefined) sayEndingLater(agent, work)
}

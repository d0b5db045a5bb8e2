/**
 * Invitations: accept and hold a slot, or reject with a reason; confirmation and release.
 * Must never happen here: an accept that nobody confirms and that holds its slot for ever.
 */
import type { GroupFormed, GroupInvite, GroupRelease } from '../protocol/message.ts'
import { acceptOrReject } from '../strategy/bid.ts'
import { selfImage } from './offering.ts'
import { type AgentState, type Judgement, memberNamed, say } from './state.ts'
import { isSamePart, letGo, newWork, sayEndingLater } from './working.ts'

export function onInvite(agent: AgentState, message: GroupInvite): void {
  const { call, invite, epoch, skills, holdUntil } = message
  const { task } = call
  if (agent.holds.has(invite)) {
    say(agent, { kind: 'GROUP_ACCEPT', task, invite })
    return
  }
  const refusal = acceptOrReject(selfImage(agent), call, agent.configuration.levels, agent.now)
  if (refusal !== undefined) {
    say(agent, { kind: 'GROUP_REJECT', task, invite, refusal })
    return
  }
  // The instant is one of the hub's clock. When that is ahead, the promise still ends with the longest search.
  const until = Math.min(holdUntil, agent.now + agent.configuration.limits.groupTimeoutMs)
  agent.holds.set(invite, { invite, task, epoch, skills, until })
  if (agent.profile.confirms) agent.effects.push({ kind: 'consider', call, matter: { invite } })
  else say(agent, { kind: 'GROUP_ACCEPT', task, invite })
}

export function confirm(agent: AgentState, invite: GroupInvite['invite'], judgement: Judgement): void {
  const hold = agent.holds.get(invite)
  if (hold === undefined) return
  if (judgement.kind === 'yes') say(agent, { kind: 'GROUP_ACCEPT', task: hold.task, invite })
  else {
    agent.holds.delete(invite)
    say(agent, { kind: 'GROUP_REJECT', task: hold.task, invite, refusal: judgement.refusal })
  }
}

export function onRelease(agent: AgentState, message: GroupRelease): void {
  agent.holds.delete(message.invite)
}

/** Gives back what was promised and never confirmed. */
export function dropStaleHolds(agent: AgentState): void {
  for (const [invite, hold] of agent.holds) if (hold.until <= agent.now) agent.holds.delete(invite)
}

/** Once the group stands, what was promised for it is confirmed, also when the word that said so was lost. */
export function settleHolds(agent: AgentState, task: GroupFormed['task'], epoch: number): void {
  for (const hold of agent.holds.values()) {
    if (hold.task === task && hold.epoch <= epoch) agent.holds.delete(hold.invite)
  }
}

/** The group stands, or stands anew: a member whose part is the same goes on under the new epoch. */
export function onFormed(agent: AgentState, message: GroupFormed): void {
  const { task, epoch, members } = message
  settleHolds(agent, task, epoch)
  if (epoch <= (agent.closed.get(task) ?? 0)) return
  const skills = memberNamed(members, agent.self.id)?.skills ?? []
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

/**
 * Invitations: accept and hold a slot, or reject with a reason; confirmation and release.
 * Must never happen here: an accept that nobody confirms and that holds its slot for ever.
 */
import type { GroupFormed, GroupInvite, GroupRelease } from '../protocol/message.ts'
import { acceptOrReject } from '../strategy/bid.ts'
import { selfImage } from './offering.ts'
import { type AgentState, type Judgement, say } from './state.ts'
import { sayEnding } from './working.ts'

export function onInvite(agent: AgentState, message: GroupInvite): void {
  const { call, invite, skills, holdUntil } = message
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
  agent.holds.set(invite, { task, skills, until: holdUntil })
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

/** The group stands, or stands anew: a member that was kept goes on under the new epoch. */
export function onFormed(agent: AgentState, message: GroupFormed): void {
  const { task, epoch, members, invite } = message
  if (invite !== undefined) agent.holds.delete(invite)
  const work = agent.works.get(task)
  if (work === undefined) {
    agent.works.set(task, { task, epoch, members, run: undefined, ending: undefined })
    return
  }
  if (epoch < work.epoch) return
  work.epoch = epoch
  work.members = members
  if (work.run !== undefined) agent.effects.push({ kind: 'regroup', run: work.run, epoch, members })
  if (work.ending !== undefined) sayEnding(agent, work)
}

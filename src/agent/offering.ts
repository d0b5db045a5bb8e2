/**
 * Presence, and answers to questions: an offer, or a decline with its reason.
 */
import type { AgentJoin, AssignmentName, SkillOffer, SkillQuery } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import type { Refusal } from '../protocol/refusal.ts'
import { offerOrDecline, type Self } from '../strategy/bid.ts'
import { type AgentState, busySlots, type Judgement, say } from './state.ts'

export function askToJoin(agent: AgentState): void {
  if (isLeaving(agent)) return
  agent.presence = 'joining'
  agent.beatAt = agent.now + agent.configuration.limits.resendMs
  say(agent, joinOf(agent))
}

/** What it can do, whether its offer stands, and where the network has several hubs what it works on, for whichever. */
function joinOf({ profile, works, partitions }: AgentState): AgentJoin {
  const { skills, capacity, openOffer, price } = profile
  return {
    kind: 'AGENT_JOIN',
    skills,
    capacity,
    ...(openOffer ? { openOffer: price === undefined ? {} : { price } } : {}),
    ...(partitions === 1 || works.size === 0 ? {} : { working: namesOf(works.values()) }),
  }
}

function namesOf(works: Iterable<AssignmentName>): AssignmentName[] {
  return Array.from(works, ({ task, epoch }) => ({ task, epoch }))
}

/** Its home hears at once that a slot is free which another hub had borrowed. */
export function tellEnded(agent: AgentState, { task, epoch }: AssignmentName): void {
  if (agent.partitions === 1 || homeOf(task, agent.partitions) === agent.hub.id) return
  const others = [...agent.works.values()].filter((work) => work.task !== task)
  const ended = [{ task, epoch }]
  say(agent, { kind: 'AGENT_HEARTBEAT', busy: busySlots(agent), working: namesOf(others), ended })
}

export function onWelcome(agent: AgentState, heartbeatMs: number): void {
  if (isLeaving(agent)) {
    sayFarewell(agent)
    return
  }
  const first = agent.presence === 'joining'
  agent.presence = 'present'
  agent.heartbeatMs = heartbeatMs
  agent.beatAt = agent.now + heartbeatMs
  agent.skillUpdateAt = agent.now + agent.configuration.limits.skillUpdateIntervalMs
  if (first) agent.effects.push({ kind: 'joined' })
}

/** Whoever leaves becomes a member of nothing more, whatever the hub decided before it heard. */
export function isLeaving({ presence }: AgentState): boolean {
  return presence === 'leaving' || presence === 'gone'
}

/** A hub that counts on an agent which takes part no longer has missed its farewell, or heard an old message of it. */
function sayFarewell(agent: AgentState): void {
  say(agent, { kind: 'AGENT_LEAVE', reason: 'it takes part no longer' })
}

/** The network will not have this incarnation: all promises and all work end. */
export function onExpelled(agent: AgentState, refusal: Refusal): void {
  agent.presence = 'gone'
  agent.beatAt = undefined
  agent.skillUpdateAt = undefined
  agent.holds.length = 0
  for (const work of agent.works.values()) {
    if (work.run !== undefined) agent.effects.push({ kind: 'stop', run: work.run, reason: refusal.message })
  }
  agent.works.clear()
  agent.unnoted.length = 0
  agent.effects.push({ kind: 'expelled', refusal })
}

export function beat(agent: AgentState): void {
  if (agent.presence === 'joining') {
    askToJoin(agent)
    return
  }
  if (agent.presence !== 'present') return
  agent.beatAt = agent.now + agent.heartbeatMs
  say(agent, { kind: 'AGENT_HEARTBEAT', busy: busySlots(agent), working: namesOf(agent.works.values()) })
}

/** Repeats the skills, so that a hub that lost them has them again. */
export function repeatSkills(agent: AgentState): void {
  agent.skillUpdateAt = agent.now + agent.configuration.limits.skillUpdateIntervalMs
  say(agent, joinOf(agent))
}

export function onQuery(agent: AgentState, message: SkillQuery): void {
  const { call, round } = message
  if (isLeaving(agent)) sayFarewell(agent)
  const refusal = offerOrDecline(selfImage(agent), call, agent.configuration.levels, agent.now)
  if (refusal !== undefined) say(agent, { kind: 'SKILL_DECLINE', task: call.task, round, refusal })
  else if (agent.profile.considers) agent.effects.push({ kind: 'consider', call, matter: { round } })
  else answer(agent, call.task, round, yes)
}

const yes: Judgement = { kind: 'yes' }

export function answer(
  agent: AgentState,
  task: SkillQuery['call']['task'],
  round: number,
  judgement: Judgement,
): void {
  if (judgement.kind === 'no') {
    say(agent, { kind: 'SKILL_DECLINE', task, round, refusal: judgement.refusal })
    return
  }
  const { expectedMs, price = agent.profile.price } = judgement
  const busy = busySlots(agent)
  const { capacity } = agent.profile
  const offer: SkillOffer = { kind: 'SKILL_OFFER', task, round, busy, capacity }
  if (expectedMs === undefined && price === undefined) say(agent, offer)
  else {
    const span = expectedMs === undefined ? {} : { expectedMs }
    say(agent, { ...offer, ...span, ...(price === undefined ? {} : { price }) })
  }
}

/** What the strategies may know of this agent. */
export function selfImage(agent: AgentState): Self {
  return {
    busy: busySlots(agent),
    capacity: agent.profile.capacity,
    leaving: isLeaving(agent),
    skills: agent.profile.skills,
  }
}

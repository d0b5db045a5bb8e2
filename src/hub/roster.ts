/**
 * Who is present, and the slots of each: the hub is the only one who promises them.
 * Must never happen here: held and running slots above an agent's capacity.
 */

import type { AgentId, NodeId, SkillName, TaskId } from '../protocol/id.ts'
import { quote } from '../protocol/id.ts'
import { checkAgent } from '../protocol/join.ts'
import { assert } from '../protocol/machine.ts'
import type { Address, AgentJoin } from '../protocol/message.ts'
import { homeOf, isHub } from '../protocol/partition.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import type { Skill } from '../protocol/skill.ts'
import { newEntry } from './entry.ts'
import { isInUse, returnGuest } from './guests.ts'
import { expectationsOf, listingOf, markProven, ranksOf, relist, typicalTime } from './judging.ts'
import { payOwed, takeItsWord } from './lending.ts'
import { agentsChanged } from './projects.ts'
import {
  countRefusal,
  type HubState,
  type Part,
  type RosterEntry,
  type Supply,
  send,
  stir,
  type Task,
} from './state.ts'

export function freeSlots(entry: RosterEntry): number {
  return entry.capacity - entry.held - entry.running
}

/** Moves slots of an agent: promised to an invitation (`held`), in a group (`running`). */
export function shiftSlots(hub: HubState, entry: RosterEntry, held: number, running: number): void {
  const before = freeSlots(entry)
  entry.held += held
  entry.running += running
  const after = freeSlots(entry)
  const addUp = entry.held >= 0 && entry.running >= 0 && after >= 0
  if (!addUp) assert(false, `the slots of ${entry.id} do not add up`)
  if (entry.lender !== undefined) {
    if (!isInUse(entry)) returnGuest(hub, entry)
    return
  }
  if (after === before) return
  for (const supply of entry.supplies) supply.free += after - before
  relist(hub, entry)
  if (after <= before) return
  payOwed(hub, entry)
  for (const { name } of entry.skills) stir(hub, name)
}

/** The agent was given a part. Where nobody asks for evenness nothing is counted. */
export function countPart(hub: HubState, entry: RosterEntry): void {
  if (hub.configuration.limits.workSpread === 0 || entry.lender !== undefined) return
  entry.begun += 1
  for (const supply of entry.supplies) supply.begun += 1
}

/** The agent has nothing more to do with a task. */
export function detach({ tasks }: RosterEntry, task: Task): void {
  const at = tasks.indexOf(task)
  if (at < 0) return
  for (let i = at + 1; i < tasks.length; i++) tasks[i - 1] = tasks[i] as Task
  tasks.pop()
}

/** A promised slot becomes one at work. */
export function occupy(hub: HubState, entry: RosterEntry, part: Part): void {
  part.expectedMs = typicalTime(entry, part.member.skills)
  entry.startedSum += part.startedAt
  entry.expectedSum += part.expectedMs
  shiftSlots(hub, entry, -1, 1)
}

/** A slot at work is free again. */
export function vacate(hub: HubState, entry: RosterEntry, part: Part): void {
  entry.startedSum -= part.startedAt
  entry.expectedSum -= part.expectedMs
  shiftSlots(hub, entry, 0, -1)
}

export function supplyOf(hub: HubState, name: SkillName): Supply {
  const known = hub.supply.get(name)
  if (known !== undefined) return known
  const fresh: Supply = { agents: 0, free: 0, sought: 0, begun: 0 }
  hub.supply.set(name, fresh)
  return fresh
}

/** Nothing and not known are the same; without this, every name that a stranger makes up would be kept for ever. */
export function dropSupply(hub: HubState, name: SkillName, { agents, sought }: Supply): void {
  if (agents === 0 && sought === 0) hub.supply.delete(name)
}

/** The present agent that an envelope comes from, or why it is not one. */
export function presentAgent(hub: HubState, from: Address): RosterEntry | Refusal {
  const entry = hub.roster.get(from.id as AgentId)
  if (entry === undefined) return refuse('E_NO_SUCH_AGENT', `the agent ${quote(from.id)} has not joined`)
  if (entry.address.incarnation !== from.incarnation) {
    const now = entry.address.incarnation
    return refuse('E_STALE_INCARNATION', `the agent ${quote(from.id)} lives as incarnation ${now}`)
  }
  return entry
}

/** Answers a join. A living namesake is not pushed out; a repeated join brings the skills up to date. */
export function join(hub: HubState, from: Address, message: AgentJoin): void {
  const { limits, levels } = hub.configuration
  const id = from.id as AgentId
  const known = hub.roster.get(id)
  const refusal =
    isHub(from.id, hub.lending.partitions) || from.id === hub.self.id
      ? refuse('E_AGENT_ID_TAKEN', `the hub itself is called ${quote(id)}`, {
          field: 'id',
          hint: 'Choose another id.',
        })
      : (misdirected(hub, from.id) ?? namesake(hub, known, from))
  const checked =
    refusal ?? checkAgent({ id, skills: message.skills, capacity: message.capacity }, limits, levels)
  if (isRefusal(checked)) {
    send(hub, from, { kind: 'AGENT_REFUSED', refusal: countRefusal(hub, checked) })
    return
  }
  if (known === undefined) {
    enter(hub, from, id, message)
    const entered = hub.roster.get(id)
    if (entered !== undefined && message.working !== undefined) takeItsWord(hub, entered, message.working)
    if (entered !== undefined) payOwed(hub, entered)
  } else {
    known.heardAt = hub.now
    known.openOffer = message.openOffer
    known.isOpen = message.openOffer !== undefined
    if (message.openOffer !== undefined) known.price = message.openOffer.price ?? 0
    if (JSON.stringify(known.skills) !== JSON.stringify(message.skills)) reskill(hub, known, message.skills)
  }
  send(hub, from, { kind: 'AGENT_WELCOME', heartbeatMs: limits.heartbeatMs })
}

/** Only the home of an agent promises its slots. */
function misdirected({ self, lending }: HubState, id: NodeId): Refusal | undefined {
  const home = homeOf(id, lending.partitions)
  if (lending.partitions === 1 || home === self.id) return undefined
  return refuse('E_BAD_STATE', `the home of the agent ${quote(id)} is ${home}`)
}

function namesake(hub: HubState, known: RosterEntry | undefined, from: Address): Refusal | undefined {
  if (known === undefined || known.address.incarnation === from.incarnation) return undefined
  if (from.incarnation < known.address.incarnation) {
    return refuse('E_STALE_INCARNATION', `the agent ${quote(from.id)} has been born again since`)
  }
  const silentMs = hub.now - known.heardAt
  return refuse('E_AGENT_ID_TAKEN', `the agent ${quote(from.id)} is present, last heard ${silentMs} ms ago`, {
    field: 'id',
    hint: 'Choose another id; if its process is gone, the id is free once its silence is noticed.',
    retryAfterMs: Math.max(1, known.heardAt + hub.configuration.limits.agentTimeoutMs - hub.now),
  })
}

function enter(hub: HubState, address: Address, id: AgentId, message: AgentJoin): void {
  const { skills, capacity, openOffer } = message
  const ranks = ranksOf(hub, id, skills)
  const estimates = expectationsOf(hub, id, skills)
  const entry = newEntry(address, hub.now, {
    skills,
    ranks,
    estimates,
    capacity,
    openOffer,
    lender: undefined,
  })
  hub.roster.set(id, entry)
  list(hub, entry)
  hub.agentDeadlines.set(entry, hub.now + hub.configuration.limits.agentTimeoutMs)
}

function list(hub: HubState, entry: RosterEntry): void {
  entry.slot = hub.catalog.add(entry.skills.map((skill, i) => listingOf(entry, skill, i)))
  hub.bySlot[entry.slot] = entry
  markProven(hub, entry)
  relist(hub, entry)
  entry.supplies = entry.skills.map(({ name }) => supplyOf(hub, name))
  for (const supply of entry.supplies) {
    supply.agents += 1
    supply.free += freeSlots(entry)
    supply.begun += entry.begun
  }
  for (const { name } of entry.skills) stir(hub, name)
  agentsChanged(hub)
}

function unlist(hub: HubState, entry: RosterEntry): void {
  agentsChanged(hub)
  hub.catalog.remove(entry.slot)
  hub.bySlot[entry.slot] = undefined
  for (let i = 0; i < entry.skills.length; i++) {
    const { name } = entry.skills[i] as Skill
    const supply = entry.supplies[i] as Supply
    supply.agents -= 1
    supply.free -= freeSlots(entry)
    supply.begun -= entry.begun
    dropSupply(hub, name, supply)
    // Agents that are kept for a task which now waits for more than a free slot are free for others.
    stir(hub, name)
  }
}

function reskill(hub: HubState, entry: RosterEntry, skills: readonly Skill[]): void {
  unlist(hub, entry)
  entry.skills = skills
  entry.ranks = ranksOf(hub, entry.id, skills)
  entry.estimates = expectationsOf(hub, entry.id, skills)
  list(hub, entry)
}

/** Takes an agent off the roster; what it was doing is the caller's concern. */
export function strike(hub: HubState, entry: RosterEntry): void {
  unlist(hub, entry)
  hub.roster.delete(entry.id)
  hub.agentDeadlines.set(entry, undefined)
}

/** Whether this hub is the home of an agent, or the hub of a task. */
export function isOwn({ self, lending }: HubState, id: NodeId | TaskId): boolean {
  return lending.partitions === 1 || homeOf(id, lending.partitions) === self.id
}

export function isPresent(hub: HubState, id: NodeId, incarnation: number): RosterEntry | undefined {
  const entry = hub.roster.get(id as AgentId)
  return entry?.address.incarnation === incarnation ? entry : undefined
}

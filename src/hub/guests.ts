/**
 * Slots that other hubs have granted, as this one sees them: each is an agent with one slot, for one task.
 * Must never happen here: a guest in the catalog, or one that outlives its task.
 */

import type { Member } from '../protocol/group.ts'
import type { AgentId, GrantId, HubId } from '../protocol/id.ts'
import type { Address, Message } from '../protocol/message.ts'
import { rankOf } from '../protocol/skill.ts'
import type { Grant, GrantInUse } from '../protocol/slot.ts'
import { estimate } from '../strategy/score.ts'
import { newStanding } from '../strategy/standing.ts'
import { newEntry } from './entry.ts'
import { tellHub } from './neighbours.ts'
import { isPresent } from './roster.ts'
import type { HubState, RosterEntry, Task } from './state.ts'

export function takeIn(hub: HubState, task: Task, from: Address, grant: Grant): RosterEntry {
  const { agent, incarnation, skills, standings, id } = grant
  const { levels, levelsBy } = hub.configuration
  const seen = skills.map((claim) => standings.find(({ skill }) => skill === claim.name))
  const levelsOf = skills.map((claim, i) =>
    levelsBy === 'claim' ? claim.level : (seen[i]?.level ?? claim.level),
  )
  const guest = newEntry({ id: agent, incarnation }, hub.now, {
    skills,
    ranks: levelsOf.map((level) => rankOf(levels, level) ?? 0),
    estimates: skills.map((claim, i) => {
      const prior = hub.population.priorOf(claim.name, levelsOf[i] ?? claim.level)
      return estimate(seen[i] ?? newStanding(claim, hub.now), claim, prior)
    }),
    capacity: 1,
    openOffer: grant.openOffer,
    lender: { hub: from.id as HubId, life: from.incarnation, grant: id, task },
  })
  task.guests ??= new Map()
  task.guests.set(agent, guest)
  return guest
}

/** A guest whose slot is at work, or is held for the group that is being formed. */
export function isInUse({ held, running }: RosterEntry): boolean {
  return held + running > 0
}

export function idleGuests(task: Task): RosterEntry[] {
  return [...(task.guests?.values() ?? [])].filter((guest) => !isInUse(guest))
}

export function grantsOf(guests: readonly RosterEntry[], home: HubId): GrantId[] {
  return guests.flatMap(({ lender }) => (lender?.hub === home ? lender.grant : []))
}

/** Its slot is used no more: its home may give it to others. */
export function returnGuest(hub: HubState, guest: RosterEntry): void {
  const { lender, id } = guest
  if (lender === undefined || lender.task.guests?.get(id) !== guest) return
  dropGuest(guest)
  const { hub: home, task, grant } = lender
  tellHub(hub, home, { kind: 'SLOT_RELEASE', task: task.id, grants: [grant], over: false })
}

/** Nobody is told: its home knows. */
export function dropGuest({ lender, id }: RosterEntry): void {
  const task = lender?.task
  if (task?.guests === undefined) return
  task.guests.delete(id)
  if (task.guests.size > 0) return
  task.guests = undefined
  task.confirmAt = undefined
}

/** Who is a member of a task: one of our own agents that is present, or a guest. */
export function memberOf(hub: HubState, task: Task, { agent, incarnation }: Member): RosterEntry | undefined {
  const guest = task.guests?.get(agent)
  if (guest !== undefined) return guest.address.incarnation === incarnation ? guest : undefined
  return isPresent(hub, agent, incarnation)
}

/** As whom a member, or somebody who was asked, is known to its task. */
export function guestIn(hub: HubState, from: Address, message: Message): RosterEntry | undefined {
  // Of one hub there are no guests, and it hears a great many messages.
  if (hub.lending.partitions === 1 || !('task' in message) || typeof message.task !== 'string')
    return undefined
  const guest = hub.tasks.get(message.task)?.guests?.get(from.id as AgentId)
  return guest?.address.incarnation === from.incarnation ? guest : undefined
}

export function useOf(guest: RosterEntry): GrantInUse[] {
  const { lender, id, address } = guest
  return lender === undefined ? [] : [{ grant: lender.grant, agent: id, incarnation: address.incarnation }]
}

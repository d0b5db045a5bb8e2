/**
 * Who is in the group of a task, and who is invited to it: so few that lists are smaller than maps, and quicker to make
 * and to look through.
 * Must never happen here: a change of either.
 */

import type { Member } from '../protocol/group.ts'
import type { AgentId, NodeId } from '../protocol/id.ts'
import type { Group, Invitation, Part, Search, Task } from './state.ts'

/** The part of an agent in the current group, whatever became of it. */
export function partOf(group: Group | undefined, agent: NodeId): Part | undefined {
  if (group === undefined) return undefined
  for (const part of group.parts) if (part.member.agent === agent) return part
  return undefined
}

/** Who is in the group now: at work, or finished. */
export function standingMembers({ group }: Task): Member[] {
  const members: Member[] = []
  if (group === undefined) return members
  for (const { state, member } of group.parts) if (state !== 'lost') members.push(member)
  return members
}

export function invitationOf({ invitations }: Search, agent: AgentId): Invitation | undefined {
  for (const invitation of invitations) if (invitation.asked.entry.id === agent) return invitation
  return undefined
}

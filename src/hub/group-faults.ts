/**
 * Whether a group is one that its announcement allows, as far as the log can tell. Levels are not in it: they were
 * judged by evidence that has changed since.
 */
import type { GroupFormedFact } from '../protocol/fact.ts'
import type { Member } from '../protocol/group.ts'
import { quote, type SkillName } from '../protocol/id.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'

/** A part that was finished in this group or an earlier one. */
export type DonePart = Pick<Member, 'agent' | 'skills'>

/** Every way in which the group is wrong, in words. */
export function groupFaults(
  announcement: TaskAnnouncement,
  { epoch, members, uncovered }: GroupFormedFact,
  done: readonly DonePart[],
): string[] {
  const faults: string[] = []
  const { requires, optional, minMembers, maxGroupSize, exclude, include = [] } = announcement
  if (members.length > maxGroupSize)
    faults.push(`${members.length} members; at most ${maxGroupSize} are allowed`)
  if (members.length < minMembers) faults.push(`${members.length} members; at least ${minMembers} are needed`)
  const agents = new Set(members.map(({ agent }) => agent))
  if (agents.size < members.length) faults.push('an agent is a member twice')
  for (const agent of exclude) if (agents.has(agent)) faults.push(`${quote(agent)} is excluded`)
  for (const agent of include) if (!agents.has(agent)) faults.push(`${quote(agent)} is not in it`)
  const spares = epoch === 1 ? (announcement.spares ?? 0) : 0
  for (const need of requires) {
    const { skill } = need
    const count = need.count + spares
    const found = coverage(skill, [...members, ...done])
    if (found < count) faults.push(`${quote(skill)} is covered by ${found} of ${count} agents`)
  }
  for (const skill of uncovered) {
    if (!optional.some((need) => need.skill === skill)) faults.push(`${quote(skill)} is left uncovered`)
  }
  const asked = new Set([...requires, ...optional].map(({ skill }) => skill))
  for (const { agent, skills } of members) {
    if (skills.length === 0) faults.push(`${quote(agent)} covers nothing`)
    for (const skill of skills) {
      if (!asked.has(skill)) faults.push(`${quote(agent)} covers ${quote(skill)}, for which nobody asked`)
    }
  }
  return faults
}

/** By how many different agents a skill is covered. */
export function coverage(skill: SkillName, parts: readonly DonePart[]): number {
  return new Set(parts.filter(({ skills }) => skills.includes(skill)).map(({ agent }) => agent)).size
}

/**
 * Scarce agents last: whom a task of a project that has no plan should have, of those that are free.
 * Must never happen here: a look at what a plan says.
 */
import type { AgentId } from '../protocol/id.ts'
import type { WaitingFor } from '../protocol/message.ts'
import { rankOf } from '../protocol/skill.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import { orderStrategy, unknownMs } from '../strategy/order.ts'
import { leastTeam, scarcityStrategy } from '../strategy/scarcity.ts'
import { isLastChoice, mayJoin } from './asking.ts'
import { rankIn } from './judging.ts'
import { invitationOf } from './members.ts'
import type { Demand, Preferred, Project } from './project.ts'
import { reachMask, requirementsOf } from './reach.ts'
import { freeSlots } from './roster.ts'
import type { HubState, OpenNeed, RosterEntry, Task } from './state.ts'

/** Agents that a plan or a team considers for each need, beyond the number needed. */
export const agentsSpare = 64

/** Without a plan: of the agents that are free, those that the rest of the project can spare best. */
export function sparingTeam(
  hub: HubState,
  task: Task,
  project: Project,
  needs: readonly OpenNeed[],
): Preferred | WaitingFor {
  // Who failed it, would not have it, or has done another part, is taken only where the others are not enough.
  const out = new Set(unwanted(task))
  const isFirstChoice = (entry: RosterEntry): boolean => !out.has(entry.id) && !isLastChoice(task, entry)
  const team =
    leastOf(hub, task, project, needs, isFirstChoice) ?? leastOf(hub, task, project, needs, () => true)
  if (team === undefined) return { kind: 'busy', needs: requirementsOf(needs) }
  return { agents: team, strategy: `${orderStrategy} ${scarcityStrategy}` }
}

function leastOf(
  hub: HubState,
  task: Task,
  project: Project,
  needs: readonly OpenNeed[],
  accept: (entry: RosterEntry) => boolean,
): Set<AgentId> | undefined {
  const found = new Set<RosterEntry>()
  let areTooFew = false
  for (const { skill, rank, count } of needs) {
    const isOut = (slot: number): boolean => {
      const entry = hub.bySlot[slot]
      if (entry === undefined || !mayJoin(task, entry) || !accept(entry)) return true
      return spareSlots(hub, task, entry) <= 0
    }
    const slots = hub.catalog.shortlist(skill, rank, count + agentsSpare, hub.random, isOut)
    areTooFew ||= slots.length < count
    for (const slot of slots) {
      const entry = hub.bySlot[slot]
      if (entry !== undefined) found.add(entry)
    }
  }
  // Most looks end here: a large group waits for long, and is looked for whenever somebody is free.
  if (areTooFew) return undefined
  const candidates = [...found]
  const demand = demandOf(hub, project)
  const team = leastTeam(
    needs.map(({ count }) => count),
    candidates.map((entry) => {
      const mask = reachMask(task, entry, needs)
      return { can: needs.map((_, i) => ((mask >>> i) & 1) === 1), weight: weightOf(entry, demand) }
    }),
    isDistinct(task.announcement),
  )
  return team && new Set(team.flatMap((i) => candidates[i]?.id ?? []))
}

/** The work of the project that an agent could do, each kind of it divided by how many could. */
function weightOf(entry: RosterEntry, demand: readonly Demand[]): number {
  let weight = 0
  for (const { skill, rank, weightMs } of demand) {
    if (rankIn(entry, skill) >= rank) weight += weightMs
  }
  return weight
}

/** What the tasks that are to come ask for, worked out anew when one has begun, ended or come. */
function demandOf(hub: HubState, project: Project): readonly Demand[] {
  if (project.demand !== undefined) return project.demand
  const kinds = new Map<string, Demand>()
  for (const task of project.tasks) {
    if (!isToCome(task)) continue
    for (const { skill, level, count } of task.announcement.requires) {
      const rank = rankOf(hub.configuration.levels, level) ?? 0
      const weightMs =
        (count * (task.expectedMs ?? unknownMs)) / Math.max(1, hub.catalog.capable(skill, rank))
      const key = `${skill} ${rank}`
      kinds.set(key, { skill, rank, weightMs: weightMs + (kinds.get(key)?.weightMs ?? 0) })
    }
  }
  project.demand = [...kinds.values()]
  return project.demand
}

// ---- of which tasks and agents

/** Nobody has begun it or is about to. */
export function isToCome(task: Task): boolean {
  return task.group === undefined && task.search === undefined
}

/** Who must not be in the group, has failed the task, or would not have it when it was last asked. */
export function unwanted(task: Task): AgentId[] {
  return [...new Set([...task.announcement.exclude, ...task.failedBy, ...task.unwilling])].sort()
}

/** As many members as places: each place has an agent of its own. */
export function isDistinct({ requires, minMembers }: TaskAnnouncement): boolean {
  return minMembers >= requires.reduce((sum, { count }) => sum + count, 0)
}

/** Slots that no other task of the project is about to take, and that are not kept for an impatient one. */
export function spareSlots(hub: HubState, task: Task, entry: RosterEntry): number {
  let free = freeSlots(entry)
  if (hub.claim !== undefined && hub.claim.task !== task.id && hub.claim.agents.has(entry.id)) return 0
  for (const other of entry.tasks) {
    if (other === task || other.search?.preferred === undefined) continue
    if (invitationOf(other.search, entry.id) !== undefined) continue
    if (other.search.preferred.agents.has(entry.id)) free -= 1
  }
  return free
}

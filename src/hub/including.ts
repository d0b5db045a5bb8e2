/**
 * Agents that a task asks for by name, and without which its group does not stand.
 * Must never happen here: a task that waits for somebody without naming it.
 */
import type { WaitingFor } from '../protocol/message.ts'
import { partOf } from './members.ts'
import { reachMask } from './reach.ts'
import { freeSlots } from './roster.ts'
import type { HubState, OpenNeed, RosterEntry, Task } from './state.ts'

const nobody: readonly RosterEntry['id'][] = []

/** Who must be in the group by name, and is not yet. */
export function outstanding(task: Task): readonly RosterEntry['id'][] {
  const { include } = task.announcement
  if (include === undefined) return nobody
  return include.filter((id) => {
    const part = partOf(task.group, id)
    return part === undefined || part.state === 'lost'
  })
}

/** The first reason for which somebody who must be in the group cannot be asked. */
export function whyNotIncluded(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
): WaitingFor | undefined {
  if (task.announcement.include === undefined) return undefined
  const ids = outstanding(task)
  const these = (why: 'absent' | 'unable' | 'busy', is: (entry: RosterEntry | undefined) => boolean) => {
    const agents = ids.filter((id) => is(hub.roster.get(id)))
    return agents.length === 0 ? undefined : ({ kind: 'include', agents, why } as const)
  }
  return (
    these('absent', (entry) => entry === undefined) ??
    these('unable', (entry) => entry !== undefined && reachMask(task, entry, needs) === 0) ??
    these('busy', (entry) => entry !== undefined && freeSlots(entry) === 0)
  )
}

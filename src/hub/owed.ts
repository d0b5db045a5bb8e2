/**
 * What other hubs use of agents, by their word, and their home has no slot for: those that were lost here, those that
 * after a start are only coming, and those whose slots were lent to others before the word came. Each has the next slot
 * that is free, before anybody else; that it was lost here, the borrower may never have heard.
 * Must never happen here: a slot that is taken for a life of an agent that has ended.
 */
import type { AgentId, TaskId } from '../protocol/id.ts'
import type { AssignmentName } from '../protocol/message.ts'
import type { HubState, RosterEntry } from './state.ts'

/** Of one life of an agent. */
export interface Owed {
  readonly incarnation: number
  /** The epoch of the group that each task has formed or forms. */
  readonly uses: Map<TaskId, number>
  readonly until: number
}

/** Kept for as long as a group waits for a sign of work: by then the borrower has lost the member by itself. */
export function owe(hub: HubState, agent: AgentId, incarnation: number, use: AssignmentName): void {
  const { owed } = hub.lending
  const known = owed.get(agent)
  if (known !== undefined && known.incarnation > incarnation) return
  const uses = known?.incarnation === incarnation ? known.uses : new Map<TaskId, number>()
  // A group is formed or being formed with the slot, whether or not the word of it has come.
  uses.set(use.task, Math.max(1, use.epoch, uses.get(use.task) ?? 0))
  // The latest is the last, so those whose time is over are found at the front.
  owed.delete(agent)
  owed.set(agent, { incarnation, uses, until: hub.now + hub.configuration.limits.workSilenceMs })
  for (const [id, { until }] of owed) {
    if (until > hub.now) return
    owed.delete(id)
  }
}

/** One use for which a slot of the agent is to be taken now; it is not owed any more. */
export function takeOwed(hub: HubState, { id, address }: RosterEntry): AssignmentName | undefined {
  const { owed } = hub.lending
  const known = owed.get(id)
  if (known === undefined || known.incarnation > address.incarnation) return undefined
  const isOver = known.incarnation < address.incarnation || known.until <= hub.now
  const [use] = isOver ? [] : known.uses
  if (use !== undefined) known.uses.delete(use[0])
  if (use === undefined || known.uses.size === 0) owed.delete(id)
  return use && { task: use[0], epoch: use[1] }
}

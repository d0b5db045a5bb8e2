/**
 * What other hubs use of agents, by their word, and their home has no slot for: those that were lost here, those that
 * after a start are only coming, and those whose slots were lent to others before the word came. Each has the next slot
 * that is free, before anybody else; that it was lost here, the borrower may never have heard.
 * Must never happen here: a slot that is taken for a life of an agent that has ended.
 */
import type { GrantId, TaskId } from '../protocol/id.ts'
import type { AssignmentName } from '../protocol/message.ts'
import type { GrantInUse } from '../protocol/slot.ts'
import type { HubState, RosterEntry } from './state.ts'

export interface OwedUse {
  /** Of the group that the task has formed or forms. */
  readonly epoch: number
  /** By which its borrower knows the slot. */
  readonly grant: GrantId
}

/** Of one life of an agent. */
export interface Owed {
  readonly incarnation: number
  readonly uses: Map<TaskId, OwedUse>
  readonly until: number
}

/** Kept for as long as a group waits for a sign of work: by then the borrower has lost the member by itself. */
export function owe(
  hub: HubState,
  { agent, incarnation, grant }: GrantInUse,
  { task, epoch }: AssignmentName,
): void {
  const { owed } = hub.lending
  const known = owed.get(agent)
  if (known !== undefined && known.incarnation > incarnation) return
  const uses = known?.incarnation === incarnation ? known.uses : new Map<TaskId, OwedUse>()
  // A group is formed or being formed with the slot, whether or not the word of it has come.
  uses.set(task, { epoch: Math.max(1, epoch, uses.get(task)?.epoch ?? 0), grant })
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
  return use && { task: use[0], epoch: use[1].epoch }
}

/** The borrower uses the slot no more. */
export function forgive(hub: HubState, task: TaskId, grant: GrantId): void {
  for (const [agent, { uses }] of hub.lending.owed) {
    if (uses.get(task)?.grant !== grant) continue
    uses.delete(task)
    if (uses.size === 0) hub.lending.owed.delete(agent)
  }
}

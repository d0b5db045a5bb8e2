/**
 * A member died, left, failed or went silent: its skills are open again, the survivors go on, and what it saved goes to
 * whoever follows.
 * Must never happen here: a survivor that loses its work, or a retry without end.
 */
import type { TaskId } from '../protocol/id.ts'
import type { AgentHeartbeat } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { type Refusal, type RefusalCode, refuse } from '../protocol/refusal.ts'
import { overdue } from '../strategy/score.ts'
import { recordOf } from './applying.ts'
import { openNeeds } from './asking.ts'
import { stopBorrowing } from './borrowing.ts'
import { claim, end } from './ending.ts'
import { dropInvitation, endSearch, settle } from './forming.ts'
import { memberOf } from './guests.ts'
import { learn, type Seen } from './judging.ts'
import { compareLoans, loseLoans } from './lending.ts'
import { invitationOf, partOf, standingMembers } from './members.ts'
import { askedOf } from './offers.ts'
import { outlookOf } from './outlook.ts'
import { enqueue } from './queue.ts'
import { detach, strike, vacate } from './roster.ts'
import { awaitWork, startMember } from './running.ts'
import { type HubState, type Part, type RosterEntry, send, type Task } from './state.ts'

/** Why nothing was done: that says how reliable an agent is, and nothing of its level. */
const absences: ReadonlySet<RefusalCode> = new Set(['E_AGENT_LOST', 'E_WORK_SILENT', 'E_BUSY'])

/** Closes one member's part without a result. `counts`: the try is one of the task's `maxAttempts`. */
export function loseMember(hub: HubState, task: Task, part: Part, reason: Refusal, counts: boolean): void {
  const { agent, skills } = part.member
  const epoch = task.epoch
  recordOf(hub, task, { kind: 'member.lost', task: task.id, at: hub.now, epoch, agent, reason, counts })
  const absent = absences.has(reason.code)
  const tookMs = Math.max(0, hub.now - part.startedAt)
  if (counts) learn(hub, task, [{ agent, skills, blame: 1, tookMs, absent }])
  const entry = memberOf(hub, task, part.member)
  if (entry !== undefined) {
    vacate(hub, entry, part)
    detach(entry, task)
    send(hub, entry.address, { kind: 'GROUP_DISSOLVED', task: task.id, epoch, reason: reason.message })
  }
  if (counts && task.attempts >= task.announcement.maxAttempts) {
    const tries = `${task.attempts} ${task.attempts === 1 ? 'try' : 'tries'}`
    end(hub, task, 'failed', refuse('E_ATTEMPTS', `given up after ${tries}; the last: ${reason.message}`))
    return
  }
  // A search that is under way looks for what was missing before; it starts again with what is missing now.
  stopBorrowing(hub, task)
  endSearch(hub, task, refuse('E_CANCELLED', 'another member was lost, the group is put together anew'))
  if (openNeeds(hub, task).length === 0) {
    // Nothing is missing: there were members to spare, or what was lost was optional.
    if (!claim(hub, task)) awaitWork(hub, task)
  } else enqueue(hub, task, undefined)
}

/**
 * The deadline has passed. Whoever is still at work, and has been for longer than is expected of it, is less to be
 * relied on: or an agent that hangs would be given every task with a deadline as long as it lives.
 */
export function blameLate(hub: HubState, task: Task): void {
  if (!task.group?.started) return
  const seen: Seen[] = []
  for (const part of task.group.parts) {
    const entry = part.state === 'working' ? memberOf(hub, task, part.member) : undefined
    if (entry === undefined) continue
    const { agent, skills } = part.member
    const tookMs = hub.now - part.startedAt
    const blame = overdue(outlookOf(task, entry, skills), tookMs)
    if (blame > 0) seen.push({ agent, skills, blame, tookMs, absent: true })
  }
  if (seen.length > 0) learn(hub, task, seen)
}

/** An agent is gone: from groups, from invitations, from questions. */
export function loseAgent(hub: HubState, entry: RosterEntry, reason: Refusal, counts: boolean): void {
  for (const task of [...entry.tasks]) {
    if (!hub.tasks.has(task.id)) continue
    const part = partOf(task.group, entry.id)
    if (part?.state === 'working') loseMember(hub, task, part, reason, counts)
    leaveSearch(hub, task, entry, reason)
  }
  strike(hub, entry)
  loseLoans(hub, entry, reason)
}

/** Somebody who was asked or invited is gone. */
export function leaveSearch(hub: HubState, task: Task, entry: RosterEntry, reason: Refusal): void {
  const { search } = task
  const asked = search && askedOf(search, entry)
  if (search === undefined || asked === undefined) return
  const invitation = invitationOf(search, entry.id)
  if (invitation !== undefined) {
    dropInvitation(hub, task, search, invitation, 'rejected', reason)
    return
  }
  detach(entry, task)
  if (asked.verdict !== undefined) return
  const answered = asked.account !== undefined
  asked.verdict = 'declined'
  asked.why = reason.message
  if (answered) return
  search.unanswered -= 1
  if (search.unanswered === 0) settle(hub, task)
}

/** What lost messages have torn apart is mended by comparing what both sides know. */
export function reconcile(hub: HubState, entry: RosterEntry, message: AgentHeartbeat): void {
  entry.heardAt = hub.now
  const isAlone = hub.lending.partitions === 1
  if (!isAlone) compareLoans(hub, entry, message)
  // Of a million agents most are idle: there is nothing to compare.
  if (message.working.length === 0 && entry.tasks.length === 0) return
  const named = new Set<TaskId>()
  for (const { task: id, epoch } of message.working) {
    named.add(id)
    if (!isAlone && homeOf(id, hub.lending.partitions) !== hub.self.id) continue
    const task = hub.tasks.get(id)
    const part = partOf(task?.group, entry.id)
    if (part?.state === 'working' && part.member.incarnation === entry.address.incarnation) {
      if (task !== undefined && epoch !== task.epoch) remind(hub, entry, task)
    } else {
      const reason = part?.state === 'finished' ? 'its part is done' : 'it is no member'
      send(hub, entry.address, { kind: 'GROUP_DISSOLVED', task: id, epoch, reason })
    }
  }
  for (const task of entry.tasks) {
    const part = partOf(task.group, entry.id)
    if (part?.state !== 'working' || named.has(task.id)) continue
    remind(hub, entry, task)
    if (task.group?.started) startMember(hub, task, part)
  }
}

/** Says again that the group stands. */
export function remind(hub: HubState, entry: RosterEntry, task: Task): void {
  const members = standingMembers(task)
  send(hub, entry.address, { kind: 'GROUP_FORMED', task: task.id, epoch: task.epoch, members })
}

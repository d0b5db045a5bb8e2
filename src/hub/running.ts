/**
 * A group at work: start, updates, partial results, and the end of each member's part.
 * Must never happen here: an effect of a message from another epoch, another incarnation, or no member.
 */
import type { Checkpoint } from '../protocol/group.ts'
import type { TaskId } from '../protocol/id.ts'
import { jsonNull } from '../protocol/json.ts'
import { never } from '../protocol/machine.ts'
import type {
  Address,
  Assignment,
  MessageKind,
  TaskComplete,
  TaskFailed,
  TaskStart,
  TaskUpdate,
  WaitingFor,
} from '../protocol/message.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import type { MemberResult, TaskInput } from '../protocol/task.ts'
import { recordOf } from './applying.ts'
import { claim } from './ending.ts'
import { memberOf } from './guests.ts'
import { partOf } from './members.ts'
import { loseMember } from './recovering.ts'
import { detach, vacate } from './roster.ts'
import {
  countRefusal,
  type HubState,
  isLate,
  type Part,
  send,
  sendTo,
  type Task,
  tellFollowers,
  touch,
} from './state.ts'

/** The group stands: from now on the task waits for its work, or for the initiator to let it begin. */
export function awaitWork(hub: HubState, task: Task): void {
  task.waitingFor = task.group?.started ? atWork : { kind: 'start' }
  touch(hub, task)
}

/** Whose work it is, its group says: that is looked up when somebody asks (`reasonOf`). */
const atWork: WaitingFor = { kind: 'work', members: [] }

export function startMember(hub: HubState, task: Task, part: Part): void {
  const { agent, incarnation } = part.member
  const assignment = assignmentOf(task, part, inputsOf(hub, task))
  send(hub, { id: agent, incarnation }, { kind: 'TASK_START', task: task.id, epoch: task.epoch, assignment })
}

/** @param inputs See `inputsOf`: the same for all members. */
export function assignmentOf(task: Task, part: Part, inputs: readonly TaskInput[]): Assignment {
  const { deadlineAt, feedback } = task
  const { description, payload, metadata, depth } = task.announcement
  const checkpoint = checkpointFor(task, part)
  const assignment: Assignment = {
    task: task.id,
    epoch: task.epoch,
    skills: part.member.skills,
    description,
    payload,
    metadata,
    depth,
    inputs,
    finished: task.results,
  }
  if (deadlineAt === undefined && checkpoint === undefined && feedback === undefined) return assignment
  return {
    ...assignment,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(feedback === undefined ? {} : { feedback }),
  }
}

const noInputs: readonly TaskInput[] = []

/** What a task is handed over by those that it depends on. */
export function inputsOf(hub: HubState, task: Task): readonly TaskInput[] {
  const { dependsOn } = task.announcement
  if (dependsOn.length === 0) return noInputs
  return dependsOn.map((id) => ({ task: id, results: resultsOf(hub, task, id) }))
}

/** What a task depends on has handed over: known of own ones, and of those of other hubs by what they said. */
function resultsOf(hub: HubState, task: Task, dependency: TaskId): readonly MemberResult[] {
  const ended = hub.ended.get(dependency)
  if (ended !== undefined) return ended.outcome.results
  for (const fact of task.facts)
    if (fact.kind === 'dependency.ended' && fact.dependency === dependency) return fact.results
  return []
}

/** The last partial result of this member, or of one whose work it goes on with, for any skill of its part. */
function checkpointFor(task: Task, { member, follows }: Part): Checkpoint | undefined {
  if (task.checkpoints.length === 0) return undefined
  return task.checkpoints.findLast(
    ({ agent, skills }) =>
      (agent === member.agent || follows.includes(agent)) &&
      skills.some((skill) => member.skills.includes(skill)),
  )
}

/** The initiator lets the members begin. */
export function onStart(hub: HubState, from: Address, message: TaskStart): void {
  const task = hub.tasks.get(message.task)
  const refusal =
    task === undefined
      ? unknownTask(hub, message.task)
      : task.initiator !== from.id
        ? refuse('E_NOT_MEMBER', 'only the initiator of a task starts it')
        : task.group === undefined
          ? refuse('E_BAD_STATE', 'there is no group yet; start it once it is formed')
          : undefined
  if (task === undefined || task.group === undefined || refusal !== undefined) {
    if (refusal !== undefined) refuseMessage(hub, from, 'TASK_START', message.task, refusal)
    return
  }
  // The wake that is due ends the task and tells its initiator.
  if (task.group.started || isLate(hub, task)) return
  recordOf(hub, task, { kind: 'task.started', task: task.id, at: hub.now, epoch: task.epoch })
  for (const part of task.group.parts) {
    const entry = memberOf(hub, task, part.member)
    if (entry !== undefined && part.state === 'working') entry.startedSum += hub.now - part.startedAt
    part.startedAt = hub.now
  }
  awaitWork(hub, task)
  for (const part of task.group.parts) if (part.state === 'working') startMember(hub, task, part)
}

export function unknownTask(hub: HubState, id: TaskId): Refusal {
  const ended = hub.ended.get(id)
  if (ended === undefined) return refuse('E_NO_SUCH_TASK', `there is no task "${id}"`)
  return refuse('E_TASK_TERMINAL', `the task "${id}" has ended: ${ended.outcome.status}`)
}

export function refuseMessage(
  hub: HubState,
  to: Address,
  of: MessageKind,
  task: TaskId,
  refusal: Refusal,
): void {
  send(hub, to, { kind: 'MESSAGE_REFUSED', of, task, refusal: countRefusal(hub, refusal) })
}

interface Membership {
  readonly task: Task
  readonly part: Part
}

/** Fencing: whoever speaks must be a member of the current epoch, in this incarnation. */
function membership(hub: HubState, from: Address, id: TaskId, epoch: number): Membership | Refusal {
  const task = hub.tasks.get(id)
  if (task === undefined) return unknownTask(hub, id)
  const part = partOf(task.group, from.id)
  if (part === undefined || part.state === 'lost' || part.member.incarnation !== from.incarnation) {
    return refuse('E_NOT_MEMBER', `${from.id} is not in the group of "${id}" (epoch ${task.epoch})`)
  }
  if (epoch !== task.epoch) {
    return refuse(
      'E_STALE_EPOCH',
      `the task "${id}" is at epoch ${task.epoch}, the message speaks of ${epoch}`,
    )
  }
  return { task, part }
}

type FromMember = TaskUpdate | TaskComplete | TaskFailed

export function onMemberMessage(hub: HubState, from: Address, message: FromMember): void {
  const found = membership(hub, from, message.task, message.epoch)
  if (isRefusal(found)) {
    refuseMessage(hub, from, message.kind, message.task, found)
    return
  }
  const { task, part } = found
  if (part.state === 'finished') {
    if (message.kind !== 'TASK_UPDATE') note(hub, from, task)
    return
  }
  if (!task.group?.started && message.kind !== 'TASK_FAILED') {
    const early = refuse('E_BAD_STATE', `the work on "${task.id}" has not been started`)
    refuseMessage(hub, from, message.kind, task.id, early)
    return
  }
  part.heardAt = hub.now
  touch(hub, task)
  switch (message.kind) {
    case 'TASK_UPDATE':
      return update(hub, task, part, message)
    case 'TASK_COMPLETE':
      return finish(hub, task, part, message)
    case 'TASK_FAILED':
      note(hub, from, task)
      return loseMember(hub, task, part, message.refusal, true)
    default:
      return never(message)
  }
}

function note(hub: HubState, to: Address, task: Task): void {
  send(hub, to, { kind: 'TASK_NOTED', task: task.id, epoch: task.epoch })
}

function update(hub: HubState, task: Task, part: Part, message: TaskUpdate): void {
  const { agent, skills } = part.member
  const { update } = message
  const told: TaskUpdate = { ...message, member: agent }
  switch (update.kind) {
    case 'checkpoint': {
      const checkpoint = { agent, epoch: task.epoch, skills, data: update.data, savedAt: hub.now }
      recordOf(hub, task, { kind: 'checkpoint.saved', task: task.id, at: hub.now, checkpoint })
      break
    }
    case 'word':
      for (const other of task.group?.parts ?? []) {
        if (other === part || other.state !== 'working') continue
        if (update.to !== undefined && update.to !== other.member.agent) continue
        send(hub, { id: other.member.agent, incarnation: other.member.incarnation }, told)
      }
      break
    case 'progress':
      break
    default:
      never(update)
  }
  tellFollowers(hub, task, told)
}

function finish(hub: HubState, task: Task, part: Part, message: TaskComplete): void {
  const { agent } = part.member
  recordOf(hub, task, {
    kind: 'member.finished',
    task: task.id,
    at: hub.now,
    epoch: task.epoch,
    agent,
    result: message.results[0]?.result ?? jsonNull,
    tookMs: Math.max(0, hub.now - part.startedAt),
  })
  const entry = memberOf(hub, task, part.member)
  if (entry !== undefined) {
    vacate(hub, entry, part)
    detach(entry, task)
  }
  claim(hub, task)
  if (!task.ending) hub.toNote.push({ task, agent })
}

/** Notes the ends of this turn. Where the task has ended in it as well, its end has said so. */
export function noteEnds(hub: HubState): void {
  if (hub.toNote.length === 0) return
  for (const { task, agent } of hub.toNote) {
    if (!task.ending) sendTo(hub, agent, { kind: 'TASK_NOTED', task: task.id, epoch: task.epoch })
  }
  hub.toNote = []
}

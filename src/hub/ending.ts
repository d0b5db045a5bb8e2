/**
 * The claim that the work is done, its check, and the one end of every task.
 * Must never happen here: a second end, or somebody left holding anything.
 */
import type { TaskEndedFact } from '../protocol/fact.ts'
import type { TaskId } from '../protocol/id.ts'
import { type JsonText, jsonNull } from '../protocol/json.ts'
import { never } from '../protocol/machine.ts'
import type { Address, TaskVerdict } from '../protocol/message.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import type { EndStatus, TaskAnnouncement } from '../protocol/task.ts'
import { tellAskers } from './abroad.ts'
import { record, recordEnd, recordOf } from './applying.ts'
import { openNeeds } from './asking.ts'
import { stopBorrowing } from './borrowing.ts'
import { endSearch } from './forming.ts'
import { memberOf } from './guests.ts'
import { learn, learnFromRejection } from './judging.ts'
import { tally, withdraw } from './projects.ts'
import { dequeue, enqueue } from './queue.ts'
import { detach, isOwn, vacate } from './roster.ts'
import { refuseMessage, unknownTask } from './running.ts'
import { type HubState, send, sendTo, type Task, tellFollowers, touch } from './state.ts'

/** When every part is finished: accepts the claim, or puts it to whoever checks it. Answers whether all is finished. */
export function claim(hub: HubState, task: Task): boolean {
  const { group, announcement } = task
  if (group === undefined || task.search !== undefined) return false
  for (const part of group.parts) if (part.state === 'working') return false
  if (openNeeds(hub, task).length > 0) return false
  switch (announcement.verify.by) {
    case 'trust':
      complete(hub, task)
      return true
    case 'initiator':
      putToInitiator(hub, task)
      return true
    case 'agent':
      task.waitingFor = { kind: 'verdict' }
      if (task.check === undefined) announceCheck(hub, task)
      return true
    default:
      return never(announcement.verify)
  }
}

export function putToInitiator(hub: HubState, task: Task): void {
  task.waitingFor = { kind: 'verdict' }
  task.claimedAt = hub.now
  touch(hub, task)
  const { id, epoch, results } = task
  tellFollowers(hub, task, { kind: 'TASK_COMPLETE', task: id, epoch, results })
}

/** The check of a claim is a task like any other: it needs one agent from outside the group. */
function announceCheck(hub: HubState, task: Task): void {
  const { verify } = task.announcement
  if (verify.by !== 'agent') return
  const members = task.results.map(({ agent }) => agent)
  const announcement: TaskAnnouncement = {
    id: checkId(hub, task),
    description: `Check the result of: ${task.announcement.description}`,
    payload: claimText(task),
    metadata: jsonNull,
    requires: [{ skill: verify.skill, level: verify.level, count: 1 }],
    optional: [],
    priority: task.announcement.priority,
    maxGroupSize: 1,
    minMembers: 1,
    dependsOn: [],
    verify: { by: 'trust' },
    startBy: 'hub',
    maxAttempts: task.announcement.maxAttempts,
    workSilenceMs: task.announcement.workSilenceMs,
    exclude: [...new Set([...members, ...task.announcement.exclude])],
    parent: task.id,
    depth: task.announcement.depth + 1,
    verifies: { task: task.id, epoch: task.epoch },
  }
  const { id } = announcement
  record(hub, { kind: 'task.accepted', task: id, at: hub.now, initiator: hub.self.id, announcement })
  const check = hub.tasks.get(id)
  if (check !== undefined) enqueue(hub, check, undefined)
}

function checkId(hub: HubState, task: Task): TaskId {
  const name = `check-${hub.self.incarnation.toString(36)}-${task.arrival.toString(36)}-${task.epoch}`
  // Of several hubs this one is to decide on it.
  let id = name as TaskId
  for (let more = 1; !isOwn(hub, id); more++) id = `${name}-${more}` as TaskId
  return id
}

/** What the checking agent is handed. Texts are put together; none is opened. */
function claimText(task: Task): JsonText {
  const { id, announcement } = task
  const results = task.results.map(({ agent, skills, result }) => {
    return `{"agent":${JSON.stringify(agent)},"skills":${JSON.stringify(skills)},"result":${result}}`
  })
  const head = `"task":${JSON.stringify(id)},"description":${JSON.stringify(announcement.description)}`
  return `{${head},"payload":${announcement.payload},"results":[${results.join(',')}]}` as JsonText
}

/** The initiator's judgement of a claim. */
export function onVerdict(hub: HubState, from: Address, message: TaskVerdict): void {
  const task = hub.tasks.get(message.task)
  const refusal = task === undefined ? unknownTask(hub, message.task) : unfitVerdict(task, from, message)
  if (task === undefined || refusal !== undefined) {
    if (refusal !== undefined) refuseMessage(hub, from, 'TASK_VERDICT', message.task, refusal)
    return
  }
  judge(hub, task, from.id, message.accepted, message.reason)
}

function unfitVerdict(task: Task, from: Address, { epoch }: TaskVerdict): Refusal | undefined {
  if (task.initiator !== from.id || task.announcement.verify.by !== 'initiator') {
    return refuse('E_NOT_MEMBER', `the claim of "${task.id}" is not for ${from.id} to judge`)
  }
  if (task.epoch === epoch && task.claimedAt !== undefined) return undefined
  return refuse('E_BAD_STATE', `the task "${task.id}" has no claim of epoch ${epoch} to judge`)
}

function judge(hub: HubState, task: Task, by: Address['id'], accepted: boolean, reason: string): void {
  if (accepted) {
    complete(hub, task)
    return
  }
  learnFromRejection(hub, task)
  const epoch = task.epoch
  for (const { agent } of task.results)
    sendTo(hub, agent, { kind: 'GROUP_DISSOLVED', task: task.id, epoch, reason })
  recordOf(hub, task, { kind: 'claim.returned', task: task.id, at: hub.now, epoch, by, reason })
  tally(hub, task)
  task.claimedAt = undefined
  if (task.attempts >= task.announcement.maxAttempts) {
    end(hub, task, 'failed', refuse('E_VERDICT_NO', `the result was not accepted: ${reason}`))
  } else enqueue(hub, task, undefined)
}

function complete(hub: HubState, task: Task): void {
  const seen = task.results.map(({ agent, skills }, i) => {
    return { agent, skills, blame: 0, tookMs: task.tookMs[i] ?? 0 }
  })
  learn(hub, task, seen)
  end(hub, task, 'completed', undefined)
}

/** Ends a task, once, and lets go of everything that was held for it. */
export function end(hub: HubState, task: Task, status: EndStatus, reason: Refusal | undefined): void {
  if (task.ending) return
  task.ending = true
  const { id, epoch, group, announcement } = task
  dequeue(hub, task)
  stopBorrowing(hub, task)
  if (task.search !== undefined) endSearch(hub, task, refuse('E_CANCELLED', 'the task has ended'))
  if (task.children !== undefined) for (const child of [...task.children]) cancelChild(hub, child, status)
  const ended: TaskEndedFact = { kind: 'task.ended', task: id, at: hub.now, epoch, status }
  const outcome = recordEnd(hub, task, status === 'completed' ? ended : withReasons(ended, task, reason))
  hub.taskDeadlines.set(task, undefined)
  withdraw(hub, task, status === 'completed')
  const dissolved = { kind: 'GROUP_DISSOLVED', task: id, epoch, reason: reason?.message ?? status } as const
  for (const part of group?.parts ?? []) {
    if (part.state === 'lost') continue
    const { agent, incarnation } = part.member
    const entry = memberOf(hub, task, part.member)
    if (entry === undefined && isOwn(hub, agent)) continue
    const address = entry?.address ?? { id: agent, incarnation }
    if (part.state === 'working') {
      if (entry !== undefined) {
        vacate(hub, entry, part)
        detach(entry, task)
      }
      send(hub, address, { kind: 'TASK_CANCEL', task: id, reason: reason?.message ?? status })
    }
    send(hub, address, dissolved)
  }
  tellFollowers(hub, task, { kind: 'TASK_ENDED', task: id, outcome })
  tellAskers(hub, id, outcome)
  passOn(hub, id, status)
  if (announcement.verifies !== undefined) concludeCheck(hub, task, status)
}

function withReasons(ended: TaskEndedFact, task: Task, reason: Refusal | undefined): TaskEndedFact {
  return { ...ended, ...(reason === undefined ? {} : { reason }), ...vainSearch(task) }
}

/** What the last search came to nothing for: once the task has ended nobody can ask the hub for it. */
function vainSearch({ waitingFor, lastConsidered }: Task): Pick<TaskEndedFact, 'waiting' | 'considered'> {
  if (waitingFor === undefined) return {}
  if (waitingFor.kind === 'work' || waitingFor.kind === 'start') return {}
  const waiting = { waiting: waitingFor }
  return lastConsidered.length === 0 ? waiting : { ...waiting, considered: lastConsidered }
}

/** The task above it has ended. */
export function cancelChild(hub: HubState, id: TaskId, status: EndStatus): void {
  const child = hub.tasks.get(id)
  if (child === undefined) return
  const reason = `the task on whose behalf it was announced has ended: ${status}`
  end(hub, child, 'cancelled', refuse('E_CANCELLED', reason))
}

/** Tasks that waited for this one go on, or fail with it. */
export function passOn(hub: HubState, id: TaskId, status: EndStatus): void {
  const dependents = hub.dependents.get(id)
  if (dependents === undefined) return
  for (const dependent of [...dependents]) {
    const task = hub.tasks.get(dependent)
    if (task !== undefined) passOnTo(hub, task, id, status)
  }
}

export function passOnTo(hub: HubState, task: Task, id: TaskId, status: EndStatus): void {
  if (status !== 'completed') {
    const reason = `it depends on "${id}", which ended as ${status}`
    end(hub, task, 'failed', refuse('E_DEPENDENCY_FAILED', reason))
  } else if (task.blockedOn.length === 0) {
    const lacksMembers = task.group === undefined || openNeeds(hub, task).length > 0
    if (task.search === undefined && lacksMembers) enqueue(hub, task, undefined)
  } else task.waitingFor = { kind: 'dependencies', tasks: task.blockedOn }
}

/** The check of a claim has ended: its result is the verdict. */
function concludeCheck(hub: HubState, check: Task, status: EndStatus): void {
  const { verifies } = check.announcement
  const task = verifies === undefined ? undefined : hub.tasks.get(verifies.task)
  if (task === undefined || task.epoch !== verifies?.epoch) return
  const first = check.results[0]
  if (status !== 'completed' || first === undefined) {
    end(hub, task, 'failed', refuse('E_VERDICT_NO', `its check ended as ${status}`))
    return
  }
  const { accepted, reason } = verdictIn(first.result)
  judge(hub, task, first.agent, accepted, reason)
}

/** A verdict is `true`, `false`, or `{ "accepted": …, "reason": … }`; anything else is a no. */
function verdictIn(text: JsonText): { accepted: boolean; reason: string } {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'boolean') return { accepted: value, reason: value ? 'accepted' : 'not accepted' }
  if (typeof value !== 'object' || value === null)
    return { accepted: false, reason: 'the check gave no verdict' }
  const { accepted, reason } = value as { accepted?: unknown; reason?: unknown }
  return { accepted: accepted === true, reason: typeof reason === 'string' ? reason : 'no reason given' }
}

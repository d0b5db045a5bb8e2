/**
 * Messages, facts and happenings as lines that people read in a transcript.
 * Must never happen here: a line that leaves out what a rule is about, or that is not the same on every machine.
 */
import type { Fact } from '../../src/protocol/fact.ts'
import type { Member } from '../../src/protocol/group.ts'
import { never } from '../../src/protocol/machine.ts'
import type { Address, Assignment, Message, Update } from '../../src/protocol/message.ts'
import type { Refusal } from '../../src/protocol/refusal.ts'
import type { Requirement } from '../../src/protocol/skill.ts'
import type { HubWord } from '../../src/protocol/slot.ts'
import type { MemberResult, TaskAnnouncement } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { origin } from '../world/timeline.ts'
import type { Happening } from '../world.ts'

/** Seconds since the beginning of the world. */
export function timeText(at: Millis): string {
  return `${(at / 1000).toFixed(3)}`.padStart(8)
}

/** One line, or undefined for what a transcript leaves out. */
export function happeningText(happening: Happening): string | undefined {
  switch (happening.kind) {
    case 'sent': {
      const { envelope, copies } = happening
      const { from, to, message } = envelope
      if (message.kind === 'AGENT_HEARTBEAT' && copies === 1) return undefined
      const fate = copies === 0 ? '  (lost)' : copies > 1 ? `  (${copies} times)` : ''
      return `${nodeText(from)} -> ${to.id}  ${messageText(message)}${fate}`
    }
    case 'lost': {
      const { from, to, message } = happening.envelope
      return `  ${message.kind} from ${nodeText(from)} does not reach ${to.id}`
    }
    case 'malformed':
      return `  a frame is refused: ${refusalText(happening.refusal)}`
    case 'durable':
      return `  * ${factText(happening.fact)}`
    case 'refused':
      return `  ${happening.node} is told: ${refusalText(happening.refusal)}`
    case 'acted':
      return `  ${happening.agent} ${happening.what} work on ${happening.task} (epoch ${happening.epoch})`
    case 'started':
      return `  ${happening.node} is up${incarnationText(happening.incarnation)}`
    case 'crashed':
      return `  ${happening.node} is gone`
    case 'stopped':
      return `  ${happening.node} has stopped: ${happening.fault.code}`
    default:
      return never(happening)
  }
}

/** The first life of a node needs no number. */
function nodeText({ id, incarnation }: Address): string {
  return `${id}${id === 'hub' ? '' : incarnationText(incarnation)}`
}

function incarnationText(incarnation: number): string {
  return incarnation > origin ? `#${incarnation}` : ''
}

export function refusalText({ code, message }: Refusal): string {
  return `${code} ${message}`
}

function needsText(needs: readonly Requirement[]): string {
  return needs.map(({ skill, level, count }) => `${skill}:${level}${count > 1 ? `*${count}` : ''}`).join(',')
}

export function membersText(members: readonly Member[]): string {
  return members.map(({ agent, skills }) => `${agent}=${skills.join('+')}`).join(' ')
}

function resultsText(results: readonly MemberResult[]): string {
  return results.map(({ agent, result }) => `${agent}:${result}`).join(' ')
}

function announcementText(task: TaskAnnouncement): string {
  const parts = [`${task.id} requires ${needsText(task.requires)}`]
  if (task.optional.length > 0) parts.push(`optional ${needsText(task.optional)}`)
  if (task.priority !== 'normal') parts.push(task.priority)
  if (task.deadlineMs !== undefined) parts.push(`deadline ${task.deadlineMs} ms`)
  if (task.dependsOn.length > 0) parts.push(`after ${task.dependsOn.join(',')}`)
  if (task.verify.by !== 'trust') parts.push(`verified by ${task.verify.by}`)
  if (task.exclude.length > 0) parts.push(`without ${task.exclude.join(',')}`)
  if (task.parent !== undefined) parts.push(`for ${task.parent}`)
  return parts.join(', ')
}

function updateText(update: Update): string {
  switch (update.kind) {
    case 'progress':
      return `progress ${round(update.fraction)}`
    case 'checkpoint':
      return `checkpoint ${update.data}`
    case 'word':
      return `word ${update.data}${update.to === undefined ? '' : ` to ${update.to}`}`
    default:
      return never(update)
  }
}

function assignmentText({ skills, inputs, finished, checkpoint, feedback }: Assignment): string {
  const parts = [skills.join('+')]
  for (const { task, results } of inputs) parts.push(`input ${task}(${resultsText(results)})`)
  if (finished.length > 0) parts.push(`finished ${resultsText(finished)}`)
  if (checkpoint !== undefined) parts.push(`checkpoint of ${checkpoint.agent} ${checkpoint.data}`)
  if (feedback !== undefined) parts.push(`feedback "${feedback}"`)
  return parts.join(', ')
}

function beginText(assignment: Assignment | undefined): string {
  return assignment === undefined ? '' : `; begin ${assignmentText(assignment)}`
}

export function messageText(message: Message): string {
  const detail = 'task' in message && typeof message.task === 'string' ? ` ${message.task}` : ''
  const rest = detailText(message)
  return `${message.kind}${detail}${rest === '' ? '' : ` ${rest}`}`
}

function detailText(message: Message): string {
  switch (message.kind) {
    case 'TASK_ANNOUNCE':
      return announcementText(message.task)
    case 'TASK_ACCEPTED':
      return message.warning === undefined ? '' : message.warning.kind
    case 'TASK_FOLLOW':
      return ''
    case 'TASK_REFUSED':
    case 'SKILL_DECLINE':
    case 'TASK_FAILED':
    case 'AGENT_REFUSED':
      return refusalText(message.refusal)
    case 'GROUP_REJECT':
    case 'GROUP_RELEASE':
      return `(${message.invite}) ${refusalText(message.refusal)}`
    case 'TASK_ENDED': {
      const { status, results, reason } = message.outcome
      return [status, resultsText(results), reason && refusalText(reason)].filter(Boolean).join(' ')
    }
    case 'TASK_CANCEL':
      return `"${message.reason}"`
    case 'TASK_VERDICT':
      return `epoch ${message.epoch}, ${message.accepted ? 'yes' : 'no'} "${message.reason}"`
    case 'SKILL_QUERY':
      return `${message.call.task} ${needsText(message.call.needs)}`
    case 'SKILL_OFFER':
      return `busy ${message.busy}/${message.capacity}${message.price === undefined ? '' : `, price ${message.price}`}`
    case 'GROUP_INVITE':
      return `${message.call.task} epoch ${message.epoch}, ${message.skills.join('+')} (${message.invite})`
    case 'GROUP_ACCEPT':
      return `(${message.invite})`
    case 'GROUP_FORMED':
      return [`epoch ${message.epoch}, ${membersText(message.members)}`, beginText(message.assignment)].join(
        '',
      )
    default:
      return detailOfWork(message)
  }
}

function backText(grants: readonly string[]): string {
  return grants.length === 0 ? '' : ` gives back (${grants.join(', ')})`
}

type Rest = Extract<
  Message,
  {
    kind:
      | 'TASK_START'
      | 'TASK_UPDATE'
      | 'TASK_COMPLETE'
      | 'TASK_NOTED'
      | 'GROUP_DISSOLVED'
      | 'AGENT_JOIN'
      | 'AGENT_WELCOME'
      | 'AGENT_HEARTBEAT'
      | 'AGENT_LEAVE'
      | 'MESSAGE_REFUSED'
      | 'HUB_ASK'
      | 'HUB_TELL'
  }
>

function detailOfWork(message: Rest | HubWord): string {
  switch (message.kind) {
    case 'TASK_START':
      return [`epoch ${message.epoch}`, message.assignment && assignmentText(message.assignment)]
        .filter(Boolean)
        .join(', ')
    case 'TASK_UPDATE':
      return `epoch ${message.epoch}, ${message.member} ${updateText(message.update)}`
    case 'TASK_COMPLETE':
      return `epoch ${message.epoch}, ${resultsText(message.results)}`
    case 'TASK_NOTED':
      return `epoch ${message.epoch}`
    case 'GROUP_DISSOLVED':
      return `epoch ${message.epoch}, "${message.reason}"`
    case 'AGENT_JOIN':
      return joinText(message)
    case 'AGENT_WELCOME':
      return ''
    case 'AGENT_HEARTBEAT':
      return `working on ${message.working.map(({ task, epoch }) => `${task}/${epoch}`).join(',') || 'nothing'}`
    case 'AGENT_LEAVE':
      return `"${message.reason}"`
    case 'MESSAGE_REFUSED':
      return `${message.of}: ${refusalText(message.refusal)}`
    case 'HUB_ASK':
    case 'HUB_TELL':
      return ''
    default:
      return detailOfWord(message)
  }
}

/** Hubs among themselves. */
function detailOfWord(message: HubWord): string {
  switch (message.kind) {
    case 'SLOT_RESERVE':
      return `${message.needs.map(({ skill, count }) => `${count} ${skill}`).join(', ')}${backText(message.returns)}`
    case 'SLOT_GRANT':
      return message.grants.map(({ id, agent }) => `${agent} (${id})`).join(', ') || 'nobody now'
    case 'SLOT_CONFIRM':
    case 'SLOT_RECALL':
      return message.grants.map(({ grant, agent }) => `${agent} (${grant})`).join(', ')
    case 'SLOT_RELEASE':
      return `${message.over ? 'over' : ''}${backText(message.grants)}`
    case 'SLOT_LOST':
      return `(${message.grant}): ${refusalText(message.refusal)}`
    case 'OUTCOME_REPORT':
      return `${message.outcomes.map(({ agent }) => agent).join(', ')} (${message.serial})`
    case 'OUTCOME_NOTED':
      return `(${message.serial})`
    case 'TASK_ASK':
      return `(${message.round})${message.worker === undefined ? '' : ` for ${message.worker}`}`
    case 'TASK_TELL':
      return `(${message.round}) ${message.state.kind === 'ended' ? message.state.outcome.status : message.state.kind}`
    case 'HUB_GREET':
      return ''
    default:
      return never(message)
  }
}

function joinText({ skills, capacity, openOffer }: Extract<Message, { kind: 'AGENT_JOIN' }>): string {
  const claims = skills.map(({ name, level }) => `${name}:${level}`).join(',')
  const price = openOffer?.price === undefined ? '' : `, price ${openOffer.price}`
  return `${claims} capacity ${capacity}${openOffer === undefined ? '' : `, open offer${price}`}`
}

export function factText(fact: Fact): string {
  const about = 'task' in fact && fact.task !== undefined ? ` ${fact.task}` : ''
  return `${fact.kind}${about} ${detailOfFact(fact)}`.trimEnd()
}

function detailOfFact(fact: Fact): string {
  switch (fact.kind) {
    case 'task.accepted':
      return `from ${fact.initiator}`
    case 'dependency.ended':
      return `${fact.dependency} ${fact.status}`
    case 'group.formed': {
      const uncovered = fact.uncovered.length > 0 ? `, without ${fact.uncovered.join(',')}` : ''
      return `epoch ${fact.epoch}, ${membersText(fact.members)}${uncovered}`
    }
    case 'task.started':
      return `epoch ${fact.epoch}`
    case 'checkpoint.saved':
      return `${fact.checkpoint.agent} ${fact.checkpoint.data}`
    case 'member.finished':
      return `${fact.agent} ${fact.result} after ${fact.tookMs} ms`
    case 'member.lost':
      return `${fact.agent} ${refusalText(fact.reason)}${fact.counts ? '' : ' (no try lost)'}`
    case 'claim.returned':
      return `epoch ${fact.epoch} by ${fact.by} "${fact.reason}"`
    case 'task.ended':
      return `${fact.status}${fact.reason === undefined ? '' : ` ${refusalText(fact.reason)}`}`
    case 'outcome.reported':
      return `${fact.outcomes.map(({ agent }) => agent).join(', ')} to ${fact.home} (${fact.serial})`
    case 'standing.changed':
      return fact.evidence
        .flatMap(({ agent, skills }) =>
          skills.map(({ skill, level, successes, failures }) => {
            return `${agent} ${skill}:${level} ${round(successes)}/${round(successes + failures)}`
          }),
        )
        .join(', ')
    case 'hub.started':
      return `incarnation ${fact.incarnation}`
    default:
      return never(fact)
  }
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

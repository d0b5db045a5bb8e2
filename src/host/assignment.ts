/**
 * What the user's code receives and returns: JSON text becomes values here, on the agent's side, and nowhere else.
 */
import type { Checkpoint } from '../protocol/group.ts'
import type { AgentId, SkillName, TaskId } from '../protocol/id.ts'
import { type JsonText, jsonNull } from '../protocol/json.ts'
import type { Assignment as AssignmentMessage } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusal.ts'
import type { EndStatus, MemberResult, Outcome as OutcomeMessage, TaskInput } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'

export interface SkillResult {
  readonly agent: AgentId
  readonly result: unknown
}

/** By skill, the results of those who covered it. */
export type ResultsBySkill = Readonly<Record<string, readonly SkillResult[]>>

/**
 * What one member is asked to do. Make the work idempotent by (task, epoch, skill): after a failure it may run again.
 */
export interface Assignment {
  readonly task: TaskId
  readonly epoch: number
  readonly skills: readonly SkillName[]
  readonly description: string
  readonly payload: unknown
  readonly metadata: unknown
  /** Instant of expiry. */
  readonly deadlineAt?: Millis
  readonly depth: number
  /** Results of the tasks in `dependsOn`, by task and skill. */
  readonly inputs: Readonly<Record<string, ResultsBySkill>>
  /** Members of this task that have already finished. */
  readonly finished: readonly {
    readonly agent: AgentId
    readonly skills: readonly SkillName[]
    readonly result: unknown
  }[]
  /** The last partial result of whoever did this part before. */
  readonly checkpoint?: { readonly agent: AgentId; readonly epoch: number; readonly data: unknown }
  /** Why the previous claim was sent back. */
  readonly feedback?: string
}

export interface Outcome {
  readonly status: EndStatus
  readonly results: ResultsBySkill
  /** Why it did not complete. */
  readonly reason?: Refusal
}

const quotationMark = 0x22

/**
 * Most are texts in which JSON writes every character as it is. The parser takes five times as long over one, and
 * enters a short one among all names of the process.
 */
function valueIn(text: JsonText): unknown {
  if (text === jsonNull) return null
  const isPlain = text.charCodeAt(0) === quotationMark && text.indexOf('"', 1) === text.length - 1
  return isPlain && !text.includes('\\') ? text.slice(1, -1) : JSON.parse(text)
}

export function resultsBySkill(results: readonly MemberResult[]): ResultsBySkill {
  const bySkill: Record<string, SkillResult[]> = {}
  for (const { agent, skills, result } of results) {
    for (const skill of skills) {
      const one = { agent, result: valueIn(result) }
      const known = bySkill[skill]
      // A list that grows by `push` would begin with room for 17.
      if (known === undefined) bySkill[skill] = [one]
      else known.push(one)
    }
  }
  return bySkill
}

/** No two tasks have one name: an ordinary object would be given a hidden class of its own for each. */
function resultsByTask(inputs: readonly TaskInput[]): Assignment['inputs'] {
  const byTask: Record<string, ResultsBySkill> = Object.create(null)
  for (const { task, results } of inputs) byTask[task] = resultsBySkill(results)
  return Object.setPrototypeOf(byTask, Object.prototype)
}

export function openAssignment(message: AssignmentMessage): Assignment {
  const { task, epoch, skills, description, depth, inputs, finished } = message
  const assignment: Assignment = {
    task,
    epoch,
    skills,
    description,
    payload: valueIn(message.payload),
    metadata: valueIn(message.metadata),
    depth,
    inputs: inputs.length === 0 ? {} : resultsByTask(inputs),
    finished: finished.map(({ agent, skills, result }) => ({ agent, skills, result: valueIn(result) })),
  }
  const { deadlineAt, checkpoint, feedback } = message
  if (deadlineAt === undefined && checkpoint === undefined && feedback === undefined) return assignment
  return {
    ...assignment,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(checkpoint === undefined ? {} : { checkpoint: openCheckpoint(checkpoint) }),
    ...(feedback === undefined ? {} : { feedback }),
  }
}

function openCheckpoint({ agent, epoch, data }: Checkpoint): NonNullable<Assignment['checkpoint']> {
  return { agent, epoch, data: valueIn(data) }
}

export function openOutcome({ status, results, reason }: OutcomeMessage): Outcome {
  const outcome = { status, results: resultsBySkill(results) }
  return reason === undefined ? outcome : { ...outcome, reason }
}

/**
 * The door for what a user announces: fills in the defaults, refuses what cannot be meant, and says which
 * field it was. `checkTask` holds for what arrives from other nodes as well.
 * Must never happen here: a default that hides a mistake.
 */
import { type AgentId, checkId, type ProjectName, quote, type SkillName, type TaskId } from './id.ts'
import { jsonNull, toJsonText, tooLarge } from './json.ts'
import { ceilings, checkWhole, type Limits } from './limits.ts'
import { checkNeeds, checkPlaces, checkSize } from './needs.ts'
import {
  list,
  type Notes,
  note,
  numberOr,
  oneOf,
  type Reading,
  read,
  text,
  textOr,
  valueIn,
} from './reading.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'
import { checkLevel, type Requirement, type SkillLevel } from './skill.ts'
import { priorities, type TaskAnnouncement, type Verification } from './task.ts'
import type { Millis } from './time.ts'

/** What a task asks for, as a user writes it. */
export interface RequirementSpec {
  readonly skill: string
  /** The lowest level that will do; left out, any level will. */
  readonly level?: SkillLevel
  /** How many different agents; 1 unless said. */
  readonly count?: number
  /** Of an optional skill alone: how much it is worth to have it, above 0 and up to 1000; 1 unless said. */
  readonly weight?: number
}

/** A need, as a user writes it. What is left out has the default that `checkAnnouncement` names. */
export interface TaskSpec {
  /** Two announcements with one id are one task. Left out, the network makes one. */
  readonly id?: string
  readonly description: string
  /** Any value that JSON can carry. */
  readonly payload?: unknown
  readonly metadata?: unknown
  readonly requires: readonly RequirementSpec[]
  readonly optional?: readonly RequirementSpec[]
  readonly priority?: string
  /** Span from acceptance to expiry; left out, the task never expires. */
  readonly deadlineMs?: Millis
  /** How long the work is expected to take once a group stands; left out, it is estimated from agents. */
  readonly expectedMs?: Millis
  readonly maxGroupSize?: number
  readonly minMembers?: number
  readonly dependsOn?: readonly string[]
  /** An id. Tasks of one initiator with the same one are a project, as are those that hang together by `dependsOn`. */
  readonly project?: string
  /** Highest sum of the members' prices. */
  readonly budget?: number
  readonly verify?: 'trust' | 'initiator' | { readonly skill: string; readonly level?: SkillLevel }
  readonly startBy?: 'hub' | 'initiator'
  readonly maxAttempts?: number
  readonly workSilenceMs?: Millis
  readonly exclude?: readonly string[]
  /** Agents that must be in the group, each with a part of the work. */
  readonly include?: readonly string[]
  /** Agents for each required skill beyond its count, so that the group goes on when any so many are lost. */
  readonly spares?: number
}

export interface AnnouncementContext {
  /** For a task that brings no id along. */
  readonly id: TaskId
  readonly limits: Limits
  readonly levels: readonly SkillLevel[]
  /** The task on whose behalf this one is announced. */
  readonly parent?: { readonly task: TaskId; readonly depth: number } | undefined
}

const taskKeys: readonly (keyof TaskSpec)[] = [
  'id',
  'description',
  'payload',
  'metadata',
  'requires',
  'optional',
  'priority',
  'deadlineMs',
  'expectedMs',
  'maxGroupSize',
  'minMembers',
  'dependsOn',
  'project',
  'budget',
  'verify',
  'startBy',
  'maxAttempts',
  'workSilenceMs',
  'exclude',
  'include',
  'spares',
]

/**
 * Turns what a user wrote into an announcement, or names the first thing that is wrong. Defaults: the lowest level,
 * count 1, priority `normal`, no deadline, groups of 1 up to `groupSizeMax`, trust, started by the hub, the limits'
 * `maxAttempts` and `workSilenceMs`.
 */
export function checkAnnouncement(given: unknown, context: AnnouncementContext): TaskAnnouncement | Refusal {
  const { limits, levels, parent } = context
  const notes: Notes = {}
  const from = read(notes, given, '', taskKeys)
  const deadlineMs = numberOr(from, 'deadlineMs', undefined)
  const expectedMs = numberOr(from, 'expectedMs', undefined)
  const project = textOr(from, 'project', undefined) as ProjectName | undefined
  const budget = numberOr(from, 'budget', undefined)
  const spares = numberOr(from, 'spares', undefined)
  const include = ids<AgentId>(from, 'include', limits)
  const usual: TaskAnnouncement = {
    id: textOr(from, 'id', context.id) as TaskId,
    description: text(from, 'description'),
    payload: json(from, 'payload', limits),
    metadata: json(from, 'metadata', limits),
    requires: requirements(from, 'requires', limits, levels),
    optional: requirements(from, 'optional', limits, levels),
    priority: oneOf(from, 'priority', priorities, 'E_BAD_PRIORITY', 'normal'),
    maxGroupSize: numberOr(from, 'maxGroupSize', limits.groupSizeMax),
    minMembers: numberOr(from, 'minMembers', 1),
    dependsOn: ids<TaskId>(from, 'dependsOn', limits),
    verify: verification(from, levels),
    startBy: oneOf(from, 'startBy', ['hub', 'initiator'], 'E_TYPE', 'hub'),
    maxAttempts: numberOr(from, 'maxAttempts', limits.maxAttempts),
    workSilenceMs: numberOr(from, 'workSilenceMs', limits.workSilenceMs),
    exclude: ids<AgentId>(from, 'exclude', limits),
    depth: parent === undefined ? 0 : parent.depth + 1,
  }
  const rare = { deadlineMs, expectedMs, project, budget, include, spares, parent: parent?.task }
  const task = withRare(usual, rare)
  return notes.refusal ?? checkTask(task, limits, levels) ?? task
}

interface Rare {
  readonly deadlineMs: Millis | undefined
  readonly expectedMs: Millis | undefined
  readonly project: ProjectName | undefined
  readonly budget: number | undefined
  readonly include: readonly AgentId[]
  readonly spares: number | undefined
  readonly parent: TaskId | undefined
}

/** An announcement with a field that most do not have. They keep their order: it is a part of what is announced. */
function withRare(usual: TaskAnnouncement, rare: Rare): TaskAnnouncement {
  const { deadlineMs, expectedMs, project, budget, include, spares, parent } = rare
  const isSlow = (deadlineMs ?? expectedMs) !== undefined
  const isNamed = (project ?? parent) !== undefined || include.length > 0
  if (!isSlow && !isNamed && (budget ?? spares) === undefined) return usual
  const { maxGroupSize, minMembers, dependsOn, verify, startBy, ...others } = usual
  const { maxAttempts, workSilenceMs, exclude, depth, ...first } = others
  return {
    ...first,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
    maxGroupSize,
    minMembers,
    dependsOn,
    ...(project === undefined ? {} : { project }),
    ...(budget === undefined ? {} : { budget }),
    verify,
    startBy,
    maxAttempts,
    workSilenceMs,
    exclude,
    ...(include.length === 0 ? {} : { include }),
    ...(spares === undefined ? {} : { spares }),
    ...(parent === undefined ? {} : { parent }),
    depth,
  }
}

function json(from: Reading, key: string, limits: Limits): TaskAnnouncement['payload'] {
  const value = toJsonText(valueIn(from, key), from.path + key, limits.payloadBytesMax)
  if (!isRefusal(value)) return value
  from.notes.refusal ??= value
  return jsonNull
}

const requiredKeys = ['skill', 'level', 'count'] as const
const optionalKeys = [...requiredKeys, 'weight'] as const

function requirements(
  from: Reading,
  key: string,
  limits: Limits,
  levels: readonly SkillLevel[],
): readonly Requirement[] {
  return list(from, key, limits.skillsMax, (value, field) => {
    const entry = read(from.notes, value, `${field}.`, key === 'optional' ? optionalKeys : requiredKeys)
    const need = {
      skill: text(entry, 'skill') as SkillName,
      level: textOr(entry, 'level', levels[0] ?? ''),
      count: numberOr(entry, 'count', 1),
    }
    const weight = numberOr(entry, 'weight', undefined)
    return weight === undefined ? need : { ...need, weight }
  })
}

function ids<Id extends string>(from: Reading, key: string, limits: Limits): readonly Id[] {
  if (valueIn(from, key) === undefined) return nobody
  return list(from, key, limits.dependenciesMax, (value, field) => {
    const refusal = checkId(value, field)
    if (refusal !== undefined) from.notes.refusal ??= refusal
    return value as Id
  })
}

/** One for all: most tasks are not checked. */
const trust: Verification = { by: 'trust' }

const nobody: readonly never[] = []

function verification(from: Reading, levels: readonly SkillLevel[]): Verification {
  const value = valueIn(from, 'verify')
  if (value === undefined || value === 'trust') return trust
  if (value === 'initiator') return { by: 'initiator' }
  if (typeof value !== 'object') {
    note(from.notes, 'E_TYPE', `verify must be "trust", "initiator" or an object with skill and level`, {
      field: 'verify',
    })
    return trust
  }
  const entry = read(from.notes, value, 'verify.', ['skill', 'level'])
  const skill = text(entry, 'skill') as SkillName
  return { by: 'agent', skill, level: textOr(entry, 'level', levels[0] ?? '') }
}

/**
 * What an announcement means must make sense, whoever sent it. Returns the first thing that does not, in the order in
 * which a reader meets the fields.
 */
export function checkTask(
  task: TaskAnnouncement,
  limits: Limits,
  levels: readonly SkillLevel[],
): Refusal | undefined {
  return (
    checkId(task.id, 'id') ??
    checkDescription(task.description, limits) ??
    checkJson(task.payload, 'payload', limits) ??
    checkJson(task.metadata, 'metadata', limits) ??
    checkNeeds(task, limits, levels) ??
    checkNumbers(task, limits) ??
    checkSize(task) ??
    checkNames(task, limits) ??
    checkPlaces(task) ??
    (task.project === undefined ? undefined : checkId(task.project, 'project')) ??
    checkVerification(task.verify, levels) ??
    checkDepth(task, limits) ??
    checkForgery(task)
  )
}

function checkDescription(description: string, limits: Limits): Refusal | undefined {
  const field = 'description'
  const { length } = description
  if (description.trim() === '') {
    return refuse('E_MISSING_FIELD', 'description is empty', { field, hint: 'Say what is to be done.' })
  }
  if (length > limits.descriptionLengthMax) {
    const limit = `the limit is ${limits.descriptionLengthMax}`
    return refuse('E_TOO_LARGE', `description has ${length} characters; ${limit}`, {
      field,
      hint: 'Say it in short, and put the rest into the payload.',
    })
  }
  if (description.isWellFormed()) return undefined
  return refuse('E_JSON', 'description has half a character (a lone surrogate)', { field })
}

function checkJson(value: string, field: string, limits: Limits): Refusal | undefined {
  if (value.length <= limits.payloadBytesMax) return undefined
  return tooLarge(field, value.length, limits.payloadBytesMax)
}

function checkNumbers(task: TaskAnnouncement, limits: Limits): Refusal | undefined {
  const { deadlineMs, expectedMs, budget } = task
  if (deadlineMs !== undefined && Number.isSafeInteger(deadlineMs) && deadlineMs <= 0) {
    return refuse('E_DEADLINE_PAST', `deadlineMs ${deadlineMs} is over before the task begins`, {
      field: 'deadlineMs',
      hint: 'deadlineMs is a span in milliseconds from now, larger than 0.',
    })
  }
  if (budget !== undefined && !(budget >= 0 && budget <= Number.MAX_SAFE_INTEGER)) {
    return refuse('E_RANGE', `budget must be a number of at least 0, got ${quote(budget)}`, {
      field: 'budget',
    })
  }
  return (
    (deadlineMs === undefined ? undefined : checkWhole(deadlineMs, 'deadlineMs', 1, ceilings.spanMs)) ??
    (expectedMs === undefined ? undefined : checkWhole(expectedMs, 'expectedMs', 1, ceilings.spanMs)) ??
    checkWhole(task.maxGroupSize, 'maxGroupSize', 1, limits.groupSizeMax) ??
    checkWhole(task.minMembers, 'minMembers', 1, limits.groupSizeMax) ??
    (task.spares === undefined ? undefined : checkWhole(task.spares, 'spares', 0, limits.groupSizeMax)) ??
    checkWhole(task.maxAttempts, 'maxAttempts', 1, ceilings.attempts) ??
    checkWhole(task.workSilenceMs, 'workSilenceMs', 1, ceilings.spanMs)
  )
}

function checkNames(task: TaskAnnouncement, limits: Limits): Refusal | undefined {
  for (const field of ['dependsOn', 'exclude', 'include'] as const) {
    const names: readonly string[] = task[field] ?? []
    if (names.length === 0) continue
    if (names.length > limits.dependenciesMax) {
      return refuse(
        'E_RANGE',
        `${field} has ${names.length} entries; the limit is ${limits.dependenciesMax}`,
        {
          field,
        },
      )
    }
    for (const [index, name] of names.entries()) {
      const path = `${field}[${index}]`
      const refusal = checkId(name, path)
      if (refusal !== undefined) return refusal
      if (names.indexOf(name) < index) {
        return refuse('E_RANGE', `${field} names ${quote(name)} twice`, {
          field: path,
          hint: 'Name it once.',
        })
      }
    }
  }
  const both = task.include?.findIndex((id) => task.exclude.includes(id)) ?? -1
  if (both >= 0) {
    return refuse('E_RANGE', `exclude names ${quote(task.include?.[both])} as well`, {
      field: `include[${both}]`,
      hint: 'Name it in one of the two.',
    })
  }
  const itself = task.dependsOn.indexOf(task.id)
  if (itself < 0) return undefined
  return refuse('E_DEPENDENCY_CYCLE', `the task ${quote(task.id)} depends on itself`, {
    field: `dependsOn[${itself}]`,
    hint: 'A task waits for other tasks only.',
  })
}

function checkVerification(verify: Verification, levels: readonly SkillLevel[]): Refusal | undefined {
  if (verify.by !== 'agent') return undefined
  return checkId(verify.skill, 'verify.skill') ?? checkLevel(levels, verify.level, 'verify.level')
}

function checkDepth(task: TaskAnnouncement, limits: Limits): Refusal | undefined {
  if (task.depth <= limits.depthMax) return undefined
  const limit = `the limit is ${limits.depthMax}`
  return refuse('E_DEPTH_LIMIT', `the task would be a sub-task of depth ${task.depth}; ${limit}`, {
    field: 'parent',
    hint: 'Do the work in the task that is there, or announce it as a task of its own.',
  })
}

/** Whoever announced a check of a claim could pass the verdict himself. */
function checkForgery(task: TaskAnnouncement): Refusal | undefined {
  if (task.verifies === undefined) return undefined
  return refuse('E_UNKNOWN_FIELD', 'verifies is set by a hub alone', { field: 'verifies' })
}

/** The answer to other content under an id that is taken. */
export function taskConflict(id: TaskId): Refusal {
  return refuse('E_TASK_CONFLICT', `the task ${quote(id)} exists with other content`, {
    field: 'id',
    hint: 'Announce other content under another id.',
  })
}

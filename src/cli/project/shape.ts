/**
 * The shape of a project file: which keys there are and what kind of value each has. Reference: docs/project-file.md.
 * Must never happen here: a key that is not known and is passed over.
 */
import { z } from 'zod'
import { type Priority, priorities } from '../../protocol/task.ts'
import { parseDuration } from '../duration.ts'

export interface ProjectShape {
  readonly name?: string | undefined
  readonly network?: string | undefined
  readonly durability?: 'full' | 'normal' | undefined
  readonly levels?: readonly string[] | undefined
  readonly limits?: Readonly<Record<string, number>> | undefined
  readonly agents: readonly AgentShape[]
  readonly tasks: readonly TaskShape[]
}

export interface AgentShape {
  readonly id?: string | undefined
  readonly skills?: readonly SkillShape[] | undefined
  readonly command?: string | readonly string[] | undefined
  readonly module?: string | undefined
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly timeout?: number | undefined
  readonly maxConcurrentTasks?: number | undefined
  readonly price?: number | undefined
}

export interface SkillShape {
  readonly name: string
  readonly level?: string | undefined
  readonly successRate?: number | undefined
  readonly meanTime?: number | undefined
}

export interface RequirementShape {
  readonly skill: string
  readonly level?: string | undefined
  readonly count?: number | undefined
  /** Of an optional skill alone. */
  readonly weight?: number | undefined
}

export interface TaskShape {
  readonly id: string
  readonly description: string
  readonly payload?: unknown
  readonly metadata?: unknown
  readonly requires: readonly RequirementShape[]
  readonly optional?: readonly RequirementShape[] | undefined
  readonly priority?: Priority | undefined
  readonly deadline?: number | undefined
  readonly expected?: number | undefined
  readonly maxGroupSize?: number | undefined
  readonly minMembers?: number | undefined
  readonly dependsOn?: readonly string[] | undefined
  readonly project?: string | undefined
  readonly budget?: number | undefined
  readonly verify?: { readonly skill: string; readonly level?: string | undefined } | undefined
  readonly maxAttempts?: number | undefined
  readonly workSilence?: number | undefined
  readonly exclude?: readonly string[] | undefined
  readonly include?: readonly string[] | undefined
  readonly spares?: number | undefined
}

const text = z.string()
const count = z.int().min(1)
const amount = z.number().min(0)

const span = z.unknown().transform((value, context): number => {
  const parsed = typeof value === 'string' ? parseDuration(value) : undefined
  if (parsed !== undefined && parsed > 0) return parsed
  return no(context, 'must be a span of time such as 500ms, 30s, 10m or 1h')
})

/** A number, or for a limit in milliseconds a span. The limits themselves are checked by the protocol. */
const limit = z.unknown().transform((value, context): number => {
  const parsed = typeof value === 'string' ? parseDuration(value) : value
  return typeof parsed === 'number' ? parsed : no(context, 'must be a number, or a span of time such as 30s')
})

const list = (item: z.ZodType<string>): z.ZodType<readonly string[]> => z.array(item)

const command = z.unknown().transform((value, context): string | readonly string[] => {
  if (typeof value === 'string' && value.trim() !== '') return value
  const strings = Array.isArray(value) && value.every((word) => typeof word === 'string')
  if (strings && value.length > 0 && value[0] !== '') return value
  return no(context, 'must be a list of a program and its arguments, or a line for the shell')
})

const skill = z.strictObject({
  name: text,
  level: text.optional(),
  successRate: z.number().min(0).max(1).optional(),
  meanTime: span.optional(),
})

const requirement = z.strictObject({ skill: text, level: text.optional(), count: count.optional() })
const optional = requirement.extend({ weight: amount.optional() })

const agent = z.strictObject({
  id: text.optional(),
  skills: named('name', skill).optional(),
  command: command.optional(),
  module: text.min(1).optional(),
  cwd: text.optional(),
  env: z.record(text, z.union([text, z.number(), z.boolean()]).transform(String)).optional(),
  timeout: span.optional(),
  maxConcurrentTasks: count.optional(),
  price: amount.optional(),
})

const task = z.strictObject({
  id: text,
  description: text,
  payload: z.unknown().optional(),
  metadata: z.unknown().optional(),
  requires: named('skill', requirement),
  optional: named('skill', optional).optional(),
  priority: z.enum(priorities).optional(),
  deadline: span.optional(),
  expected: span.optional(),
  maxGroupSize: count.optional(),
  minMembers: count.optional(),
  dependsOn: list(text).optional(),
  project: text.optional(),
  budget: amount.optional(),
  verify: z.strictObject({ skill: text, level: text.optional() }).optional(),
  maxAttempts: count.optional(),
  workSilence: span.optional(),
  exclude: list(text).optional(),
  include: list(text).optional(),
  spares: z.int().min(0).optional(),
})

const project = z.strictObject({
  name: text.optional(),
  network: text.min(1).optional(),
  durability: z.enum(['full', 'normal']).optional(),
  levels: list(text).optional(),
  limits: z.record(text, limit).optional(),
  agents: z.array(agent).min(1),
  tasks: z.array(task).min(1),
})

/**
 * A list of objects that have a name, which may be written shorter: `{etl: expert}` or `{etl: {level: expert}}` for
 * `[{name: etl, level: expert}]`, and `[etl]` for `[{name: etl}]`. The order is kept, so that a path into the list
 * leads to the right place of either form.
 */
function named<Shape>(key: string, item: z.ZodType<Shape>): z.ZodType<readonly Shape[]> {
  const full = (name: unknown, more: unknown): unknown => {
    if (more === null || more === undefined) return { [key]: name }
    return typeof more === 'object' && !Array.isArray(more)
      ? { ...more, [key]: name }
      : { [key]: name, level: more }
  }
  return z.preprocess((value) => {
    if (Array.isArray(value))
      return value.map((entry) => (typeof entry === 'string' ? full(entry, null) : entry))
    if (typeof value !== 'object' || value === null) return value
    return Object.entries(value).map(([name, more]) => full(name, more))
  }, z.array(item))
}

function no(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}

export type ShapeIssue = z.core.$ZodIssue

/** Every place where the value differs from the shape. */
export function checkShape(
  value: unknown,
): { readonly project: ProjectShape } | { readonly issues: readonly ShapeIssue[] } {
  const checked = project.safeParse(value, { reportInput: true })
  return checked.success ? { project: checked.data } : { issues: checked.error.issues }
}

const keysOf: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(project.shape),
  agents: Object.keys(agent.shape),
  skills: Object.keys(skill.shape),
  tasks: Object.keys(task.shape),
  requires: Object.keys(requirement.shape),
  optional: Object.keys(optional.shape),
  verify: ['skill', 'level'],
}

/** The keys that an object at a path may have. */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const room = path.findLast((step) => typeof step === 'string')
  return keysOf[String(room ?? '')] ?? []
}

/**
 * The parts that messages are made of, as schemas: ids, numbers, texts, and the values of the vocabulary. A check whose
 * refusal has a code of its own carries that code as its error.
 * Must never happen here: a transform, or a check that needs more than the value (that is `announce` and the hub).
 */
import * as z from 'zod'
import type { Checkpoint, Considered, Member } from '../group.ts'
import type { AgentId, GrantId, InviteId, NodeId, ProjectName, SkillName, TaskId } from '../id.ts'
import type { JsonText } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { Address, OpenOffer } from '../message.ts'
import { type Refusal, refusalCodes } from '../refusal.ts'
import type { Requirement, Skill } from '../skill.ts'
import {
  type MemberResult,
  type Outcome,
  priorities,
  type TaskAnnouncement,
  type TaskInput,
  taskStatuses,
} from '../task.ts'
import { exactly, type Schema } from './exact.ts'

/** The pattern of `isId`, without the names that reach a prototype. */
const idPattern = /^(?!(?:__proto__|constructor|prototype)$)[A-Za-z0-9_-]{1,64}$/

/** The type system sees an id of one kind; a brand of the library's own would be another type. */
function id<Id extends string>(): Schema<Id> {
  return z.string().regex(idPattern, { error: 'E_BAD_ID' }) as unknown as Schema<Id>
}

export const agentId: Schema<AgentId> = id()
export const taskId: Schema<TaskId> = id()
export const inviteId: Schema<InviteId> = id()
export const grantId: Schema<GrantId> = id()
export const nodeId: Schema<NodeId> = id()
export const skillName: Schema<SkillName> = id()
export const projectName: Schema<ProjectName> = id()

/** `-0` is refused: it would come back as another number than it was sent. */
const isPlain = (value: number): boolean => !Object.is(value, -0)

/** A whole number from 0 up to the largest safe integer: epochs, incarnations, counts, instants, spans. */
export const whole: Schema<number> = z.int().min(0).refine(isPlain, { error: 'E_RANGE' })
/** A whole number above 0. */
export const positive: Schema<number> = z.int().min(1)
/** Any finite number. */
export const real: Schema<number> = z.number().refine(isPlain, { error: 'E_RANGE' })
/** A finite number of at least 0: prices, weights, estimated spans, instants. */
export const amount: Schema<number> = z.number().min(0).refine(isPlain, { error: 'E_RANGE' })
/** A number from 0 to 1. */
export const share: Schema<number> = z.number().min(0).max(1).refine(isPlain, { error: 'E_RANGE' })
export const flag: Schema<boolean> = z.boolean()
export const level: Schema<string> = z.string().min(1).max(64)

export const openOffer: Schema<OpenOffer> = exactly<OpenOffer>()(
  z.strictObject({ price: z.exactOptional(amount) }),
)

/** Of the schema of a list, that of its items, for whoever describes the schemas: behind the check nobody sees it. */
export const itemsOf: WeakMap<z.core.$ZodType, z.ZodType> = new WeakMap()

/**
 * A list of at most `max` items, examined up to the first that is wrong: the library's own lists collect a complaint
 * for every item, and a frame full of wrong ones would take a minute.
 */
export function list<Item>(item: z.ZodType<Item>, max: number = Number.POSITIVE_INFINITY): z.ZodType<Item[]> {
  const items = z
    .array(z.unknown())
    .max(max, { abort: true })
    .check(({ value, issues }) => {
      for (const [index, one] of value.entries()) {
        const issue = item.safeParse(one).error?.issues[0]
        if (issue === undefined) continue
        issues.push({ ...issue, path: [index, ...issue.path], input: one } as z.core.$ZodRawIssue)
        return
      }
    })
  const list = items as unknown as z.ZodType<Item[]>
  itemsOf.set(list, item)
  return list
}

export const receiver: Schema<Address> = exactly<Address>()(
  z.strictObject({ id: nodeId, incarnation: whole }),
)
/** Whoever speaks is one life: an answer to incarnation 0 would reach whichever lives, and be believed there. */
export const sender: Schema<Address> = exactly<Address>()(
  z.strictObject({ id: nodeId, incarnation: positive }),
)

/** What is bounded by the limits of the network. */
export interface Parts {
  readonly text: Schema<string>
  readonly json: Schema<JsonText>
  readonly skillNames: Schema<readonly SkillName[]>
  readonly agentIds: Schema<readonly AgentId[]>
  readonly taskIds: Schema<readonly TaskId[]>
  readonly refusal: Schema<Refusal>
  readonly claims: Schema<readonly Skill[]>
  readonly needs: Schema<readonly Requirement[]>
  readonly members: Schema<readonly Member[]>
  readonly considered: Schema<readonly Considered[]>
  readonly checkpoint: Schema<Checkpoint>
  readonly results: Schema<readonly MemberResult[]>
  readonly inputs: Schema<readonly TaskInput[]>
  readonly outcome: Schema<Outcome>
  readonly announcement: Schema<TaskAnnouncement>
}

export function parts(limits: Limits): Parts {
  const text: Schema<string> = z.string().max(limits.payloadBytesMax)
  const json = z
    .string()
    .max(limits.payloadBytesMax)
    .refine(isJson, { error: 'E_JSON' }) as unknown as Schema<JsonText>
  const skillNames = list(skillName, limits.skillsMax)
  const refusal = refusalOf(text)
  const results = exactly<readonly MemberResult[]>()(
    list(z.strictObject({ agent: agentId, skills: skillNames, result: json }), limits.groupSizeMax),
  )
  return {
    text,
    json,
    skillNames: exactly<readonly SkillName[]>()(skillNames),
    agentIds: exactly<readonly AgentId[]>()(list(agentId, limits.groupSizeMax)),
    taskIds: exactly<readonly TaskId[]>()(list(taskId, limits.dependenciesMax)),
    refusal,
    claims: claimsOf(limits),
    needs: needsOf(limits),
    members: exactly<readonly Member[]>()(
      list(
        z.strictObject({
          agent: agentId,
          incarnation: whole,
          skills: skillNames,
          price: z.exactOptional(amount),
        }),
        limits.groupSizeMax,
      ),
    ),
    considered: consideredOf(limits, text),
    checkpoint: exactly<Checkpoint>()(
      z.strictObject({ agent: agentId, epoch: whole, skills: skillNames, data: json, savedAt: amount }),
    ),
    results,
    inputs: exactly<readonly TaskInput[]>()(
      list(z.strictObject({ task: taskId, results }), limits.dependenciesMax),
    ),
    outcome: exactly<Outcome>()(
      z.strictObject({ status: z.enum(taskStatuses), results, reason: z.exactOptional(refusal) }),
    ),
    announcement: announcementOf(limits, json),
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function refusalOf(text: Schema<string>): Schema<Refusal> {
  return exactly<Refusal>()(
    z.strictObject({
      code: z.enum(refusalCodes),
      message: text,
      field: z.exactOptional(text),
      hint: z.exactOptional(text),
      retryAfterMs: z.exactOptional(amount),
    }),
  )
}

function claimsOf(limits: Limits): Schema<readonly Skill[]> {
  const claim = z.strictObject({
    name: skillName,
    level,
    successRate: z.exactOptional(share),
    meanTimeMs: z.exactOptional(amount),
  })
  return exactly<readonly Skill[]>()(list(claim, limits.skillsMax))
}

function needsOf(limits: Limits): Schema<readonly Requirement[]> {
  const need = z.strictObject({
    skill: skillName,
    level,
    count: z.int().min(1).max(limits.groupSizeMax),
    weight: z.exactOptional(amount),
  })
  return exactly<readonly Requirement[]>()(list(need, limits.skillsMax))
}

function consideredOf(limits: Limits, text: Schema<string>): Schema<readonly Considered[]> {
  const cost = z.exactOptional(amount)
  const costs = z.strictObject({ time: cost, load: cost, price: cost, late: cost, spread: cost, plan: cost })
  const considered = z.strictObject({
    agent: agentId,
    skills: list(skillName, limits.skillsMax),
    score: real,
    success: share,
    outcomes: z.exactOptional(amount),
    open: z.exactOptional(z.literal(true)),
    load: amount,
    costs: z.exactOptional(costs),
    verdict: z.enum(['chosen', 'outscored', 'declined', 'rejected', 'silent']),
    why: z.exactOptional(text),
  })
  return exactly<readonly Considered[]>()(list(considered))
}

function announcementOf(limits: Limits, json: Schema<JsonText>): Schema<TaskAnnouncement> {
  const needs = needsOf(limits)
  return exactly<TaskAnnouncement>()(
    z.strictObject({
      id: taskId,
      description: z.string().max(limits.descriptionLengthMax),
      payload: json,
      metadata: json,
      requires: needs,
      optional: needs,
      priority: z.enum(priorities, { error: 'E_BAD_PRIORITY' }),
      deadlineMs: z.exactOptional(whole),
      expectedMs: z.exactOptional(whole),
      maxGroupSize: positive,
      minMembers: positive,
      project: z.exactOptional(projectName),
      dependsOn: list(taskId, limits.dependenciesMax),
      budget: z.exactOptional(amount),
      verify: z.discriminatedUnion('by', [
        z.strictObject({ by: z.literal('trust') }),
        z.strictObject({ by: z.literal('initiator') }),
        z.strictObject({ by: z.literal('agent'), skill: skillName, level }),
      ]),
      startBy: z.enum(['hub', 'initiator']),
      maxAttempts: positive,
      workSilenceMs: positive,
      exclude: list(agentId, limits.dependenciesMax),
      include: z.exactOptional(list(agentId, limits.dependenciesMax)),
      spares: z.exactOptional(whole),
      parent: z.exactOptional(taskId),
      depth: whole,
      verifies: z.exactOptional(z.strictObject({ task: taskId, epoch: whole })),
    }),
  )
}

/**
 * Generators of what messages are made of: ids, numbers, texts, and the values that several kinds have.
 */
import fc, { type Arbitrary } from 'fast-check'
import {
  type AgentId,
  type GrantId,
  type InviteId,
  isId,
  type NodeId,
  type ProjectName,
  type SkillName,
  type TaskId,
} from '../../src/protocol/id.ts'
import type { JsonText } from '../../src/protocol/json.ts'
import { type Refusal, refusalCodes } from '../../src/protocol/refusal.ts'
import { defaultLevels, type Requirement, type Skill, type SkillLevel } from '../../src/protocol/skill.ts'
import {
  type MemberResult,
  type Outcome,
  type Priority,
  priorities,
  taskStatuses,
} from '../../src/protocol/task.ts'

const idText = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).filter(isId)

export function id<Id extends string>(): Arbitrary<Id> {
  return idText.map((text) => text as Id)
}

export const agentId: Arbitrary<AgentId> = id()
export const taskId: Arbitrary<TaskId> = id()
export const inviteId: Arbitrary<InviteId> = id()
export const skillName: Arbitrary<SkillName> = id()
export const projectName: Arbitrary<ProjectName> = id()
export const grantId: Arbitrary<GrantId> = id()
export const nodeId: Arbitrary<NodeId> = id()

export const whole: Arbitrary<number> = fc.oneof(fc.nat(), fc.maxSafeNat())
export const positive: Arbitrary<number> = fc.integer({ min: 1, max: 64 })
export const amount: Arbitrary<number> = fc
  .double({ min: 0, max: Number.MAX_VALUE, noNaN: true })
  .map((value) => value + 0)
export const sums: Arbitrary<[number, number]> = fc.tuple(amount, amount)
export const share: Arbitrary<number> = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
export const real: Arbitrary<number> = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => value + 0)
export const text: Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 40 })
export const level: Arbitrary<SkillLevel> = fc.constantFrom(...defaultLevels)
export const priority: Arbitrary<Priority> = fc.constantFrom(...priorities)
export const json: Arbitrary<JsonText> = fc.json({ maxDepth: 4 }).map((value) => value as JsonText)

/** A short list: what holds for three holds for three hundred. */
export function some<Item>(item: Arbitrary<Item>): Arbitrary<Item[]> {
  return fc.array(item, { maxLength: 3 })
}

/** A record with all its fields. */
export function all<Fields extends object>(
  fields: { [Key in keyof Fields]: Arbitrary<Fields[Key]> },
): Arbitrary<Fields> {
  return fc.record(fields, { noNullPrototype: true }) as Arbitrary<Fields>
}

/** A record whose last fields may be absent, but are never undefined. */
export function record<Required extends object, Optional extends object>(
  required: { [Key in keyof Required]: Arbitrary<Required[Key]> },
  optional: { [Key in keyof Optional]: Arbitrary<Optional[Key]> },
): Arbitrary<Required & Partial<Optional>> {
  const rest = fc.record(optional, { requiredKeys: [] }) as Arbitrary<Partial<Optional>>
  return fc.tuple(all(required), rest).map(([must, may]) => ({ ...must, ...may }))
}

export const refusal: Arbitrary<Refusal> = record(
  { code: fc.constantFrom(...refusalCodes), message: text },
  { field: text, hint: text, retryAfterMs: amount },
)

export const claim: Arbitrary<Skill> = record(
  { name: skillName, level },
  { successRate: share, meanTimeMs: amount },
)
export const requirement: Arbitrary<Requirement> = record(
  { skill: skillName, level, count: positive },
  { weight: amount },
)
export const result: Arbitrary<MemberResult> = all({ agent: agentId, skills: some(skillName), result: json })
export const outcome: Arbitrary<Outcome> = record(
  { status: fc.constantFrom(...taskStatuses), results: some(result) },
  { reason: refusal },
)

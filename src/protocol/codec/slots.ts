/**
 * The schemas of what hubs say to each other.
 */
import * as z from 'zod'
import type { TaskState } from '../hanging.ts'
import type { GrantId } from '../id.ts'
import { ceilings, type Limits } from '../limits.ts'
import type { Message, MessageKind } from '../message.ts'
import type { Grant } from '../slot.ts'
import type { MemberOutcome, SkillStanding } from '../standing.ts'
import type { Behalf } from '../task.ts'
import { exactly, type Schema } from './exact.ts'
import {
  agentId,
  amount,
  flag,
  grantId,
  level,
  list,
  nodeId,
  openOffer,
  type Parts,
  positive,
  real,
  share,
  skillName,
  taskId,
  whole,
} from './parts.ts'

type Of<Kind extends MessageKind> = Extract<Message, { readonly kind: Kind }>
type Hanging = 'TASK_ASK' | 'TASK_TELL'
type Kinds = Extract<MessageKind, `SLOT_${string}` | `OUTCOME_${string}` | 'HUB_GREET'> | Hanging

type Some<Kind extends MessageKind> = { readonly [Each in Kind]: Schema<Of<Each>> }

export function neighbourSchemas(limits: Limits, parts: Parts): Some<Kinds> {
  return { ...slotSchemas(limits, parts), ...outcomeSchemas(limits), ...hangingSchemas(limits, parts) }
}

function hangingSchemas(limits: Limits, { outcome }: Parts): Some<Hanging> {
  const behalf = exactly<Behalf>()(
    z.strictObject({
      initiators: list(nodeId, limits.depthMax + 1),
      payer: nodeId,
      urgent: flag,
      key: real,
      depth: whole,
    }),
  )
  const state = exactly<TaskState>()(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('unknown') }),
      z.strictObject({ kind: z.literal('open'), behalf: z.exactOptional(behalf) }),
      z.strictObject({ kind: z.literal('ended'), outcome }),
    ]),
  )
  return {
    TASK_ASK: exactly<Of<'TASK_ASK'>>()(
      z.strictObject({
        kind: z.literal('TASK_ASK'),
        task: taskId,
        round: positive,
        worker: z.exactOptional(nodeId),
      }),
    ),
    TASK_TELL: exactly<Of<'TASK_TELL'>>()(
      z.strictObject({ kind: z.literal('TASK_TELL'), task: taskId, round: whole, state }),
    ),
  }
}

function outcomeSchemas(limits: Limits): Some<Extract<Kinds, `OUTCOME_${string}`>> {
  return {
    OUTCOME_REPORT: exactly<Of<'OUTCOME_REPORT'>>()(
      z.strictObject({
        kind: z.literal('OUTCOME_REPORT'),
        serial: positive,
        outcomes: list(outcomeSchema(limits), limits.groupSizeMax),
      }),
    ),
    OUTCOME_NOTED: exactly<Of<'OUTCOME_NOTED'>>()(
      z.strictObject({ kind: z.literal('OUTCOME_NOTED'), serial: positive }),
    ),
  }
}

function slotSchemas(
  limits: Limits,
  { agentIds, refusal, claims }: Parts,
): Some<Exclude<Kinds, `OUTCOME_${string}` | Hanging>> {
  const { skillsMax } = limits
  const grants = exactly<readonly GrantId[]>()(list(grantId, ceilings.capacity))
  const supply = z.strictObject({ skill: skillName, level, able: whole, free: whole })
  const inUse = z.strictObject({ grant: grantId, agent: agentId, incarnation: whole })
  return {
    SLOT_RESERVE: reserveSchema(limits, agentIds),
    SLOT_GRANT: exactly<Of<'SLOT_GRANT'>>()(
      z.strictObject({
        kind: z.literal('SLOT_GRANT'),
        task: taskId,
        round: whole,
        grants: list(grantSchema(limits, claims), ceilings.capacity),
        supply: list(supply, skillsMax),
      }),
    ),
    SLOT_CONFIRM: exactly<Of<'SLOT_CONFIRM'>>()(
      z.strictObject({
        kind: z.literal('SLOT_CONFIRM'),
        task: taskId,
        epoch: whole,
        grants: list(inUse, ceilings.capacity),
        over: flag,
      }),
    ),
    SLOT_RELEASE: exactly<Of<'SLOT_RELEASE'>>()(
      z.strictObject({ kind: z.literal('SLOT_RELEASE'), task: taskId, grants, over: flag }),
    ),
    SLOT_RECALL: exactly<Of<'SLOT_RECALL'>>()(
      z.strictObject({
        kind: z.literal('SLOT_RECALL'),
        task: taskId,
        grants: list(inUse, ceilings.capacity),
      }),
    ),
    SLOT_LOST: exactly<Of<'SLOT_LOST'>>()(
      z.strictObject({ kind: z.literal('SLOT_LOST'), task: taskId, grant: grantId, refusal }),
    ),
    HUB_GREET: exactly<Of<'HUB_GREET'>>()(z.strictObject({ kind: z.literal('HUB_GREET') })),
  }
}

function reserveSchema(limits: Limits, include: Parts['agentIds']): Schema<Of<'SLOT_RESERVE'>> {
  const need = z.strictObject({
    skill: skillName,
    level,
    count: positive,
    optional: flag,
    except: z.exactOptional(list(agentId, limits.groupSizeMax)),
  })
  return exactly<Of<'SLOT_RESERVE'>>()(
    z.strictObject({
      kind: z.literal('SLOT_RESERVE'),
      task: taskId,
      round: whole,
      place: z.strictObject({ urgent: flag, key: real, arrival: whole }),
      needs: list(need, limits.skillsMax),
      exclude: list(agentId, limits.dependenciesMax + ceilings.capacity),
      include,
      kinds: z.exactOptional(positive),
      returns: list(grantId, ceilings.capacity),
    }),
  )
}

function grantSchema({ skillsMax }: Limits, claims: Parts['claims']): Schema<Grant> {
  return exactly<Grant>()(
    z.strictObject({
      id: grantId,
      agent: agentId,
      incarnation: whole,
      skills: claims,
      standings: list(standing, skillsMax),
      capacity: positive,
      busy: whole,
      openOffer: z.exactOptional(openOffer),
    }),
  )
}

function outcomeSchema({ skillsMax }: Limits): Schema<MemberOutcome> {
  return exactly<MemberOutcome>()(
    z.strictObject({
      agent: agentId,
      skills: list(z.strictObject({ skill: skillName, level }), skillsMax),
      blame: share,
      absent: flag,
      tookMs: z.exactOptional(amount),
      statedMs: z.exactOptional(amount),
    }),
  )
}

const standing: Schema<SkillStanding> = exactly<SkillStanding>()(
  z.strictObject({
    skill: skillName,
    level,
    successes: amount,
    failures: amount,
    fits: z.exactOptional(list(real, 64)),
    own: z.exactOptional(z.tuple([amount, amount])),
    drift: z.exactOptional(z.tuple([amount, amount])),
    timeWeight: amount,
    timeMean: real,
    timeM2: amount,
    pace: z.exactOptional(z.tuple([amount, real])),
    updatedAt: amount,
  }),
)

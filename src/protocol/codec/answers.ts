/**
 * The schemas of questions to a hub about itself, of their answers, and of refusals.
 */
import * as z from 'zod'
import type { Limits } from '../limits.ts'
import type { AgentReport, Message, MessageKind, WaitingFor } from '../message.ts'
import { exactly, type Schema } from './exact.ts'
import { agentId, amount, flag, level, list, type Parts, share, skillName, taskId, whole } from './parts.ts'

type Of<Kind extends MessageKind> = Extract<Message, { readonly kind: Kind }>
type Kinds = 'MESSAGE_REFUSED' | 'HUB_ASK' | 'HUB_TELL'

/** `kinds`: every kind of message that can be refused. */
export function answerSchemas(
  limits: Limits,
  of: Parts,
  kinds: readonly MessageKind[],
): { readonly [Kind in Kinds]: Schema<Of<Kind>> } {
  return {
    MESSAGE_REFUSED: exactly<Of<'MESSAGE_REFUSED'>>()(
      z.strictObject({
        kind: z.literal('MESSAGE_REFUSED'),
        of: z.enum(kinds),
        task: z.exactOptional(taskId),
        refusal: of.refusal,
      }),
    ),
    HUB_ASK: exactly<Of<'HUB_ASK'>>()(
      z.strictObject({
        kind: z.literal('HUB_ASK'),
        request: whole,
        about: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('agents') }),
          z.strictObject({ kind: z.literal('tasks') }),
          z.strictObject({ kind: z.literal('task'), task: taskId }),
        ]),
      }),
    ),
    HUB_TELL: exactly<Of<'HUB_TELL'>>()(
      z.strictObject({
        kind: z.literal('HUB_TELL'),
        request: whole,
        agents: list(reportOf(limits)),
        waits: list(
          z.strictObject({
            task: taskId,
            waiting: waitingOf(of),
            expectedMs: z.exactOptional(amount),
            plannedAt: z.exactOptional(amount),
          }),
        ),
        considered: of.considered,
      }),
    ),
  }
}

function reportOf(limits: Limits): Schema<AgentReport> {
  const skill = z.strictObject({
    name: skillName,
    claimedLevel: level,
    level,
    successRate: share,
    successes: amount,
    failures: amount,
    typicalMs: z.exactOptional(amount),
  })
  return exactly<AgentReport>()(
    z.strictObject({
      id: agentId,
      incarnation: whole,
      present: flag,
      capacity: whole,
      busy: whole,
      skills: list(skill, limits.skillsMax),
    }),
  )
}

function waitingOf({ needs, taskIds, agentIds }: Parts): Schema<WaitingFor> {
  return exactly<WaitingFor>()(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('dependencies'), tasks: taskIds }),
      z.strictObject({ kind: z.literal('missing'), needs }),
      z.strictObject({ kind: z.literal('busy'), needs }),
      z.strictObject({ kind: z.literal('size'), needs, size: whole, busy: flag }),
      z.strictObject({
        kind: z.literal('include'),
        agents: agentIds,
        why: z.enum(['absent', 'unable', 'busy', 'unwilling']),
      }),
      z.strictObject({ kind: z.literal('unwilling'), needs }),
      z.strictObject({ kind: z.literal('budget'), cheapest: amount }),
      z.strictObject({ kind: z.literal('offers'), asked: whole, answered: whole }),
      z.strictObject({ kind: z.literal('answers'), invited: agentIds }),
      z.strictObject({
        kind: z.literal('planned'),
        agents: agentIds,
        startsAt: z.exactOptional(amount),
      }),
      z.strictObject({ kind: z.literal('start') }),
      z.strictObject({ kind: z.literal('work'), members: agentIds }),
      z.strictObject({ kind: z.literal('verdict') }),
    ]),
  )
}

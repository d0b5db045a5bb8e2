/**
 * A schema for every kind of message. The table is keyed by kind, so a kind without a schema does not compile, and each
 * entry is checked against its type in both directions.
 */
import * as z from 'zod'
import { ceilings, type Limits } from '../limits.ts'
import type { Assignment, Call, Message, MessageKind, Update } from '../message.ts'
import { priorities } from '../task.ts'
import { answerSchemas } from './answers.ts'
import { exactly, type Schema } from './exact.ts'
import {
  agentId,
  amount,
  flag,
  inviteId,
  list,
  openOffer,
  type Parts,
  parts,
  positive,
  share,
  taskId,
  whole,
} from './parts.ts'
import { neighbourSchemas } from './slots.ts'

type Of<Kind extends MessageKind> = Extract<Message, { readonly kind: Kind }>

export type MessageSchemas = { readonly [Kind in MessageKind]: Schema<Of<Kind>> }

/** Every kind there is. */
export const messageKinds: readonly MessageKind[] = Object.keys({
  TASK_ANNOUNCE: true,
  TASK_ACCEPTED: true,
  TASK_REFUSED: true,
  TASK_FOLLOW: true,
  TASK_ENDED: true,
  TASK_CANCEL: true,
  TASK_VERDICT: true,
  SKILL_QUERY: true,
  SKILL_OFFER: true,
  SKILL_DECLINE: true,
  GROUP_INVITE: true,
  GROUP_ACCEPT: true,
  GROUP_REJECT: true,
  GROUP_RELEASE: true,
  GROUP_FORMED: true,
  TASK_START: true,
  TASK_UPDATE: true,
  TASK_COMPLETE: true,
  TASK_FAILED: true,
  TASK_NOTED: true,
  GROUP_DISSOLVED: true,
  AGENT_JOIN: true,
  AGENT_WELCOME: true,
  AGENT_REFUSED: true,
  AGENT_HEARTBEAT: true,
  AGENT_LEAVE: true,
  MESSAGE_REFUSED: true,
  SLOT_RESERVE: true,
  SLOT_GRANT: true,
  SLOT_CONFIRM: true,
  SLOT_RELEASE: true,
  SLOT_RECALL: true,
  SLOT_LOST: true,
  HUB_GREET: true,
  OUTCOME_REPORT: true,
  OUTCOME_NOTED: true,
  TASK_ASK: true,
  TASK_TELL: true,
  HUB_ASK: true,
  HUB_TELL: true,
} satisfies Record<MessageKind, true>) as MessageKind[]

export function messageSchemas(limits: Limits): MessageSchemas {
  const of = parts(limits)
  return {
    ...announcing(of),
    ...asking(of),
    ...working(of),
    ...presence(of),
    ...neighbourSchemas(limits, of),
    ...answerSchemas(limits, of, messageKinds),
  }
}

type Some<Kind extends MessageKind> = Pick<MessageSchemas, Kind>

type Announcing =
  | 'TASK_ANNOUNCE'
  | 'TASK_ACCEPTED'
  | 'TASK_REFUSED'
  | 'TASK_FOLLOW'
  | 'TASK_ENDED'
  | 'TASK_CANCEL'
  | 'TASK_VERDICT'

function announcing({ announcement, refusal, outcome, text }: Parts): Some<Announcing> {
  return {
    TASK_ANNOUNCE: exactly<Of<'TASK_ANNOUNCE'>>()(
      z.strictObject({
        kind: z.literal('TASK_ANNOUNCE'),
        task: announcement,
        fresh: z.exactOptional(z.strictObject({ hub: whole, serial: whole })),
      }),
    ),
    TASK_ACCEPTED: exactly<Of<'TASK_ACCEPTED'>>()(
      z.strictObject({
        kind: z.literal('TASK_ACCEPTED'),
        task: taskId,
        warning: z.exactOptional(
          z.strictObject({ kind: z.literal('late'), message: text, expectedMs: whole }),
        ),
      }),
    ),
    TASK_REFUSED: exactly<Of<'TASK_REFUSED'>>()(
      z.strictObject({ kind: z.literal('TASK_REFUSED'), task: taskId, refusal }),
    ),
    TASK_FOLLOW: exactly<Of<'TASK_FOLLOW'>>()(
      z.strictObject({ kind: z.literal('TASK_FOLLOW'), task: taskId }),
    ),
    TASK_ENDED: exactly<Of<'TASK_ENDED'>>()(
      z.strictObject({ kind: z.literal('TASK_ENDED'), task: taskId, outcome }),
    ),
    TASK_CANCEL: exactly<Of<'TASK_CANCEL'>>()(
      z.strictObject({ kind: z.literal('TASK_CANCEL'), task: taskId, reason: text }),
    ),
    TASK_VERDICT: exactly<Of<'TASK_VERDICT'>>()(
      z.strictObject({
        kind: z.literal('TASK_VERDICT'),
        task: taskId,
        epoch: whole,
        accepted: flag,
        reason: text,
      }),
    ),
  }
}

function callOf({ text, needs }: Parts): Schema<Call> {
  return exactly<Call>()(
    z.strictObject({
      task: taskId,
      description: text,
      priority: z.enum(priorities, { error: 'E_BAD_PRIORITY' }),
      deadlineAt: z.exactOptional(amount),
      budget: z.exactOptional(amount),
      needs,
    }),
  )
}

type Asking =
  | 'SKILL_QUERY'
  | 'SKILL_OFFER'
  | 'SKILL_DECLINE'
  | 'GROUP_INVITE'
  | 'GROUP_ACCEPT'
  | 'GROUP_REJECT'
  | 'GROUP_RELEASE'
  | 'GROUP_FORMED'

function asking(of: Parts): Some<Asking> {
  const { refusal, skillNames, members } = of
  const call = callOf(of)
  return {
    SKILL_QUERY: exactly<Of<'SKILL_QUERY'>>()(
      z.strictObject({ kind: z.literal('SKILL_QUERY'), call, round: whole, closesAt: amount }),
    ),
    SKILL_OFFER: exactly<Of<'SKILL_OFFER'>>()(
      z.strictObject({
        kind: z.literal('SKILL_OFFER'),
        task: taskId,
        round: whole,
        busy: whole,
        capacity: positive,
        expectedMs: z.exactOptional(amount),
        price: z.exactOptional(amount),
      }),
    ),
    SKILL_DECLINE: exactly<Of<'SKILL_DECLINE'>>()(
      z.strictObject({ kind: z.literal('SKILL_DECLINE'), task: taskId, round: whole, refusal }),
    ),
    GROUP_INVITE: exactly<Of<'GROUP_INVITE'>>()(
      z.strictObject({
        kind: z.literal('GROUP_INVITE'),
        call,
        invite: inviteId,
        epoch: whole,
        skills: skillNames,
        holdForMs: amount,
      }),
    ),
    GROUP_ACCEPT: exactly<Of<'GROUP_ACCEPT'>>()(
      z.strictObject({ kind: z.literal('GROUP_ACCEPT'), task: taskId, invite: inviteId }),
    ),
    GROUP_REJECT: exactly<Of<'GROUP_REJECT'>>()(
      z.strictObject({ kind: z.literal('GROUP_REJECT'), task: taskId, invite: inviteId, refusal }),
    ),
    GROUP_RELEASE: exactly<Of<'GROUP_RELEASE'>>()(
      z.strictObject({ kind: z.literal('GROUP_RELEASE'), task: taskId, invite: inviteId, refusal }),
    ),
    GROUP_FORMED: exactly<Of<'GROUP_FORMED'>>()(
      z.strictObject({
        kind: z.literal('GROUP_FORMED'),
        task: taskId,
        epoch: whole,
        members,
        invite: z.exactOptional(inviteId),
        assignment: z.exactOptional(assignmentOf(of)),
      }),
    ),
  }
}

function assignmentOf({ text, json, skillNames, inputs, results, checkpoint }: Parts): Schema<Assignment> {
  return exactly<Assignment>()(
    z.strictObject({
      task: taskId,
      epoch: whole,
      skills: skillNames,
      description: text,
      payload: json,
      metadata: json,
      deadlineAt: z.exactOptional(amount),
      depth: whole,
      inputs,
      finished: results,
      checkpoint: z.exactOptional(checkpoint),
      feedback: z.exactOptional(text),
    }),
  )
}

function updateOf({ text, json }: Parts): Schema<Update> {
  return exactly<Update>()(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('progress'), fraction: share, note: z.exactOptional(text) }),
      z.strictObject({ kind: z.literal('checkpoint'), data: json }),
      z.strictObject({ kind: z.literal('word'), to: z.exactOptional(agentId), data: json }),
    ]),
  )
}

type Working =
  | 'TASK_START'
  | 'TASK_UPDATE'
  | 'TASK_COMPLETE'
  | 'TASK_FAILED'
  | 'TASK_NOTED'
  | 'GROUP_DISSOLVED'

function working(of: Parts): Some<Working> {
  const { refusal, results, text } = of
  return {
    TASK_START: exactly<Of<'TASK_START'>>()(
      z.strictObject({
        kind: z.literal('TASK_START'),
        task: taskId,
        epoch: whole,
        assignment: z.exactOptional(assignmentOf(of)),
      }),
    ),
    TASK_UPDATE: exactly<Of<'TASK_UPDATE'>>()(
      z.strictObject({
        kind: z.literal('TASK_UPDATE'),
        task: taskId,
        epoch: whole,
        member: agentId,
        update: updateOf(of),
      }),
    ),
    TASK_COMPLETE: exactly<Of<'TASK_COMPLETE'>>()(
      z.strictObject({ kind: z.literal('TASK_COMPLETE'), task: taskId, epoch: whole, results }),
    ),
    TASK_FAILED: exactly<Of<'TASK_FAILED'>>()(
      z.strictObject({ kind: z.literal('TASK_FAILED'), task: taskId, epoch: whole, refusal }),
    ),
    TASK_NOTED: exactly<Of<'TASK_NOTED'>>()(
      z.strictObject({ kind: z.literal('TASK_NOTED'), task: taskId, epoch: whole }),
    ),
    GROUP_DISSOLVED: exactly<Of<'GROUP_DISSOLVED'>>()(
      z.strictObject({ kind: z.literal('GROUP_DISSOLVED'), task: taskId, epoch: whole, reason: text }),
    ),
  }
}

type Presence = 'AGENT_JOIN' | 'AGENT_WELCOME' | 'AGENT_REFUSED' | 'AGENT_HEARTBEAT' | 'AGENT_LEAVE'

const assignmentNames = list(z.strictObject({ task: taskId, epoch: whole }), ceilings.capacity)

function presence({ claims, refusal, text }: Parts): Some<Presence> {
  return {
    AGENT_JOIN: exactly<Of<'AGENT_JOIN'>>()(
      z.strictObject({
        kind: z.literal('AGENT_JOIN'),
        skills: claims,
        capacity: positive,
        openOffer: z.exactOptional(openOffer),
        working: z.exactOptional(assignmentNames),
      }),
    ),
    AGENT_WELCOME: exactly<Of<'AGENT_WELCOME'>>()(
      z.strictObject({ kind: z.literal('AGENT_WELCOME'), heartbeatMs: positive }),
    ),
    AGENT_REFUSED: exactly<Of<'AGENT_REFUSED'>>()(
      z.strictObject({ kind: z.literal('AGENT_REFUSED'), refusal }),
    ),
    AGENT_HEARTBEAT: exactly<Of<'AGENT_HEARTBEAT'>>()(
      z.strictObject({
        kind: z.literal('AGENT_HEARTBEAT'),
        busy: whole,
        working: assignmentNames,
        ended: z.exactOptional(assignmentNames),
      }),
    ),
    AGENT_LEAVE: exactly<Of<'AGENT_LEAVE'>>()(
      z.strictObject({ kind: z.literal('AGENT_LEAVE'), reason: text }),
    ),
  }
}

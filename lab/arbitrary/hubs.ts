/**
 * Generators of what hubs say to each other.
 */
import fc, { type Arbitrary } from 'fast-check'
import type { TaskState } from '../../src/protocol/hanging.ts'
import type { Message } from '../../src/protocol/message.ts'
import type { Grant, HubWord } from '../../src/protocol/slot.ts'
import type { SkillStanding } from '../../src/protocol/standing.ts'
import {
  agentId,
  all,
  amount,
  claim,
  grantId,
  level,
  nodeId,
  outcome,
  positive,
  real,
  record,
  refusal,
  share,
  skillName,
  some,
  sums,
  taskId,
  whole,
} from './values.ts'

const grantInUse = all({ grant: grantId, agent: agentId, incarnation: whole })

export const standing: Arbitrary<SkillStanding> = record(
  {
    skill: skillName,
    level,
    successes: amount,
    failures: amount,
    timeWeight: amount,
    timeMean: real,
    timeM2: amount,
    updatedAt: amount,
  },
  { fits: some(real), own: sums, drift: sums, pace: fc.tuple(amount, real) },
)

const grant: Arbitrary<Grant> = record(
  {
    id: grantId,
    agent: agentId,
    incarnation: whole,
    skills: some(claim),
    standings: some(standing),
    capacity: positive,
    busy: whole,
  },
  { openOffer: record({}, { price: amount }) },
)

const state: Arbitrary<TaskState> = fc.oneof(
  all({ kind: fc.constant('unknown' as const) }),
  record(
    { kind: fc.constant('open' as const) },
    {
      behalf: all({
        initiators: some(nodeId),
        payer: nodeId,
        urgent: fc.boolean(),
        key: real,
        depth: whole,
      }),
    },
  ),
  all({ kind: fc.constant('ended' as const), outcome }),
)

type Body<Kind extends HubWord['kind']> = Omit<Extract<Message, { readonly kind: Kind }>, 'kind'>

export const wordsOfHubs: { readonly [Kind in HubWord['kind']]: Arbitrary<Body<Kind>> } = {
  SLOT_RESERVE: record(
    {
      task: taskId,
      round: whole,
      place: all({ urgent: fc.boolean(), key: real, arrival: whole }),
      needs: some(
        record(
          { skill: skillName, level, count: positive, optional: fc.boolean() },
          { except: some(agentId) },
        ),
      ),
      exclude: some(agentId),
      include: some(agentId),
      returns: some(grantId),
    },
    { kinds: positive },
  ),
  SLOT_GRANT: all({
    task: taskId,
    round: whole,
    grants: some(grant),
    supply: some(all({ skill: skillName, level, able: whole, free: whole })),
  }),
  SLOT_CONFIRM: all({ task: taskId, epoch: whole, grants: some(grantInUse), over: fc.boolean() }),
  SLOT_RELEASE: all({ task: taskId, grants: some(grantId), over: fc.boolean() }),
  SLOT_RECALL: all({ task: taskId, grants: some(grantInUse) }),
  SLOT_LOST: all({ task: taskId, grant: grantId, refusal }),
  HUB_GREET: all({}),
  OUTCOME_REPORT: all({
    serial: positive,
    outcomes: some(
      record(
        {
          agent: agentId,
          skills: some(all({ skill: skillName, level })),
          blame: share,
          absent: fc.boolean(),
        },
        { tookMs: amount, statedMs: amount },
      ),
    ),
  }),
  OUTCOME_NOTED: all({ serial: positive }),
  TASK_ASK: record({ task: taskId, round: positive }, { worker: nodeId }),
  TASK_TELL: all({ task: taskId, round: whole, state }),
}

/**
 * Generators of everything that nodes can say, for the tests that hold for every message. The table is keyed by kind:
 * a kind without a generator does not compile.
 * Must never happen here: a message that the codec refuses.
 */
import fc, { type Arbitrary } from 'fast-check'
import { messageKinds } from '../src/protocol/codec/messages.ts'
import type { Checkpoint, Considered, Member } from '../src/protocol/group.ts'
import type {
  Address,
  AgentReport,
  Assignment,
  Call,
  Envelope,
  Message,
  MessageKind,
  Update,
  WaitingFor,
} from '../src/protocol/message.ts'
import type { TaskAnnouncement, TaskInput, Verification } from '../src/protocol/task.ts'
import { wordsOfHubs } from './arbitrary/hubs.ts'
import {
  agentId,
  all,
  amount,
  claim,
  inviteId,
  json,
  level,
  nodeId,
  outcome,
  positive,
  priority,
  projectName,
  real,
  record,
  refusal,
  requirement,
  result,
  share,
  skillName,
  some,
  taskId,
  text,
  whole,
} from './arbitrary/values.ts'

export const member: Arbitrary<Member> = record(
  { agent: agentId, incarnation: whole, skills: some(skillName) },
  { price: amount },
)
const input: Arbitrary<TaskInput> = all({ task: taskId, results: some(result) })
const checkpoint: Arbitrary<Checkpoint> = all({
  agent: agentId,
  epoch: whole,
  skills: some(skillName),
  data: json,
  savedAt: amount,
})
export const considered: Arbitrary<Considered> = record(
  {
    agent: agentId,
    skills: some(skillName),
    score: real,
    success: share,
    load: amount,
    verdict: fc.constantFrom('chosen', 'outscored', 'declined', 'rejected', 'silent'),
  },
  {
    outcomes: amount,
    open: fc.constant(true as const),
    costs: record(
      {},
      { time: amount, load: amount, price: amount, late: amount, spread: amount, plan: amount },
    ),
    why: text,
  },
)

const verification: Arbitrary<Verification> = fc.oneof(
  all({ by: fc.constant('trust') }),
  all({ by: fc.constant('initiator') }),
  all({ by: fc.constant('agent'), skill: skillName, level }),
)

/** Any announcement that has the right shape; it need not make sense. */
const announcement: Arbitrary<TaskAnnouncement> = record(
  {
    id: taskId,
    description: text,
    payload: json,
    metadata: json,
    requires: some(requirement),
    optional: some(requirement),
    priority,
    maxGroupSize: positive,
    minMembers: positive,
    dependsOn: some(taskId),
    verify: verification,
    startBy: fc.constantFrom('hub', 'initiator'),
    maxAttempts: positive,
    workSilenceMs: positive,
    exclude: some(agentId),
    depth: whole,
  },
  {
    deadlineMs: whole,
    expectedMs: whole,
    project: projectName,
    budget: amount,
    include: some(agentId),
    spares: whole,
    parent: taskId,
    verifies: all({ task: taskId, epoch: whole }),
  },
)

const call: Arbitrary<Call> = record(
  { task: taskId, description: text, priority, needs: some(requirement) },
  { deadlineAt: amount, budget: amount },
)

const assignment: Arbitrary<Assignment> = record(
  {
    task: taskId,
    epoch: whole,
    skills: some(skillName),
    description: text,
    payload: json,
    metadata: json,
    depth: whole,
    inputs: some(input),
    finished: some(result),
  },
  { deadlineAt: amount, checkpoint, feedback: text },
)

const update: Arbitrary<Update> = fc.oneof(
  record({ kind: fc.constant('progress' as const), fraction: share }, { note: text }),
  all({ kind: fc.constant('checkpoint' as const), data: json }),
  record({ kind: fc.constant('word' as const), data: json }, { to: agentId }),
)

const report: Arbitrary<AgentReport> = all({
  id: agentId,
  incarnation: whole,
  present: fc.boolean(),
  capacity: positive,
  busy: whole,
  skills: some(
    record(
      {
        name: skillName,
        claimedLevel: level,
        level,
        successRate: share,
        successes: amount,
        failures: amount,
      },
      { typicalMs: amount },
    ),
  ),
})

const waitings: {
  readonly [Kind in WaitingFor['kind']]: Arbitrary<Extract<WaitingFor, { readonly kind: Kind }>>
} = {
  dependencies: all({ kind: fc.constant('dependencies'), tasks: some(taskId) }),
  missing: all({ kind: fc.constant('missing'), needs: some(requirement) }),
  busy: all({ kind: fc.constant('busy'), needs: some(requirement) }),
  size: all({ kind: fc.constant('size'), needs: some(requirement), size: whole, busy: fc.boolean() }),
  include: all({
    kind: fc.constant('include'),
    agents: some(agentId),
    why: fc.constantFrom('absent', 'unable', 'busy', 'unwilling'),
  }),
  unwilling: all({ kind: fc.constant('unwilling'), needs: some(requirement) }),
  budget: all({ kind: fc.constant('budget'), cheapest: amount }),
  offers: all({ kind: fc.constant('offers'), asked: whole, answered: whole }),
  answers: all({ kind: fc.constant('answers'), invited: some(agentId) }),
  start: all({ kind: fc.constant('start') }),
  work: all({ kind: fc.constant('work'), members: some(agentId) }),
  planned: record({ kind: fc.constant('planned'), agents: some(agentId) }, { startsAt: amount }),
  verdict: all({ kind: fc.constant('verdict') }),
}

const assignmentName = all({ task: taskId, epoch: whole })

const warning = all({ kind: fc.constant('late'), message: text, expectedMs: whole })

/** The fields of a message of one kind, without the kind. */
type Body<Kind extends MessageKind> = Omit<Extract<Message, { readonly kind: Kind }>, 'kind'>

const bodies: { readonly [Kind in MessageKind]: Arbitrary<Body<Kind>> } = {
  TASK_ANNOUNCE: record({ task: announcement }, { fresh: all({ hub: whole, serial: whole }) }),
  TASK_ACCEPTED: record({ task: taskId }, { warning }),
  TASK_REFUSED: all({ task: taskId, refusal }),
  TASK_FOLLOW: all({ task: taskId }),
  TASK_ENDED: all({ task: taskId, outcome }),
  TASK_CANCEL: all({ task: taskId, reason: text }),
  TASK_VERDICT: all({ task: taskId, epoch: whole, accepted: fc.boolean(), reason: text }),
  SKILL_QUERY: all({ call, round: whole, closesAt: amount }),
  SKILL_OFFER: record(
    { task: taskId, round: whole, busy: whole, capacity: positive },
    { expectedMs: amount, price: amount },
  ),
  SKILL_DECLINE: all({ task: taskId, round: whole, refusal }),
  GROUP_INVITE: all({
    call,
    invite: inviteId,
    epoch: whole,
    skills: some(skillName),
    holdForMs: amount,
  }),
  GROUP_ACCEPT: all({ task: taskId, invite: inviteId }),
  GROUP_REJECT: all({ task: taskId, invite: inviteId, refusal }),
  GROUP_RELEASE: all({ task: taskId, invite: inviteId, refusal }),
  GROUP_FORMED: record(
    { task: taskId, epoch: whole, members: some(member) },
    { invite: inviteId, assignment },
  ),
  TASK_START: record({ task: taskId, epoch: whole }, { assignment }),
  TASK_UPDATE: all({ task: taskId, epoch: whole, member: agentId, update }),
  TASK_COMPLETE: all({ task: taskId, epoch: whole, results: some(result) }),
  TASK_FAILED: all({ task: taskId, epoch: whole, refusal }),
  TASK_NOTED: all({ task: taskId, epoch: whole }),
  GROUP_DISSOLVED: all({ task: taskId, epoch: whole, reason: text }),
  AGENT_JOIN: record(
    { skills: some(claim), capacity: positive },
    { openOffer: record({}, { price: amount }), working: some(assignmentName) },
  ),
  AGENT_WELCOME: all({ heartbeatMs: positive }),
  AGENT_REFUSED: all({ refusal }),
  AGENT_HEARTBEAT: record({ busy: whole, working: some(assignmentName) }, { ended: some(assignmentName) }),
  AGENT_LEAVE: all({ reason: text }),
  MESSAGE_REFUSED: record({ of: fc.constantFrom(...messageKinds), refusal }, { task: taskId }),
  ...wordsOfHubs,
  HUB_ASK: all({
    request: whole,
    about: fc.oneof(
      all({ kind: fc.constant('agents' as const) }),
      all({ kind: fc.constant('tasks' as const) }),
      all({ kind: fc.constant('task' as const), task: taskId }),
    ),
  }),
  HUB_TELL: all({
    request: whole,
    agents: some(report),
    waits: some(
      record(
        { task: taskId, waiting: fc.oneof(...Object.values(waitings)) },
        { expectedMs: amount, plannedAt: amount },
      ),
    ),
    considered: some(considered),
  }),
}

/** A message of one kind. */
export function messageOf(kind: MessageKind): Arbitrary<Message> {
  const body: Arbitrary<object> = bodies[kind]
  return body.map((fields) => ({ kind, ...fields }) as Message)
}

export const address: Arbitrary<Address> = all({ id: nodeId, incarnation: whole })
const sender: Arbitrary<Address> = all({
  id: nodeId,
  incarnation: whole.map((number) => Math.max(1, number)),
})

export function envelopeOf(message: Arbitrary<Message>): Arbitrary<Envelope> {
  return all({ from: sender, to: address, message })
}

/** Any envelope with any message. */
export const envelope: Arbitrary<Envelope> = envelopeOf(fc.oneof(...messageKinds.map(messageOf)))

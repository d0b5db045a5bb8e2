/**
 * Generators of everything that nodes can say, for the tests that hold for every message. The table is keyed by kind:
 * a kind without a generator does not compile.
 * Must never happen here: a message that the codec refuses.
 */
import fc, { type Arbitrary } from 'fast-check'
import { messageKinds } from '../src/protocol/codec/messages.ts'
import type { Checkpoint, Considered, Member } from '../src/protocol/group.ts'
import {
  type AgentId,
  type GrantId,
  type InviteId,
  isId,
  type NodeId,
  type ProjectName,
  type SkillName,
  type TaskId,
} from '../src/protocol/id.ts'
import type { JsonText } from '../src/protocol/json.ts'
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
import { type Refusal, refusalCodes } from '../src/protocol/refusal.ts'
import { defaultLevels, type Requirement, type Skill } from '../src/protocol/skill.ts'
import type { Grant } from '../src/protocol/slot.ts'
import {
  type MemberResult,
  type Outcome,
  priorities,
  type TaskAnnouncement,
  type TaskInput,
  taskStatuses,
  type Verification,
} from '../src/protocol/task.ts'

const idText = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).filter(isId)

function id<Id extends string>(): Arbitrary<Id> {
  return idText.map((text) => text as Id)
}

export const agentId: Arbitrary<AgentId> = id()
export const taskId: Arbitrary<TaskId> = id()
export const inviteId: Arbitrary<InviteId> = id()
export const skillName: Arbitrary<SkillName> = id()
const projectName: Arbitrary<ProjectName> = id()
const grantId: Arbitrary<GrantId> = id()
const nodeId: Arbitrary<NodeId> = id()

const whole = fc.oneof(fc.nat(), fc.maxSafeNat())
const positive = fc.integer({ min: 1, max: 64 })
const amount = fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }).map((value) => value + 0)
const sums = fc.tuple(amount, amount)
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const text = fc.string({ unit: 'binary', maxLength: 40 })
const level = fc.constantFrom(...defaultLevels)
const priority = fc.constantFrom(...priorities)
const json: Arbitrary<JsonText> = fc.json({ maxDepth: 4 }).map((value) => value as JsonText)

/** A short list: what holds for three holds for three hundred. */
function some<Item>(item: Arbitrary<Item>): Arbitrary<Item[]> {
  return fc.array(item, { maxLength: 3 })
}

/** A record with all its fields. */
function all<Fields extends object>(
  fields: { [Key in keyof Fields]: Arbitrary<Fields[Key]> },
): Arbitrary<Fields> {
  return fc.record(fields, { noNullPrototype: true }) as Arbitrary<Fields>
}

/** A record whose last fields may be absent, but are never undefined. */
function record<Required extends object, Optional extends object>(
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
const member: Arbitrary<Member> = record(
  { agent: agentId, incarnation: whole, skills: some(skillName) },
  { price: amount },
)
const result: Arbitrary<MemberResult> = all({ agent: agentId, skills: some(skillName), result: json })
const input: Arbitrary<TaskInput> = all({ task: taskId, results: some(result) })
const outcome: Arbitrary<Outcome> = record(
  { status: fc.constantFrom(...taskStatuses), results: some(result) },
  { reason: refusal },
)
const checkpoint: Arbitrary<Checkpoint> = all({
  agent: agentId,
  epoch: whole,
  skills: some(skillName),
  data: json,
  savedAt: amount,
})
const considered: Arbitrary<Considered> = record(
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
export const announcement: Arbitrary<TaskAnnouncement> = record(
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

const grantInUse = all({ grant: grantId, agent: agentId, incarnation: whole })

const grant: Arbitrary<Grant> = record(
  {
    id: grantId,
    agent: agentId,
    incarnation: whole,
    skills: some(claim),
    standings: some(
      record(
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
      ),
    ),
    capacity: positive,
    busy: whole,
  },
  { openOffer: record({}, { price: amount }) },
)

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
  SLOT_RESERVE: all({
    task: taskId,
    round: whole,
    place: all({ urgent: fc.boolean(), key: real, arrival: whole }),
    needs: some(all({ skill: skillName, level, count: positive, optional: fc.boolean() })),
    exclude: some(agentId),
    include: some(agentId),
    returns: some(grantId),
  }),
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

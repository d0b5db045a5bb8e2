/** The vocabulary, for whoever writes an agent, a driver or a gateway. */
export type { AnnouncementContext, RequirementSpec, TaskSpec } from './announce.ts'
export { checkAnnouncement, checkTask } from './announce.ts'
export { decode, encode, wireVersion } from './codec.ts'
export type { Fact, FactKind } from './fact.ts'
export type { Checkpoint, Considered, Member, Verdict } from './group.ts'
export type { AgentId, HubId, InviteId, NodeId, ProjectName, SkillName, TaskId } from './id.ts'
export { checkId, isId, quote } from './id.ts'
export type { AgentSpec, CheckedAgent, SkillSpec } from './join.ts'
export { checkAgent } from './join.ts'
export type { Json, JsonText } from './json.ts'
export { toJsonText } from './json.ts'
export type { Configuration, Limits } from './limits.ts'
export { checkLimits, defaultConfiguration, defaultLimits } from './limits.ts'
export type { Decision, Machine } from './machine.ts'
export type {
  Address,
  AgentReport,
  Assignment,
  Call,
  Envelope,
  Message,
  MessageKind,
  SkillReport,
  Update,
  WaitingFor,
} from './message.ts'
export type { Refusal, RefusalCode } from './refusal.ts'
export { isRefusal, isRetryable, refusalCodes, refuse } from './refusal.ts'
export type { Requirement, Skill, SkillLevel } from './skill.ts'
export { defaultLevels } from './skill.ts'
export type { Evidence, SkillStanding } from './standing.ts'
export type {
  EndStatus,
  MemberResult,
  Outcome,
  Priority,
  TaskAnnouncement,
  TaskInput,
  TaskStatus,
  Verification,
} from './task.ts'
export { priorities } from './task.ts'
export type { Millis } from './time.ts'
export type { Warning } from './warning.ts'

/** convoke: independent agents announce needs, form a group, do the work, and part. The public face. */
export type { Assignment, Outcome, ResultsBySkill, SkillResult } from './host/assignment.ts'
export type {
  AgentDefinition,
  AgentHandle,
  AnnounceSpec,
  AutonomousAgentOptions,
  Confirmation,
  Consideration,
  Verification,
  Verifier,
  Work,
} from './host/autonomous.ts'
export { AutonomousAgent } from './host/autonomous.ts'
export type { Explanation } from './host/explain.ts'
export { explanationText, waitingText } from './host/explain.ts'
export type { FaultCode } from './host/fault.ts'
export { Fault } from './host/fault.ts'
export type { ForecastView, TaskForecast } from './host/forecasting.ts'
export type { Notice, NoticeCode } from './host/nats/notice.ts'
export { Network } from './host/network.ts'
export type { NetworkOptions } from './host/options.ts'
export type { Observation } from './host/records.ts'
export { RefusedError } from './host/refused.ts'
export type { HubCounts, NetworkStatus } from './host/site.ts'
export type { TaskHandle, TaskUpdate } from './host/task-handle.ts'
export type { FormationView, GroupView, LossView, MembersBySkill, TaskView } from './host/views.ts'
export type { TaskSpec } from './protocol/announce.ts'

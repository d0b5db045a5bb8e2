/**
 * Facts of small, lawful lives of tasks, for whoever examines a journal.
 * Must never happen here: a fact that a hub could not have written.
 */
import type {
  AgentId,
  Fact,
  HubId,
  JsonText,
  Member,
  SkillName,
  TaskAnnouncement,
  TaskId,
} from '../../src/protocol/index.ts'

const skill = 'reading' as SkillName
const agent = 'ada' as AgentId
const member: Member = { agent, incarnation: 1, skills: [skill] }

export function announcement(id: string, changes: Partial<TaskAnnouncement> = {}): TaskAnnouncement {
  return {
    id: id as TaskId,
    description: `read "${id}" – sehr gründlich, 慎重に`,
    payload: '{"pages":3}' as JsonText,
    metadata: 'null' as JsonText,
    requires: [{ skill, level: 'novice', count: 1 }],
    optional: [],
    priority: 'normal',
    maxGroupSize: 2,
    minMembers: 1,
    dependsOn: [],
    verify: { by: 'trust' },
    startBy: 'hub',
    maxAttempts: 3,
    workSilenceMs: 60_000,
    exclude: [],
    depth: 0,
    ...changes,
  }
}

export function accepted(id: string, changes: Partial<TaskAnnouncement> = {}): Fact {
  const task = id as TaskId
  return { kind: 'task.accepted', task, at: 1_000, initiator: agent, announcement: announcement(id, changes) }
}

export function formed(id: string, epoch = 1, members: readonly Member[] = [member]): Fact {
  return {
    kind: 'group.formed',
    task: id as TaskId,
    at: 1_010,
    epoch,
    members,
    considered: [{ agent, skills: [skill], score: -0.25, success: 0.8, load: 0, verdict: 'chosen' }],
    uncovered: [],
    strategy: 'form/1',
  }
}

export function finished(id: string, epoch = 1, result = '{"words":7}'): Fact {
  const task = id as TaskId
  return { kind: 'member.finished', task, at: 1_020, epoch, agent, result: result as JsonText, tookMs: 10 }
}

export function ended(id: string, epoch = 1): Fact {
  return { kind: 'task.ended', task: id as TaskId, at: 1_020, epoch, status: 'completed' }
}

export function started(incarnation: number): Fact {
  return { kind: 'hub.started', at: 990, hub: 'hub' as HubId, incarnation }
}

/** A task from its acceptance to its end, in four facts. */
export function life(id: string): readonly Fact[] {
  return [accepted(id), formed(id), finished(id), ended(id)]
}

/**
 * What a hub knows of a project: its tasks, and the plan that it follows. All of it is volatile: it is made again from
 * the open tasks after a crash.
 * Must never happen here: a decision.
 */
import type { AgentId, NodeId, ProjectName, SkillName } from '../protocol/id.ts'
import type { Millis } from '../protocol/time.ts'
import type { Task } from './state.ts'

/** Agents that the rest of a project can spare best, or that its plan names. */
export interface Preferred {
  readonly agents: ReadonlySet<AgentId>
  readonly strategy: string
}

/** What a plan says of one task. */
export interface PlanEntry {
  readonly agents: readonly AgentId[]
  readonly startsAt: Millis
  readonly endsAt: Millis
}

/** The plan of a project that is followed. */
export interface Plan {
  readonly madeAt: Millis
  readonly endsAt: Millis
  readonly entries: Map<Task, PlanEntry>
  /** What each agent does, one after the other. */
  readonly turns: ReadonlyMap<AgentId, Task[]>
}

/** A plan that is being made: what its numbers stand for. */
export interface Planning {
  readonly round: number
  readonly askedAt: Millis
  readonly tasks: readonly Task[]
  readonly agents: readonly AgentId[]
}

/** What the tasks of a project that are to come ask of one skill at one level. */
export interface Demand {
  readonly skill: SkillName
  readonly rank: number
  /** Their expected work, divided by how many agents could do it. */
  readonly weightMs: number
}

/** What tasks need in all. */
export interface Tally {
  places: number
  /** None is there twice. */
  readonly needs: { readonly skill: SkillName; readonly rank: number; tasks: number }[]
}

/** The open tasks of one initiator that name one project, or hang together by `dependsOn`. */
export interface Project {
  readonly id: string
  readonly initiator: NodeId
  readonly name: ProjectName | undefined
  readonly tasks: Set<Task>
  /** Those of them that wait for members. */
  readonly waiting: Set<Task>
  /** What those of its tasks need for which there is no group. */
  readonly toForm: Tally
  plan: Plan | undefined
  planning: Planning | undefined
  /** A task has begun by its plan. */
  isFollowed: boolean
  /** Plans in a row by which none has. */
  missed: number
  /** What the plan was made for is no longer so. */
  stale: boolean
  /** The next plan is made from nothing: what the last one was made for is no longer so. */
  anew: boolean
  /** Something else than agents that are free may let its waiting tasks go on, or change what they wait for. */
  unsettled: boolean
  /** The ranks of its tasks are up to date. */
  ranked: boolean
  /** The next look-ahead begins no sooner. */
  planAgainAt: Millis
  /** What its tasks to come ask for, once somebody wanted to know. */
  demand: readonly Demand[] | undefined
}

/**
 * What there is to plan: the open tasks of a project and the agents that may do them, as numbers.
 */
import type { Millis } from '../../protocol/time.ts'

/** A kind of place: one skill at one level. Numbered from 0 within a problem. */
export type PlaceType = number

export interface PlanNeed {
  readonly type: PlaceType
  /** So many different agents. */
  readonly count: number
}

export interface PlanTask {
  /** How long its agents are taken. */
  readonly durationMs: Millis
  readonly needs: readonly PlanNeed[]
  /** Tasks, by their places in the problem, that must have ended before it begins. */
  readonly after: readonly number[]
  /** Every place takes an agent of its own; otherwise one agent may cover several needs. */
  readonly distinct: boolean
  /** It cannot begin sooner: something outside the plan must end first. From the instant of the plan. */
  readonly notBeforeMs: Millis
}

export interface PlanAgent {
  readonly types: readonly PlaceType[]
  /** When each of its slots is free, from the instant of the plan: 0 for now. */
  readonly freeInMs: readonly Millis[]
}

export interface PlanProblem {
  readonly tasks: readonly PlanTask[]
  readonly agents: readonly PlanAgent[]
  /** How many kinds of places there are. */
  readonly types: number
}

/** A predicted schedule. */
export interface Schedule {
  /** From the instant of the plan to the last end. */
  readonly lengthMs: Millis
  /** By task, from the instant of the plan. */
  readonly startMs: readonly Millis[]
  readonly endMs: readonly Millis[]
  /** By task, the agents. */
  readonly teams: readonly (readonly number[])[]
}

/**
 * What readers see of a network, wherever its hub is: folded from facts.
 * Must never happen here: a look into a machine.
 */
import type { Fact } from '../protocol/fact.ts'
import type { TaskId } from '../protocol/id.ts'
import type { Envelope, HubTell } from '../protocol/message.ts'
import type { TaskForecast } from './forecasting.ts'
import type { Position } from './ports.ts'
import type { GroupView, TaskRecord, TaskView } from './views.ts'

/** What an observer sees: durable facts, and the messages that nodes say to each other. */
export type Observation =
  /** `partition`: the log that `position` is one of, where a network has several. */
  | { readonly kind: 'fact'; readonly partition?: number; readonly position: Position; readonly fact: Fact }
  | { readonly kind: 'message'; readonly envelope: Envelope }

/** Observations that a slow observer may have waiting; messages beyond that are left out, facts are not. */
export const observationsMax = 10_000

export interface Records {
  /** Everything the journal says about a task, or undefined for one that was never accepted. */
  record(task: TaskId): Promise<TaskRecord | undefined>
  /** Every open task and the last that ended, in the order in which they were announced. */
  tasks(): Promise<readonly TaskView[]>
  /** When open tasks are expected to end, with what the hub has told of their waiting. */
  forecasts(waits: HubTell['waits']): Promise<ReadonlyMap<TaskId, TaskForecast>>
  /** The groups that stand now. */
  groups(): Promise<readonly GroupView[]>
  /** Durable facts and messages, as they pass. Ends with the signal, or with the network. */
  observe(signal: AbortSignal | undefined): AsyncIterable<Observation>
}

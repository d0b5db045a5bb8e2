/**
 * What the experiment tells the processes that it starts, and what they tell it.
 */
import type { Limits } from '../../src/protocol/index.ts'

/** Assignments at once of each agent. */
export const capacity = 4

export interface Orders {
  readonly url: string
  readonly name: string
  readonly seed: number
  readonly limits: Partial<Limits>
  /** Of the network that the first hub makes. */
  readonly partitions: number
  /** Numbers of the agents of a process. */
  readonly agents: readonly number[]
}

export type Line =
  | { readonly kind: 'up'; readonly at: number; readonly text: string }
  /** A process is the hub of a partition now, or no longer. */
  | {
      readonly kind: 'decides' | 'stands-by'
      readonly at: number
      readonly partition: number
      readonly text: string
    }
  /** An agent begins an assignment; `busy` is how many it works on now. */
  | {
      readonly kind: 'begun'
      readonly task: string
      readonly epoch: number
      readonly agent: string
      readonly busy: number
    }
  /** It has come to the end of one, whatever its hub has heard. */
  | {
      readonly kind: 'ended'
      readonly at: number
      readonly task: string
      readonly epoch: number
      readonly agent: string
    }

export function tellLine(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

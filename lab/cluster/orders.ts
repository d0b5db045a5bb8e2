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
  /** Numbers of the agents of a process. */
  readonly agents: readonly number[]
}

export type Line =
  | { readonly kind: 'up' | 'decides' | 'stands-by'; readonly at: number; readonly text: string }
  /** An agent begins an assignment; `busy` is how many it works on now. */
  | {
      readonly kind: 'begun'
      readonly task: string
      readonly epoch: number
      readonly agent: string
      readonly busy: number
    }

export function tellLine(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/**
 * What an agent made here needs of the network: the parts of the assignment and of the work that it hands on.
 */
export interface SkillClaim {
  readonly name: string
  readonly level: string
  readonly successRate?: number
  readonly meanTimeMs?: number
}

export interface Assigned {
  readonly task: string
  readonly epoch: number
  readonly skills: readonly string[]
  readonly description: string
  readonly payload: unknown
  readonly metadata: unknown
  readonly deadlineAt?: number
  readonly inputs: unknown
  readonly finished: unknown
  readonly checkpoint?: unknown
  readonly feedback?: string
}

export interface Work {
  readonly signal: AbortSignal
  report(fraction: number, note?: string): void
  checkpoint(data: unknown): Promise<void>
  readonly group: {
    readonly members: readonly { readonly agent: string; readonly skills: readonly string[] }[]
    say(data: unknown, to?: string): void
  }
}

export interface CommandAgent {
  readonly id: string
  readonly skills: readonly SkillClaim[]
  readonly maxConcurrentTasks?: number
  readonly price?: number
  perform(assignment: Assigned, work: Work): Promise<unknown>
}

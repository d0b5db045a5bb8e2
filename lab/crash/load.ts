/**
 * The load under which a network is killed: who is there, and what is announced. A task follows from its number and
 * the seed alone, so that a program which was started again announces the very same.
 * Must never happen here: a choice that depends on what happened before.
 */
import type { AgentDefinition, AnnounceSpec } from '../../src/index.ts'
import { seeded } from '../../src/strategy/random.ts'

const skills = ['etl', 'statistics', 'report'] as const

/** What the members of a task are told to do. */
export interface Order {
  readonly workMs: number
  /** The share of runs that end as failed. */
  readonly failing: number
  readonly filling: string
}

export function taskId(number: number): string {
  return `n${number}`
}

export function numberOf(task: string): number {
  return Number(/^n(\d+)$/.exec(task)?.[1] ?? -1)
}

/** What is announced under a number, and after how long its client takes it back, if at all. */
export function plan(
  number: number,
  seed: number,
): { spec: AnnounceSpec; cancelAfterMs: number | undefined } {
  const random = seeded(seed * 1_000_003 + number)
  const upTo = (most: number): number => Math.floor(random() * (most + 1))
  const first = upTo(2)
  const requires = Array.from({ length: 1 + upTo(2) }, (_, i) => ({
    skill: skills[(first + i) % 3] ?? 'etl',
  }))
  const order: Order = {
    workMs: upTo(12),
    failing: random() < 0.15 ? 0.4 : 0,
    filling: '.'.repeat(random() < 0.1 ? upTo(4_000) : upTo(100)),
  }
  const before = Array.from({ length: random() < 0.3 ? 1 + upTo(1) : 0 }, () => number - 1 - upTo(20))
  const spec = {
    id: taskId(number),
    description: `task ${number} of the load`,
    payload: order,
    requires,
    priority: random() < 0.1 ? ('critical' as const) : ('normal' as const),
    dependsOn: [...new Set(before.filter((other) => other >= 0))].map(taskId),
    maxAttempts: 3,
    ...(random() < 0.1 ? { verify: { skill: 'review', level: 'novice' } } : {}),
    ...(random() < 0.05 ? { deadlineMs: 50 + upTo(200) } : {}),
  }
  return { spec, cancelAfterMs: random() < 0.05 ? upTo(30) : undefined }
}

export interface Begun {
  readonly task: string
  readonly epoch: number
  readonly agent: string
  readonly skills: readonly string[]
}

/** Twelve agents that work a little, save what they have, and fail now and then. `tell` hears of each beginning. */
export function crew(random: () => number, tell: (begun: Begun) => void): AgentDefinition[] {
  const worker = (id: string, skill: string): AgentDefinition => ({
    id,
    skills: [{ name: skill, level: 'advanced' }],
    maxConcurrentTasks: 8,
    async perform({ task, epoch, skills, payload }, work) {
      tell({ task, epoch, agent: id, skills })
      const { workMs, failing } = payload as Order
      work.report(0.5)
      await pause(workMs / 2)
      await work.checkpoint({ by: id, epoch })
      await pause(workMs / 2)
      if (random() < failing) throw new Error('the load wanted it so')
      return { by: id, epoch }
    },
  })
  const reviewer = (id: string): AgentDefinition => ({
    id,
    skills: [{ name: 'review', level: 'expert' }],
    maxConcurrentTasks: 8,
    perform({ task, epoch, skills }) {
      tell({ task, epoch, agent: id, skills })
      return { accepted: random() < 0.8, reason: 'the load wanted it so' }
    },
  })
  const workers = Array.from({ length: 10 }, (_, i) => worker(`worker-${i}`, skills[i % 3] ?? 'etl'))
  return [...workers, reviewer('reviewer-1'), reviewer('reviewer-2')]
}

function pause(spanMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, spanMs))
}

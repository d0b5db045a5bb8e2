/**
 * The same jobs, given to the shipped hub and agents.
 */
import type { Fact } from '../../src/protocol/fact.ts'
import type { AgentId, TaskId } from '../../src/protocol/id.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { type Configuration, defaultConfiguration } from '../../src/protocol/limits.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { Field } from '../field.ts'
import { type Choices, claimedLevel, type Job, Judge, pastStanding, type Score } from './choice.ts'

const hourMs: Millis = 3_600_000

/** Nobody dies here, so that signs of life are seldom asked for; the rest is as shipped. */
export const patientConfiguration: Configuration = {
  levels: defaultLevels,
  limits: {
    ...defaultConfiguration.limits,
    heartbeatMs: 24 * hourMs,
    agentTimeoutMs: 240 * hourMs,
    skillUpdateIntervalMs: 240 * hourMs,
    workSilenceMs: 24 * hourMs,
    maxAnnouncements: 1_000_000,
    maxAnnouncementsPerInitiator: 1_000_000,
  },
}

export function taskOf(id: string, requires: TaskAnnouncement['requires']): TaskAnnouncement {
  return {
    id: id as TaskId,
    description: 'a task',
    payload: jsonNull,
    metadata: jsonNull,
    requires,
    optional: [],
    priority: 'normal',
    maxGroupSize: requires.length,
    minMembers: 1,
    dependsOn: [],
    verify: { by: 'trust' },
    startBy: 'hub',
    maxAttempts: 1,
    workSilenceMs: 24 * hourMs,
    exclude: [],
    depth: 0,
  }
}

/** Plays all jobs. */
export function playChoices(choices: Choices, seed: number): Score {
  const judge = new Judge(choices)
  const arrivedAt = new Map<TaskId, Millis>()
  const ends = new Map<TaskId, { agent: AgentId; success: boolean }>()
  const indexOf = (task: TaskId): number => Number(task.slice(1))
  const past = choices.workers
    .filter(({ isNew }) => !isNew)
    .map((worker): Fact => {
      const skills = [pastStanding(worker, 0)]
      return { kind: 'standing.changed', at: 0, evidence: [{ agent: worker.id, skills }], strategy: 'past' }
    })
  const field: Field = new Field({
    seed,
    configuration: patientConfiguration,
    past,
    perform: (agent, { task }) => {
      const { success, tookMs } = judge.began(indexOf(task), agent)
      ends.set(task, { agent, success })
      return { success, tookMs }
    },
    judge: () => true,
    watch: (fact) => {
      if (fact.kind !== 'task.ended') return
      const end = ends.get(fact.task)
      if (end !== undefined) judge.finished(end.agent, end.success, fact.at - (arrivedAt.get(fact.task) ?? 0))
    },
  })
  for (const { id, skill, capacity } of choices.workers) {
    const skills = [{ name: skill, level: claimedLevel }]
    field.join(id, {
      skills,
      capacity,
      price: undefined,
      considers: false,
      openOffer: false,
      confirms: false,
    })
  }
  const arrive = (index: number, job: Job): void => {
    judge.arrived(job)
    const task = taskOf(`t${index}`, [{ skill: job.skill, level: claimedLevel, count: 1 }])
    arrivedAt.set(task.id, field.now)
    field.announce(task)
  }
  let at = 0
  for (const [index, job] of choices.jobs.entries()) {
    at += job.gapMs
    field.after(at, () => arrive(index, job))
  }
  field.run(() => judge.ended === choices.jobs.length)
  return judge.score()
}

/**
 * Rules that are compared with the hub: each sees all free agents with the skill, as a central dispatcher would, and
 * what became of their work. The hub sees a shortlist.
 */
import type { AgentId, SkillName } from '../../src/protocol/id.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { drawBeta } from '../../src/strategy/normal.ts'
import { seeded } from '../../src/strategy/random.ts'
import { Agenda } from '../field/agenda.ts'
import { type Choices, Judge, type Score, type Worker } from './choice.ts'

/** What a rule knows of an agent. */
export interface Seen {
  successes: number
  failures: number
  inFlight: number
}

/** The free agent with the highest value is chosen; of equal ones the first. */
export type Rule = (seen: Readonly<Seen>, random: () => number) => number

export const rules: Readonly<Record<string, Rule>> = {
  rawRate: ({ successes, failures }) => (successes + failures === 0 ? 0 : successes / (successes + failures)),
  posteriorMean: ({ successes, failures }) => (4.2 + successes) / (6 + successes + failures),
  lowerBound: ({ successes, failures }) => {
    const weight = 6 + successes + failures
    const mean = (4.2 + successes) / weight
    return mean - 1.2816 * Math.sqrt((mean * (1 - mean)) / (weight + 1))
  },
  thompson: ({ successes, failures }, random) => drawBeta(4.2 + successes, 1.8 + failures, random),
  random: (_seen, random) => random(),
}

/** Gives all jobs to whom the rule prefers; a job that finds nobody free waits for the next who is. */
export function dispatch(choices: Choices, rule: Rule, seed: number): Score {
  const judge = new Judge(choices)
  const agenda = new Agenda()
  const random = seeded(seed)
  const seen = new Map<AgentId, Seen>()
  for (const { id, past } of choices.workers) {
    const successes = past.filter((success) => success).length
    seen.set(id, { successes, failures: past.length - successes, inFlight: 0 })
  }
  const waiting = new Map<SkillName, number[]>()
  const arrivedAt: Millis[] = []
  let now = 0

  const start = (index: number, worker: Worker): void => {
    const known = seen.get(worker.id)
    if (known === undefined) return
    const { success, tookMs } = judge.began(index, worker.id)
    known.inFlight += 1
    agenda.add(now + tookMs, () => {
      known.inFlight -= 1
      if (success) known.successes += 1
      else known.failures += 1
      judge.finished(worker.id, success, now - (arrivedAt[index] ?? 0))
      const next = waiting.get(worker.skill)?.shift()
      if (next !== undefined) choose(next)
    })
  }
  const choose = (index: number): void => {
    const skill = choices.jobs[index]?.skill
    if (skill === undefined) return
    let best: Worker | undefined
    let highest = Number.NEGATIVE_INFINITY
    for (const worker of judge.workersWith(skill)) {
      const known = seen.get(worker.id)
      if (known === undefined || !judge.isFree(worker)) continue
      const value = rule(known, random)
      if (value <= highest) continue
      highest = value
      best = worker
    }
    if (best !== undefined) start(index, best)
    else waiting.set(skill, [...(waiting.get(skill) ?? []), index])
  }
  let at = 0
  for (const [index, job] of choices.jobs.entries()) {
    at += job.gapMs
    arrivedAt.push(at)
    agenda.add(at, () => {
      judge.arrived(job)
      choose(index)
    })
  }
  for (let next = agenda.take(); next !== undefined; next = agenda.take()) {
    now = next.at
    next.action()
  }
  return judge.score()
}

/**
 * A network in which some agents claim a level that they do not have: how soon the shipped hub knows better, from
 * nothing but the outcomes of the work that it gives them.
 * Must never happen here: an agent whose true level anybody but the judge knows.
 */
import type { AgentId, SkillName, TaskId } from '../../src/protocol/id.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { Field } from '../field.ts'
import { patientConfiguration, taskOf } from './network.ts'

export interface LevelOptions {
  readonly agents: number
  /** Share of the agents that claim one or two levels too much. */
  readonly boasting: number
  /** Probability of success with work of the own level; a level more or less is 1.8 logits. */
  readonly usual: number
  /** Outcomes after which each agent is looked at. */
  readonly outcomes: number
  /** No more tasks than this are announced. */
  readonly jobsMax: number
}

export interface LevelScore {
  /** Share of agents whose claim is their level. */
  readonly exactAtStart: number
  /** Of those with so many outcomes: share whose level was exact at that moment, and too high. */
  readonly exact: number
  readonly overrated: number
  /** Of those that had claimed too much. */
  readonly exactOfBoasters: number
  /** Share of all agents that came to so many outcomes. */
  readonly reached: number
}

const skill = 'work' as SkillName
const step = 1.8
const workMs: Millis = 10_000
const capacity = 1
const openPerAgent = 1.15

interface Worker {
  readonly truth: number
  readonly claimed: number
  outcomes: number
  found: number | undefined
}

export function playLevels(seed: number, options: LevelOptions): LevelScore {
  const random = seeded(seed)
  const top = defaultLevels.length - 1
  const workers = new Map<AgentId, Worker>()
  for (let i = 0; i < options.agents; i++) {
    const truth = Math.floor(random() * defaultLevels.length)
    const boast = random() < options.boasting ? 1 + Math.floor(random() * 2) : 0
    const worker = { truth, claimed: Math.min(top, truth + boast), outcomes: 0, found: undefined }
    workers.set(`agent-${i}` as AgentId, worker)
  }
  const required = new Map<TaskId, number>()
  let open = options.agents
  let ended = 0
  let again = (): void => {}
  const field: Field = new Field({
    seed: seed + 1,
    configuration: patientConfiguration,
    past: [],
    perform: (agent, { task }) => {
      const gap = (workers.get(agent)?.truth ?? 0) - (required.get(task) ?? 0)
      const odds = (options.usual / (1 - options.usual)) * Math.exp(step * gap)
      return { success: random() < odds / (1 + odds), tookMs: workMs * (0.5 + random()) }
    },
    judge: () => true,
    watch: (fact) => {
      if (fact.kind === 'task.ended') {
        ended += 1
        again()
      }
      if (fact.kind !== 'standing.changed') return
      for (const { agent, skills } of fact.evidence) {
        const worker = workers.get(agent)
        const level = skills[0]?.level
        if (worker === undefined || level === undefined) continue
        worker.outcomes += 1
        if (worker.outcomes !== options.outcomes) continue
        worker.found = defaultLevels.indexOf(level)
        open -= 1
      }
    },
  })
  for (const [id, { claimed }] of workers) {
    const skills = [{ name: skill, level: defaultLevels[claimed] ?? '' }]
    field.join(id, {
      skills,
      capacity,
      price: undefined,
      considers: false,
      openOffer: false,
      confirms: false,
    })
  }
  again = announcer(field, random, required, options)
  field.run(() => open === 0 || ended === options.jobsMax)
  return scoreOf([...workers.values()], options)
}

/**
 * Keeps as many tasks open as there are agents and a few more, of all levels in equal shares, so that everybody is kept
 * at work. Answers what to call when a task has ended.
 */
function announcer(
  field: Field,
  random: () => number,
  required: Map<TaskId, number>,
  { agents, jobsMax }: LevelOptions,
): () => void {
  let announced = 0
  const next = (): void => {
    if (announced === jobsMax) return
    const rank = Math.floor(random() * defaultLevels.length)
    const level = defaultLevels[rank] ?? ''
    // What waits long for somebody of its level makes room for other work.
    const task = { ...taskOf(`t${announced}`, [{ skill, level, count: 1 }]), deadlineMs: 2 * workMs }
    required.set(task.id, rank)
    announced += 1
    field.announce(task)
  }
  for (let i = 0; i < agents * openPerAgent; i++) next()
  return () => field.after(0, next)
}

function scoreOf(workers: readonly Worker[], { outcomes }: LevelOptions): LevelScore {
  const share = (those: readonly Worker[], is: (worker: Worker) => boolean): number => {
    return those.length === 0 ? 1 : those.filter(is).length / those.length
  }
  const reached = workers.filter((worker) => worker.outcomes >= outcomes)
  const boasters = reached.filter(({ truth, claimed }) => claimed > truth)
  return {
    exactAtStart: share(workers, ({ truth, claimed }) => truth === claimed),
    exact: share(reached, ({ truth, found }) => truth === found),
    overrated: share(reached, ({ truth, found }) => (found ?? 0) > truth),
    exactOfBoasters: share(boasters, ({ truth, found }) => truth === found),
    reached: reached.length / workers.length,
  }
}

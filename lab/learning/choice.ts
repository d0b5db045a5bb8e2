/**
 * A network in which every agent succeeds with a probability that nobody is told, half of the agents are new, and one
 * task after the other wants one agent. The same tasks, with the same luck, are given to whatever rule chooses.
 * Must never happen here: a rule that knows a probability, or luck that depends on the rule.
 */
import type { AgentId, SkillName } from '../../src/protocol/id.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { SkillStanding } from '../../src/protocol/standing.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { drawNormal } from '../../src/strategy/normal.ts'
import { seeded } from '../../src/strategy/random.ts'
import { newStanding, observe } from '../../src/strategy/standing.ts'

export interface Worker {
  readonly id: AgentId
  readonly skill: SkillName
  readonly capacity: number
  /** Its durations are those of others, times this. */
  readonly pace: number
  readonly isNew: boolean
  /** Hidden: its probability of success, before and after the change. */
  readonly rates: readonly [number, number]
  /** Outcomes from before the first task; none for who is new. */
  readonly past: readonly boolean[]
}

export interface Job {
  readonly skill: SkillName
  /** After the one before. */
  readonly gapMs: Millis
  /** It succeeds where this is below the probability of whoever does it. */
  readonly luck: number
  /** How long it takes at pace 1. */
  readonly lengthMs: Millis
}

export interface Choices {
  readonly workers: readonly Worker[]
  readonly jobs: readonly Job[]
  /** From this job on the second of each worker's rates holds. */
  readonly changeAt: number
}

export interface ChoiceOptions {
  readonly agents: number
  readonly skills: number
  readonly jobs: number
  /** Share of all slots that is busy in the mean. */
  readonly load: number
  /** Share of the agents that become better or worse halfway. */
  readonly changing: number
}

export const claimedLevel = 'advanced'
const pastOutcomes = 20
const medianMs: Millis = 10_000
const taskSpread = 0.5
const paceSpread = 0.25
const capacityMax = 3
const rateMin = 0.5
const rateMax = 0.98

export function choicesOf(seed: number, options: ChoiceOptions): Choices {
  const random = seeded(seed)
  const rate = (): number => rateMin + (rateMax - rateMin) * random()
  const workers = Array.from({ length: options.agents }, (_, i): Worker => {
    const first = rate()
    const changes = random() < options.changing
    const isNew = Math.floor(i / options.skills) % 2 === 1
    return {
      id: `agent-${i}` as AgentId,
      skill: `skill-${i % options.skills}` as SkillName,
      capacity: 1 + Math.floor(random() * capacityMax),
      pace: Math.exp(paceSpread * drawNormal(random)),
      isNew,
      rates: [first, changes ? rate() - (random() < 0.5 ? 0.3 : 0) : first],
      past: isNew ? [] : Array.from({ length: pastOutcomes }, () => random() < first),
    }
  })
  const slots = workers.reduce((sum, { capacity }) => sum + capacity, 0)
  const meanMs = medianMs * Math.exp((taskSpread ** 2 + paceSpread ** 2) / 2)
  const gapMs = meanMs / (slots * options.load)
  const jobs = Array.from({ length: options.jobs }, (): Job => {
    return {
      skill: `skill-${Math.floor(random() * options.skills)}` as SkillName,
      gapMs: -gapMs * Math.log(1 - random()),
      luck: random(),
      lengthMs: medianMs * Math.exp(taskSpread * drawNormal(random)),
    }
  })
  return { workers, jobs, changeAt: options.changing > 0 ? Math.floor(options.jobs / 2) : options.jobs }
}

/** The standing that the past of a worker has left. */
export function pastStanding({ skill, past }: Worker, now: Millis): SkillStanding {
  const rank = defaultLevels.indexOf(claimedLevel)
  return past.reduce(
    (standing, success) => observe(standing, { success, weight: 1, requiredRank: rank }, defaultLevels, now),
    newStanding({ name: skill, level: claimedLevel }, now),
  )
}

/** What came of it. */
export interface Score {
  /** Per task: the best probability of success among those who were free, less that of who was chosen. */
  readonly regret: number
  readonly success: number
  /** Share of the newcomers that were chosen at least once before the 51st task of their skill was announced. */
  readonly triedWithin50: number
  readonly everTried: number
  /** Share of the newcomers among the better half of all agents that were chosen twenty times. */
  readonly goodWithWork: number
  /** From the announcement to the end. */
  readonly meanMs: Millis
}

const triedWithin = 50
const muchWork = 20

/** Follows one run and judges it. It alone knows the probabilities. */
export class Judge {
  readonly #choices: Choices
  readonly #bySkill = new Map<SkillName, Worker[]>()
  readonly #busy = new Map<AgentId, number>()
  readonly #arrivals = new Map<SkillName, number>()
  readonly #triedAt = new Map<AgentId, number>()
  readonly #chosen = new Map<AgentId, number>()
  readonly #byId = new Map<AgentId, Worker>()
  #regret = 0
  #begun = 0
  #succeeded = 0
  #ended = 0
  #spentMs = 0

  constructor(choices: Choices) {
    this.#choices = choices
    for (const worker of choices.workers) {
      this.#byId.set(worker.id, worker)
      const others = this.#bySkill.get(worker.skill) ?? []
      others.push(worker)
      this.#bySkill.set(worker.skill, others)
    }
  }

  get ended(): number {
    return this.#ended
  }

  workersWith(skill: SkillName): readonly Worker[] {
    return this.#bySkill.get(skill) ?? []
  }

  isFree(worker: Worker): boolean {
    return (this.#busy.get(worker.id) ?? 0) < worker.capacity
  }

  inFlight(worker: Worker): number {
    return this.#busy.get(worker.id) ?? 0
  }

  arrived(job: Job): void {
    this.#arrivals.set(job.skill, (this.#arrivals.get(job.skill) ?? 0) + 1)
  }

  /** Answers whether the job will succeed, and how long it takes. */
  began(index: number, id: AgentId): { success: boolean; tookMs: Millis } {
    const job = this.#choices.jobs[index]
    const worker = this.#byId.get(id)
    if (job === undefined || worker === undefined)
      throw new Error(`job ${index} or agent ${id} does not exist`)
    const own = this.#rate(worker, index)
    let best = own
    for (const other of this.workersWith(job.skill)) {
      if (this.isFree(other)) best = Math.max(best, this.#rate(other, index))
    }
    this.#regret += best - own
    this.#begun += 1
    this.#busy.set(id, (this.#busy.get(id) ?? 0) + 1)
    this.#chosen.set(id, (this.#chosen.get(id) ?? 0) + 1)
    if (!this.#triedAt.has(id)) this.#triedAt.set(id, this.#arrivals.get(job.skill) ?? 0)
    return { success: job.luck < own, tookMs: job.lengthMs * worker.pace }
  }

  finished(id: AgentId, success: boolean, spentMs: Millis): void {
    this.#busy.set(id, (this.#busy.get(id) ?? 1) - 1)
    this.#ended += 1
    this.#spentMs += spentMs
    if (success) this.#succeeded += 1
  }

  score(): Score {
    const newcomers = this.#choices.workers.filter(({ isNew }) => isNew)
    const share = (those: readonly Worker[], is: (worker: Worker) => boolean): number => {
      return those.length === 0 ? 0 : those.filter(is).length / those.length
    }
    const middle = [...this.#choices.workers].map(({ rates }) => rates[0]).sort((a, b) => a - b)
    const median = middle[Math.floor(middle.length / 2)] ?? 0
    const good = newcomers.filter(({ rates }) => rates[0] >= median)
    return {
      regret: this.#regret / this.#begun,
      success: this.#succeeded / this.#ended,
      triedWithin50: share(newcomers, ({ id }) => (this.#triedAt.get(id) ?? Infinity) <= triedWithin),
      everTried: share(newcomers, ({ id }) => this.#triedAt.has(id)),
      goodWithWork: share(good, ({ id }) => (this.#chosen.get(id) ?? 0) >= muchWork),
      meanMs: this.#spentMs / this.#ended,
    }
  }

  #rate({ rates }: Worker, index: number): number {
    return index < this.#choices.changeAt ? rates[0] : rates[1]
  }
}

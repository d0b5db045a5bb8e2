/**
 * When open tasks and projects are expected to end, from what the facts say of durations and of dependencies, and from
 * what a running hub has planned.
 * Must never happen here: an instant for a task of which nobody knows how long it takes.
 */
import type { SkillName, TaskId } from '../protocol/id.ts'
import type { HubTell, WaitingFor } from '../protocol/message.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { timeSpreadPrior } from '../strategy/duration.ts'
import { type Forecast, forecast, type OpenTask } from '../strategy/forecast.ts'
import { seeded } from '../strategy/random.ts'
import type { TaskRecord } from './views.ts'

/** Half of such ends lie before `finishesAt`, one in ten before `earliestAt`, and one in ten after `latestAt`. */
export interface ForecastView {
  readonly earliestAt: Millis
  readonly finishesAt: Millis
  readonly latestAt: Millis
}

export interface TaskForecast extends ForecastView {
  readonly madeAt: Millis
  /** `plan`: with the agents that the hub has planned. `dependencies`: as if agents were free when they are needed. */
  readonly basis: 'plan' | 'dependencies'
  /** The whole project, where all of its open tasks are known. */
  readonly project?: ForecastView & { readonly openTasks: number }
}

/** The prior counts as this many observations. */
const priorWeight = 3
/** Older observations fade as if only so many counted. */
const windowMax = 20

/** A running mean of logarithms, and how far they scatter. */
class Scatter {
  #weight = 0
  #mean = 0
  #variance = 0

  get known(): boolean {
    return this.#weight > 0
  }

  get mean(): number {
    return this.#mean
  }

  /** With the prior spread as pseudo-observations. */
  get spread(): number {
    const prior = priorWeight * timeSpreadPrior ** 2
    return Math.sqrt((prior + this.#weight * this.#variance) / (priorWeight + this.#weight))
  }

  add(value: number, own: number): void {
    this.#weight = Math.min(windowMax, this.#weight + 1)
    const gap = value - this.#mean
    this.#mean += gap / this.#weight
    this.#variance += (gap * (value - this.#mean) + own - this.#variance) / this.#weight
  }
}

/** What the facts teach of durations: by skill, and how far statements are from what came true. */
export class Durations {
  readonly #bySkill = new Map<SkillName, Scatter>()
  /** Logarithms of real durations over stated ones. */
  readonly #stated = new Scatter()

  /** What is known of an agent in a skill has changed. */
  learn(standing: SkillStanding): void {
    if (standing.timeWeight <= 0) return
    const known = this.#bySkill.get(standing.skill) ?? new Scatter()
    known.add(standing.timeMean, standing.timeM2 / standing.timeWeight)
    this.#bySkill.set(standing.skill, known)
  }

  /** A task has completed in one go. */
  compare({ announcement, formations, formedAt }: TaskRecord, endedAt: Millis): void {
    const { expectedMs } = announcement
    if (expectedMs === undefined || formedAt === undefined || formations.length !== 1) return
    this.#stated.add(Math.log(Math.max(1, endedAt - formedAt) / expectedMs), 0)
  }

  /** As it is stated, and corrected by what came true of other statements; else by the slowest of the skills. */
  of(announcement: TaskAnnouncement, told: Millis | undefined): Pick<OpenTask, 'typicalMs' | 'spread'> {
    if (announcement.expectedMs !== undefined) {
      const typicalMs = announcement.expectedMs * Math.exp(this.#stated.known ? this.#stated.mean : 0)
      return { typicalMs, spread: this.#stated.spread }
    }
    let slowest: Scatter | undefined
    for (const { skill } of announcement.requires) {
      const known = this.#bySkill.get(skill)
      if (known === undefined) return { typicalMs: told, spread: timeSpreadPrior }
      if (slowest === undefined || known.mean > slowest.mean) slowest = known
    }
    if (slowest === undefined) return { typicalMs: told, spread: timeSpreadPrior }
    return { typicalMs: told ?? Math.exp(slowest.mean), spread: slowest.spread }
  }
}

/** The forecasts of open tasks, of all that can be made. `waits` is what a running hub tells; a file has none. */
export function forecastsOf(
  records: readonly TaskRecord[],
  durations: Durations,
  waits: HubTell['waits'],
  now: Millis,
): Map<TaskId, TaskForecast> {
  const told = new Map(waits.map((wait) => [wait.task, wait]))
  const projects = projectsOf(records)
  const tasks = records.map((record): OpenTask => {
    const { announcement, formedAt, status } = record
    const wait = told.get(announcement.id)
    const atWork = status === 'working' || status === 'verifying'
    return {
      id: announcement.id,
      ...(isStuck(wait?.waiting)
        ? { typicalMs: undefined, spread: 0 }
        : durations.of(announcement, wait?.expectedMs)),
      elapsedMs: atWork && formedAt !== undefined ? Math.max(0, now - formedAt) : undefined,
      notBeforeMs: (wait?.plannedAt ?? now) - now,
      after: announcement.dependsOn,
      project: projects.get(announcement.id),
    }
  })
  const made = forecast(tasks, seeded(1))
  const sizes = Map.groupBy(projects.values(), (project) => project)
  return new Map(
    [...made.tasks].map(([id, own]): [TaskId, TaskForecast] => {
      const project = projects.get(id as TaskId)
      const whole = project === undefined ? undefined : made.projects.get(project)
      const view: TaskForecast = {
        madeAt: now,
        ...instants(own, now),
        basis: told.get(id as TaskId)?.plannedAt === undefined ? 'dependencies' : 'plan',
        ...(whole === undefined
          ? {}
          : { project: { ...instants(whole, now), openTasks: sizes.get(project ?? '')?.length ?? 1 } }),
      }
      return [id as TaskId, view]
    }),
  )
}

/** What it waits for may never come. */
function isStuck(waiting: WaitingFor | undefined): boolean {
  return waiting?.kind === 'missing' || waiting?.kind === 'budget' || waiting?.kind === 'start'
}

function instants({ earliestMs, typicalMs, latestMs }: Forecast, now: Millis): ForecastView {
  return { earliestAt: now + earliestMs, finishesAt: now + typicalMs, latestAt: now + latestMs }
}

/** The project of every open task that has one: by its name, or by what hangs together; as the hub sees it. */
function projectsOf(open: readonly TaskRecord[]): Map<TaskId, string> {
  const projects = new Map<TaskId, string>()
  const byId = new Map(open.map((record) => [record.announcement.id, record]))
  const rename = (from: string, to: string): void => {
    for (const [id, project] of projects) if (project === from) projects.set(id, to)
  }
  for (const { announcement, initiator } of open) {
    const { id, project: name, dependsOn } = announcement
    // No id has a blank in it, so a name is never taken for the first task of a project without one.
    if (name !== undefined) projects.set(id, `${initiator} ${name}`)
    for (const before of dependsOn) {
      if (byId.get(before)?.initiator !== initiator) continue
      const own = projects.get(id)
      const other = projects.get(before) ?? before
      if (!projects.has(before)) projects.set(before, own ?? other)
      if (own === undefined) projects.set(id, other)
      else if (!other.includes(' ')) rename(other, own)
      else if (!own.includes(' ')) rename(own, other)
    }
  }
  return projects
}

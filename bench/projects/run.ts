/**
 * Plays a project in virtual time on the shipped hub and agents: activities are announced as tasks, workers join as
 * agents with one slot. What comes out is what the network did, as shifts for the checker.
 * Must never happen here: a choice of who works when.
 */

import { type Happening, type Player, World } from '../../lab/world.ts'
import type { AgentDefinition, AnnounceSpec } from '../../src/host/autonomous.ts'
import type { Planning } from '../../src/host/hub-host.ts'
import { type Configuration, defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import type { Millis } from '../../src/protocol/time.ts'
import type { Shift } from './checker.ts'
import type { Activity, Need, Project, Worker } from './project.ts'

/** One unit of a data set. Against it, the milliseconds in which a group forms are little, and they are counted. */
export const unitMs: Millis = 60_000

/**
 * `live`: everything is announced at once with `dependsOn`, and the hub does not look ahead. `planned`: the same with
 * look-ahead. `ready`: each activity is announced when those before it have completed, so that nobody knows what comes
 * after it.
 */
export type Mode = 'live' | 'planned' | 'ready'

export interface Played {
  readonly shifts: readonly Shift[]
  /** When the first announcement was made, in virtual milliseconds. */
  readonly begunAt: Millis
  /** What looking ahead has cost, on this machine's clock. */
  readonly planning: Pick<Planning, 'plans' | 'meanMs' | 'maxMs'>
}

/**
 * Nothing is lost here, so nobody needs to show that it lives: without these, most of the virtual time would be
 * heartbeats.
 */
const quiet: Millis = 1_000_000_000

const limits: Partial<Limits> = {
  heartbeatMs: quiet,
  agentTimeoutMs: 3 * quiet,
  skillUpdateIntervalMs: quiet,
  workSilenceMs: quiet,
  maintenanceIntervalMs: quiet,
  // A worker who waits for others in a project does not wait in vain: the queue need not keep anybody for it.
  patienceMs: quiet,
  retryMs: 50,
  maxAnnouncements: 10_000,
  groupSizeMax: 256,
  skillsMax: 256,
}

export async function play(project: Project, mode: Mode): Promise<Played> {
  const stage = new Stage(project, mode)
  await stage.open()
  return stage.run()
}

class Stage {
  readonly #project: Project
  readonly #mode: Mode
  readonly #world: World
  /** Needs as they are announced, by activity. */
  readonly #asked = new Map<string, readonly Asked[]>()
  /** Predecessors that need somebody, by activity. */
  readonly #after: ReadonlyMap<string, readonly string[]>
  readonly #shifts: Shift[] = []
  readonly #begun = new Map<string, Millis>()
  readonly #places = new Map<string, number>()
  readonly #ended = new Set<string>()
  readonly #announced = new Set<string>()
  #problem: string | undefined

  constructor(project: Project, mode: Mode) {
    this.#project = project
    this.#mode = mode
    for (const activity of project.activities) this.#asked.set(activity.id, askedOf(activity))
    this.#after = predecessors(project)
    this.#world = new World({
      seed: 1,
      configuration: configurationOf(project, mode),
      watch: (happening, at) => this.#hear(happening, at),
    })
  }

  async open(): Promise<void> {
    this.#world.openHub()
    await this.#world.timeline.settle()
    for (const initiator of initiatorsOf(this.#project)) await this.#world.openDesk(initiator)
    const aliases = Math.max(
      1,
      ...[...this.#asked.values()].flatMap((asked) => asked.map(({ alias }) => alias + 1)),
    )
    for (const worker of this.#project.workers) {
      if (worker.skills.length > 0) await this.#world.join(this.#player(worker, aliases))
    }
    await this.#world.timeline.settle()
  }

  async run(): Promise<Played> {
    const begunAt = this.#world.timeline.now
    const left = this.#project.activities.filter(({ needs }) => needs.length > 0)
    this.#announceReady()
    while (this.#ended.size < left.length && this.#problem === undefined) {
      if (await this.#world.timeline.step(Number.POSITIVE_INFINITY)) continue
      this.#problem = 'nothing more happens'
    }
    if (this.#problem !== undefined) throw new Error(`${this.#project.name}, ${this.#mode}: ${this.#problem}`)
    const { plans = 0, meanMs = 0, maxMs = 0 } = this.#world.hub?.planning ?? {}
    return { shifts: this.#shifts, begunAt, planning: { plans, meanMs, maxMs } }
  }

  #announceReady(): void {
    for (const activity of this.#project.activities) {
      const { id, needs } = activity
      const after = this.#after.get(id) ?? []
      if (needs.length === 0 || this.#announced.has(id)) continue
      if (this.#mode === 'ready' && !after.every((before) => this.#ended.has(before))) continue
      this.#announced.add(id)
      const spec = this.#specOf(activity, this.#mode === 'ready' ? [] : after)
      this.#world.announce(initiatorOf(activity), spec)
    }
  }

  #specOf({ id, duration }: Activity, dependsOn: readonly string[]): AnnounceSpec {
    const asked = this.#asked.get(id) ?? []
    const members = asked.reduce((sum, { need }) => sum + need.count, 0)
    return {
      id,
      description: id,
      payload: duration * unitMs,
      expectedMs: duration * unitMs,
      requires: asked.map(({ alias, need }) => {
        const { skill, rank, count } = need
        return { skill: aliasOf(skill, alias), level: this.#levelOf(rank), count }
      }),
      // Every place has a worker of its own.
      minMembers: members,
      maxGroupSize: members,
      dependsOn,
      project: 'project',
    }
  }

  #levelOf(rank: number): string {
    const level = this.#project.levels[rank]
    if (level === undefined) throw new Error(`${this.#project.name} has no level ${rank}`)
    return level
  }

  #player({ id, skills }: Worker, aliases: number): Player {
    return (stage): AgentDefinition => ({
      id,
      skills: skills.flatMap(({ skill, rank }) =>
        Array.from({ length: aliases }, (_, alias) => {
          return { name: aliasOf(skill, alias), level: this.#levelOf(rank) }
        }),
      ),
      maxConcurrentTasks: 1,
      perform: async (assignment, { signal }) => {
        stage.acted(id, assignment, 'begins')
        await stage.sleep(Number(assignment.payload), signal)
        stage.acted(id, assignment, 'ends')
      },
    })
  }

  #hear(happening: Happening, at: Millis): void {
    switch (happening.kind) {
      case 'durable':
        return this.#learn(happening.fact)
      case 'acted':
        return this.#note(happening.agent, happening.task, happening.what, at)
      case 'refused':
        this.#problem ??= `${happening.node} is refused: ${happening.refusal.message}`
        return
      case 'stopped':
        this.#problem ??= happening.fault.message
        return
      default:
        return
    }
  }

  #learn(fact: Extract<Happening, { kind: 'durable' }>['fact']): void {
    if (fact.kind === 'group.formed') {
      const asked = this.#asked.get(fact.task) ?? []
      for (const { agent, skills } of fact.members) {
        const place = asked.findIndex(({ alias, need }) => aliasOf(need.skill, alias) === skills[0])
        this.#places.set(`${fact.task} ${agent}`, place)
      }
    }
    if (fact.kind !== 'task.ended') return
    if (fact.status !== 'completed') this.#problem ??= `${fact.task} ended as ${fact.status}`
    this.#ended.add(fact.task)
    if (this.#mode === 'ready') this.#announceReady()
  }

  #note(worker: string, activity: string, what: string, at: Millis): void {
    const key = `${activity} ${worker}`
    if (what === 'begins') this.#begun.set(key, at)
    if (what !== 'ends') return
    const begins = this.#begun.get(key) ?? at
    this.#shifts.push({ activity, worker, need: this.#places.get(key) ?? -1, begins, ends: at })
  }
}

/** The one who announces an activity: the only one, where the set names none. */
export function initiatorOf({ initiator = 'desk' }: Activity): string {
  return initiator
}

export function initiatorsOf({ activities }: Project): readonly string[] {
  return [...new Set(activities.map(initiatorOf))]
}

function configurationOf(project: Project, mode: Mode): Configuration {
  return {
    limits: { ...defaultLimits, ...limits, ...(mode === 'planned' ? {} : { planStepsMax: 0 }) },
    levels: project.levels,
    // In the sets nobody learns: a level is what a worker may do.
    levelsBy: 'claim',
  }
}

/**
 * A need as it is announced. A task names a skill once, so the second level that an activity asks of one skill is asked
 * under a second name of the skill, which every worker who has it has at the same level.
 */
interface Asked {
  readonly need: Need
  readonly alias: number
}

function askedOf({ needs }: Activity): Asked[] {
  return needs.map((need, i) => {
    return { need, alias: needs.slice(0, i).filter(({ skill }) => skill === need.skill).length }
  })
}

function aliasOf(skill: string, alias: number): string {
  return alias === 0 ? skill : `${skill}-${alias + 1}`
}

/** What an activity waits for, past those that need nobody and take no time. */
function predecessors(project: Project): Map<string, string[]> {
  const activities = new Map(project.activities.map((activity) => [activity.id, activity]))
  const past = (id: string): string[] => {
    const activity = activities.get(id)
    if (activity === undefined) throw new Error(`${project.name} has no activity ${id}`)
    if (activity.needs.length > 0) return [id]
    if (activity.duration > 0) throw new Error(`${project.name}: ${id} takes time and needs nobody`)
    return activity.after.flatMap(past)
  }
  return new Map(project.activities.map(({ id, after }) => [id, [...new Set(after.flatMap(past))]]))
}

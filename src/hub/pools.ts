/**
 * Tasks of projects in one serving of the queue. Those of one project and one priority are a pool: they share the
 * places that they have, and go to them in the order of the project.
 * Must never happen here: a look at a pool for which nothing has changed, and for which too few agents are free.
 */
import { type Priority, priorityLevel } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { isBefore } from '../strategy/age.ts'
import type { Claimant } from '../strategy/rotation.ts'
import { mayBorrow } from './borrowing.ts'
import { Heap, type Placed } from './heap.ts'
import { isOpen } from './lines.ts'
import { isHeldUp } from './planning.ts'
import type { Project } from './project.ts'
import { rank } from './projects.ts'
import type { HubState, Task } from './state.ts'
import type { ProjectKind } from './waiting.ts'

export interface Pool {
  readonly project: Project
  readonly priority: Priority
  /** It is looked at whoever is free. */
  readonly isUnsettled: boolean
}

/** Stands for its pool, at the best of the places that the pool has. */
export interface PoolClaimant extends Claimant, Placed {
  readonly first: Task
  readonly pool: Pool
  /** With whom it competes for the same turn. */
  readonly rivals: Heap<PoolClaimant>
}

/** The pools that are served, each until none of its tasks can begin. */
export class Pools {
  readonly #hub: HubState
  /** By line, payer, urgency and level. Whoever is not the first of its like has the turn no sooner than the first. */
  readonly #rivals = new Map<string, Heap<PoolClaimant>>()
  /** What is known of kinds since a task has begun. */
  readonly #open = new Map<ProjectKind, boolean>()

  constructor(hub: HubState) {
    this.#hub = hub
    for (const project of this.#projects()) {
      rank(hub, project)
      const { unsettled } = project
      project.unsettled = false
      for (const priority of prioritiesIn(project)) this.#enter({ project, priority, isUnsettled: unsettled })
    }
  }

  /** Who may have the turn: the best of those that would have it for the same reason. */
  claimants(): PoolClaimant[] {
    const found: PoolClaimant[] = []
    for (const [name, rivals] of this.#rivals) {
      let first = rivals.first()
      while (first !== undefined && !this.#isWorthALook(first.pool)) {
        rivals.remove(first)
        first = rivals.first()
      }
      if (first === undefined) this.#rivals.delete(name)
      else found.push(first)
    }
    return found
  }

  /** Those of a pool that may begin, in the order in which they are to. */
  inOrder({ project, priority, isUnsettled }: Pool): Task[] {
    const waiting: Task[] = []
    for (const task of project.waiting)
      if (task.announcement.priority === priority && (isUnsettled || this.#mayBegin(task))) waiting.push(task)
    return waiting.sort(before)
  }

  /** None of it can begin. */
  drop(claimant: PoolClaimant): void {
    claimant.rivals.remove(claimant)
  }

  /** One of it has begun: another is its first now. */
  replace(claimant: PoolClaimant): void {
    this.drop(claimant)
    this.#enter(claimant.pool)
  }

  /** Agents have been taken. */
  fewerAreFree(): void {
    this.#open.clear()
  }

  #projects(): Set<Project> {
    const { projects, queue } = this.#hub
    const found = new Set<Project>()
    for (const project of projects.values())
      if (project.unsettled && project.waiting.size > 0) found.add(project)
    for (const kind of queue.projectKinds.values()) {
      if (!this.#isOpen(kind)) continue
      for (const task of kind.waiting)
        if (task.project !== undefined && this.#mayBegin(task)) found.add(task.project)
    }
    return found
  }

  #enter(pool: Pool): void {
    let first: Task | undefined
    for (const task of pool.project.waiting) {
      if (task.announcement.priority !== pool.priority) continue
      if (first === undefined || isBefore(task, first)) first = task
    }
    if (first?.stand === undefined) return
    const { payer, urgent, key, arrival, stand } = first
    const { line } = stand
    const name = `${line} ${payer} ${urgent} ${pool.priority}`
    const rivals = this.#rivals.get(name) ?? new Heap<PoolClaimant>(isBefore)
    this.#rivals.set(name, rivals)
    const level = priorityLevel(pool.priority)
    const claim = { initiator: payer, line, level, places: 1, urgent, key, arrival }
    rivals.add({ ...claim, first, pool, rivals, place: -1 })
  }

  #isWorthALook({ project, priority, isUnsettled }: Pool): boolean {
    if (isUnsettled) return true
    for (const task of project.waiting)
      if (task.announcement.priority === priority && this.#mayBegin(task)) return true
    return false
  }

  #mayBegin(task: Task): boolean {
    return task.stand !== undefined && this.#isOpen(task.stand.kind) && !isHeldUp(this.#hub, task)
  }

  #isOpen(kind: ProjectKind): boolean {
    const known = this.#open.get(kind)
    if (known !== undefined) return known
    const open = isOpen(this.#hub, kind) || mayBorrow(this.#hub)
    this.#open.set(kind, open)
    return open
  }
}

function prioritiesIn({ waiting }: Project): Set<Priority> {
  const priorities = new Set<Priority>()
  for (const { announcement } of waiting) priorities.add(announcement.priority)
  return priorities
}

/** What has begun at the place of another leaves that one its own. */
export function exchangePlaces(begun: Task, first: Task): void {
  const { key } = begun
  begun.key = first.key
  first.key = key
}

function before(a: Task, b: Task): number {
  const planned = plannedAt(a) - plannedAt(b)
  if (planned < 0 || planned > 0) return planned
  return b.rankMs - a.rankMs || a.arrival - b.arrival
}

/** What no plan knows comes after what it names. */
function plannedAt(task: Task): Millis {
  return task.project?.plan?.entries.get(task)?.startsAt ?? Number.MAX_VALUE
}

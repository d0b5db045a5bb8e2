/**
 * What the queue is made of: kinds of tasks that need the same, and who waits in each.
 * Must never happen here: a decision.
 */
import type { NodeId, SkillName } from '../protocol/id.ts'
import type { Rotation } from '../strategy/rotation.ts'
import type { Heap, Placed } from './heap.ts'
import type { OpenNeed } from './reach.ts'
import type { Task } from './state.ts'

/** Tasks that need the same: what lets one of them go on lets any of them go on. */
export interface Kind {
  readonly name: string
  /** What is required and open. */
  readonly needs: readonly OpenNeed[]
  readonly places: number
  readonly urgent: boolean
  /** The skill in whose line they stand: the scarcest. */
  readonly line: SkillName
  /** By payer, in its own order. None is empty. */
  readonly waiting: Map<NodeId, Heap<Waiter>>
}

export interface Waiter extends Placed {
  readonly task: Task
  readonly kind: Kind
}

/** Tasks of projects that need the same. Each waits with its project as well, and perhaps for other things. */
export interface ProjectKind {
  readonly name: string
  readonly needs: readonly OpenNeed[]
  readonly places: number
  readonly waiting: Set<Task>
}

/** Where a task of a project waits. */
export interface Stand {
  /** In which its payer has a turn for it. */
  readonly line: SkillName
  readonly kind: ProjectKind
}

/** The tasks that look for members and have not begun to ask. */
export interface Queue {
  /** To be looked at before the turn ends, whatever has changed. */
  fresh: Task[]
  readonly kinds: Map<string, Kind>
  readonly kindsBySkill: Map<SkillName, Set<Kind>>
  /** Skills of which more agents, slots or levels are free than before, and for which somebody waits. */
  readonly stirred: Set<SkillName>
  readonly rotation: Rotation
  readonly projectKinds: Map<string, ProjectKind>
  /** Something may let a task of a project go on. */
  projectsStirred: boolean
}

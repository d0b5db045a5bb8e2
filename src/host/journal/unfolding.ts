/**
 * Gives condensed facts back as they were: the reading half of `condensed`.
 * Must never happen here: a fact that comes back with another content, or its fields in another order.
 */
import type { Fact, GroupFormedFact, StandingChangedFact } from '../../protocol/fact.ts'
import type { Considered, CostParts, Member } from '../../protocol/group.ts'
import type { AgentId, NodeId, SkillName, TaskId } from '../../protocol/id.ts'
import type { JsonText } from '../../protocol/json.ts'
import type { SkillLevel } from '../../protocol/skill.ts'
import type { Evidence, SkillStanding } from '../../protocol/standing.ts'
import type { EndStatus, TaskAnnouncement } from '../../protocol/task.ts'
import type { Recorded } from '../ports.ts'
import { type Condensed, charged, type Kept, layout, type Piece, seen, told, verdicts } from './condensed.ts'

/** The facts of a task with their positions, as they were. */
export function unfold(condensed: Condensed): Recorded[] {
  return new Reader(condensed).all(condensed.task)
}

/** The fact as it was. */
export function restored(kept: Kept): Fact {
  if (kept.kind !== 'group.formed') return kept
  return { ...kept, considered: new Reader(kept.considered).weighed() }
}

const costNames = Object.keys(charged) as (keyof CostParts)[]

class Reader {
  readonly #things: readonly unknown[]
  readonly #numbers: Float64Array
  #next: number
  #taken = 0

  constructor({ things, numbers, from }: Piece) {
    this.#things = things
    this.#numbers = numbers
    this.#next = from
  }

  all(task: TaskId): Recorded[] {
    return Array.from({ length: this.#number() }, () => ({
      position: this.#number(),
      fact: this.#fact(task),
    }))
  }

  weighed(): Considered[] {
    return Array.from({ length: this.#number() }, () => this.#considered())
  }

  #number(): number {
    return this.#numbers[this.#next++] ?? 0
  }

  #pair(): [number, number] {
    return [this.#number(), this.#number()]
  }

  #thing(): unknown {
    return this.#things[this.#taken++]
  }

  #fact(task: TaskId): Fact {
    const how = this.#number()
    if (how === layout.whole) return this.#thing() as Fact
    const about = { task, at: this.#number() }
    switch (how) {
      case layout.accepted: {
        const initiator = this.#thing() as NodeId
        return { kind: 'task.accepted', ...about, initiator, announcement: this.#thing() as TaskAnnouncement }
      }
      case layout.formed:
        return this.#formed(about)
      case layout.finished: {
        const epoch = this.#number()
        const tookMs = this.#number()
        const agent = this.#thing() as AgentId
        return { kind: 'member.finished', ...about, epoch, agent, result: this.#thing() as JsonText, tookMs }
      }
      case layout.changed:
        return this.#changed(about)
      default:
        return {
          kind: 'task.ended',
          ...about,
          epoch: this.#number(),
          status: this.#thing() as EndStatus,
        }
    }
  }

  #formed(about: Pick<GroupFormedFact, 'task' | 'at'>): GroupFormedFact {
    const epoch = this.#number()
    const from = this.#number()
    const members = this.#thing() as readonly Member[]
    const things = this.#thing() as readonly unknown[]
    const numbers = this.#thing() as Float64Array
    const considered = new Reader({ things, numbers, from }).weighed()
    const uncovered = this.#thing() as readonly SkillName[]
    const strategy = this.#thing() as string
    return { kind: 'group.formed', ...about, epoch, members, considered, uncovered, strategy }
  }

  #considered(): Considered {
    const bits = this.#number()
    const agent = this.#thing() as AgentId
    const skills = this.#thing() as readonly SkillName[]
    const verdict = verdicts[this.#number()] ?? 'silent'
    const [score, success] = this.#pair()
    return {
      agent,
      skills,
      score,
      success,
      load: this.#number(),
      verdict,
      ...(bits & told.outcomes ? { outcomes: this.#number() } : {}),
      ...(bits & told.open ? { open: true } : {}),
      ...(bits & told.costs ? { costs: this.#costs(bits) } : {}),
      ...(bits & told.why ? { why: this.#thing() as string } : {}),
    }
  }

  #costs(bits: number): CostParts {
    const costs: { -readonly [Part in keyof CostParts]: number } = {}
    for (const name of costNames) if (bits & charged[name]) costs[name] = this.#number()
    return costs
  }

  #changed(about: Pick<GroupFormedFact, 'task' | 'at'>): StandingChangedFact {
    const epoch = this.#number()
    const count = this.#number()
    const strategy = this.#thing() as string
    const evidence = Array.from({ length: count }, (): Evidence => {
      const agent = this.#thing() as AgentId
      return { agent, skills: Array.from({ length: this.#number() }, () => this.#standing()) }
    })
    return { kind: 'standing.changed', ...about, epoch, evidence, strategy }
  }

  #standing(): SkillStanding {
    const skill = this.#thing() as SkillName
    const level = this.#thing() as SkillLevel
    const bits = this.#number()
    return {
      skill,
      level,
      successes: this.#number(),
      failures: this.#number(),
      ...(bits & seen.fits ? { fits: Array.from({ length: this.#number() }, () => this.#number()) } : {}),
      timeWeight: this.#number(),
      timeMean: this.#number(),
      timeM2: this.#number(),
      updatedAt: this.#number(),
      ...(bits & seen.own ? { own: this.#pair() } : {}),
      ...(bits & seen.pace ? { pace: this.#pair() } : {}),
      ...(bits & seen.drift ? { drift: this.#pair() } : {}),
    }
  }
}

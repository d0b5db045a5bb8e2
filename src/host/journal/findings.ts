/**
 * What an audit finds, whatever the log lies in: in the text of a batch, the shape of a fact, the rules of the log.
 * Must never happen here: an end at the first problem, as long as there is something left to read.
 */
import { type InvariantRule, Invariants, type TaskCounts } from '../../hub/invariants.ts'
import type { Fact } from '../../protocol/fact.ts'
import type { Position } from '../ports.ts'
import { type Body, decodeFacts } from './batch.ts'
import { factFault } from './fact-shape.ts'

export interface Problem {
  /** The log that `position` is one of, where a network has several. */
  readonly partition?: number
  /** Of the fact, or of the first fact that is damaged or missing. */
  readonly position: Position
  readonly problem: string
  /** The rule that the facts break; absent when the log is damaged. */
  readonly rule?: InvariantRule
}

/** `tasks` are all that were ever accepted; `open` and `ended` say what became of them. */
export interface AuditReport extends TaskCounts {
  readonly facts: number
  /** In the order of their positions. Empty for a sound log. */
  readonly problems: readonly Problem[]
}

export class Findings {
  readonly #invariants = new Invariants()
  readonly #problems: Problem[] = []
  #facts = 0

  found(position: Position, problem: string): void {
    this.#problems.push({ position, problem })
  }

  /** Examines one batch. Gives the facts that have the shape of facts, and tells each of them. */
  batch(
    body: Body,
    first: Position,
    last: Position,
    tell: (fact: Fact, position: Position) => void = () => {},
  ): readonly Fact[] {
    const facts = this.#decode(body, first)
    if (first + facts.length !== last + 1) {
      this.found(first, `${facts.length} facts, where ${last - first + 1} are expected`)
    }
    const sound: Fact[] = []
    for (const [i, fact] of facts.entries()) {
      const fault = factFault(fact)
      if (fault !== undefined) this.found(first + i, fault)
      else {
        sound.push(fact as Fact)
        this.#invariants.observe(fact as Fact, first + i)
        tell(fact as Fact, first + i)
      }
    }
    this.#facts += facts.length
    return sound
  }

  report(): AuditReport {
    const broken = this.#invariants.violations().map(({ position, what, task, rule }) => {
      return { position, rule, problem: task === undefined ? what : `task ${task}: ${what}` }
    })
    const problems = [...this.#problems, ...broken].sort((a, b) => a.position - b.position)
    return { facts: this.#facts, ...this.#invariants.counts(), problems }
  }

  #decode(body: Body, first: Position): readonly unknown[] {
    try {
      const facts: unknown = decodeFacts(body)
      if (Array.isArray(facts)) return facts
    } catch {
      // Said below, with the position.
    }
    this.found(first, 'the facts of the batch cannot be read')
    return []
  }
}

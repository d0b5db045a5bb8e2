/**
 * Condenses facts: the writing half of `condensed`.
 * Must never happen here: a text that is written anew.
 */
import type { Fact, StandingChangedFact } from '../../protocol/fact.ts'
import type { Considered, CostParts } from '../../protocol/group.ts'
import type { TaskId } from '../../protocol/id.ts'
import { assert } from '../../protocol/machine.ts'
import type { SkillStanding } from '../../protocol/standing.ts'
import type { Position } from '../ports.ts'
import {
  Condensed,
  type CondensedGroup,
  charged,
  type Kept,
  layout,
  layoutOf,
  type Piece,
  seen,
  told,
  verdicts,
} from './condensed.ts'

/** At least so many numbers have one store: those of some thirty tasks. */
const storeMin = 4096

/** Numbers of one agent that was considered, and of one standing without its fits, with all that may be missing. */
const consideredMost = 12
const standingMost = 14

/** Lays out the facts of one task after the other. */
export class Condenser {
  #numbers = new Float64Array(storeMin)
  #next = 0
  #things: unknown[] = []
  #placed = 0

  take(fact: Fact): Kept {
    if (fact.kind !== 'group.formed') return fact
    const { kind, task, at, epoch, members, uncovered, strategy } = fact
    return { kind, task, at, epoch, members, considered: this.#weighed(fact.considered), uncovered, strategy }
  }

  /** `facts` are all about the task, and `positions` in the same order. */
  condense(task: TaskId, facts: readonly Kept[], positions: readonly Position[]): Condensed {
    let things = 0
    let numbers = 1
    for (const fact of facts) {
      things += thingsIn(fact)
      numbers += numbersMost(fact)
    }
    const from = this.#room(things, numbers)
    this.#number(facts.length)
    for (let i = 0; i < facts.length; i++) {
      this.#number(positions[i] ?? 0)
      this.#fact(facts[i] as Kept)
    }
    assert(this.#placed === things && this.#next <= from + numbers, 'everything has its place')
    return new Condensed(task, this.#things, this.#numbers, from)
  }

  #weighed(considered: readonly Considered[]): Piece {
    let things = 2 * considered.length
    for (const { why } of considered) if (why !== undefined) things += 1
    const from = this.#room(things, 1 + consideredMost * considered.length)
    this.#number(considered.length)
    for (let i = 0; i < considered.length; i++) this.#considered(considered[i] as Considered)
    assert(this.#placed === things && this.#next <= this.#numbers.length, 'everything has its place')
    return { things: this.#things, numbers: this.#numbers, from }
  }

  /** Where the numbers will begin. */
  #room(things: number, numbers: number): number {
    if (this.#next + numbers > this.#numbers.length) {
      this.#numbers = new Float64Array(Math.max(storeMin, numbers))
      this.#next = 0
    }
    // A list that grows by `push` would have room for more.
    this.#things = new Array<unknown>(things)
    this.#placed = 0
    return this.#next
  }

  #number(value: number): void {
    this.#numbers[this.#next++] = value
  }

  #pair(pair: readonly [number, number] | undefined): void {
    if (pair === undefined) return
    this.#number(pair[0])
    this.#number(pair[1])
  }

  #thing(value: unknown): void {
    this.#things[this.#placed++] = value
  }

  #fact(fact: Kept): void {
    const how = layoutOf(fact)
    this.#number(how)
    if (how === layout.whole) {
      this.#thing(fact)
      return
    }
    this.#number(fact.at)
    switch (fact.kind) {
      case 'task.accepted':
        this.#thing(fact.initiator)
        this.#thing(fact.announcement)
        return
      case 'group.formed':
        return this.#formed(fact)
      case 'member.finished':
        this.#number(fact.epoch)
        this.#number(fact.tookMs)
        this.#thing(fact.agent)
        this.#thing(fact.result)
        return
      case 'standing.changed':
        return this.#changed(fact)
      case 'task.ended':
        this.#number(fact.epoch)
        this.#thing(fact.status)
    }
  }

  #formed({ epoch, members, considered, uncovered, strategy }: CondensedGroup): void {
    this.#number(epoch)
    this.#number(considered.from)
    this.#thing(members)
    this.#thing(considered.things)
    this.#thing(considered.numbers)
    this.#thing(uncovered)
    this.#thing(strategy)
  }

  #considered({
    agent,
    skills,
    score,
    success,
    load,
    verdict,
    outcomes,
    open,
    why,
    costs,
  }: Considered): void {
    const at = this.#next++
    let bits = 0
    this.#thing(agent)
    this.#thing(skills)
    this.#number(verdicts.indexOf(verdict))
    this.#number(score)
    this.#number(success)
    this.#number(load)
    if (outcomes !== undefined) {
      bits |= told.outcomes
      this.#number(outcomes)
    }
    if (open) bits |= told.open
    if (why !== undefined) {
      bits |= told.why
      this.#thing(why)
    }
    if (costs !== undefined) bits |= told.costs | this.#costs(costs)
    this.#numbers[at] = bits
  }

  #costs({ time, load, price, late, spread, plan }: CostParts): number {
    const usual = this.#cost(time, charged.time) | this.#cost(load, charged.load)
    const rare = this.#cost(price, charged.price) | this.#cost(late, charged.late)
    return usual | rare | this.#cost(spread, charged.spread) | this.#cost(plan, charged.plan)
  }

  #cost(cost: number | undefined, bit: number): number {
    if (cost === undefined) return 0
    this.#number(cost)
    return bit
  }

  #changed({ epoch, evidence, strategy }: StandingChangedFact): void {
    this.#number(epoch ?? 0)
    this.#number(evidence.length)
    this.#thing(strategy)
    for (const { agent, skills } of evidence) {
      this.#thing(agent)
      this.#number(skills.length)
      for (const standing of skills) this.#standing(standing)
    }
  }

  #standing(standing: SkillStanding): void {
    const { fits, own, pace, drift } = standing
    const early = (fits === undefined ? 0 : seen.fits) | (own === undefined ? 0 : seen.own)
    const late = (pace === undefined ? 0 : seen.pace) | (drift === undefined ? 0 : seen.drift)
    this.#thing(standing.skill)
    this.#thing(standing.level)
    this.#number(early | late)
    this.#number(standing.successes)
    this.#number(standing.failures)
    if (fits !== undefined) {
      this.#number(fits.length)
      for (const fit of fits) this.#number(fit)
    }
    this.#number(standing.timeWeight)
    this.#number(standing.timeMean)
    this.#number(standing.timeM2)
    this.#number(standing.updatedAt)
    this.#pair(own)
    this.#pair(pace)
    this.#pair(drift)
  }
}

function thingsIn(fact: Kept): number {
  if (layoutOf(fact) === layout.whole) return 1
  if (fact.kind === 'group.formed') return 5
  if (fact.kind === 'standing.changed') {
    let things = 1
    for (const { skills } of fact.evidence) things += 1 + 2 * skills.length
    return things
  }
  return fact.kind === 'task.ended' ? 1 : 2
}

/** With all that may be missing; the position is counted, and how it lies. */
function numbersMost(fact: Kept): number {
  if (fact.kind !== 'standing.changed') return 5
  let numbers = 5
  for (const { skills } of fact.evidence) {
    numbers += 1
    for (const { fits } of skills) numbers += standingMost + (fits?.length ?? 0)
  }
  return numbers
}

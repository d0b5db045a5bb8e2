/**
 * The record of a decision: everybody who was asked, what each score is made of, and what became of it.
 * Must never happen here: a figure that did not decide.
 */
import type { Considered, CostParts } from '../protocol/group.ts'
import type { Costs } from '../strategy/score.ts'
import { sortShort } from '../strategy/sorting.ts'
import type { Search } from './state.ts'

/** What would be rounded to nothing. */
const leastTold = 0.0005

type Draft = { -readonly [Key in keyof Considered]: Considered[Key] }

/** Everybody who was asked, best first. Numbers, and no words: those are made when somebody asks for them. */
export function consideredIn(search: Search): Considered[] {
  const all: Considered[] = []
  for (const asked of search.asked) {
    const { entry, offer, why, outcomes, open } = asked
    const chosen = search.invitations.has(entry.id)
    const considered: Draft = {
      agent: entry.id,
      skills: asked.reach.skills,
      score: round(asked.score),
      success: round(asked.success),
      load: round((offer?.busy ?? 0) / entry.capacity),
      verdict: chosen ? 'chosen' : (asked.verdict ?? (offer === undefined ? 'silent' : 'outscored')),
    }
    if (outcomes >= leastTold) considered.outcomes = round(outcomes)
    if (open) considered.open = true
    if (asked.cost >= leastTold) considered.costs = partsOf(asked.costs)
    if (why !== undefined) considered.why = why
    all.push(considered)
  }
  return sortShort(all, (a, b) => b.score - a.score || (a.agent < b.agent ? -1 : 1))
}

/** Only what weighs something: most costs of most agents are nothing, and the record is kept for ever. */
function partsOf({ time, load, price, late, spread = 0, plan = 0 }: Costs): CostParts {
  const parts: { -readonly [Part in keyof CostParts]: number } = {}
  if (time >= leastTold) parts.time = round(time)
  if (load >= leastTold) parts.load = round(load)
  if (price >= leastTold) parts.price = round(price)
  if (late >= leastTold) parts.late = round(late)
  if (spread >= leastTold) parts.spread = round(spread)
  if (plan >= leastTold) parts.plan = round(plan)
  return parts
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

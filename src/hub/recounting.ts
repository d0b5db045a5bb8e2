/**
 * The record of a decision: everybody who was asked, what each score is made of, and what became of it.
 * Must never happen here: a figure that did not decide.
 */
import type { Considered, CostParts } from '../protocol/group.ts'
import type { Costs } from '../strategy/score.ts'
import { sortShort } from '../strategy/sorting.ts'
import type { Asked, Search } from './state.ts'

/** What would be rounded to nothing. */
const leastTold = 0.0005

/** What is said of one agent, as long as the search goes on. */
export type Account = { -readonly [Key in keyof Considered]: Considered[Key] }

/** Everybody who was asked, best first. Numbers, and no words: those are made when somebody asks for them. */
export function consideredIn(search: Search): Considered[] {
  // What stays with the group is as long as what is in it.
  return sortShort(search.asked.map(accountIn), byScore)
}

function byScore(a: Considered, b: Considered): number {
  if (a.score !== b.score) return b.score > a.score ? 1 : -1
  return a.agent < b.agent ? -1 : 1
}

/** What is said of the agent as the search stands now. It is the search's own, and goes on changing with it. */
function accountIn(asked: Asked): Account {
  const { verdict, why } = asked
  const account = asked.account ?? accountOf(asked, 0, 0, 0, 0, undefined)
  if (asked.isInvited) account.verdict = 'chosen'
  else account.verdict = verdict ?? (asked.account === undefined ? 'silent' : 'outscored')
  if (why !== undefined) account.why = why
  return account
}

/**
 * Of an agent that has offered: made once, when all of it is known, and handed on as it is.
 *
 * @param busy Slots in use or promised when it offered.
 * @param outcomes Outcomes behind the probability, in the skill of which most was seen.
 */
export function accountOf(
  { entry, reach, open }: Asked,
  busy: number,
  score: number,
  success: number,
  outcomes: number,
  costs: CostParts | undefined,
): Account {
  const account: Account = {
    agent: entry.id,
    skills: reach.skills,
    score: round(score),
    success: round(success),
    load: round(busy / entry.capacity),
    verdict: 'outscored',
  }
  if (outcomes >= leastTold) account.outcomes = round(outcomes)
  if (open) account.open = true
  if (costs !== undefined) account.costs = costs
  return account
}

/** Only what weighs something: most costs of most agents are nothing, and the record is kept for ever. */
export function partsOf(
  { time, load, price, late, total }: Costs,
  spread: number,
  plan: number,
): CostParts | undefined {
  if (total + spread + plan < leastTold) return undefined
  // Mostly there are no others. An object that begins empty has room for four.
  if (price + late + spread + plan < leastTold && load >= leastTold)
    return time < leastTold ? { load: round(load) } : { time: round(time), load: round(load) }
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

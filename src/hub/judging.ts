/**
 * Between the hub's state and the strategies: what is expected of an agent, how well it fits a need, and what its
 * work taught us.
 * Must never happen here: arithmetic (that is a strategy's), or a choice.
 */

import type { AgentId, SkillName } from '../protocol/id.ts'
import { rankOf, type Skill } from '../protocol/skill.ts'
import type { Evidence, SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { formStrategy } from '../strategy/form.ts'
import { strayCost } from '../strategy/scarcity.ts'
import { costOf, type Estimate, estimate, rankScore, scoreSkill, scoreStrategy } from '../strategy/score.ts'
import { spreadCost } from '../strategy/spread.ts'
import {
  blame,
  isProven,
  newStanding,
  observe,
  standingStrategy,
  type Verdict,
} from '../strategy/standing.ts'
import { record } from './applying.ts'
import { type Asked, type HubState, type OpenNeed, type RosterEntry, stir, type Task } from './state.ts'

/** Written into every decision, so that it can be understood after a strategy has changed. */
export const strategies: string = `${formStrategy} ${scoreStrategy} ${standingStrategy}`

export function standingOf(hub: HubState, agent: AgentId, claim: Skill): SkillStanding {
  return hub.standings.get(agent)?.get(claim.name) ?? newStanding(claim, hub.configuration.levels, hub.now)
}

export function expectationsOf(hub: HubState, agent: AgentId, skills: readonly Skill[]): Estimate[] {
  return skills.map((claim) => estimate(standingOf(hub, agent, claim), claim))
}

/** The rank under which an agent is listed: the claimed one until there is evidence, or always. */
export function ranksOf(hub: HubState, agent: AgentId, skills: readonly Skill[]): number[] {
  const { levels, levelsBy } = hub.configuration
  return skills.map((claim) => {
    const level = levelsBy === 'claim' ? claim.level : standingOf(hub, agent, claim).level
    return rankOf(levels, level) ?? 0
  })
}

/** Its places in the catalog follow what is expected of it and how busy it is. */
export function relist(hub: HubState, entry: RosterEntry): void {
  const busy = entry.held + entry.running
  for (let i = 0; i < entry.skills.length; i++) {
    const skill = entry.skills[i]
    const expected = entry.estimates[i]
    if (skill === undefined || expected === undefined) continue
    hub.catalog.rescore(
      entry.slot,
      skill.name,
      entry.ranks[i] ?? 0,
      rankScore(expected, busy, entry.capacity),
    )
  }
}

/** Fills in what choosing needs to know of an agent that has offered. */
export function scoreOffer(hub: HubState, task: Task, needs: readonly OpenNeed[], asked: Asked): void {
  const { entry, offer } = asked
  if (offer === undefined) return
  const critical = task.announcement.priority === 'critical'
  const values = new Array<number | undefined>(needs.length).fill(undefined)
  let best = Number.NEGATIVE_INFINITY
  let latestMs: Millis | undefined
  // What the initiator states says more of this task than how long other tasks took.
  let expectedMs = offer.expectedMs ?? task.announcement.expectedMs
  for (const index of asked.reach.needs) {
    const place = skillPlace(entry, needs[index]?.skill)
    const expected = entry.estimates[place]
    const claim = entry.skills[place]
    if (expected === undefined || claim === undefined) continue
    const standing = standingOf(hub, entry.id, claim)
    const { value, success } = scoreSkill(
      expected,
      standing,
      critical,
      hub.random,
      entry.held + entry.running,
    )
    values[index] = value
    if (value > best) {
      best = value
      asked.success = success
    }
    latestMs = Math.max(latestMs ?? 0, expected.latestMs ?? 0)
    expectedMs ??= expected.typicalMs
  }
  const busy = Math.max(offer.busy, entry.held + entry.running)
  asked.values = values
  asked.cost = costOf(
    { busy, capacity: entry.capacity, expectedMs, price: offer.price },
    {
      budget: task.announcement.budget,
      deadlineInMs: task.deadlineAt === undefined ? undefined : task.deadlineAt - hub.now,
      latestMs: latestMs === 0 ? undefined : latestMs,
    },
  )
  asked.cost += unevenness(hub, needs, asked)
  const { preferred } = task.search ?? {}
  if (preferred !== undefined && !preferred.agents.has(entry.id)) asked.cost += strayCost
  asked.score = best - asked.cost
}

/** What it costs that the agent was given more than others with its skills; of several skills the dearest counts. */
function unevenness(hub: HubState, needs: readonly OpenNeed[], { entry, reach }: Asked): number {
  const weight = hub.configuration.limits.workSpread / 100
  if (weight === 0) return 0
  const costs = reach.needs.map((index) => {
    const skill = needs[index]?.skill
    const supply = skill === undefined ? undefined : hub.supply.get(skill)
    if (skill === undefined || supply === undefined) return 0
    return spreadCost(entry.begun, supply.begun / Math.max(1, hub.catalog.capable(skill, 0)), weight)
  })
  return Math.max(0, ...costs)
}

function skillPlace(entry: RosterEntry, skill: SkillName | undefined): number {
  for (let i = 0; i < entry.skills.length; i++) if (entry.skills[i]?.name === skill) return i
  return -1
}

/** The rank of an agent in a skill by evidence, or -1. */
export function rankIn(entry: RosterEntry, skill: SkillName): number {
  return entry.ranks[skillPlace(entry, skill)] ?? -1
}

/** How one member's part ended. */
export interface Seen {
  readonly agent: AgentId
  readonly skills: readonly SkillName[]
  /** 0 for a success, 1 for a failure of its own, between for a share of the blame. */
  readonly blame: number
  /** Not its work failed: it died or fell silent. That says how reliable it is, and nothing of its level. */
  readonly absent?: boolean
  readonly tookMs?: Millis
}

/** Writes down what the outcomes of members teach, as one fact. */
export function learn(hub: HubState, task: Task, seen: readonly Seen[]): void {
  const evidence = defined(seen.map((part) => evidenceOf(hub, task, part)))
  if (evidence.length === 0) return
  record(hub, {
    kind: 'standing.changed',
    task: task.id,
    at: hub.now,
    epoch: task.epoch,
    evidence,
    strategy: standingStrategy,
  })
  for (const { agent } of evidence) reassess(hub, agent)
}

function evidenceOf(hub: HubState, task: Task, seen: Seen): Evidence | undefined {
  const { agent } = seen
  const entry = hub.roster.get(agent)
  const standings = hub.standings.get(agent)
  const skills = defined(
    seen.skills.map((skill) => {
      const claim = entry?.skills[skillPlace(entry, skill)]
      const before = standings?.get(skill) ?? (claim && newStanding(claim, hub.configuration.levels, hub.now))
      return before && observed(hub, task, before, seen)
    }),
  )
  return skills.length === 0 ? undefined : { agent, skills }
}

/** What is there: the list itself where nothing is missing, which is the rule. */
function defined<Item>(items: readonly (Item | undefined)[]): readonly Item[] {
  if (items.includes(undefined)) return items.filter((item) => item !== undefined)
  return items as readonly Item[]
}

/** What the whole group's failure says about each member: the share of the blame grows with the doubt. */
export function learnFromRejection(hub: HubState, task: Task): void {
  const success = task.results.map(({ agent, skills }) => {
    const entry = hub.roster.get(agent)
    const first = skills[0]
    return (entry && first && entry.estimates[skillPlace(entry, first)]?.mean) ?? 0.5
  })
  const shares = blame(success)
  learn(
    hub,
    task,
    task.results.map(({ agent, skills }, i) => ({ agent, skills, blame: shares[i] ?? 1 })),
  )
}

function observed(hub: HubState, task: Task, before: SkillStanding, seen: Seen): SkillStanding {
  const { blame, tookMs } = seen
  const { levels } = hub.configuration
  const requiredRank = requiredRankOf(hub, task, before.skill)
  const verdict = (success: boolean, weight: number): Verdict =>
    tookMs === undefined ? { success, weight, requiredRank } : { success, weight, requiredRank, tookMs }
  let standing = before
  if (blame > 0) standing = observe(standing, verdict(false, blame), levels, hub.now)
  if (blame < 1) standing = observe(standing, verdict(true, 1 - blame), levels, hub.now)
  if (!seen.absent) return standing
  const { level, ability, abilityVariance } = before
  return { ...standing, level, ability, abilityVariance }
}

function requiredRankOf(hub: HubState, task: Task, skill: SkillName): number {
  const { requires, optional } = task.announcement
  const need = requires.find((need) => need.skill === skill) ?? optional.find((need) => need.skill === skill)
  return need === undefined ? 0 : (rankOf(hub.configuration.levels, need.level) ?? 0)
}

function reassess(hub: HubState, agent: AgentId): void {
  const entry = hub.roster.get(agent)
  if (entry === undefined) return
  entry.estimates = expectationsOf(hub, agent, entry.skills)
  entry.ranks = ranksOf(hub, agent, entry.skills)
  relist(hub, entry)
  markProven(hub, entry)
  for (const { name } of entry.skills) stir(hub, name)
}

/** Takes an agent that is known well enough off the list of newcomers. */
export function markProven(hub: HubState, entry: RosterEntry): void {
  const known = hub.standings.get(entry.id)
  if (known === undefined) return
  for (const skill of entry.skills) {
    const standing = known.get(skill.name)
    if (standing !== undefined && isProven(standing)) hub.catalog.markProven(entry.slot, skill.name)
  }
}

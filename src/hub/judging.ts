/**
 * Between the hub's state and the strategies: what is expected of an agent, and what its work taught us.
 * Must never happen here: arithmetic (that is a strategy's), or a choice.
 */
import type { AgentId, HubId, SkillName } from '../protocol/id.ts'
import { longer } from '../protocol/longer.ts'
import { rankOf, type Skill, type SkillLevel } from '../protocol/skill.ts'
import type { Evidence, SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import type { Listing } from '../strategy/catalog.ts'
import { formStrategy } from '../strategy/form.ts'
import { type Estimate, estimate, scoreStrategy, slotsOf } from '../strategy/score.ts'
import {
  blame,
  isProven,
  newStanding,
  observe,
  standingStrategy,
  withoutLevel,
} from '../strategy/standing.ts'
import { record } from './applying.ts'
import { type Reported, report } from './reports.ts'
import { isOwn } from './roster.ts'
import { type HubState, type RosterEntry, stir, type Task } from './state.ts'

/** Written into every decision, so that it can be understood after a strategy has changed. */
export const strategies: string = `${formStrategy} ${scoreStrategy} ${standingStrategy}`

export function standingOf(hub: HubState, agent: AgentId, claim: Skill): SkillStanding {
  return hub.standings.get(agent)?.get(claim.name) ?? newStanding(claim, hub.now)
}

export function expectationsOf(hub: HubState, agent: AgentId, skills: readonly Skill[]): Estimate[] {
  return skills.map((claim) => estimateOf(hub, agent, claim))
}

export function estimateOf(hub: HubState, agent: AgentId, claim: Skill): Estimate {
  return estimateFrom(hub, claim, hub.standings.get(agent)?.get(claim.name))
}

function estimateFrom(hub: HubState, claim: Skill, standing: SkillStanding | undefined): Estimate {
  const isClaimed = standing === undefined || hub.configuration.levelsBy === 'claim'
  const prior = hub.population.priorOf(claim.name, isClaimed ? claim.level : standing.level)
  if (standing !== undefined) return estimate(standing, claim, prior)
  if (claim.successRate !== undefined || claim.meanTimeMs !== undefined) {
    return estimate(newStanding(claim, hub.now), claim, prior)
  }
  // Of strangers who claim the same, the same is expected: a million of them share one estimate.
  const shared = hub.strangers.get(prior)
  if (shared !== undefined) return shared
  const fresh = estimate(newStanding(claim, hub.now), claim, prior)
  hub.strangers.set(prior, fresh)
  return fresh
}

/** What is expected now: made again when the population has moved since. Nobody is looked at before it is asked. */
export function currentEstimate(hub: HubState, entry: RosterEntry, place: number): Estimate | undefined {
  const known = entry.estimates[place]
  const claim = entry.skills[place]
  const rank = entry.ranks[place]
  if (known === undefined || claim === undefined || rank === undefined) return undefined
  // What is expected of a guest is what its home has said.
  if (entry.lender !== undefined || known.prior.isCurrent) return known
  const level = hub.configuration.levels[rank] ?? claim.level
  if (known.prior === hub.population.priorOf(claim.name, level)) return known
  const fresh = estimateOf(hub, entry.id, claim)
  entry.estimates[place] = fresh
  hub.catalog.rescore(entry.slot, listingOf(entry, claim, place))
  return fresh
}

/** The rank under which an agent is listed: the claimed one until there is evidence, or always. */
export function ranksOf(hub: HubState, agent: AgentId, skills: readonly Skill[]): number[] {
  const known = hub.standings.get(agent)
  return skills.map((claim) => rankFrom(hub, claim, known?.get(claim.name)))
}

function rankFrom(hub: HubState, claim: Skill, standing: SkillStanding | undefined): number {
  const { levels, levelsBy } = hub.configuration
  const level = levelsBy === 'claim' ? claim.level : (standing?.level ?? claim.level)
  return rankOf(levels, level) ?? 0
}

/** What the catalog is told of an agent's skill, by its place among the agent's skills. */
export function listingOf(entry: RosterEntry, { name }: Skill, place: number): Listing {
  const expected = entry.estimates[place]
  const rank = entry.ranks[place] ?? 0
  if (expected === undefined) return { skill: name, rank, score: 0, slots: 1 }
  return { skill: name, rank, score: expected.mean, slots: slotsOf(expected, entry.capacity) }
}

/** Its places in the catalog follow how busy it is. */
export function relist(hub: HubState, entry: RosterEntry): void {
  const busy = entry.held + entry.running
  hub.catalog.setLoad(entry.slot, busy, busy < entry.capacity)
}

/** Median duration that is expected of an agent for a part: that of the slowest of its skills. 0 when unknown. */
export function typicalTime(entry: RosterEntry, skills: readonly SkillName[]): Millis {
  let longest = 0
  for (const skill of skills) {
    longest = Math.max(longest, entry.estimates[skillPlace(entry, skill)]?.typicalMs ?? 0)
  }
  return longest
}

/** Where a skill stands among those of an agent, or -1. */
export function skillPlace(entry: RosterEntry, skill: SkillName | undefined): number {
  for (let i = 0; i < entry.skills.length; i++) if (entry.skills[i]?.name === skill) return i
  return -1
}

/** The rank of an agent in a skill by evidence, or -1. */
export function rankIn(entry: RosterEntry, skill: SkillName): number {
  const place = skillPlace(entry, skill)
  // Most agents have one skill of several. What no list has at a place below 0 is looked for by name, which takes long.
  return place < 0 ? -1 : (entry.ranks[place] ?? -1)
}

/** How one member's part ended. */
export interface Seen {
  readonly agent: AgentId
  readonly skills: readonly SkillName[]
  /** 0 for a success, 1 for a failure of its own, between for a share of the blame. */
  readonly blame: number
  /**
   * Not its work failed: it died, fell silent or was late. That says how reliable it is, and nothing of its level; with
   * `blame` below 1 it counts for less, and never as a success.
   */
  readonly absent?: boolean
  readonly tookMs?: Millis
}

/** Writes down what the outcomes of members teach, as one fact. */
export function learn(hub: HubState, task: Task, seen: readonly Seen[]): void {
  const own = ownOf(hub, task, seen)
  const { expectedMs } = task.announcement
  const rankAsked = (skill: SkillName): number => requiredRankOf(hub, task, skill)
  const evidence = defined(own.map((part) => evidenceOf(hub, part, expectedMs, rankAsked)))
  if (evidence.length === 0) return
  record(hub, {
    kind: 'standing.changed',
    task: task.id,
    at: hub.now,
    epoch: task.epoch,
    evidence,
    strategy: standingStrategy,
  })
  for (const one of evidence) reassess(hub, one)
}

/** Of those whose home is another hub, that home is told. */
function ownOf(hub: HubState, task: Task, seen: readonly Seen[]): readonly Seen[] {
  if (hub.lending.partitions === 1) return seen
  const others = seen.filter(({ agent }) => !isOwn(hub, agent))
  if (others.length > 0) report(hub, task, others)
  return seen.filter(({ agent }) => isOwn(hub, agent))
}

/** Writes down what another hub has seen. */
export function learnFromReport(
  hub: HubState,
  outcomes: readonly Reported[],
  source: { readonly hub: HubId; readonly serial: number },
): void {
  const evidence = defined(
    outcomes.map(({ seen, ranks, statedMs }) =>
      evidenceOf(hub, seen, statedMs, (skill) => ranks[seen.skills.indexOf(skill)] ?? 0),
    ),
  )
  record(hub, { kind: 'standing.changed', at: hub.now, evidence, strategy: standingStrategy, source })
  for (const one of evidence) reassess(hub, one)
}

function evidenceOf(
  hub: HubState,
  seen: Seen,
  statedMs: Millis | undefined,
  rankAsked: (skill: SkillName) => number,
): Evidence | undefined {
  const { agent } = seen
  const entry = hub.roster.get(agent)
  const standings = hub.standings.get(agent)
  let skills: readonly SkillStanding[] | undefined
  for (const skill of seen.skills) {
    const claim = entry?.skills[skillPlace(entry, skill)]
    const before = standings?.get(skill) ?? (claim && newStanding(claim, hub.now))
    if (before === undefined) continue
    const after = observed(hub, entry, before, seen, statedMs, rankAsked(skill))
    skills = skills === undefined ? [after] : longer(skills, after)
  }
  return skills === undefined ? undefined : { agent, skills }
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

function observed(
  hub: HubState,
  entry: RosterEntry | undefined,
  before: SkillStanding,
  seen: Seen,
  statedMs: Millis | undefined,
  requiredRank: number,
): SkillStanding {
  const { blame, tookMs } = seen
  const { levels } = hub.configuration
  const { skill } = before
  const background = {
    prior: hub.population.priorOf(skill, levels[requiredRank] ?? before.level),
    expectedMs: entry === undefined ? undefined : entry.estimates[skillPlace(entry, skill)]?.typicalMs,
  }
  let standing = before
  if (blame > 0) {
    const verdict = { success: false, weight: blame, requiredRank, tookMs, statedMs }
    standing = observe(standing, verdict, levels, hub.now, background)
  }
  if (blame < 1 && !seen.absent) {
    const verdict = { success: true, weight: 1 - blame, requiredRank, tookMs, statedMs }
    standing = observe(standing, verdict, levels, hub.now, background)
  }
  return seen.absent ? withoutLevel(standing, before) : standing
}

function requiredRankOf(hub: HubState, task: Task, skill: SkillName): number {
  return rankOf(hub.configuration.levels, levelAskedOf(hub, task, skill)) ?? 0
}

/** At which level a task asks for a skill; the lowest of one for which it does not ask. */
export function levelAskedOf(hub: HubState, { announcement }: Task, skill: SkillName): SkillLevel {
  const { requires, optional } = announcement
  const need = requires.find((need) => need.skill === skill) ?? optional.find((need) => need.skill === skill)
  return need?.level ?? hub.configuration.levels[0] ?? ''
}

/** Its work has taught something: what is expected of it, and its place in the catalog, are worked out anew. */
function reassess(hub: HubState, { agent, skills }: Evidence): void {
  const entry = hub.roster.get(agent)
  if (entry === undefined) return
  for (let i = 0; i < entry.skills.length; i++) {
    const skill = entry.skills[i] as Skill
    const standing = standingIn(skills, skill.name) ?? hub.standings.get(agent)?.get(skill.name)
    entry.estimates[i] = estimateFrom(hub, skill, standing)
    entry.ranks[i] = rankFrom(hub, skill, standing)
    hub.catalog.rescore(entry.slot, listingOf(entry, skill, i))
    if (standing !== undefined && isProven(standing)) hub.catalog.markProven(entry.slot, skill.name)
    stir(hub, skill.name)
  }
}

function standingIn(skills: readonly SkillStanding[], name: SkillName): SkillStanding | undefined {
  // The last, should a skill be there twice.
  for (let i = skills.length - 1; i >= 0; i--) if (skills[i]?.skill === name) return skills[i]
  return undefined
}

/** Takes an agent that is known well enough off the list of newcomers. */
export function markProven(hub: HubState, entry: RosterEntry): void {
  const known = hub.standings.get(entry.id)
  if (known === undefined) return
  for (const { name } of entry.skills) {
    const standing = known.get(name)
    if (standing !== undefined && isProven(standing)) hub.catalog.markProven(entry.slot, name)
  }
}

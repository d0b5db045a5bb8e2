/**
 * How well an agent that has offered fits a search, what it would cost, and whether enough is known of it.
 * Must never happen here: arithmetic (that is a strategy's), or a choice.
 */
import type { CostParts } from '../protocol/group.ts'
import type { SkillName } from '../protocol/id.ts'
import type { SkillOffer } from '../protocol/message.ts'
import type { Millis } from '../protocol/time.ts'
import { remainingMs } from '../strategy/duration.ts'
import { strayCost } from '../strategy/scarcity.ts'
import { type Costs, costsOf, drawsMax, successFor, successMin, type Terms } from '../strategy/score.ts'
import { spreadCost } from '../strategy/spread.ts'
import { provenEvidence } from '../strategy/standing.ts'
import { currentEstimate, skillPlace } from './judging.ts'
import { asOffered, asStated, type Outlook, outlookOf, unknown, worse } from './outlook.ts'
import { accountOf, partsOf } from './recounting.ts'
import type { Asked, HubState, OpenNeed, RosterEntry, Search, Task } from './state.ts'

const valueMin = Math.log(successMin)

/**
 * Fills in what choosing needs to know of an agent that has offered, and what the record will say of it.
 *
 * @param said Its answer; undefined where its open offer is taken for one.
 */
export function scoreOffer(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
  asked: Asked,
  said: SkillOffer | undefined,
): void {
  const { entry } = asked
  const critical = task.announcement.priority === 'critical'
  const inFlight = entry.held + entry.running
  const values = new Array<number | undefined>(needs.length)
  // The built-in `fill` takes ten times as long for so few.
  for (let i = 0; i < needs.length; i++) values[i] = undefined
  let best = 0
  let bestValue = valueMin
  let outlook = unknown
  const offeredMs = said?.expectedMs
  // What the initiator states says more of this task than how long others took: of those only the pace is taken.
  const statedMs = offeredMs === undefined ? task.announcement.expectedMs : undefined
  for (const index of asked.reach.needs) {
    const place = skillPlace(entry, needs[index]?.skill)
    const expected = currentEstimate(hub, entry, place)
    if (expected === undefined) continue
    const success = successFor(expected, critical, hub.random, inFlight, entry.passedOver)
    const value = Math.log(success)
    values[index] = value
    if (success > best) {
      best = success
      bestValue = value
    }
    let own: Outlook = expected
    if (offeredMs !== undefined) own = asOffered(hub, entry, place, expected, offeredMs)
    else if (statedMs !== undefined) own = asStated(expected, statedMs)
    outlook = outlook === unknown ? own : worse(outlook, own)
  }
  asked.values = values
  asked.isUnseen = outlook.weight === 0
  asked.isUnproven = outlook.weight < provenEvidence
  asked.price = (said ?? entry.openOffer)?.price ?? 0
  const costs = charge(hub, task, needs, asked, said, outlook)
  const score = bestValue - asked.cost
  asked.account = accountOf(asked, said?.busy ?? inFlight, score, best, outlook.weight, costs)
}

/** Writes down what it costs to take the agent, and answers with what of it weighs anything. */
function charge(
  hub: HubState,
  task: Task,
  needs: readonly OpenNeed[],
  asked: Asked,
  said: SkillOffer | undefined,
  { slots, typicalMs, latestMs }: Outlook,
): CostParts | undefined {
  const { entry } = asked
  const expectedMs = typicalMs ?? said?.expectedMs ?? task.announcement.expectedMs
  const busy = Math.max(said?.busy ?? 0, entry.held + entry.running)
  const costs = costsOf(
    {
      busy,
      slots: Math.max(1, Math.min(slots, entry.capacity)),
      expectedMs,
      residualMs: residualMs(hub, entry),
      price: asked.price,
    },
    termsOf(hub, task, latestMs),
  )
  const { workSpread } = hub.configuration.limits
  const spread = workSpread === 0 ? 0 : unevenness(hub, needs, asked, workSpread / 100)
  const plan = strayingOf(task, entry)
  asked.cost = costs.total + spread + plan
  return partsOf(costs, spread, plan)
}

function termsOf(hub: HubState, { announcement, deadlineAt }: Task, latestMs: Millis | undefined): Terms {
  const deadlineInMs = deadlineAt === undefined ? undefined : deadlineAt - hub.now
  return { budget: announcement.budget, deadlineInMs, latestMs }
}

/** What it would cost to take an agent that has not been asked, for its part in these skills, by what it last said. */
function costsAhead(hub: HubState, task: Task, entry: RosterEntry, skills: readonly SkillName[]): Costs {
  const { slots, typicalMs, latestMs } = outlookOf(task, entry, skills)
  return costsOf(
    {
      busy: entry.held + entry.running,
      slots: Math.max(1, Math.min(slots, entry.capacity)),
      expectedMs: typicalMs,
      residualMs: residualMs(hub, entry),
      price: entry.price,
    },
    termsOf(hub, task, latestMs),
  )
}

/** Of these costs all of which the catalog knows nothing. */
export function drawbacksOf(
  hub: HubState,
  task: Task,
  entry: RosterEntry,
  skills: readonly SkillName[],
): number {
  const { total, load } = costsAhead(hub, task, entry, skills)
  return total - load
}

/** How an agent that has not been asked can be expected to score for one of the skills of its part: without a draw. */
export function prospectOf(
  hub: HubState,
  task: Task,
  entry: RosterEntry,
  skills: readonly SkillName[],
  skill: SkillName,
): number {
  const expected = entry.estimates[skillPlace(entry, skill)]
  const success = task.announcement.priority === 'critical' ? expected?.lower : expected?.mean
  return Math.log(Math.max(successMin, success ?? 0)) - costsAhead(hub, task, entry, skills).total
}

/** How long its work under way goes on, shared by its slots; all of it as if begun at the same, the mean, instant. */
function residualMs(hub: HubState, entry: RosterEntry): Millis {
  const { running, startedSum, expectedSum } = entry
  if (running === 0) return 0
  const left = remainingMs(expectedSum / running, hub.now - startedSum / running)
  return (left * running) / entry.capacity
}

/** What it costs that the agent was given more than others with its skills; of several skills the dearest counts. */
function unevenness(
  hub: HubState,
  needs: readonly OpenNeed[],
  { entry, reach }: Asked,
  weight: number,
): number {
  let dearest = 0
  for (const index of reach.needs) {
    const skill = needs[index]?.skill
    const supply = skill === undefined ? undefined : hub.supply.get(skill)
    if (skill === undefined || supply === undefined) continue
    const average = supply.begun / Math.max(1, hub.catalog.capable(skill, 0))
    dearest = Math.max(dearest, spreadCost(entry.begun, average, weight))
  }
  return dearest
}

/** What it costs that the plan of the project wants others. */
function strayingOf({ search }: Task, { id }: RosterEntry): number {
  const preferred = search?.preferred
  return preferred === undefined || preferred.agents.has(id) ? 0 : strayCost
}

/** Whoever has offered and was not taken is drawn more hopefully the next time, as long as it is new. */
export function notePassedOver(search: Search): void {
  for (const { entry, account, isUnseen, isInvited } of search.asked) {
    if (isInvited) entry.passedOver = 0
    else if (account !== undefined && isUnseen) entry.passedOver = Math.min(drawsMax, entry.passedOver + 1)
  }
}

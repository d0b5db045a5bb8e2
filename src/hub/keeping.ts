/**
 * Agents that are kept for one task. A task that needs several agents at once would wait for ever behind those that
 * need one each and go ahead of it whenever one is free; so once it has lost its patience, the agents that it needs are
 * kept for it as they become free.
 * Must never happen here: an agent kept for a task that waits for anything else as well.
 */
import type { AgentId } from '../protocol/id.ts'
import { isBefore } from '../strategy/age.ts'
import { type Candidate, form } from '../strategy/form.ts'
import { mayJoin, openNeeds, standstill } from './asking.ts'
import { isTight, roomIn, teamOfAnybody } from './gathering.ts'
import { firstOfEach, park, standApart } from './lines.ts'
import { reachMask } from './reach.ts'
import { type HubState, stir, type Task } from './state.ts'

/** Lets go of agents that are kept for nothing, and keeps some for the first task that has lost its patience. */
export function keepForImpatient(hub: HubState): void {
  dropStaleClaim(hub)
  if (hub.claim !== undefined || (hub.queue.kinds.size === 0 && hub.queue.projectKinds.size === 0)) return
  for (const task of impatient(hub)) {
    const agents = agentsFor(hub, task)
    if (agents === undefined) continue
    hub.claim = { task: task.id, agents }
    if (task.project === undefined) park(hub, task)
    else standApart(hub, task)
    return
  }
}

/** The agents may serve others again. */
export function dropClaim(hub: HubState): void {
  const agents = hub.claim?.agents ?? []
  hub.claim = undefined
  for (const id of agents) for (const { name } of hub.roster.get(id)?.skills ?? []) stir(hub, name)
}

function dropStaleClaim(hub: HubState): void {
  const { claim } = hub
  if (claim === undefined) return
  const task = hub.tasks.get(claim.task)
  const isWaiting = task?.waiter !== undefined || task?.stand !== undefined
  const isWhole = task !== undefined && isWaiting && [...claim.agents].every((agent) => hub.roster.has(agent))
  // What turned out to be missing may be missing for ever: nobody is kept for that.
  if (isWhole && standstill(hub, task)?.kind !== 'missing' && canStillDo(hub, task, claim.agents)) return
  dropClaim(hub)
}

/** In the order of age, one for each payer and kind: who waits behind such a one may be impatient, but is not first. */
function impatient(hub: HubState): Task[] {
  const { patienceMs } = hub.configuration.limits
  const found: Task[] = []
  for (const kind of hub.queue.kinds.values()) {
    if (kind.places < 2) continue
    for (const task of firstOfEach(kind)) if (hub.now - task.acceptedAt >= patienceMs) found.push(task)
  }
  for (const { places, waiting } of hub.queue.projectKinds.values()) {
    if (places < 2) continue
    // Those that are planned behind others wait as `planned`: to keep agents for them would keep the others waiting.
    for (const task of waiting) {
      if (task.waitingFor?.kind === 'busy' && hub.now - task.acceptedAt >= patienceMs) found.push(task)
    }
  }
  const busy = found.filter((task) => waitsForBusy(hub, task))
  return busy.sort((a, b) => (isBefore(a, b) ? -1 : 1))
}

/** Enough are there, or a group of its size is, if only all of them were free at once. */
function waitsForBusy(hub: HubState, task: Task): boolean {
  const { waitingFor } = task
  const inTheWay = standstill(hub, task)
  if (inTheWay !== undefined) return inTheWay.kind === 'busy'
  return waitingFor?.kind === 'size' && waitingFor.busy
}

/** Whether the agents that are kept make a group of the size: an agent may have laid down a skill since. */
function canStillDo(hub: HubState, task: Task, agents: ReadonlySet<AgentId>): boolean {
  const needs = openNeeds(hub, task).filter((need) => !need.optional)
  if (!isTight(task, undefined, needs)) return true
  const masks = [...agents].flatMap((id) => {
    const entry = hub.roster.get(id)
    return entry === undefined ? [] : reachMask(task, entry, needs)
  })
  const candidates = masks.map((mask) => candidateOf(mask, needs.length, 0))
  return form(needs, candidates, { sizeMax: roomIn(task, undefined), sizeMin: 1 }).kind === 'team'
}

/** How many agents are looked at for a claim; more would not make the wait shorter by much. */
const claimLooksMax = 64

function agentsFor(hub: HubState, task: Task): Set<AgentId> | undefined {
  const needs = openNeeds(hub, task).filter((need) => !need.optional)
  if (isTight(task, undefined, needs)) {
    const team = teamOfAnybody(hub, task, needs)
    return team && new Set(team.map(({ id }) => id))
  }
  const agents = new Map<AgentId, { mask: number; busy: number }>()
  for (const need of needs) {
    let looks = claimLooksMax
    for (const slot of hub.catalog.agentsWith(need.skill, need.rank)) {
      if (looks-- === 0) break
      const entry = hub.bySlot[slot]
      if (entry === undefined || !mayJoin(task, entry)) continue
      const busy = (entry.held + entry.running) / entry.capacity
      agents.set(entry.id, { mask: reachMask(task, entry, needs), busy })
    }
  }
  const candidates = [...agents.values()].map(({ mask, busy }) => candidateOf(mask, needs.length, busy))
  const team = form(needs, candidates, { sizeMax: task.announcement.maxGroupSize, sizeMin: 1 })
  if (team.kind === 'none') return undefined
  const ids = [...agents.keys()]
  return new Set(team.members.flatMap(({ candidate }) => ids[candidate] ?? []))
}

function candidateOf(mask: number, needs: number, busy: number): Candidate {
  const values = Array.from({ length: needs }, (_, i) => ((mask >>> i) & 1 ? 0 : undefined))
  return { values, cost: 0.001 + busy }
}

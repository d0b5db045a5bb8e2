/**
 * The tasks that look for members, and who is served next: by age, where a level of priority is worth a stretch of
 * waiting (`strategy/age`). Younger tasks may go ahead when they need nothing that an older one lacks; once the oldest
 * has lost its patience, the agents that it needs are kept for it, so that its wait has a bound.
 */
import type { AgentId } from '../protocol/id.ts'
import { form } from '../strategy/form.ts'
import { mayJoin, openNeeds, reachMask, startAsking } from './asking.ts'
import { type HubState, type Task, touch } from './state.ts'

function before(a: Task, b: Task): boolean {
  return a.key !== b.key ? a.key < b.key : a.arrival < b.arrival
}

function placeOf(queue: readonly Task[], task: Task): number {
  let low = 0
  let high = queue.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = queue[middle]
    if (other !== undefined && before(other, task)) low = middle + 1
    else high = middle
  }
  return low
}

/** Lets a task look for members, now or once `restMs` have passed. */
export function enqueue(hub: HubState, task: Task, restMs: number | undefined): void {
  task.restUntil = restMs === undefined ? undefined : hub.now + restMs
  touch(hub, task)
  if (!task.queued) {
    task.queued = true
    hub.queue.splice(placeOf(hub.queue, task), 0, task)
  }
  if (restMs === undefined) hub.queueStirred = true
}

export function dequeue(hub: HubState, task: Task): void {
  if (!task.queued) return
  task.queued = false
  task.restUntil = undefined
  hub.queue.splice(placeOf(hub.queue, task), 1)
}

/** Serves the queue once, when something has changed that could let a task go on. */
export function serve(hub: HubState): void {
  if (!hub.queueStirred) return
  hub.queueStirred = false
  dropStaleClaim(hub)
  const left: Task[] = []
  for (const task of hub.queue) {
    if (task.restUntil !== undefined && task.restUntil > hub.now) {
      left.push(task)
      continue
    }
    task.restUntil = undefined
    if (startAsking(hub, task)) task.queued = false
    else {
      left.push(task)
      if (hub.claim?.task === task.id) dropStaleClaim(hub)
      claimWhenImpatient(hub, task)
    }
    touch(hub, task)
  }
  hub.queue.length = 0
  for (const task of left) hub.queue.push(task)
}

function dropStaleClaim(hub: HubState): void {
  const { claim } = hub
  if (claim === undefined) return
  const task = hub.tasks.get(claim.task)
  // What turned out to be missing may be missing for ever: nobody is kept for that.
  const whole =
    task?.queued &&
    task.waitingFor?.kind === 'busy' &&
    [...claim.agents].every((agent) => hub.roster.has(agent))
  if (!whole) hub.claim = undefined
}

/** How many agents are looked at for a claim; more would not make the wait shorter by much. */
const claimLooksMax = 64

function claimWhenImpatient(hub: HubState, task: Task): void {
  if (hub.claim !== undefined || task.waitingFor?.kind !== 'busy') return
  if (hub.now - task.acceptedAt < hub.configuration.limits.patienceMs) return
  const needs = openNeeds(hub, task).filter((need) => !need.optional)
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
  const candidates = [...agents.values()].map(({ mask, busy }) => ({
    values: needs.map((_, i) => ((mask >>> i) & 1 ? 0 : undefined)),
    cost: 0.001 + busy,
  }))
  const team = form(needs, candidates, { sizeMax: task.announcement.maxGroupSize, sizeMin: 1 })
  if (team.kind === 'none') return
  const ids = [...agents.keys()]
  const claimed = team.members.flatMap(({ candidate }) => ids[candidate] ?? [])
  hub.claim = { task: task.id, agents: new Set(claimed) }
}

/**
 * The tasks that look for members, and who is served next: of each initiator's tasks the first by priority and age
 * (`strategy/age`), of the initiators the one that has the turn (`strategy/rotation`). A task may go ahead when it
 * needs nothing that another lacks.
 * Must never happen here: a look at all that wait because of one change.
 */
import type { WaitingFor } from '../protocol/message.ts'
import { priorityLevel } from '../protocol/task.ts'
import { isBefore } from '../strategy/age.ts'
import { type Choice, type Claimant, choose, pay } from '../strategy/rotation.ts'
import { standstill, startAsking } from './asking.ts'
import {
  borrow,
  borrowFromOthers,
  isForAgents,
  mayBorrow,
  stopBorrowing,
  waitForOthers,
} from './borrowing.ts'
import { dropClaim, keepForImpatient } from './keeping.ts'
import { firstOfEach, isOpen, park, parkInProject, unpark } from './lines.ts'
import { standingMembers } from './members.ts'
import { askForPlans } from './planning.ts'
import { exchangePlaces, type PoolClaimant, Pools } from './pools.ts'
import type { Project } from './project.ts'
import { isPlenty } from './projects.ts'
import { type HubState, type Kind, stir, type Task, touch } from './state.ts'

/** Lets a task look for members, now or once `restMs` have passed. */
export function enqueue(hub: HubState, task: Task, restMs: number | undefined): void {
  stopBorrowing(hub, task)
  unpark(hub, task)
  task.queued = true
  task.restUntil = restMs === undefined ? undefined : hub.now + restMs
  touch(hub, task)
  if (restMs === undefined) freshen(hub, task)
}

export function dequeue(hub: HubState, task: Task): void {
  if (!task.queued) return
  task.waitingFor = reasonOf(hub, task)
  unpark(hub, task)
  task.queued = false
  task.restUntil = undefined
}

/** Its rest is over. */
export function awaken(hub: HubState, task: Task): void {
  task.restUntil = undefined
  freshen(hub, task)
}

/** Looks at the whole queue again: what a mistake of ours would leave lying is found after this interval. */
export function stirAll(hub: HubState): void {
  for (const skill of hub.queue.kindsBySkill.keys()) stir(hub, skill)
  // Where only tasks of projects wait there are no kinds.
  if (hub.projects.size > 0) hub.queue.projectsStirred = true
  for (const project of hub.projects.values()) project.unsettled = true
}

function freshen(hub: HubState, task: Task): void {
  if (!task.fresh) hub.queue.fresh.push(task)
  task.fresh = true
}

/** Serves the queue once, when something has changed that could let a task go on. */
export function serve(hub: HubState): void {
  const { queue } = hub
  if (queue.fresh.length === 0 && queue.stirred.size === 0 && !queue.projectsStirred) return
  askForPlans(hub)
  const fresh = takeFresh(hub)
  keepForImpatient(hub)
  const contended = queue.stirred.size > 0 ? 0 : fresh.findIndex((task) => isContended(hub, task))
  const alone = contended < 0 ? fresh : fresh.slice(0, contended)
  const rest = contended < 0 ? [] : fresh.slice(contended)
  for (const task of alone) if (!begin(hub, task)) line(hub, task)
  if (queue.stirred.size > 0 || rest.length > 0 || queue.projectsStirred)
    serveInTurn(hub, new Set(rest.flatMap((task) => line(hub, task) ?? [])))
  for (const task of rest) if (task.waiter !== undefined) task.waitingFor = reasonOf(hub, task)
  keepForImpatient(hub)
}

/** Lets a task wait: with the others of its project, or with those that need the same, which are answered. */
function line(hub: HubState, task: Task): Kind | undefined {
  if (task.project === undefined) return park(hub, task)
  parkInProject(hub, task)
  return undefined
}

/** Whether the tasks of a project need no order: nobody waits, and none of them will for agents (AHEAD-9). */
function isUnordered(hub: HubState, { plan, planning, toForm }: Project): boolean {
  if (hub.queue.rotation.lines.size > 0 || plan !== undefined || planning !== undefined) return false
  return isPlenty(hub, toForm)
}

/** Whether somebody waits for what it needs. Where nobody does there are no turns. */
function isContended(hub: HubState, { announcement }: Task): boolean {
  const { kindsBySkill } = hub.queue
  return kindsBySkill.size > 0 && announcement.requires.some(({ skill }) => kindsBySkill.has(skill))
}

/** What a task in the queue waits for. It changes with whatever others do, so it is looked at when somebody asks. */
export function reasonOf(hub: HubState, task: Task): WaitingFor | undefined {
  // A project's task that nobody can do is not looked at again when somebody can who is busy.
  const isMissing = task.stand !== undefined && task.waitingFor?.kind === 'missing'
  const own = task.waiter !== undefined || isMissing ? standstill(hub, task) : undefined
  // Of several hubs one does not know what the others have.
  const isOwn = own !== undefined && !(hub.lending.partitions > 1 && isForAgents(own))
  const waiting = isOwn ? own : task.waitingFor
  if (waiting?.kind !== 'work') return waiting
  return { kind: 'work', members: standingMembers(task).map(({ agent }) => agent) }
}

/** In the order of age. */
function takeFresh(hub: HubState): Task[] {
  const fresh: Task[] = []
  for (const task of hub.queue.fresh) {
    task.fresh = false
    if (!task.queued || task.restUntil !== undefined) continue
    if (task.blockedOn.length === 0) {
      if (task.project === undefined || isUnordered(hub, task.project)) fresh.push(task)
      else parkInProject(hub, task)
    } else {
      task.queued = false
      task.waitingFor = standstill(hub, task)
    }
  }
  hub.queue.fresh = []
  return fresh.length > 1 ? fresh.sort((a, b) => (isBefore(a, b) ? -1 : 1)) : fresh
}

/** `open`: the kinds in which a task may go on, beside those of the skills that were stirred. */
function serveInTurn(hub: HubState, open: Set<Kind>): void {
  const { queue, configuration } = hub
  for (const skill of queue.stirred) for (const kind of queue.kindsBySkill.get(skill) ?? []) open.add(kind)
  // Agents that are given back on the way are for the next turn, or who is older could be served after who is younger.
  queue.stirred.clear()
  const pools = queue.projectsStirred && queue.projectKinds.size > 0 ? new Pools(hub) : undefined
  queue.projectsStirred = false
  for (;;) {
    const all = [...claimants(hub, open), ...(pools?.claimants() ?? [])]
    const choice = choose(queue.rotation, all, hub.now, configuration.limits.ageStepMs)
    if (choice === undefined) return
    if ('pool' in choice.task) {
      if (pools !== undefined) beginInPool(hub, choice.task, choice, pools)
      continue
    }
    const { task, kind } = choice.task
    if (begin(hub, task)) {
      pay(queue.rotation, choice)
      unpark(hub, task)
      pools?.fewerAreFree()
    } else open.delete(kind)
  }
}

interface Candidate extends Claimant {
  readonly task: Task
  readonly kind: Kind
}

/** While the queue is served slots are only taken: a kind that could not be met is not looked at again. */
function claimants(hub: HubState, open: Set<Kind>): Candidate[] {
  const found: Candidate[] = []
  for (const kind of open) {
    if (kind.waiting.size === 0 || !(isOpen(hub, kind) || mayBorrow(hub))) {
      open.delete(kind)
      continue
    }
    for (const task of firstOfEach(kind)) {
      const { payer, urgent, key, arrival } = task
      const level = priorityLevel(task.announcement.priority)
      const { line, places } = kind
      found.push({ task, kind, initiator: payer, line, level, places, urgent, key, arrival })
    }
  }
  return found
}

/** The first of a pool that can begin does, and has the place; a pool of which none can is not looked at again. */
function beginInPool(hub: HubState, claimant: PoolClaimant, choice: Choice<Claimant>, pools: Pools): void {
  for (const task of pools.inOrder(claimant.pool)) {
    if (!begin(hub, task)) {
      touch(hub, task)
      continue
    }
    const places = task.announcement.requires.reduce((sum, { count }) => sum + count, 0)
    pay(hub.queue.rotation, { ...choice, task: { ...choice.task, places } })
    unpark(hub, task)
    exchangePlaces(task, claimant.first)
    pools.fewerAreFree()
    pools.replace(claimant)
    return
  }
  pools.drop(claimant)
}

function begin(hub: HubState, task: Task): boolean {
  const before = task.waitingFor
  if (!borrowFromOthers(hub, task) && !startAsking(hub, task) && !borrow(hub, task)) {
    waitForOthers(hub, task, before)
    return false
  }
  task.queued = false
  if (hub.claim?.task === task.id) dropClaim(hub)
  touch(hub, task)
  return true
}

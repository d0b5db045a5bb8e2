/**
 * From facts to state, live and from the journal alike.
 * Must never happen here: a strategy, a message, a refusal of a fact that was once written.
 */
import type { Fact, GroupFormedFact, TaskAcceptedFact, TaskEndedFact } from '../protocol/fact.ts'
import type { Member } from '../protocol/group.ts'
import type { AgentId, HubId, SkillName, TaskId } from '../protocol/id.ts'
import { longer } from '../protocol/longer.ts'
import { never } from '../protocol/machine.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { Outcome, TaskAnnouncement } from '../protocol/task.ts'
import type { Millis } from '../protocol/time.ts'
import { isUrgent, queueKey } from '../strategy/age.ts'
import { EndedTask } from './ended.ts'
import { partOf } from './members.ts'
import { applyReported, reportsKept } from './reports.ts'
import type { Group, HubState, Part, Task } from './state.ts'

/** Decides a fact: it is true from now on, and it goes to the journal before anybody hears of it. */
export function record(hub: HubState, fact: Fact): void {
  hub.facts.push(fact)
  apply(hub, fact)
}

/** The same, of a task that is open. */
export function recordOf(hub: HubState, task: Task, fact: FactOfOpenTask): void {
  hub.facts.push(fact)
  applyToTask(task, fact)
}

/** Likewise its end. */
export function recordEnd(hub: HubState, task: Task, fact: TaskEndedFact): Outcome {
  hub.facts.push(fact)
  return end(hub, task, fact)
}

export function apply(hub: HubState, fact: Fact): void {
  switch (fact.kind) {
    case 'task.accepted':
      return accept(hub, fact)
    case 'task.ended': {
      const task = hub.tasks.get(fact.task)
      if (task !== undefined) end(hub, task, fact)
      return
    }
    case 'standing.changed':
      for (const { agent, skills } of fact.evidence) {
        const known = standingsOf(hub, agent)
        for (const standing of skills) {
          hub.population.move(known.get(standing.skill), standing)
          known.set(standing.skill, standing)
        }
      }
      if (fact.source !== undefined) hub.reports.counted.set(fact.source.hub, fact.source.serial)
      return
    case 'outcome.reported':
      return applyReported(hub, fact)
    case 'hub.started':
      if (fact.incarnation >= hub.self.incarnation) {
        hub.self = { id: hub.self.id, incarnation: fact.incarnation + 1 }
      }
      return
    case 'group.formed':
    case 'task.started':
    case 'checkpoint.saved':
    case 'member.finished':
    case 'member.lost':
    case 'claim.returned':
    case 'dependency.ended': {
      const task = hub.tasks.get(fact.task)
      if (task !== undefined) applyToTask(task, fact)
      return
    }
    default:
      return never(fact)
  }
}

function standingsOf(hub: HubState, agent: AgentId): Map<SkillName, SkillStanding> {
  const known = hub.standings.get(agent)
  if (known !== undefined) return known
  const fresh = new Map<SkillName, SkillStanding>()
  hub.standings.set(agent, fresh)
  return fresh
}

type FactOfOpenTask = Exclude<
  Fact,
  { kind: 'task.accepted' | 'task.ended' | 'standing.changed' | 'outcome.reported' | 'hub.started' }
>

function applyToTask(task: Task, fact: FactOfOpenTask): void {
  switch (fact.kind) {
    case 'group.formed':
      return form(task, fact)
    case 'task.started':
      task.facts.push(fact)
      if (task.group !== undefined) task.group.started = true
      return
    case 'checkpoint.saved': {
      forgetCheckpoint(task, fact.checkpoint.agent)
      task.checkpoints.push(fact.checkpoint)
      task.facts.push(fact)
      return
    }
    case 'member.finished': {
      const part = partOf(task.group, fact.agent)
      if (part === undefined) return
      part.state = 'finished'
      const { agent, result, tookMs } = fact
      task.results = longer(task.results, { agent, skills: part.member.skills, result })
      task.tookMs = longer(task.tookMs, tookMs)
      forgetCheckpoint(task, fact.agent)
      task.facts.push(fact)
      return
    }
    case 'member.lost': {
      const part = partOf(task.group, fact.agent)
      if (part !== undefined) part.state = 'lost'
      if (fact.counts) {
        task.attempts += 1
        task.failedBy = new Set(task.failedBy).add(fact.agent)
      }
      task.facts.push(fact)
      return
    }
    case 'dependency.ended':
      if (fact.status === 'completed') unblockFrom(task, fact.dependency)
      task.facts.push(fact)
      return
    case 'claim.returned':
      task.attempts += 1
      task.feedback = fact.reason
      task.group = undefined
      task.results = none
      task.tookMs = none
      for (const { agent } of [...task.checkpoints]) forgetCheckpoint(task, agent)
      task.facts.push(fact)
      return
    default:
      return never(fact)
  }
}

/** One checkpoint an agent is enough: the newer replaces the older, in the state and in the snapshot. */
function forgetCheckpoint(task: Task, agent: AgentId): void {
  const known = task.checkpoints.findIndex((checkpoint) => checkpoint.agent === agent)
  if (known < 0) return
  task.checkpoints.splice(known, 1)
  const fact = task.facts.findIndex(
    (fact) => fact.kind === 'checkpoint.saved' && fact.checkpoint.agent === agent,
  )
  if (fact >= 0) task.facts.splice(fact, 1)
}

function accept(hub: HubState, fact: TaskAcceptedFact): void {
  const { task: id, announcement, at, initiator, behalf } = fact
  const parent = announcement.parent === undefined ? undefined : hub.tasks.get(announcement.parent)
  const key = queueKey(at, announcement.priority, hub.configuration.limits.ageStepMs)
  const above = parent ?? behalf
  hub.tasks.add(id, {
    id,
    announcement,
    initiator,
    followers: [initiator],
    acceptedAt: at,
    warning: fact.warning,
    deadlineAt: announcement.deadlineMs === undefined ? undefined : at + announcement.deadlineMs,
    payer: above?.payer ?? initiator,
    // A sub-task is as urgent and as old as the task that waits for it.
    urgent: isUrgent(announcement.priority) || (above?.urgent ?? false),
    key: above === undefined ? key : Math.min(key, above.key),
    arrival: hub.arrivals++,
    facts: [fact],
    blockedOn: waitFor(hub, announcement),
    children: undefined,
    epoch: 0,
    group: undefined,
    results: none,
    tookMs: none,
    checkpoints: [],
    attempts: 0,
    failedBy: nothing,
    feedback: undefined,
    queued: false,
    waiter: undefined,
    fresh: false,
    search: undefined,
    restUntil: undefined,
    fruitless: 0,
    waitingFor: undefined,
    lastConsidered: none,
    shunned: none,
    expectedMs: undefined,
    rankMs: 0,
    project: undefined,
    stand: undefined,
    isTallied: false,
    unwilling: none,
    lookAt: undefined,
    claimedAt: undefined,
    check: undefined,
    ending: false,
    touched: false,
    borrowing: undefined,
    guests: undefined,
    confirmAt: undefined,
    dueAt: 0,
    place: -1,
  })
  if (parent !== undefined) adopt(parent, id, announcement.verifies?.task === parent.id)
  else if (behalf !== undefined && announcement.parent !== undefined)
    addTo(hub.abroad.children, announcement.parent, id)
  hub.openByInitiator.set(initiator, (hub.openByInitiator.get(initiator) ?? 0) + 1)
}

/** Notes what a task depends on, and answers what of it has not completed. */
function waitFor(hub: HubState, { id, dependsOn }: TaskAnnouncement): readonly TaskId[] {
  if (dependsOn.length === 0) return none
  for (const dependency of dependsOn) addTo(hub.dependents, dependency, id)
  const isOpen = (dependency: TaskId): boolean =>
    hub.tasks.has(dependency) || hub.ended.get(dependency)?.outcome.status !== 'completed'
  // Mostly it waits for all of them, and the list is kept as it is.
  return dependsOn.every(isOpen) ? dependsOn : dependsOn.filter(isOpen)
}

/** A task has completed: those that depend on it wait for it no more. */
export function unblock(hub: HubState, id: TaskId): void {
  for (const dependent of hub.dependents.get(id) ?? none) {
    const task = hub.tasks.get(dependent)
    if (task !== undefined) unblockFrom(task, id)
  }
}

function unblockFrom(task: Task, id: TaskId): void {
  const { blockedOn } = task
  if (blockedOn.length > 1) task.blockedOn = blockedOn.filter((other) => other !== id)
  else if (blockedOn[0] === id) task.blockedOn = none
}

/** Of most tasks nothing is ever put into a set, and taking out of an empty one changes nothing. */
const nothing: Set<never> = new Set()
const none: readonly never[] = []

function adopt(parent: Task, child: TaskId, isCheck: boolean): void {
  parent.children ??= new Set()
  parent.children.add(child)
  if (isCheck) parent.check = child
}

function form(task: Task, fact: GroupFormedFact): void {
  const { members, at } = fact
  const before = task.group
  const heirs = before && heirsOf(task, before, members)
  const parts = new Array<Part>(members.length)
  for (let i = 0; i < members.length; i++) {
    const member = members[i] as Member
    const follows = heirs?.get(member.agent) ?? nobody
    parts[i] = (before && keptPart(before, member)) ?? newPart(member, at, follows)
  }
  task.epoch = fact.epoch
  task.group = {
    epoch: fact.epoch,
    formedAt: at,
    parts,
    uncovered: fact.uncovered,
    // What the initiator has once let begin, it need not let begin again.
    started: task.announcement.startBy === 'hub' || task.facts.some(({ kind }) => kind === 'task.started'),
  }
  task.facts.push(fact)
}

const nobody: readonly AgentId[] = []

function newPart(member: Member, at: Millis, follows: readonly AgentId[]): Part {
  return { member, state: 'working', startedAt: at, expectedMs: 0, heardAt: at, follows }
}

/** The part that a member of the next group goes on with. */
function keptPart(before: Group, member: Member): Part | undefined {
  const part = partOf(before, member.agent)
  return part !== undefined && part.state !== 'lost' && isSame(part, member) ? part : undefined
}

/**
 * Who goes on with whose work. Where a skill is asked of several members, each lost part has one heir: the same agent
 * where it has come back, else one that is new, in the order of the members. Who takes on what the group stood without
 * goes on from what was last saved of it.
 */
function heirsOf({ checkpoints }: Task, before: Group, members: readonly Member[]): Map<AgentId, AgentId[]> {
  const lost = before.parts.filter(({ state }) => state === 'lost')
  const fresh = members.filter((member) => keptPart(before, member) === undefined)
  const heirs = new Map(fresh.map(({ agent }): [AgentId, AgentId[]] => [agent, []]))
  for (const skill of new Set(lost.flatMap(({ member }) => member.skills))) {
    const parts = lost.filter(({ member }) => member.skills.includes(skill))
    const takers = fresh.filter(({ skills }) => skills.includes(skill)).map(({ agent }) => agent)
    const others = takers.filter((agent) => !parts.some(({ member }) => member.agent === agent))
    for (const { member, follows } of parts) {
      const heir = takers.includes(member.agent) ? member.agent : others.shift()
      if (heir !== undefined) heirs.get(heir)?.push(member.agent, ...follows)
    }
  }
  for (const skill of before.uncovered) {
    const saved = checkpoints.flatMap(({ agent, skills }) => (skills.includes(skill) ? agent : []))
    const heir = fresh.find(({ skills }) => skills.includes(skill))
    if (heir !== undefined) heirs.get(heir.agent)?.push(...saved)
  }
  return heirs
}

function isSame(part: Part, member: Member): boolean {
  const own = part.member
  return (
    own.incarnation === member.incarnation &&
    own.skills.length === member.skills.length &&
    own.skills.every((skill, i) => skill === member.skills[i])
  )
}

function end(hub: HubState, task: Task, fact: TaskEndedFact): Outcome {
  const { id, announcement, initiator } = task
  hub.tasks.delete(id)
  // Before, and not after: how this one ended has still to be told.
  forgetEnded(hub)
  const { status, reason } = fact
  const bare = { status, results: status === 'completed' ? task.results : none }
  const outcome = reason === undefined ? bare : { ...bare, reason }
  hub.ended.add(id, new EndedTask(announcement, initiator, task.epoch, outcome))
  const open = (hub.openByInitiator.get(initiator) ?? 1) - 1
  if (open > 0) hub.openByInitiator.set(initiator, open)
  else hub.openByInitiator.delete(initiator)
  for (const dependency of announcement.dependsOn) {
    takeFrom(hub.dependents, dependency, id)
  }
  if (status === 'completed') unblock(hub, id)
  if (announcement.parent === undefined) return outcome
  const parent = hub.tasks.get(announcement.parent)
  parent?.children?.delete(id)
  if (parent?.check === id) parent.check = undefined
  takeFrom(hub.abroad.children, announcement.parent, id)
  return outcome
}

type Hanging = HubState['dependents']

function addTo(hanging: Hanging, on: TaskId, id: TaskId): void {
  const known = hanging.get(on)
  if (known === undefined) hanging.add(on, [id])
  else known.push(id)
}

function takeFrom(hanging: Hanging, on: TaskId, id: TaskId): void {
  const known = hanging.get(on)
  if (known === undefined) return
  const at = known.indexOf(id)
  if (at < 0) return
  if (known.length === 1) hanging.delete(on)
  else known.splice(at, 1)
}

/** Makes room for one more ended task within the limit. What an open or a parked task asks for is not forgotten. */
function forgetEnded(hub: HubState): void {
  let excess = hub.ended.size + 1 - Math.max(1, hub.configuration.limits.endedKept)
  if (excess <= 0) return
  let kept = 0
  for (let looks = 8; excess > 0 && looks > 0; looks--) {
    const id = hub.ended.oldest(kept)
    if (id === undefined) return
    if (hub.dependents.has(id) || (hub.awaited.size > 0 && hub.awaited.has(id))) {
      kept += 1
      continue
    }
    hub.ended.forget(kept)
    excess -= 1
  }
}

/** Facts that rebuild what is open and known, in an order in which they can be replayed. */
export function snapshotOf(hub: HubState): readonly Fact[] {
  const { id, incarnation } = hub.self
  const facts: Fact[] = [{ kind: 'hub.started', at: hub.now, hub: id as HubId, incarnation }]
  for (const [agent, skills] of hub.standings) {
    facts.push({
      kind: 'standing.changed',
      at: hub.now,
      evidence: [{ agent, skills: [...skills.values()] }],
      strategy: 'snapshot',
    })
  }
  for (const [source, serial] of hub.reports.counted) {
    const counted = { at: hub.now, evidence: [], strategy: 'snapshot', source: { hub: source, serial } }
    facts.push({ kind: 'standing.changed', ...counted })
  }
  facts.push(...reportsKept(hub))
  for (const task of hub.tasks.values()) facts.push(...task.facts)
  return facts
}

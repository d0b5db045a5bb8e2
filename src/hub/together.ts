/**
 * Where agents are scarce, searches that want the same ones wait a moment for each other and are chosen for at once:
 * who has all its offers first would take whom another needs more. Without scarcity nobody waits.
 * Must never happen here: a wait beyond `batchWindowMs`, or a group by itself (`forming`).
 */

import { priorityLevel } from '../protocol/task.ts'
import { type BatchTask, formTogether } from '../strategy/batch.ts'
import { type Question, questionOf } from './choosing.ts'
import { decide } from './forming.ts'
import { askedOf } from './offers.ts'
import { freeSlots } from './roster.ts'
import { type HubState, type RosterEntry, type Search, type Task, touch } from './state.ts'

/** Searches that are chosen for at once; the work grows with their number. */
const togetherMax = 12
/** How often the groups of one task are taken apart, on average. */
const repairsEach = 8
/** The worth of a group in the unit of the values: more than any difference between two groups. */
const worthEach = 100

/** Answers true when the search waits for others, or was chosen for with them. */
export function waitForRivals(hub: HubState, task: Task, search: Search): boolean {
  if (search.invitations.length > 0) return false
  if (search.chooseBy === undefined && !isScarce(hub, search)) return false
  const rivals = rivalsOf(task, search)
  if (rivals.length === 0) return false
  search.chooseBy ??= Math.min(search.endsAt, hub.now + hub.configuration.limits.batchWindowMs)
  const isEarly = hub.now < search.chooseBy && rivals.some((rival) => rival.search.unanswered > 0)
  if (isEarly) touch(hub, task)
  else chooseTogether(hub, [{ task, search }, ...rivals.filter((rival) => rival.search.unanswered === 0)])
  return true
}

/** Whether others wait for what one of the agents that it asked can do. */
function isScarce(hub: HubState, search: Search): boolean {
  const { kindsBySkill } = hub.queue
  if (kindsBySkill.size === 0) return false
  for (const { entry } of search.asked)
    if (entry.skills.some(({ name }) => kindsBySkill.has(name))) return true
  return false
}

interface Rival {
  readonly task: Task
  readonly search: Search
}

/** Searches that have asked one of the same agents and have invited nobody yet. */
function rivalsOf(task: Task, search: Search): Rival[] {
  const rivals = new Map<Task, Rival>()
  for (const { entry } of search.asked) {
    for (const other of entry.tasks) {
      const their = other.search
      if (other === task || their === undefined) continue
      if (askedOf(their, entry) !== undefined && their.invitations.length === 0)
        rivals.set(other, { task: other, search: their })
      if (rivals.size === togetherMax - 1) return [...rivals.values()]
    }
  }
  return [...rivals.values()]
}

function chooseTogether(hub: HubState, rivals: readonly Rival[]): void {
  const asked = rivals.map(({ task, search }) => ({ task, search, question: questionOf(task, search) }))
  const agents = [...new Set(asked.flatMap(({ question }) => question.willing.map(({ entry }) => entry)))]
  const tasks = asked.map(({ task, question }) => batchTask(task, question, agents))
  const { teams } = formTogether(tasks, agents.map(freeSlots), repairsEach * tasks.length, hub.random)
  for (const [i, { task, search, question }] of asked.entries()) {
    const team = teams[i]
    if (team === undefined) continue
    const members = team.members.map(({ candidate, needs }) => {
      return { candidate: question.willing.findIndex(({ entry }) => entry === agents[candidate]), needs }
    })
    decide(hub, task, search, question, { ...team, members })
  }
  // Whom the others have left nobody goes on alone, with those that are still free.
  for (const [i, { task, search }] of asked.entries()) {
    const isOpen = teams[i] === undefined && task.search === search && search.invitations.length === 0
    if (isOpen) decide(hub, task, search, questionOf(task, search))
  }
}

function batchTask(task: Task, question: Question, agents: readonly RosterEntry[]): BatchTask {
  const { needs, willing, offers, options } = question
  const places = new Map(willing.map(({ entry }, i) => [entry, i]))
  const candidates = agents.map((entry) => offers[places.get(entry) ?? -1])
  const worth = worthEach * (1 + priorityLevel(task.announcement.priority))
  return { needs, candidates, ...options, worth }
}

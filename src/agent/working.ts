/**
 * Work: begin, report, finish or fail, stop. The end of a part is said again until the hub has noted it.
 * Must never happen here: one assignment begun twice in the same epoch, or a result forgotten before it is noted.
 */
import type { TaskId } from '../protocol/id.ts'
import { type JsonText, jsonNull } from '../protocol/json.ts'
import type { Assignment, TaskUpdate, Update } from '../protocol/message.ts'
import { remember } from '../protocol/recent.ts'
import { isRefusal, type Refusal } from '../protocol/refusal.ts'
import { tellEnded } from './offering.ts'
import { type AgentState, keepOnly, say, type Work } from './state.ts'

/**
 * Begins what it is asked to do, unless it is doing or has done the very same: then that goes on, or is told, under the
 * new epoch.
 */
export function onStart(agent: AgentState, assignment: Assignment): void {
  const { task, epoch, skills, feedback } = assignment
  const known = agent.works.get(task)
  if (known !== undefined && epoch < known.epoch) return
  if (known !== undefined && isBegun(known)) {
    if (isSamePart(known, skills) && known.feedback === feedback) {
      known.epoch = epoch
      sayEnding(agent, known)
      return
    }
    letGo(agent, known, 'it is asked to begin again')
  }
  agent.runs += 1
  const run = agent.runs
  const members = known?.members ?? []
  const work = known !== undefined && !isBegun(known) ? known : newWork(task, epoch, members, skills)
  work.epoch = epoch
  work.skills = skills
  work.feedback = feedback
  work.run = run
  if (work !== known) agent.works.set(task, work)
  agent.effects.push({ kind: 'begin', run, assignment, members })
}

export function newWork(task: TaskId, epoch: number, members: Work['members'], skills: Work['skills']): Work {
  return {
    task,
    epoch,
    members,
    skills,
    feedback: undefined,
    run: undefined,
    ending: undefined,
    sayAgainAt: undefined,
  }
}

function isBegun(work: Work): boolean {
  return work.run !== undefined || work.ending !== undefined
}

export function isSamePart(work: Work, skills: Work['skills']): boolean {
  if (work.skills.length !== skills.length) return false
  for (let i = 0; i < skills.length; i++) if (work.skills[i] !== skills[i]) return false
  return true
}

/** What it works on in a run; nothing when that goes on without it by now. */
function workOfRun(agent: AgentState, task: TaskId, run: number): Work | undefined {
  const work = agent.works.get(task)
  return work?.run === run ? work : undefined
}

export function onReported(agent: AgentState, task: TaskId, run: number, update: Update): void {
  const work = workOfRun(agent, task, run)
  if (work === undefined || work.ending !== undefined) return
  const { epoch } = work
  say(agent, { kind: 'TASK_UPDATE', task, epoch, member: agent.self.id as TaskUpdate['member'], update })
}

/** The work has ended by itself, or because it was stopped; only now its slot is free. */
export function onSettled(agent: AgentState, task: TaskId, run: number, ending: JsonText | Refusal): void {
  const work = workOfRun(agent, task, run)
  agent.stopping.delete(run)
  if (work === undefined) return
  work.run = undefined
  work.ending = ending
  sayEnding(agent, work)
  tellEnded(agent, work)
}

export function sayEnding(agent: AgentState, work: Work): void {
  const { task, epoch, ending } = work
  if (ending === undefined) return
  sayEndingLater(agent, work)
  if (isRefusal(ending)) say(agent, { kind: 'TASK_FAILED', task, epoch, refusal: ending })
  else {
    const self = agent.self.id as TaskUpdate['member']
    const results = [{ agent: self, skills: work.skills, result: ending ?? jsonNull }]
    say(agent, { kind: 'TASK_COMPLETE', task, epoch, results })
  }
}

/** Unless it is noted before. */
export function sayEndingLater(agent: AgentState, work: Work): void {
  needNotSay(agent, work)
  work.sayAgainAt = agent.now + agent.configuration.limits.resendMs
  agent.unnoted.push(work)
}

function needNotSay(agent: AgentState, work: Work): void {
  if (work.sayAgainAt === undefined) return
  work.sayAgainAt = undefined
  keepOnly(agent.unnoted, (other) => other !== work)
}

export function onNoted(agent: AgentState, task: TaskId, epoch: number): void {
  const work = agent.works.get(task)
  if (work?.ending !== undefined && work.epoch === epoch) dropWork(agent, work, epoch)
}

/** Says again what was not noted. */
export function sayEndingsAgain(agent: AgentState): void {
  for (const work of [...agent.unnoted]) {
    if (work.sayAgainAt === undefined || work.sayAgainAt > agent.now) return
    sayEnding(agent, work)
  }
}

function dropWork(agent: AgentState, work: Work, epoch: number): void {
  agent.works.delete(work.task)
  needNotSay(agent, work)
  remember(agent.closed, work.task, epoch)
}

/** The membership ends, whatever its state. `epoch` undefined: in every epoch. */
export function stopWork(agent: AgentState, task: TaskId, epoch: number | undefined, reason: string): void {
  const work = agent.works.get(task)
  if (work === undefined || (epoch !== undefined && epoch < work.epoch)) return
  dropWork(agent, work, epoch ?? work.epoch)
  letGo(agent, work, reason)
}

/** Gives up what was begun or done. The user's code is told to stop; until it has, its slot is taken. */
export function letGo(agent: AgentState, work: Work, reason: string): void {
  needNotSay(agent, work)
  if (work.run === undefined) return
  agent.stopping.add(work.run)
  agent.effects.push({ kind: 'stop', run: work.run, reason })
}

export function onWord(agent: AgentState, message: TaskUpdate): void {
  const work = agent.works.get(message.task)
  if (work?.run === undefined || message.update.kind !== 'word') return
  agent.effects.push({ kind: 'word', run: work.run, from: message.member, data: message.update.data })
}

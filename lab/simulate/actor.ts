/**
 * An agent's own code in a simulated run: it works, saves, reports, delegates, fails, and lies as its plan says,
 * through the contract that every agent fulfils.
 * Must never happen here: a shortcut past `perform`, `consider` or `confirm`.
 */
import type { Assignment } from '../../src/host/assignment.ts'
import type { AgentDefinition, Confirmation, Consideration, Work } from '../../src/host/autonomous.ts'
import type { Millis } from '../../src/protocol/time.ts'
import type { Stage } from '../world/behaviour.ts'
import { type Dice, diceOf } from './dice.ts'
import { type AgentPlan, delegatedSkill, type FaultKind, judgingSkill } from './surroundings.ts'

/** What the run wants of its agents: the moment at which they become honest. */
export interface Mood {
  /** Nobody reports for ever or fails on purpose any more. */
  calm: boolean
  count(kind: FaultKind): void
}

export interface Result {
  readonly by: string
  readonly task: string
  readonly epoch: number
}

/** One life of an agent. */
export function actor(
  plan: AgentPlan,
  seed: number,
  life: number,
  mood: Mood,
  stage: Stage,
): AgentDefinition {
  const dice = diceOf(seed, `${plan.id} ${life}`)
  const consider = (): Consideration => {
    if (mood.calm || !dice.chance(plan.declines)) return {}
    mood.count('refusal')
    return { decline: 'not today' }
  }
  const confirm = (): Confirmation => {
    if (mood.calm || !dice.chance(plan.rejects)) return true
    mood.count('refusal')
    return { reject: 'not this' }
  }
  return {
    id: plan.id,
    skills: plan.skills,
    maxConcurrentTasks: plan.capacity,
    ...(plan.price > 0 ? { price: plan.price } : {}),
    ...(plan.declines > 0 ? { consider } : {}),
    ...(plan.rejects > 0 ? { confirm } : {}),
    perform: (assignment, work) => perform({ plan, dice, mood, stage, assignment, work }),
  }
}

interface Scene {
  readonly plan: AgentPlan
  readonly dice: Dice
  readonly mood: Mood
  readonly stage: Stage
  readonly assignment: Assignment
  readonly work: Work
}

async function perform(scene: Scene): Promise<unknown> {
  const { plan, dice, mood, stage, assignment, work } = scene
  stage.acted(plan.id, assignment, 'begins')
  const toTheEnd = await labour(scene)
  if (!toTheEnd) {
    stage.acted(plan.id, assignment, 'stops')
    throw new Error('it was stopped')
  }
  if (!mood.calm && dice.chance(plan.delegates) && !assignment.skills.some(isLeaf)) await delegate(scene)
  const unable = plan.lie === 'falseSkills' && !mood.calm
  if (unable || (!mood.calm && dice.chance(plan.fails))) {
    mood.count(unable ? 'falseSkills' : 'failure')
    stage.acted(plan.id, assignment, 'fails')
    throw new Error('it went wrong')
  }
  stage.acted(plan.id, assignment, 'ends')
  if (dice.chance(0.1)) work.group.say('done')
  if (assignment.skills.some((skill) => skill === judgingSkill)) return dice.chance(0.8)
  return { by: plan.id, task: assignment.task, epoch: assignment.epoch } satisfies Result
}

function isLeaf(skill: string): boolean {
  return skill === delegatedSkill || skill === judgingSkill
}

/** Answers false when it was stopped. */
async function labour({ plan, dice, mood, stage, assignment, work }: Scene): Promise<boolean> {
  const signal = plan.stubborn ? undefined : work.signal
  if (plan.stubborn) mood.count('stubborn')
  if (plan.lie === 'idleClaim') return true
  if (plan.lie === 'neverStarts') {
    mood.count('neverStarts')
    return stage.sleep(Number.POSITIVE_INFINITY, signal)
  }
  const { workMs, checkpointEveryMs, reportEveryMs } = plan
  const before = assignment.checkpoint?.data as { readonly doneMs?: Millis } | undefined
  let doneMs = Math.min(before?.doneMs ?? 0, workMs)
  const strideMs = Math.max(50, Math.min(checkpointEveryMs || workMs, reportEveryMs || workMs))
  while (doneMs < workMs) {
    const stepMs = Math.min(strideMs, workMs - doneMs)
    if (!(await stage.sleep(stepMs, signal))) return false
    doneMs += stepMs
    if (checkpointEveryMs > 0) await work.checkpoint({ doneMs })
    if (reportEveryMs > 0) work.report(doneMs / workMs, dice.chance(0.2) ? 'getting on' : undefined)
  }
  while (plan.lie === 'endlessReports' && !mood.calm) {
    if (!(await stage.sleep(2_000, signal))) return false
    mood.count('endlessReports')
    work.report(0.99)
  }
  return true
}

/** A sub-task may be refused or fail; the work goes on without it. */
async function delegate({ plan, assignment, work }: Scene): Promise<void> {
  const errand = { description: 'an errand', requires: [{ skill: delegatedSkill }], maxAttempts: 2 }
  const id = `${plan.id}-for-${assignment.task}-${assignment.epoch}`.slice(-64)
  const spec = plan.namesErrands ? { ...errand, id } : errand
  const stopped = new Promise((resolve) => work.signal.addEventListener('abort', resolve))
  try {
    const task = await work.announce(spec)
    await Promise.race([task.outcome(), stopped])
  } catch {
    // It says why; an agent that cannot delegate does it itself.
  }
}

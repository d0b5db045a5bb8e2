/**
 * Scripted agents: user code whose work takes virtual time and ends as the script says, through the same contract
 * that every agent fulfils.
 * Must never happen here: a shortcut past `perform`, `consider` or `confirm`.
 */
import type { Assignment } from '../../src/host/assignment.ts'
import type { AgentDefinition, AnnounceSpec, Work } from '../../src/host/autonomous.ts'
import type { SkillSpec } from '../../src/protocol/join.ts'
import type { Millis } from '../../src/protocol/time.ts'

export interface Behaviour {
  readonly id: string
  readonly skills: readonly SkillSpec[]
  readonly maxConcurrentTasks?: number
  readonly price?: number
  /** How long one assignment takes. A checkpoint shortens what follows it. */
  readonly workMs: Millis
  /** When partial results are saved, after the start of the work. */
  readonly checkpointsAt?: readonly Millis[]
  /** How often progress is reported; never by default. */
  readonly reportEveryMs?: Millis
  /** How many runs, from the first, end as failed. */
  readonly fails?: number
  /** Begins and is never heard of again, though its agent lives. */
  readonly silent?: boolean
  /** Goes on when it is told to stop, and ends in its own time. */
  readonly stubborn?: boolean
  /** What the runs return, one after the other; the last one again and again. */
  readonly results?: readonly unknown[]
  /** Said to the group at the start. */
  readonly says?: string
  /** Announced at the start on behalf of the assignment, and waited for. */
  readonly subtask?: AnnounceSpec
  /** The reason why it offers nothing. */
  readonly declines?: string
  /** The reason why it rejects invitations: this many, from the first. */
  readonly rejects?: string
  readonly rejectsTimes?: number
}

/** What a script needs from the world. */
export interface Stage {
  /** Resolves after a span of virtual time, or at once with false when the signal says stop. */
  sleep(spanMs: Millis, signal: AbortSignal | undefined): Promise<boolean>
  /** The user's code has begun, or has come to an end. */
  acted(agent: string, assignment: Assignment, what: 'begins' | 'ends' | 'fails' | 'stops'): void
}

interface Progress {
  readonly doneMs: Millis
}

export function scripted(behaviour: Behaviour, stage: Stage): AgentDefinition {
  const { id, skills, maxConcurrentTasks, price, declines, rejects } = behaviour
  let runs = 0
  let rejections = 0
  return {
    id,
    skills,
    ...(maxConcurrentTasks === undefined ? {} : { maxConcurrentTasks }),
    ...(price === undefined ? {} : { price }),
    ...(declines === undefined ? {} : { consider: () => ({ decline: declines }) }),
    ...(rejects === undefined
      ? {}
      : {
          confirm: () => {
            rejections += 1
            return rejections > (behaviour.rejectsTimes ?? Number.POSITIVE_INFINITY) || { reject: rejects }
          },
        }),
    perform(assignment, work) {
      runs += 1
      return play(behaviour, stage, assignment, work, runs)
    },
  }
}

async function play(
  behaviour: Behaviour,
  stage: Stage,
  assignment: Assignment,
  work: Work,
  run: number,
): Promise<unknown> {
  const { id, says, subtask, silent } = behaviour
  stage.acted(id, assignment, 'begins')
  if (says !== undefined) work.group.say(says)
  if (silent) await new Promise(() => {})
  const toTheEnd = await labour(behaviour, stage, assignment, work)
  if (!toTheEnd) {
    stage.acted(id, assignment, 'stops')
    throw new Error('it was stopped')
  }
  if (subtask !== undefined) await (await work.announce(subtask)).outcome()
  if (run <= (behaviour.fails ?? 0)) {
    stage.acted(id, assignment, 'fails')
    throw new Error(`run ${run} went wrong`)
  }
  stage.acted(id, assignment, 'ends')
  const results = behaviour.results ?? [`${id} did ${assignment.skills.join(', ')}`]
  return results[Math.min(run, results.length) - 1]
}

/** Works from the checkpoint on, saves and reports on the way. Answers false when it was stopped. */
async function labour(
  behaviour: Behaviour,
  stage: Stage,
  assignment: Assignment,
  work: Work,
): Promise<boolean> {
  const { workMs, checkpointsAt = [], reportEveryMs, stubborn } = behaviour
  const signal = stubborn ? undefined : work.signal
  const reports = reportEveryMs === undefined ? [] : multiples(reportEveryMs, workMs)
  const before = assignment.checkpoint?.data as Progress | undefined
  let doneMs = Math.min(before?.doneMs ?? 0, workMs)
  const stops = [...new Set([...checkpointsAt, ...reports, workMs])].sort((a, b) => a - b)
  for (const stop of stops) {
    if (stop <= doneMs && stop < workMs) continue
    if (!(await stage.sleep(stop - doneMs, signal))) return false
    doneMs = stop
    if (checkpointsAt.includes(stop)) await work.checkpoint({ doneMs } satisfies Progress)
    if (reports.includes(stop)) work.report(doneMs / workMs)
  }
  return true
}

function multiples(step: Millis, below: Millis): Millis[] {
  return Array.from({ length: Math.max(0, Math.ceil(below / step) - 1) }, (_, i) => (i + 1) * step)
}

/**
 * Random traces of tasks that compete for a few slots, served as the strategies `age` and `rotation` say and by nothing
 * else: how long did each wait, and how long could it have had to wait at the most.
 * Must never happen here: a trace so calm that nobody waits.
 */
import type { NodeId, SkillName } from '../../src/protocol/id.ts'
import { type Priority, priorities, priorityLevel } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { isBefore, isUrgent, liftMs, type Place, queueKey } from '../../src/strategy/age.ts'
import {
  type Claimant,
  choose,
  enterLine,
  leaveLine,
  newRotation,
  pay,
  type Rotation,
  waitMaxMs,
} from '../../src/strategy/rotation.ts'

export interface Arrival {
  readonly at: Millis
  readonly initiator: NodeId
  readonly priority: Priority
  readonly lastsMs: Millis
}

export interface Trace {
  readonly slots: number
  readonly ageStepMs: Millis
  /** In the order of arrival. */
  readonly arrivals: readonly Arrival[]
}

export interface Wait {
  readonly arrival: Arrival
  readonly waitedMs: Millis
  readonly boundMs: Millis
}

const line = 'work' as SkillName

/** More work than the slots can do, mostly from one initiator, in whatever mixture of priorities. */
export function traceOf(random: () => number): Trace {
  const whole = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1))
  const slots = whole(1, 4)
  const initiators = whole(1, 6)
  const longestMs = whole(10, 1_000)
  const load = 0.8 + 2 * random()
  const flood = random()
  const used = priorities.filter(() => random() < 0.6)
  const arrivals: Arrival[] = []
  let at = 0
  for (let i = whole(20, 60); i > 0; i--) {
    at += Math.round((longestMs / slots / load) * -Math.log(1 - random()))
    arrivals.push({
      at,
      initiator: `i${random() < flood ? 0 : whole(0, initiators - 1)}` as NodeId,
      priority: used[whole(0, Math.max(0, used.length - 1))] ?? 'normal',
      lastsMs: whole(1, longestMs),
    })
  }
  return { slots, ageStepMs: whole(1, 4 * longestMs), arrivals }
}

interface Waiting extends Claimant {
  readonly arrival: number
  readonly about: Arrival
  /** Tasks of its initiator that went before it, or will. */
  ownAhead: number
}

/** Serves a trace and states of every task how long it waited and its bound. */
export function playTrace({ slots, ageStepMs, arrivals }: Trace): Wait[] {
  const rotation = newRotation()
  const freeAt = Array.from({ length: slots }, () => 0)
  const waiting: Waiting[] = []
  const begun: { task: Waiting; waitedMs: Millis }[] = []
  const initiators = new Set(arrivals.map(({ initiator }) => initiator)).size
  let next = 0
  let now = 0
  while (begun.length < arrivals.length) {
    for (let one = arrivals[next]; one !== undefined && one.at <= now; one = arrivals[++next]) {
      join(rotation, waiting, one, next, ageStepMs)
    }
    const slot = freeAt.findIndex((at) => at <= now)
    const choice = slot < 0 ? undefined : choose(rotation, firstOfEach(waiting), now, ageStepMs)
    if (choice === undefined) {
      now = Math.min(arrivals[next]?.at ?? Infinity, ...freeAt.filter((at) => at > now))
      continue
    }
    const { task } = choice
    pay(rotation, choice)
    leaveLine(rotation, line, task.initiator)
    waiting.splice(waiting.indexOf(task), 1)
    begun.push({ task, waitedMs: now - task.about.at })
    freeAt[slot] = now + task.about.lastsMs
  }
  const urgent = arrivals.filter(({ priority }) => isUrgent(priority)).length
  const mixed = urgent > 0 && urgent < arrivals.length
  const longestMs = Math.max(...arrivals.map(({ lastsMs }) => lastsMs))
  return begun.map(({ task, waitedMs }) => {
    const { ownAhead, urgent, about } = task
    const crowd = { ownAhead, initiators, mixed, urgent, slots, longestMs }
    const boundMs = waitMaxMs({ ...crowd, liftMs: liftMs(about.priority, ageStepMs) })
    return { arrival: about, waitedMs, boundMs }
  })
}

function join(
  rotation: Rotation,
  waiting: Waiting[],
  about: Arrival,
  arrival: number,
  ageStepMs: Millis,
): void {
  const { at, initiator, priority } = about
  const place: Place = { urgent: isUrgent(priority), key: queueKey(at, priority, ageStepMs), arrival }
  const task = { ...place, about, initiator, line, level: priorityLevel(priority), places: 1, ownAhead: 0 }
  for (const other of waiting) {
    if (other.initiator !== initiator) continue
    if (isBefore(other, task)) task.ownAhead += 1
    else other.ownAhead += 1
  }
  waiting.push(task)
  enterLine(rotation, line, initiator)
}

function firstOfEach(waiting: readonly Waiting[]): Waiting[] {
  const first = new Map<string, Waiting>()
  for (const task of waiting) {
    const who = `${task.initiator} ${task.urgent}`
    const known = first.get(who)
    if (known === undefined || isBefore(task, known)) first.set(who, task)
  }
  return [...first.values()]
}

/**
 * The second half of a run: nothing goes wrong any more, and within a bound everything has come to its end, or waits
 * for a reason that is true. A network that is safe because it stopped is found here.
 * Must never happen here: a bound without a reason for its size.
 */
import { Hub } from '../../src/hub/hub.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { AgentReport, WaitingFor } from '../../src/protocol/message.ts'
import { defaultLevels, type Requirement, rankOf } from '../../src/protocol/skill.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import type { Entry } from './ledger.ts'
import { announce, revive, runUntil, type Stageplay } from './simulate.ts'
import type { TaskPlan } from './surroundings.ts'
import { pauseMaxMs } from './troubles.ts'
import type { Violation } from './witness.ts'

/** How often the open tasks are looked at. */
const lookMs: Millis = 5_000

/** Reasons that hold for ever are believed when they are given in this many looks, one after the other. */
const looksToBelieve = 3

export async function live(play: Stageplay): Promise<Violation[]> {
  const notLive: Violation[] = []
  const complain = (rule: string, what: string): void => {
    notLive.push({ rule, what, at: play.world.timeline.now })
  }
  await settleIn(play, complain)
  const { world, witness } = play
  const messagesBefore = witness.messages
  const startedAt = world.timeline.now
  announceProbes(play)
  await untilQuiet(play, startedAt + boundMs(play), complain)
  if (witness.violations.length > 0 || notLive.length > 0) return notLive
  checkMessages(play, witness.messages - messagesBefore, world.timeline.now - startedAt, complain)
  await checkSlots(play, complain)
  checkReports(play, complain)
  await checkReplay(play)
  return notLive
}

type Complain = (rule: string, what: string) => void

/** Whoever lives comes back by itself; whoever the network would not have, or who is dead, gets a new life. */
async function settleIn(play: Stageplay, complain: Complain): Promise<void> {
  const { world, witness, surroundings } = play
  const { agentTimeoutMs, heartbeatMs } = surroundings.limits
  for (const desk of surroundings.desks) revive(play, desk)
  await runUntil(play, world.timeline.now + pauseMaxMs + 2 * agentTimeoutMs)
  const desk = surroundings.desks[0] ?? ''
  const present = new Map((await world.agents(desk)).map((report) => [report.id as string, report]))
  for (const { id, lie } of surroundings.agents) {
    const incarnation = world.incarnationOf(id)
    if (incarnation !== undefined && present.get(id)?.incarnation === incarnation) {
      // What reports for ever is stopped by its owner: the network cannot know that it will not end.
      if (lie === 'endlessReports') world.leave(id, 'it is repaired')
      continue
    }
    if (incarnation !== undefined && !witness.refused.has(`${id} ${incarnation}`))
      complain('LIVE-5', `${id} lives and is not present`)
    world.crash(id)
  }
  await runUntil(play, world.timeline.now + agentTimeoutMs + heartbeatMs)
  for (const { id } of surroundings.agents) revive(play, id)
}

/** A few more tasks, to see that the network still does what it is for. */
function announceProbes(play: Stageplay): void {
  const { surroundings, world } = play
  for (const [i, { skills }] of surroundings.agents.entries()) {
    const skill = skills[0]?.name
    if (skill === undefined || i > 3) continue
    const probe: TaskPlan = {
      id: `probe-${i}`,
      at: world.timeline.now,
      by: surroundings.desks[0] ?? '',
      requires: [{ skill, level: 'novice', count: 1 }],
      optional: [],
      priority: 'normal',
      maxAttempts: 5,
      workSilenceMs: 20_000,
      maxGroupSize: 1,
      minMembers: 1,
      dependsOn: [],
      exclude: [],
      check: 'trust',
      startBy: 'hub',
    }
    announce(play, probe)
  }
}

/**
 * Every attempt of a task may cost a search that comes to nothing, a rest and a silence, one after the other; its
 * check as much again, and so does every task that it waits for.
 */
function boundMs({ surroundings, witness }: Stageplay): Millis {
  const { groupTimeoutMs, maintenanceIntervalMs, agentTimeoutMs } = surroundings.limits
  const workMs = surroundings.agents.reduce((sum, agent) => sum + agent.workMs, 0)
  const silences = [...witness.ledger.tasks.values()].map((entry) =>
    entry.ended === undefined ? entry.announcement.workSilenceMs : 0,
  )
  const attemptMs = groupTimeoutMs + maintenanceIntervalMs + agentTimeoutMs + Math.max(20_000, ...silences)
  const depth = 1 + Math.max(0, ...[...witness.ledger.tasks.values()].map((entry) => depthOf(entry, witness)))
  const waves = 1 + witness.ledger.open / Math.max(1, surroundings.agents.length)
  return 2 * depth * 5 * attemptMs + waves * (workMs + attemptMs)
}

function depthOf({ announcement, ended }: Entry, witness: Stageplay['witness']): number {
  if (ended !== undefined) return 0
  const below = announcement.dependsOn.flatMap((id) => witness.ledger.tasks.get(id) ?? [])
  return 1 + Math.max(0, ...below.map((entry) => depthOf(entry, witness)))
}

/** Runs until nothing is open but what says, again and again, why it cannot end. */
async function untilQuiet(play: Stageplay, until: Millis, complain: Complain): Promise<void> {
  const { world, witness, surroundings } = play
  const desk = surroundings.desks[0] ?? ''
  let believed = 0
  let doubts: string[] = []
  while (world.timeline.now < until && witness.violations.length === 0) {
    await runUntil(play, world.timeline.now + lookMs)
    if (witness.ledger.open === 0) return
    const reports = await world.agents(desk)
    const waits = new Map((await world.waits(desk)).map(({ task, waiting }) => [task as string, waiting]))
    doubts = []
    for (const [id, entry] of witness.ledger.tasks) {
      if (entry.ended !== undefined) continue
      const doubt = doubtOf(play, entry, waits.get(id), reports)
      if (doubt !== undefined) doubts.push(`${id} ${doubt}`)
    }
    believed = doubts.length === 0 ? believed + 1 : 0
    if (believed >= looksToBelieve) return
  }
  for (const doubt of doubts) complain('LIVE-1', doubt)
}

/** Why an open task should have come further, or nothing when what it says is true and can stay so. */
function doubtOf(
  { witness, surroundings, world }: Stageplay,
  entry: Entry,
  waiting: WaitingFor | undefined,
  reports: readonly AgentReport[],
): string | undefined {
  const { announcement, initiator } = entry
  const { deadlineMs, parent = '' } = announcement
  if (deadlineMs !== undefined) return 'is past its deadline'
  if (witness.ledger.tasks.get(parent)?.ended !== undefined) return `is open, and its parent ${parent} is not`
  switch (waiting?.kind) {
    case 'missing':
    case 'busy': {
      const isBusy = waiting.kind === 'busy'
      const there = waiting.needs.filter(({ count, ...need }) => {
        const agents = agentsFor(need, entry, reports)
        return agents.filter(({ busy, capacity }) => !isBusy || busy < capacity).length >= count
      })
      if (there.length === 0) return undefined
      return `says that ${there.map(({ skill }) => skill).join()} is ${waiting.kind}; it is there`
    }
    case 'include':
      return announcement.include?.some((id) => waiting.agents.includes(id))
        ? undefined
        : 'waits for somebody for whom it did not ask'
    case 'size': {
      const isThere = covers(waiting.needs, waiting.size, (need) =>
        agentsFor(need, entry, reports).filter(({ busy, capacity }) => !waiting.busy || busy < capacity),
      )
      return isThere ? `says that no ${waiting.size} agents can do it together; there are` : undefined
    }
    case 'dependencies': {
      const over = waiting.tasks.filter((id) => witness.ledger.tasks.get(id)?.ended !== undefined)
      if (over.length === 0) return undefined
      return `waits for ${over.join()}, which has ended`
    }
    case 'budget': {
      const { budget = Number.POSITIVE_INFINITY } = announcement
      return waiting.cheapest > budget
        ? undefined
        : `says that ${waiting.cheapest} is over its budget of ${budget}`
    }
    case 'unwilling': {
      // Where a group of its smallest size is lacking, no single need is.
      if (waiting.needs.length === 0)
        return announcement.minMembers > 1 ? undefined : 'says that its smallest size is lacking; it is one'
      const willing = waiting.needs.every((need) => free(need, entry, reports, { witness, surroundings }))
      return willing ? `says that nobody is willing; there is somebody free for each need` : undefined
    }
    case 'verdict':
    case 'start': {
      if (waiting.kind === 'verdict' && hasOpenCheck(announcement.id, witness)) return undefined
      // A program that died and knows no name of its task has forgotten it.
      const now = `${initiator} ${world.incarnationOf(initiator)}`
      return witness.announcers.get(announcement.id) === now ? `waits for its ${waiting.kind}` : undefined
    }
    default:
      return `is not done, and says: ${JSON.stringify(waiting)}`
  }
}

/** Why the check is not further is asked of the check. */
function hasOpenCheck(id: string, witness: Stageplay['witness']): boolean {
  for (const { announcement, ended } of witness.ledger.tasks.values())
    if (ended === undefined && announcement.verifies?.task === id) return true
  return false
}

/** Who on the roster has the skill at the level, by evidence, and may do it. */
function agentsFor(
  { skill, level }: Pick<Requirement, 'skill' | 'level'>,
  { announcement, results, parts }: Entry,
  reports: readonly AgentReport[],
): AgentReport[] {
  const rank = rankOf(defaultLevels, level) ?? 0
  return reports.filter(({ id, present, skills }) => {
    const own = skills.find(({ name }) => name === skill)
    if (!present || own === undefined || announcement.exclude.includes(id)) return false
    const hasDone = results.some((done) => done.agent === id && done.skills.includes(skill))
    const isMember = parts.get(id)?.state === 'working'
    return !hasDone && !isMember && (rankOf(defaultLevels, own.level) ?? 0) >= rank
  })
}

/** Whether so many agents can cover the needs together: every way is tried. */
function covers(
  needs: readonly Requirement[],
  size: number,
  able: (need: Requirement) => readonly AgentReport[],
): boolean {
  const place = (open: readonly Requirement[], members: readonly AgentReport[]): boolean => {
    const [need, ...others] = open.filter((each) => {
      const ids = new Set(able(each).map(({ id }) => id))
      return members.filter(({ id }) => ids.has(id)).length < each.count
    })
    if (need === undefined) return true
    if (members.length === size) return false
    const newcomers = able(need).filter(({ id }) => !members.some((member) => member.id === id))
    return newcomers.some((agent) => place([need, ...others], [...members, agent]))
  }
  return place(needs, [])
}

/** Whether enough agents could take the need, whose own code leaves them a slot and time. */
function free(
  need: Requirement,
  entry: Entry,
  reports: readonly AgentReport[],
  { witness, surroundings }: Pick<Stageplay, 'witness' | 'surroundings'>,
): boolean {
  // What the group as a whole cannot be is not known from one need.
  const { maxGroupSize, minMembers, requires } = entry.announcement
  const heads = requires.reduce((most, { count }) => Math.max(most, count), 0)
  if (maxGroupSize <= heads + 1 || minMembers > 1) return false
  const able = agentsFor(need, entry, reports).filter(({ id, incarnation, capacity }) => {
    const plan = surroundings.agents.find((agent) => agent.id === id)
    return plan !== undefined && witness.running(id, incarnation) < capacity
  })
  return able.length >= need.count
}

/** No livelock: how much is said grows with the agents and with what there is to do, and with nothing else. */
function checkMessages(play: Stageplay, messages: number, spanMs: Millis, complain: Complain): void {
  const { surroundings, witness } = play
  const { partitions } = surroundings
  const { heartbeatMs, resendMs, retryMs } = surroundings.limits
  const nodes = surroundings.agents.length + surroundings.desks.length + (partitions === 1 ? 0 : partitions)
  const beats = (nodes * spanMs * 4) / Math.min(heartbeatMs, resendMs)
  const searches = (witness.ledger.open * nodes * spanMs * 4) / (16 * retryMs)
  // Who waits for slots of others says so again and again, and the order among them is kept by asking some back.
  const reserves = partitions === 1 ? 0 : (witness.ledger.open * partitions * spanMs * 6) / resendMs
  const most = 2_000 + beats + searches + reserves + witness.ledger.tasks.size * nodes * 60
  if (messages > most)
    complain('LIVE-4', `${messages} messages in ${spanMs} ms; at most ${Math.round(most)} are needed`)
}

/** Nobody holds what belongs to nothing: the hub, the agents and the journal count the same slots. */
async function checkSlots(play: Stageplay, complain: Complain): Promise<void> {
  const { world, witness, surroundings } = play
  const { heartbeatMs, groupTimeoutMs } = surroundings.limits
  await runUntil(play, world.timeline.now + groupTimeoutMs + 2 * heartbeatMs)
  const differences = new Set<string>()
  for (let look = 0; look < 20; look++) {
    const now = await slotDifferences(play)
    if (look === 0) for (const difference of now) differences.add(difference)
    for (const difference of [...differences]) if (!now.includes(difference)) differences.delete(difference)
    // A task that cannot be formed asks again and again, and holds a slot for as long as it asks.
    if (differences.size === 0 || witness.violations.length > 0) return
    await runUntil(play, world.timeline.now + 1_111)
  }
  for (const difference of differences) complain('LIVE-2', difference)
}

async function slotDifferences({ world, witness, surroundings }: Stageplay): Promise<string[]> {
  const differences: string[] = []
  for (const { id, incarnation, busy, present } of await world.agents(surroundings.desks[0] ?? '')) {
    if (!present) continue
    const work = witness.ledger.workOf(id, incarnation)
    if (busy !== work.length) differences.push(`the hub counts other slots of ${id} than the journal`)
    const beat = witness.heartbeats.get(id)
    if (beat === undefined || beat.from.incarnation !== incarnation) continue
    const named = beat.message.working.map(({ task }) => task as string)
    const strange = named.filter((task) => !work.includes(task))
    if (strange.length > 0) differences.push(`${id} works on ${strange.join()}, of which it is no member`)
    const most = Math.max(work.length, witness.running(id, incarnation))
    if (beat.message.busy > most) differences.push(`${id} holds more slots than it has work`)
  }
  return differences
}

/** What hubs have seen of each other's agents is counted at their homes. */
function checkReports({ witness }: Stageplay, complain: Complain): void {
  const counted = new Map<string, number>()
  for (const [home, { facts }] of witness.ledger.logs) {
    for (const fact of facts) {
      if (fact.kind !== 'standing.changed' || fact.source === undefined) continue
      counted.set(`${fact.source.hub} ${home}`, fact.source.serial)
    }
  }
  for (const [hub, { facts }] of witness.ledger.logs) {
    const reported = facts.filter((fact) => fact.kind === 'outcome.reported')
    for (const { home, serial } of reported) {
      if (serial > (counted.get(`${hub} ${home}`) ?? 0))
        complain('LIVE-6', `${home} has not counted the report ${serial} of ${hub}`)
    }
  }
}

/** Each live hub writes its snapshot when it is closed; one that replays the whole log comes to the same. */
async function checkReplay({ world, witness }: Stageplay): Promise<void> {
  for (const id of world.hubIds) {
    const hub = world.hostOf(id)
    if (hub === undefined || witness.violations.length > 0) return
    const disk = world.diskOf(id)
    const replayed = new Hub({ id, incarnation: 1 }, seeded(1), world.configuration)
    for (const fact of disk.facts) replayed.replay(fact)
    disk.lastSnapshot = undefined
    const closing = hub.close()
    await world.timeline.settle()
    await closing
    const live = disk.lastSnapshot ?? []
    if (live.length > 0 && undated(live) !== undated(replayed.snapshot()))
      witness.complain('SIM-10', `a hub that replays the log of ${id} comes to another state than it has`)
  }
}

/**
 * The instant of a snapshot, and the life that wrote it, are its own. Which reports were noted is in no log: what
 * counts is how many there were.
 */
function undated(facts: readonly Fact[]): string {
  const told: object[] = []
  const serials = new Map<string, number>()
  for (const fact of facts) {
    if (fact.kind === 'outcome.reported') serials.set(fact.home, fact.serial)
    else if (fact.kind !== 'hub.started') told.push('strategy' in fact ? { ...fact, at: 0 } : fact)
  }
  return JSON.stringify([told, [...serials]])
}

/**
 * What became of members whose home is another hub is told to that home, which alone keeps the standing of its agents.
 * A report is a fact here before it is sent and until it is noted there, and a fact there that names its serial: so it
 * survives the loss of either hub and is counted once.
 * Must never happen here: a report that is counted out of its turn.
 */
import type { OutcomeReportedFact } from '../protocol/fact.ts'
import type { HubId } from '../protocol/id.ts'
import type { Address } from '../protocol/message.ts'
import { homeOf } from '../protocol/partition.ts'
import { rankOf } from '../protocol/skill.ts'
import type { OutcomeNoted, OutcomeReport } from '../protocol/slot.ts'
import type { MemberOutcome } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { record } from './applying.ts'
import { learnFromReport, levelAskedOf, type Seen } from './judging.ts'
import { type HubState, sendTo, type Task } from './state.ts'

export interface Reports {
  /** By the home that they are for: the last serial, and those that are not noted yet. */
  readonly sent: Map<HubId, { serial: number; readonly open: Map<number, OutcomeReportedFact> }>
  /** The last serial that was counted of each hub. */
  readonly counted: Map<HubId, number>
  /** When what is not noted is said again. */
  sayAgainAt: Millis | undefined
}

export function newReports(): Reports {
  return { sent: new Map(), counted: new Map(), sayAgainAt: undefined }
}

/** Tells the homes of members what became of them. */
export function report(hub: HubState, task: Task, seen: readonly Seen[]): void {
  const byHome = new Map<HubId, MemberOutcome[]>()
  for (const one of seen) {
    const home = homeOf(one.agent, hub.lending.partitions)
    const outcomes = byHome.get(home) ?? []
    byHome.set(home, outcomes)
    outcomes.push(outcomeOf(hub, task, one))
  }
  for (const [home, outcomes] of byHome) {
    const serial = (hub.reports.sent.get(home)?.serial ?? 0) + 1
    const { id, epoch } = task
    record(hub, { kind: 'outcome.reported', task: id, at: hub.now, epoch, home, serial, outcomes })
    send(hub, home, serial, outcomes)
  }
  hub.reports.sayAgainAt ??= hub.now + hub.configuration.limits.resendMs
}

function outcomeOf(hub: HubState, task: Task, { agent, skills, blame, absent, tookMs }: Seen): MemberOutcome {
  const { expectedMs } = task.announcement
  return {
    agent,
    skills: skills.map((skill) => ({ skill, level: levelAskedOf(hub, task, skill) })),
    blame,
    absent: absent ?? false,
    ...(tookMs === undefined ? {} : { tookMs }),
    ...(expectedMs === undefined ? {} : { statedMs: expectedMs }),
  }
}

function send(hub: HubState, home: HubId, serial: number, outcomes: readonly MemberOutcome[]): void {
  sendTo(hub, home, { kind: 'OUTCOME_REPORT', serial, outcomes })
}

/** Says again what was not noted, in order. */
export function reportAgain(hub: HubState): void {
  const { reports } = hub
  if (reports.sayAgainAt === undefined || hub.now < reports.sayAgainAt) return
  reports.sayAgainAt = undefined
  for (const [home, { open }] of reports.sent) {
    for (const [serial, { outcomes }] of open) send(hub, home, serial, outcomes)
    if (open.size > 0) reports.sayAgainAt = hub.now + hub.configuration.limits.resendMs
  }
}

/** What another hub has seen. `ranks`: at which each of the skills was asked for. */
export interface Reported {
  readonly seen: Seen
  readonly ranks: readonly number[]
  readonly statedMs: Millis | undefined
}

/** Another hub has seen what became of own agents. Only the report that follows the last one is counted. */
export function onReport(hub: HubState, from: Address, { serial, outcomes }: OutcomeReport): void {
  const source = from.id as HubId
  const counted = hub.reports.counted.get(source) ?? 0
  if (serial === counted + 1) {
    learnFromReport(
      hub,
      outcomes.map(({ agent, skills, blame, absent, tookMs, statedMs }) => {
        const ranks = skills.map(({ level }) => rankOf(hub.configuration.levels, level) ?? 0)
        const seen = { agent, skills: skills.map(({ skill }) => skill), blame, absent }
        return { seen: tookMs === undefined ? seen : { ...seen, tookMs }, ranks, statedMs }
      }),
      { hub: source, serial },
    )
  }
  const noted = hub.reports.counted.get(source) ?? 0
  if (noted > 0) sendTo(hub, source, { kind: 'OUTCOME_NOTED', serial: noted })
}

/** The home has counted everything up to a serial. */
export function onReportNoted(hub: HubState, from: Address, { serial }: OutcomeNoted): void {
  const open = hub.reports.sent.get(from.id as HubId)?.open
  for (const known of [...(open?.keys() ?? [])]) if (known <= serial) open?.delete(known)
}

export function applyReported({ reports }: HubState, fact: OutcomeReportedFact): void {
  const known = reports.sent.get(fact.home) ?? { serial: 0, open: new Map<number, OutcomeReportedFact>() }
  known.serial = Math.max(known.serial, fact.serial)
  known.open.set(fact.serial, fact)
  reports.sent.set(fact.home, known)
}

/** What a snapshot must keep: the reports that are not noted, and else the last, for its serial. */
export function reportsKept({ reports, now }: HubState): OutcomeReportedFact[] {
  const kept: OutcomeReportedFact[] = []
  for (const [home, { serial, open }] of reports.sent) {
    if (open.size > 0) kept.push(...open.values())
    else kept.push({ kind: 'outcome.reported', at: now, epoch: 0, home, serial, outcomes: [] })
  }
  return kept
}

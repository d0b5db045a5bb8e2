/**
 * What a hub answers to questions about itself. Reads, and changes nothing.
 */
import type { Considered } from '../protocol/group.ts'
import type { AgentId } from '../protocol/id.ts'
import { never } from '../protocol/machine.ts'
import type { Address, AgentReport, HubAsk, HubTell, SkillReport } from '../protocol/message.ts'
import type { Skill } from '../protocol/skill.ts'
import { estimateOf, standingOf } from './judging.ts'
import { expectationOf } from './projects.ts'
import { reasonOf } from './queue.ts'
import { consideredIn } from './recounting.ts'
import { type HubState, type RosterEntry, type Search, send, type Task } from './state.ts'

export function onAsk(hub: HubState, from: Address, message: HubAsk): void {
  const { request, about } = message
  switch (about.kind) {
    case 'agents':
      return send(hub, from, {
        kind: 'HUB_TELL',
        request,
        agents: agentReports(hub),
        waits: [],
        considered: [],
      })
    case 'tasks': {
      const waits = [...hub.tasks.values()].flatMap((task) => waitOf(hub, task))
      return send(hub, from, { kind: 'HUB_TELL', request, agents: [], waits, considered: [] })
    }
    case 'task': {
      const task = hub.tasks.get(about.task)
      const considered = task?.search === undefined ? (task?.lastConsidered ?? []) : soFar(task.search)
      // The task itself, and then the others of its project: they say when it can go on.
      const all = task === undefined ? [] : [...new Set([task, ...(task.project?.tasks ?? [])])]
      const waits = all.flatMap((task) => waitOf(hub, task))
      return send(hub, from, { kind: 'HUB_TELL', request, agents: [], waits, considered })
    }
    default:
      return never(about)
  }
}

/** As it is now: what the search says of each goes on changing with it. */
function soFar(search: Search): Considered[] {
  return consideredIn(search).map((account) => ({ ...account }))
}

function waitOf(hub: HubState, task: Task): HubTell['waits'] {
  const waiting = reasonOf(hub, task)
  if (waiting === undefined) return []
  const expectedMs = expectationOf(hub, task)
  const plannedAt = task.group === undefined ? task.project?.plan?.entries.get(task)?.startsAt : undefined
  return [
    {
      task: task.id,
      waiting,
      ...(expectedMs === undefined ? {} : { expectedMs }),
      ...(plannedAt === undefined ? {} : { plannedAt }),
    },
  ]
}

/** Who is present, and who is remembered. */
function agentReports(hub: HubState): AgentReport[] {
  const reports = [...hub.roster.values()].map((entry) => presentReport(hub, entry))
  for (const [id, standings] of hub.standings) {
    if (hub.roster.has(id)) continue
    const skills = [...standings.values()].map((standing) => {
      return skillReport(hub, id, { name: standing.skill, level: standing.level })
    })
    reports.push({ id, incarnation: 0, present: false, capacity: 0, busy: 0, skills })
  }
  return reports.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function presentReport(hub: HubState, entry: RosterEntry): AgentReport {
  return {
    id: entry.id,
    incarnation: entry.address.incarnation,
    present: true,
    capacity: entry.capacity,
    busy: entry.held + entry.running,
    skills: entry.skills.map((skill) => skillReport(hub, entry.id, skill)),
  }
}

function skillReport(hub: HubState, agent: AgentId, claim: Skill): SkillReport {
  const standing = standingOf(hub, agent, claim)
  const expected = estimateOf(hub, agent, claim)
  return {
    name: claim.name,
    claimedLevel: claim.level,
    level: standing.level,
    successRate: Math.round(expected.mean * 1000) / 1000,
    successes: Math.round(standing.successes * 1000) / 1000,
    failures: Math.round(standing.failures * 1000) / 1000,
    ...(standing.timeWeight > 0 && expected.typicalMs !== undefined
      ? { typicalMs: Math.round(expected.typicalMs) }
      : {}),
  }
}

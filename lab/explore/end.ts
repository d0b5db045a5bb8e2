/**
 * The *in the end* properties: how a world looks when nothing goes wrong any more and everybody had the time they need.
 */
import { busySlots } from '../../src/agent/state.ts'
import type { HubState, Task } from '../../src/hub/state.ts'
import type { Cosmos, State } from './cosmos.ts'

/** What is wrong with this state as an end, or undefined for a good one. */
export function faultsOfEnd(cosmos: Cosmos, state: State): string | undefined {
  const hubs = state.hubs.map((hub) => cosmos.hubs.machine(hub).state())
  for (const hub of hubs) {
    const wrong = faultsOfHub(hub, hubs) ?? faultsOfLending(hub)
    if (wrong !== undefined) return wrong
  }
  for (const node of state.nodes) {
    if (node === undefined) continue
    const fault = faultsOfAgent(cosmos, node)
    if (fault !== undefined) return fault
    for (const [task, status] of cosmos.agents.state(node).shadow.outcomes)
      if (status === 'refused' && hubs.some((hub) => hub.tasks.has(task)))
        return `${task} was refused, and is still open`
  }
  return undefined
}

function faultsOfHub(hub: Readonly<HubState>, all: readonly Readonly<HubState>[]): string | undefined {
  for (const task of hub.tasks.values()) {
    const { id, waitingFor, group } = task
    if (!mayWait(all, task)) return `${id} is still open, and waits for ${waitingFor?.kind ?? 'nothing'}`
    for (const part of group?.parts ?? [])
      if (part.state === 'working')
        return `${id} waits for ${waitingFor?.kind}, and ${part.member.agent} works`
  }
  for (const { id, held, running } of hub.roster.values())
    if (held + running > 0) return `the hub still counts ${held} held and ${running} running slots of ${id}`
  for (const [skill, { sought }] of hub.supply)
    if (sought !== 0) return `the hub still seeks ${sought} agents with ${skill}`
  if (hub.recalls.size > 0) return 'the hub still waits for its journal'
  if (hub.abroad.inquiries.size > 0) return 'the hub still waits for what others say of their tasks'
  if (hub.awaited.size > 0) return 'the hub still keeps what nobody asks for'
  return undefined
}

function faultsOfLending({ self, lending, reports }: Readonly<HubState>): string | undefined {
  if (lending.loans.size > 0) return `${self.id} has ${lending.loans.size} slots lent to nobody`
  for (const [home, { open }] of reports.sent)
    if (open.size > 0) return `${self.id} still tells ${home} what became of its agents`
  return undefined
}

function faultsOfAgent(cosmos: Cosmos, number: number): string | undefined {
  const agent = cosmos.agents.machine(number).state()
  const { runs, outcomes, matters } = cosmos.agents.state(number).shadow
  const { id } = agent.self
  if (busySlots(agent) > 0) return `${id} still has ${busySlots(agent)} busy slots`
  if (agent.unnoted.length > 0) return `${id} still says how its work ended`
  if (agent.works.size > 0) return `${id} is still a member`
  if (runs.size + matters.length > 0) return `the code of ${id} is still busy`
  for (const task of agent.followed.keys())
    if (outcomes.has(task)) return `${id} still asks after ${task}, though it has ended`
  if (agent.unanswered.size > 0) return `${id} still waits for an answer to its announcement`
  return undefined
}

/** Who needs what nobody has, or waits for such a one, may wait for ever, as long as it says so and holds nothing. */
function mayWait(
  all: readonly Readonly<HubState>[],
  { waitingFor, search, blockedOn, check }: Task,
): boolean {
  if (search !== undefined) return false
  switch (waitingFor?.kind) {
    case 'missing':
      return true
    case 'dependencies':
      return blockedOn.length > 0 && blockedOn.every((id) => all.some(({ tasks }) => tasks.has(id)))
    case 'verdict':
      return check !== undefined && all.some(({ tasks }) => tasks.has(check))
    default:
      return false
  }
}

/**
 * `convoke agents`: what the file of a network knows of its agents: evidence, and what they work on.
 * Must never happen here: a claim of an agent shown as evidence.
 */
import { isNatsPlace } from '../host/nats/place.ts'
import { showDuration } from '../host/span.ts'
import type { Fact } from '../protocol/fact.ts'
import type { AgentId, SkillName, TaskId } from '../protocol/id.ts'
import type { SkillStanding } from '../protocol/standing.ts'
import type { Millis } from '../protocol/time.ts'
import { Population } from '../strategy/population.ts'
import { estimate } from '../strategy/score.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit } from './problem.ts'
import { placeOf, withJournal, withNetwork } from './store.ts'
import { clip, table } from './terminal.ts'

export const agents: Command = {
  name: 'agents',
  summary: 'list the agents that have worked in a network, and what has been seen of them',
  operands: [],
  options: networkOptions,
  examples: [
    ['convoke agents --network run.db', 'a table: one line for each skill of each agent'],
    ['convoke agents --network nats://127.0.0.1 --json', 'a JSON array'],
  ],
  notes: [
    'Of a file it tells what was seen of the agents; whether one is there now, only the running program knows\n' +
      '(network.agents()). On NATS the hub is asked, and who is there is shown too.',
  ],
  run: list,
}

export interface AgentView {
  readonly id: AgentId
  /** Parts that it finished, and parts that it did not. */
  readonly finished: number
  readonly lost: number
  /** Open tasks in whose group it is and has not finished. */
  readonly working: readonly TaskId[]
  readonly skills: readonly {
    readonly name: SkillName
    /** By evidence. */
    readonly level: string
    readonly successRate: number
    readonly successes: number
    readonly failures: number
    readonly typicalMs?: Millis
  }[]
}

async function list(call: CommandCall): Promise<ExitCode> {
  const { json, terminal } = call
  const place = placeOf(call)
  if (isNatsPlace(place)) return listPresent(call, place)
  const views = await withJournal(call, async (journal) => {
    const roll = new Roll()
    for await (const { fact } of journal.read(0)) roll.fold(fact)
    return roll.agents()
  })
  if (json) {
    terminal.out(JSON.stringify(views))
    return exit.done
  }
  if (views.length === 0) terminal.out('No agents.')
  else for (const row of table([heading, ...views.flatMap(rowsOf)])) terminal.out(row)
  return exit.done
}

/** On NATS the hub itself can be asked who is there. */
async function listPresent(call: CommandCall, place: string): Promise<ExitCode> {
  const { json, terminal } = call
  const reports = await withNetwork(call, place, { hub: false }, (network) => network.agents())
  if (json) {
    terminal.out(JSON.stringify(reports))
    return exit.done
  }
  if (reports.length === 0) terminal.out('No agents.')
  const rows = reports.flatMap(({ id, present, busy, capacity, skills }) =>
    skills.map(({ name, level, successRate, typicalMs }, i) => [
      ...(i === 0
        ? [id, present ? 'present' : 'away', present ? `${busy} of ${capacity}` : '']
        : ['', '', '']),
      name,
      level,
      `${Math.round(successRate * 100)}%`,
      typicalMs === undefined ? '' : showDuration(typicalMs),
    ]),
  )
  const heading = ['AGENT', 'PRESENCE', 'BUSY', 'SKILL', 'LEVEL', 'SUCCESS', 'TYPICAL TIME']
  if (rows.length > 0) for (const row of table([heading, ...rows])) terminal.out(row)
  return exit.done
}

const heading = ['AGENT', 'FINISHED', 'LOST', 'WORKING ON', 'SKILL', 'LEVEL', 'SUCCESS', 'TYPICAL TIME']

function rowsOf({ id, finished, lost, working, skills }: AgentView): string[][] {
  const first = [id, String(finished), String(lost), clip(working.join(', '), 40)]
  const rows = skills.map(({ name, level, successRate, typicalMs }, i) => [
    ...(i === 0 ? first : ['', '', '', '']),
    name,
    level,
    `${Math.round(successRate * 100)}%`,
    typicalMs === undefined ? '' : showDuration(typicalMs),
  ])
  return rows.length === 0 ? [first] : rows
}

interface Entry {
  finished: number
  lost: number
  readonly working: Set<TaskId>
  readonly standings: Map<SkillName, SkillStanding>
}

/** Everybody who was ever in a group. */
class Roll {
  readonly #entries = new Map<AgentId, Entry>()
  readonly #population = new Population()

  fold(fact: Fact): void {
    switch (fact.kind) {
      case 'group.formed':
        for (const { agent } of fact.members) this.#entry(agent).working.add(fact.task)
        break
      case 'member.finished':
        this.#entry(fact.agent).finished += 1
        this.#entry(fact.agent).working.delete(fact.task)
        break
      case 'member.lost':
        this.#entry(fact.agent).lost += 1
        this.#entry(fact.agent).working.delete(fact.task)
        break
      case 'task.ended':
        for (const { working } of this.#entries.values()) working.delete(fact.task)
        break
      case 'standing.changed':
        for (const { agent, skills } of fact.evidence) {
          const { standings } = this.#entry(agent)
          for (const standing of skills) {
            this.#population.move(standings.get(standing.skill), standing)
            standings.set(standing.skill, standing)
          }
        }
        break
      default:
        break
    }
  }

  agents(): AgentView[] {
    const ids = [...this.#entries.keys()].sort()
    return ids.map((id) => {
      const { finished, lost, working, standings } = this.#entry(id)
      const skills = [...standings.values()].sort((a, b) => (a.skill < b.skill ? -1 : 1))
      return {
        id,
        finished,
        lost,
        working: [...working],
        skills: skills.map((standing) => skillView(standing, this.#population)),
      }
    })
  }

  #entry(agent: AgentId): Entry {
    const known = this.#entries.get(agent)
    if (known !== undefined) return known
    const entry: Entry = { finished: 0, lost: 0, working: new Set(), standings: new Map() }
    this.#entries.set(agent, entry)
    return entry
  }
}

function skillView(standing: SkillStanding, population: Population): AgentView['skills'][number] {
  const { skill, level, successes, failures, timeWeight } = standing
  const { mean, typicalMs } = estimate(standing, { name: skill, level }, population.priorOf(skill, level))
  return {
    name: skill,
    level,
    successRate: thousandths(mean),
    successes: thousandths(successes),
    failures: thousandths(failures),
    ...(timeWeight > 0 && typicalMs !== undefined ? { typicalMs: Math.round(typicalMs) } : {}),
  }
}

function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

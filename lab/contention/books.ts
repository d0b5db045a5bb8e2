/**
 * What the facts of all hubs and the work of all agents say together: who is in how many groups, who works on how much,
 * when each task was accepted, formed and ended.
 * Must never happen here: a look into a machine.
 */
import type { Fact } from '../../src/protocol/fact.ts'
import type { TaskId } from '../../src/protocol/id.ts'
import type { Millis } from '../../src/protocol/time.ts'

interface Entry {
  readonly acceptedAt: Millis
  formedAt: Millis | undefined
  endedAs: string | undefined
  /** `agent incarnation` of members that are at work. */
  working: Set<string>
  finished: Set<string>
}

export class Books {
  readonly tasks: Map<string, Entry> = new Map()
  /** More groups, or more work, than an agent has slots: one sentence each. */
  readonly overbooked: string[] = []
  /** More than one task of the same name, end, or member twice. */
  readonly wrong: string[] = []
  readonly #capacity = new Map<string, number>()
  readonly #life = new Map<string, number>()
  readonly #groups = new Map<string, Set<string>>()
  readonly #runs = new Map<string, Map<number, TaskId>>()
  /** Parts that an agent has come to the end of, though its hub may not have heard: they take no slot. */
  readonly #done = new Set<string>()

  capacity(agent: string, incarnation: number, capacity: number): void {
    this.#capacity.set(`${agent} ${incarnation}`, capacity)
    this.#life.set(agent, incarnation)
  }

  died(agent: string): void {
    this.#runs.delete(agent)
  }

  isAccepted(task: string): boolean {
    return this.tasks.has(task)
  }

  begins(agent: string, task: TaskId, run: number): void {
    const runs = this.#runs.get(agent) ?? new Map<number, TaskId>()
    this.#runs.set(agent, runs.set(run, task))
    const name = `${agent} ${this.#life.get(agent)}`
    this.#done.delete(`${name} ${task}`)
    const most = this.#capacity.get(name) ?? 0
    if (runs.size > most) this.overbooked.push(`${agent} works on ${[...runs.values()].join()}`)
  }

  ends(agent: string, run: number): void {
    const task = this.#runs.get(agent)?.get(run)
    this.#runs.get(agent)?.delete(run)
    if (task === undefined) return
    const name = `${agent} ${this.#life.get(agent)}`
    this.#done.add(`${name} ${task}`)
    this.#groups.get(name)?.delete(task)
  }

  observe(fact: Fact, at: Millis): void {
    if (fact.kind === 'hub.started' || fact.kind === 'standing.changed' || fact.kind === 'outcome.reported')
      return
    if (fact.kind === 'task.accepted') {
      if (this.tasks.has(fact.task)) this.wrong.push(`${fact.task} was accepted twice`)
      const entry = { acceptedAt: at, formedAt: undefined, endedAs: undefined, working: new Set<string>() }
      this.tasks.set(fact.task, { ...entry, finished: new Set() })
      return
    }
    const entry = this.tasks.get(fact.task)
    if (entry === undefined) return
    switch (fact.kind) {
      case 'group.formed':
        entry.formedAt ??= at
        for (const { agent, incarnation } of fact.members) {
          const name = `${agent} ${incarnation}`
          if (!entry.finished.has(name)) this.#enter(entry, fact.task, name)
        }
        return
      case 'member.finished':
      case 'member.lost':
        for (const name of [...entry.working]) {
          if (!name.startsWith(`${fact.agent} `)) continue
          if (fact.kind === 'member.finished') entry.finished.add(name)
          this.#leave(entry, fact.task, name)
        }
        return
      case 'task.ended':
        if (entry.endedAs !== undefined) this.wrong.push(`${fact.task} ended twice`)
        entry.endedAs = fact.status
        for (const name of [...entry.working]) this.#leave(entry, fact.task, name)
        return
      default:
        return
    }
  }

  #enter(entry: Entry, task: string, name: string): void {
    entry.working.add(name)
    if (this.#done.has(`${name} ${task}`)) return
    const groups = this.#groups.get(name) ?? new Set<string>()
    this.#groups.set(name, groups.add(task))
    if (groups.size > (this.#capacity.get(name) ?? 0))
      this.overbooked.push(`${name} is in the groups of ${[...groups].join()}`)
  }

  #leave(entry: Entry, task: string, name: string): void {
    entry.working.delete(name)
    this.#groups.get(name)?.delete(task)
  }
}

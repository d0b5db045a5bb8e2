/**
 * What several logs of one network must say of each other: each has what is of its own partition, counts no outcome
 * that nobody has reported, and hangs no task on one that is not there.
 * Must never happen here: a look at one log alone.
 */
import type { Fact } from '../../protocol/fact.ts'
import type { HubId, TaskId } from '../../protocol/id.ts'
import { quote } from '../../protocol/id.ts'
import { homeOf, hubOf, hubsOf } from '../../protocol/partition.ts'
import type { EndStatus } from '../../protocol/task.ts'
import type { Position } from '../ports.ts'
import type { Problem } from './findings.ts'

/** Of the reports from one hub to one home. */
interface Reports {
  /** The last serial in the log of the hub. */
  reported: number
  /** The last that was counted in the log of the home, and where. */
  counted: number
  at: Position
}

/** What one log says of a task in another. */
interface Mention {
  readonly partition: number
  readonly position: Position
  readonly task: TaskId
  /** How it has ended; undefined where something hangs on it. */
  readonly status: EndStatus | undefined
}

export class BetweenLogs {
  readonly #hubs: readonly HubId[]
  readonly #problems: Problem[] = []
  readonly #reports = new Map<string, Reports & { readonly from: HubId; readonly home: number }>()
  readonly #mentions: Mention[] = []
  /** Every task that was accepted, and how it has ended. */
  readonly #tasks = new Map<TaskId, EndStatus | undefined>()

  constructor(partitions: number) {
    this.#hubs = hubsOf(partitions)
  }

  /** The next fact of one log. `counts`: whether the ends of the logs that it rests on are looked at later. */
  observe(partition: number, fact: Fact, position: Position, counts: boolean): void {
    const hub = hubOf(partition, this.#hubs.length)
    switch (fact.kind) {
      case 'hub.started':
        if (fact.hub !== hub)
          this.#found(partition, position, `the hub ${quote(fact.hub)} begins in the log of ${hub}`)
        return
      case 'task.accepted': {
        const { task, announcement } = fact
        this.#tasks.set(task, undefined)
        const home = homeOf(task, this.#hubs.length)
        if (home !== hub) this.#found(partition, position, `task ${task} belongs to ${home}`)
        const { dependsOn, parent } = announcement
        for (const above of parent === undefined ? dependsOn : [...dependsOn, parent])
          if (counts) this.#mention({ partition, position, task: above, status: undefined })
        return
      }
      case 'task.ended':
        this.#tasks.set(fact.task, fact.status)
        return
      case 'dependency.ended':
        if (counts) this.#mention({ partition, position, task: fact.dependency, status: fact.status })
        return
      case 'outcome.reported': {
        const home = this.#hubs.indexOf(fact.home)
        const reports = this.#between(hub, home)
        reports.reported = Math.max(reports.reported, fact.serial)
        return
      }
      case 'standing.changed': {
        if (fact.source === undefined || !counts) return
        const reports = this.#between(fact.source.hub, partition)
        if (fact.source.serial <= reports.counted) return
        reports.counted = fact.source.serial
        reports.at = position
        return
      }
      default:
        return
    }
  }

  problems(): readonly Problem[] {
    for (const { from, home, reported, counted, at } of this.#reports.values()) {
      if (counted > reported)
        this.#found(home, at, `report ${counted} of ${from} is counted, and its log has ${reported}`)
    }
    for (const mention of this.#mentions) this.#look(mention)
    return this.#problems
  }

  #mention(mention: Mention): void {
    if (homeOf(mention.task, this.#hubs.length) !== hubOf(mention.partition, this.#hubs.length))
      this.#mentions.push(mention)
  }

  #look({ partition, position, task, status }: Mention): void {
    const where = `in the log of ${homeOf(task, this.#hubs.length)}`
    if (!this.#tasks.has(task))
      this.#found(partition, position, `task ${task}, on which something hangs, is not ${where}`)
    else if (status !== undefined && this.#tasks.get(task) !== status)
      this.#found(partition, position, `task ${task} is said to be ${status}, and is not ${where}`)
  }

  #between(from: HubId, home: number): Reports {
    const key = `${from} ${home}`
    const known = this.#reports.get(key)
    if (known !== undefined) return known
    const fresh = { from, home, reported: 0, counted: 0, at: 0 }
    this.#reports.set(key, fresh)
    return fresh
  }

  #found(partition: number, position: Position, problem: string): void {
    this.#problems.push({ partition, position, rule: 'LOG-18', problem })
  }
}

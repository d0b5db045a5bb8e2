/**
 * What several logs of one network must say of each other: each has what is of its own partition, and counts no outcome
 * that nobody has reported.
 * Must never happen here: a look at one log alone.
 */
import type { Fact } from '../../protocol/fact.ts'
import type { HubId } from '../../protocol/id.ts'
import { quote } from '../../protocol/id.ts'
import { homeOf, hubOf } from '../../protocol/partition.ts'
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

export class BetweenLogs {
  readonly #partitions: number
  readonly #problems: Problem[] = []
  readonly #reports = new Map<string, Reports & { readonly from: HubId; readonly home: number }>()

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  /** The next fact of one log. `counts`: whether the end of the log of whoever has reported it is looked at later. */
  observe(partition: number, fact: Fact, position: Position, counts: boolean): void {
    const hub = hubOf(partition, this.#partitions)
    switch (fact.kind) {
      case 'hub.started':
        if (fact.hub !== hub)
          this.#found(partition, position, `the hub ${quote(fact.hub)} begins in the log of ${hub}`)
        return
      case 'task.accepted': {
        const home = homeOf(fact.task, this.#partitions)
        if (home !== hub) this.#found(partition, position, `task ${fact.task} belongs to ${home}`)
        return
      }
      case 'outcome.reported':
        for (let home = 0; home < this.#partitions; home++) {
          if (hubOf(home, this.#partitions) !== fact.home) continue
          const reports = this.#between(hub, home)
          reports.reported = Math.max(reports.reported, fact.serial)
        }
        return
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
    const unfounded = [...this.#reports.values()].flatMap(({ from, home, reported, counted, at }) => {
      if (counted <= reported) return []
      const problem = `report ${counted} of ${from} is counted, and its log has ${reported}`
      return { partition: home, position: at, rule: 'LOG-18' as const, problem }
    })
    return [...this.#problems, ...unfounded]
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

/**
 * The hubs of a world: each is a process of its own, with a disk of its own that outlives it.
 * Must never happen here: anything that one hub has of another, but for what travels.
 */
import type { Fault } from '../../src/host/fault.ts'
import { HubHost, type HubPorts } from '../../src/host/hub-host.ts'
import type { Position } from '../../src/host/ports.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { HubId } from '../../src/protocol/id.ts'
import { hubsOf } from '../../src/protocol/partition.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { Disk } from './disk.ts'
import { type Life, newLife, type Timeline } from './timeline.ts'

export interface HubsOptions {
  readonly timeline: Timeline
  /** How long a commit takes; without it none takes any time. */
  readonly commitMs: (() => Millis) | undefined
  /** What one life has of the world, but for its disk. */
  portsOf(life: Life): Omit<HubPorts, 'journal' | 'failed'>
  durable(hub: HubId, fact: Fact, position: Position): void
  started(hub: HubId, incarnation: number): void
  crashed(hub: HubId, incarnation: number): void
  stopped(hub: HubId, fault: Fault): void
}

interface House {
  readonly disk: Disk
  life: Life | undefined
  host: HubHost | undefined
}

export class Hubs {
  readonly ids: readonly HubId[]
  readonly #options: HubsOptions
  readonly #houses: ReadonlyMap<HubId, House>

  constructor(partitions: number, options: HubsOptions) {
    this.ids = hubsOf(partitions)
    this.#options = options
    this.#houses = new Map(this.ids.map((id) => [id, this.#newHouse(id)]))
  }

  /** The one that is named, or else the first. */
  named(id: HubId | undefined): HubId {
    const [first] = this.ids
    const named = id ?? first
    if (named === undefined || !this.#houses.has(named))
      throw new Error(`there is no hub "${id}" in this world`)
    return named
  }

  has(id: string): id is HubId {
    return this.#houses.has(id as HubId)
  }

  /** Starts a hub on what its disk has, unless it runs. It serves once its first facts are durable. */
  open(id: HubId): void {
    const house = this.#house(id)
    if (house.life?.alive) return
    const life = newLife()
    house.life = life
    house.host = undefined
    const failed = (fault: Fault): void => {
      life.alive = false
      this.#options.stopped(id, fault)
    }
    const ports = { ...this.#options.portsOf(life), journal: house.disk.journal(life), failed }
    const opened = HubHost.open(id, ports).then((host) => {
      if (!life.alive) return
      house.host = host
      this.#options.started(id, host.address().incarnation)
    })
    opened.catch((cause: unknown) => failed(cause as Fault))
  }

  /** Ends a hub's process. Of the commits under way the first `kept` reach the disk. */
  crash(id: HubId, kept: number): void {
    const house = this.#house(id)
    if (house.life === undefined) return
    house.life.alive = false
    house.disk.crash(kept)
    const incarnation = house.host?.address().incarnation ?? 0
    house.host = undefined
    this.#options.crashed(id, incarnation)
  }

  /** Absent while it is down or not yet open. */
  host(id: HubId): HubHost | undefined {
    const house = this.#house(id)
    return house.life?.alive ? house.host : undefined
  }

  disk(id: HubId): Disk {
    return this.#house(id).disk
  }

  lifeOf(id: HubId): Life | undefined {
    return this.#house(id).life
  }

  #house(id: HubId): House {
    const house = this.#houses.get(id)
    if (house === undefined) throw new Error(`there is no hub "${id}" in this world`)
    return house
  }

  #newHouse(id: HubId): House {
    const { timeline, commitMs, durable } = this.#options
    const disk = new Disk(timeline, {
      commitMs,
      durable: (facts, first) => {
        for (const [i, fact] of facts.entries()) durable(id, fact, first + i)
      },
    })
    return { disk, life: undefined, host: undefined }
  }
}

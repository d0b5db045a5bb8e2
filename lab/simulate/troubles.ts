/**
 * Carries the faults of a run out: which message is lost, late or doubled, and when processes die, stand still, lose
 * their time or their disk.
 * Must never happen here: a fault that a later part of the run cannot take back.
 */
import type { FaultCode } from '../../src/host/fault.ts'
import type { HubId } from '../../src/protocol/id.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { newLife } from '../world/timeline.ts'
import type { World } from '../world.ts'
import { type Dice, diceOf } from './dice.ts'
import type { Liars } from './liars.ts'
import type { FaultKind, Surroundings } from './surroundings.ts'

export type FaultCounts = Partial<Record<FaultKind, number>>

/** What the run lends to whoever makes trouble. */
export interface Stagehands {
  readonly world: World
  readonly liars: Liars
  /** Starts a new life of an agent, or a new program of a desk. */
  revive(id: string): void
  /** A fault of the disk with this code is meant. */
  expect(code: FaultCode): void
}

/** The mean time between two faults of one kind at full rate. */
const everyMs: Readonly<Partial<Record<FaultKind, Millis>>> = {
  partition: 6_000,
  replay: 400,
  forgery: 400,
  malformed: 800,
  hubCrash: 8_000,
  lostTail: 8_000,
  diskFull: 20_000,
  diskError: 20_000,
  pause: 5_000,
  clockJump: 4_000,
  slowNode: 8_000,
  agentCrash: 4_000,
  flapping: 1_500,
  deskCrash: 15_000,
}

export class Troubles {
  readonly counts: FaultCounts = {}
  readonly #surroundings: Surroundings
  readonly #life = newLife()
  readonly #loss: Dice
  readonly #copies: Dice
  readonly #delays: Dice
  readonly #latency: Dice
  readonly #disk: Dice
  #calm = false

  constructor(surroundings: Surroundings) {
    const { seed } = surroundings
    this.#surroundings = surroundings
    this.#loss = diceOf(seed, 'loss')
    this.#copies = diceOf(seed, 'duplication')
    this.#delays = diceOf(seed, 'delay')
    this.#latency = diceOf(seed, 'latency')
    this.#disk = diceOf(seed, 'disk')
  }

  readonly count = (kind: FaultKind): void => {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
  }

  /** After how long each copy of the next message arrives. */
  fate(): readonly Millis[] {
    const { loss = 0, duplication = 0 } = this.#surroundings.faults
    if (!this.#calm && this.#loss.chance(loss * 0.3)) {
      this.count('loss')
      return []
    }
    if (this.#calm || !this.#copies.chance(duplication * 0.3)) return [this.#delayMs()]
    this.count('duplication')
    return [this.#delayMs(), this.#delayMs()]
  }

  /** Most messages are quick; of the late ones a few are very late. */
  #delayMs(): Millis {
    const { faults, latencyMs } = this.#surroundings
    const usual = 1 + this.#latency.whole(latencyMs)
    if (this.#calm || !this.#delays.chance((faults.delay ?? 0) * 0.2)) return usual
    this.count('delay')
    return usual + Math.floor(100 * (1 / (1 - 0.995 * this.#delays.next())))
  }

  commitMs(): Millis {
    const { faults, commitMs } = this.#surroundings
    const usual = this.#disk.whole(commitMs + 1)
    if (this.#calm || !this.#disk.chance((faults.slowDisk ?? 0) * 0.1)) return usual
    this.count('slowDisk')
    return usual + this.#disk.between(10, 5_000)
  }

  /** Lets each kind of fault happen at its own times. */
  begin(hands: Stagehands): void {
    if (this.#surroundings.faults.overload !== undefined)
      this.counts.overload = this.#surroundings.tasks.length
    for (const [kind, meanMs] of Object.entries(everyMs) as [FaultKind, Millis][]) {
      const rate = this.#surroundings.faults[kind]
      if (rate === undefined) continue
      const dice = diceOf(this.#surroundings.seed, `fault ${kind}`)
      const next = (): void => {
        const waitMs = 1 + Math.floor((-Math.log(1 - dice.next()) * meanMs) / rate)
        this.#later(hands, waitMs, () => {
          if (happen(kind, dice, hands, this.#surroundings, this.#later.bind(this, hands))) this.count(kind)
          next()
        })
      }
      next()
    }
  }

  /** Nothing goes wrong any more, and what was broken is whole: processes run, links carry, the disk takes facts. */
  end({ world, liars }: Stagehands): void {
    this.#calm = true
    this.#life.alive = false
    liars.fallSilent()
    world.wire.heal()
    for (const id of this.#nodes(world)) world.slow(id, 0)
    for (const id of world.hubIds) {
      world.diskOf(id).fail(undefined)
      world.openHub(id)
    }
  }

  #nodes({ hubIds }: World): string[] {
    const { agents, desks } = this.#surroundings
    return [...hubIds, ...desks, ...agents.map(({ id }) => id)]
  }

  #later({ world }: Stagehands, afterMs: Millis, run: () => void): void {
    world.timeline.schedule('wake', this.#life, world.timeline.now + afterMs, run)
  }
}

/** A pause that has begun runs out, also when the rest is calm. */
export const pauseMaxMs: Millis = 30_000

const jumpMaxMs: Millis = 3_600_000

type Later = (afterMs: Millis, run: () => void) => void

/** Lets one fault happen; answers false when there was nothing that it could happen to. */
function happen(
  kind: FaultKind,
  dice: Dice,
  hands: Stagehands,
  { agents, desks }: Surroundings,
  later: Later,
): boolean {
  const { world, liars, revive } = hands
  const agent = dice.pick(agents).id
  const anybody = dice.pick([...world.hubIds, ...desks, agent])
  switch (kind) {
    case 'replay':
      liars.replay()
      return false
    case 'forgery':
      liars.forge()
      return false
    case 'malformed':
      liars.garble()
      return false
    case 'partition':
      partition(world, dice, [...desks, agent], later)
      return true
    case 'pause':
      world.pause(anybody, Math.floor(100 * (pauseMaxMs / 100) ** dice.next()))
      return true
    case 'clockJump':
      world.skew(
        dice.chance(0.4) ? oneHub(world, dice) : anybody,
        dice.pick([-1, 1]) * Math.floor(100 * (jumpMaxMs / 100) ** dice.next()),
      )
      return true
    case 'slowNode':
      world.slow(anybody, dice.between(10, 500))
      later(dice.between(1_000, 10_000), () => world.slow(anybody, 0))
      return true
    case 'agentCrash':
    case 'flapping':
      return endAgent(kind, agent, dice, hands, later)
    case 'deskCrash':
      world.crash(dice.pick(desks))
      for (const desk of desks) later(dice.between(1, 3_000), () => revive(desk))
      return true
    case 'hubCrash':
    case 'lostTail':
    case 'diskFull':
    case 'diskError':
      return endHub(kind, dice, hands, later)
    default:
      return false
  }
}

/** Where there is but one, no luck is spent on it. */
function oneHub({ hubIds }: World, dice: Dice): HubId {
  const [only] = hubIds
  return only !== undefined && hubIds.length === 1 ? only : dice.pick(hubIds)
}

/**
 * Nothing passes for a while between somebody and a hub, in one direction or both. Of several hubs two may be cut off
 * from each other, or somebody from all.
 */
function partition(world: World, dice: Dice, others: readonly string[], later: Later): void {
  const id = dice.pick(world.hubIds.length === 1 ? others : [...others, ...world.hubIds])
  const hubs = world.hubIds.length > 1 && dice.chance(0.3) ? world.hubIds : [oneHub(world, dice)]
  const which = dice.whole(3)
  for (const hub of hubs) {
    if (hub === id) continue
    if (which !== 0) world.wire.cut(id, hub)
    if (which !== 1) world.wire.cut(hub, id)
  }
  later(dice.between(200, 15_000), () => world.wire.heal())
}

function endAgent(
  kind: 'agentCrash' | 'flapping',
  id: string,
  dice: Dice,
  { world, revive }: Stagehands,
  later: Later,
): boolean {
  if (world.incarnationOf(id) === undefined) return false
  if (kind === 'flapping' && dice.chance(0.5)) world.leave(id, 'it flaps')
  else world.crash(id)
  later(kind === 'flapping' ? dice.between(1, 500) : dice.between(100, 20_000), () => revive(id))
  return true
}

function endHub(kind: FaultKind, dice: Dice, { world, expect }: Stagehands, later: Later): boolean {
  const downMs = dice.between(1, 5_000)
  const hub = oneHub(world, dice)
  if (kind === 'hubCrash' || kind === 'lostTail') {
    world.crashHub(kind === 'hubCrash' ? Number.POSITIVE_INFINITY : 0, hub)
    later(downMs, () => world.openHub(hub))
    return true
  }
  const code = kind === 'diskFull' ? 'E_STORE_FULL' : 'E_STORE_IO'
  expect(code)
  const disk = world.diskOf(hub)
  disk.fail(code, kind === 'diskError' && dice.chance(0.5))
  later(downMs, () => disk.fail(undefined))
  later(downMs + dice.between(1, 3_000), () => world.openHub(hub))
  return true
}

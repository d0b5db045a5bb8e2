/**
 * Hostile but well-formed messages against the shipped hub and participants in virtual time, while others go about
 * their tasks: messages of strangers and of ended lives, old epochs, invitations of others, answers that nobody
 * asked for, each kind to the wrong machine; and agents that join properly and then lie.
 * Must never happen here: a message in the name of a living node in a world whose tasks have to complete, since the
 * transport vouches for the sender.
 */

import { Invariants } from '../../src/hub/invariants.ts'
import { messageKinds } from '../../src/protocol/codec/messages.ts'
import { encode } from '../../src/protocol/codec.ts'
import { defaultConfiguration } from '../../src/protocol/limits.ts'
import type { Address, Envelope, Message } from '../../src/protocol/message.ts'
import { type Happening, hubName, World } from '../world.ts'
import { type Chance, chanceOf, hostileValue } from './chance.ts'
import { corpus } from './frames.ts'
import { attempt, countRefusal, lookAtMemory, type Replayable, type Tally } from './tally.ts'

const skills: readonly string[] = ['etl', 'statistics', 'report']
const honest: readonly string[] = ['ada', 'bob', 'cem', 'dia', 'eva']
const liars: readonly string[] = ['mallory-1', 'mallory-2', 'mallory-3']

/** Inputs between two steps of virtual time, and between two announcements of the others. */
const burst = 8
const inputsPerTask = 40
/** How long the others may take for what is open when the noise ends. */
const calmMs = 120_000

const configuration = {
  ...defaultConfiguration,
  limits: {
    ...defaultConfiguration.limits,
    endedKept: 100,
    workSilenceMs: 5_000,
    maxAnnouncementsPerInitiator: 100,
  },
}

/** `open`: anybody may speak in anybody's name, and only the rules of the log and the machines themselves must hold. */
export async function fuzzWorld(tally: Tally, seed: number, inputs: number, open: boolean): Promise<void> {
  const input = (): Replayable => ({ target: 'world', seed, inputs, open })
  const noise = new Noise(seed, open)
  await noise.begin()
  for (let done = 0; done < inputs; done += burst) {
    for (let i = 0; i < Math.min(burst, inputs - done); i++) attempt(tally, input, () => noise.speak())
    if (done % inputsPerTask === 0) noise.announce(done)
    await noise.world.timeline.runUntil(noise.world.timeline.now + 5)
  }
  await noise.end()
  for (const [code, count] of noise.refusals) for (let i = 0; i < count; i++) countRefusal(tally, code)
  if (!open) {
    tally.othersAnnounced += noise.announced
    tally.othersCompleted += noise.completed
  }
  for (const what of await noise.faults()) tally.failures.push({ what, input: input() })
  lookAtMemory(tally)
}

class Noise {
  readonly world: World
  readonly refusals = new Map<string, number>()
  announced = 0
  completed = 0
  readonly #open: boolean
  readonly #chance: Chance
  readonly #corpus: readonly Envelope[]
  /** Overheard, to be said again with something changed. */
  readonly #heard: Envelope[] = []
  readonly #faults: string[] = []
  readonly #invariants = new Invariants()
  #listening = true

  constructor(seed: number, open: boolean) {
    this.#open = open
    this.#chance = chanceOf(seed)
    this.#corpus = corpus(seed, 100).map((frame) => JSON.parse(frame) as Envelope)
    this.world = new World({ seed, configuration, watch: (happening) => this.#watch(happening) })
  }

  async begin(): Promise<void> {
    this.world.openHub()
    await this.world.openDesk('desk')
    for (const [i, id] of honest.entries()) {
      const names = [skills[i % 3] ?? 'etl', skills[(i + 1) % 3] ?? 'etl']
      const workMs = 10 * (i + 1)
      await this.world.join({
        id,
        skills: names.map((name) => ({ name, level: 'advanced' })),
        workMs,
        checkpointsAt: [workMs / 2],
        maxConcurrentTasks: 20,
        says: 'hello',
      })
    }
    await this.world.timeline.runUntil(100)
  }

  /** Somebody else's task, which does not want a liar in its group. */
  announce(number: number): void {
    this.announced += 1
    const requires = skills.slice(0, 1 + (number % 3)).map((skill) => ({ skill, level: 'intermediate' }))
    this.world.announce(
      'desk',
      { description: 'x', requires, maxAttempts: 20, exclude: [...liars] },
      (task) => {
        void task.outcome().then(({ status }) => {
          if (status === 'completed') this.completed += 1
        })
      },
    )
  }

  speak(): void {
    const { from, to, message } = this.#hostile()
    this.world.wire.inject(encode({ from, to, message }))
  }

  /** The noise stops, and the others finish. */
  async end(): Promise<void> {
    this.#listening = false
    await this.world.timeline.runUntil(this.world.timeline.now + calmMs)
  }

  /** What no input may bring about. */
  async faults(): Promise<readonly string[]> {
    for (const { rule, task, what } of this.#invariants.violations())
      this.#faults.push(`${rule} ${task} ${what}`)
    if (this.#open) return this.#faults
    if (this.completed < this.announced) {
      this.#faults.push(
        `${this.announced - this.completed} of ${this.announced} tasks of others did not complete`,
      )
    }
    const present = new Set(
      (await this.world.agents('desk')).flatMap((one) => (one.present ? [one.id as string] : [])),
    )
    for (const id of honest) if (!present.has(id)) this.#faults.push(`${id} is gone`)
    return this.#faults
  }

  #watch(happening: Happening): void {
    if (happening.kind === 'stopped') this.#faults.push(`the hub stopped: ${happening.fault.stack}`)
    if (happening.kind === 'durable') this.#invariants.observe(happening.fact, happening.position)
    // What a liar would send by itself is no valid message, and the wire has said so.
    if (happening.kind === 'malformed') this.#count(happening.refusal.code)
    if (happening.kind !== 'sent') return
    const { envelope } = happening
    const { message } = envelope
    if ('refusal' in message) this.#count(message.refusal.code)
    if (!this.#listening) return
    if (this.#heard.length < 300) this.#heard.push(envelope)
    else this.#heard[this.#chance.below(300)] = envelope
  }

  #count(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }

  #hostile(): Envelope {
    const chance = this.#chance
    if (this.#heard.length === 0 || chance.oneIn(4)) return this.#address(chance.pick(this.#corpus).message)
    const overheard = chance.pick(this.#heard)
    // Any message may be late, or come twice.
    if (chance.oneIn(10)) return overheard
    if (chance.oneIn(4)) return this.#lie(overheard)
    return this.#address(bent(overheard.message, chance.pick(this.#heard).message, chance))
  }

  /** A liar has joined, and answers what it overheard as if it had been asked. */
  #lie({ message }: Envelope): Envelope {
    const chance = this.#chance
    const from = { id: chance.pick(liars), incarnation: 1 } as Address
    const to = { id: hubName, incarnation: 0 }
    const task = 'task' in message && typeof message.task === 'string' ? message.task : undefined
    if (message.kind === 'GROUP_INVITE') {
      return { from, to, message: { kind: 'GROUP_ACCEPT', task: message.call.task, invite: message.invite } }
    }
    if (message.kind === 'SKILL_QUERY') {
      const { call, round } = message
      return { from, to, message: { kind: 'SKILL_OFFER', task: call.task, round, busy: 0, capacity: 1_000 } }
    }
    if (task !== undefined && chance.oneIn(2)) {
      return { from, to, message: { kind: 'TASK_COMPLETE', task, epoch: chance.below(3), results: [] } }
    }
    const claimed = skills.map((name) => ({ name, level: 'expert' })) as never
    return { from, to, message: { kind: 'AGENT_JOIN', skills: claimed, capacity: 1 + chance.below(1_000) } }
  }

  /** From whom it comes and to whom it goes. */
  #address(message: Message): Envelope {
    const chance = this.#chance
    const everybody = [hubName, 'desk', ...honest]
    const stranger = {
      id: chance.oneIn(2) ? chance.pick(liars) : `stranger-${chance.below(1_000)}`,
      incarnation: 1,
    }
    const dead = { id: chance.pick(honest), incarnation: chance.pick([0, 2, 3, 2 ** 40]) }
    const living = { id: chance.pick(everybody), incarnation: 1 }
    const from = (this.#open && chance.oneIn(2) ? living : chance.oneIn(2) ? stranger : dead) as Address
    const to = (
      chance.oneIn(2) ? { id: hubName, incarnation: 0 } : { id: chance.pick(everybody), incarnation: 0 }
    ) as Address
    return { from, to, message }
  }
}

/** Fields that fence, and that a hostile message has wrong. */
const fences: readonly string[] = [
  'epoch',
  'round',
  'invite',
  'task',
  'agent',
  'member',
  'kind',
  'holdForMs',
  'closesAt',
]

/** The same message with something of another in it, or with a number that is not what it was. */
function bent(message: Message, other: Message, chance: Chance): Message {
  const copy = structuredClone(message) as unknown as Record<string, unknown>
  for (let times = 1 + chance.below(2); times > 0; times--) {
    const key = chance.pick([...Object.keys(copy), ...fences])
    const foreign = Reflect.get(other, key)
    const own = copy[key]
    if (typeof own === 'number') copy[key] = Math.max(0, own + chance.pick([-1, 1, 2, 1_000, 1e12]))
    else if (key === 'kind') copy[key] = chance.pick(messageKinds)
    else if (foreign !== undefined) copy[key] = structuredClone(foreign)
    else if (chance.oneIn(4)) copy[key] = hostileValue(chance)
  }
  return copy as unknown as Message
}

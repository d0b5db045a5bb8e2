/**
 * Nodes that say what they should not: agents that answer twice, too early, or for others; strangers that repeat old
 * messages, speak under another life's name, or send what is no message at all.
 * Must never happen here: a message in the name of a living node, since in this network the transport vouches for the
 * sender.
 */
import { decode, encode } from '../../src/protocol/codec.ts'
import type { AgentId } from '../../src/protocol/id.ts'
import type { JsonText } from '../../src/protocol/json.ts'
import type { Address, Envelope, GroupFormed, Message, TaskStart } from '../../src/protocol/message.ts'
import { homeOf, isHub } from '../../src/protocol/partition.ts'
import { isRefusal } from '../../src/protocol/refusal.ts'
import { newLife } from '../world/timeline.ts'
import type { World } from '../world.ts'
import { type Dice, diceOf } from './dice.ts'
import type { FaultKind, Lie, Surroundings } from './surroundings.ts'

/** Frames that are kept for whoever repeats them. */
const capturedMax = 400

const forgedResult = '"forged"' as JsonText

export class Liars {
  readonly #world: World
  readonly #dice: Dice
  readonly #count: (kind: FaultKind) => void
  readonly #own: (envelope: Envelope) => void
  readonly #lies: ReadonlyMap<string, Lie>
  readonly #ids: readonly string[]
  /** How often a stranger speaks up, 0 to 1. */
  readonly #forgery: number
  readonly #captured: string[] = []
  /** Kept apart, since among everything else that is said they would seldom be repeated. */
  readonly #introductions: string[] = []
  /** The latest life of each node that has said anything. */
  readonly #heard = new Map<string, number>()
  readonly #life = newLife()

  /** `own` is told what a node says in its own name, however untrue. */
  constructor(
    world: World,
    surroundings: Surroundings,
    count: (kind: FaultKind) => void,
    own: (envelope: Envelope) => void,
  ) {
    this.#own = own
    this.#forgery = surroundings.faults.forgery ?? 0
    this.#world = world
    this.#dice = diceOf(surroundings.seed, 'liars')
    this.#count = count
    this.#lies = new Map(surroundings.agents.flatMap(({ id, lie }) => (lie === undefined ? [] : [[id, lie]])))
    this.#ids = surroundings.agents.map(({ id }) => id)
  }

  /** Nobody says anything more of this kind. */
  fallSilent(): void {
    this.#life.alive = false
  }

  /** Overhears everything that is said. */
  overhear(envelope: Envelope): void {
    if (!this.#life.alive) return
    const { from, message } = envelope
    const { kind } = message
    this.#heard.set(from.id, Math.max(from.incarnation, this.#heard.get(from.id) ?? 0))
    if (kind === 'TASK_ANNOUNCE' || kind === 'AGENT_JOIN') this.#introductions.push(encode(envelope))
    if (this.#captured.length < capturedMax) this.#captured.push(encode(envelope))
    else if (this.#dice.chance(0.05)) this.#captured[this.#dice.whole(capturedMax)] = encode(envelope)
    if (this.#isHub(envelope.from)) this.#hearHub(envelope)
    else this.#hearAgent(envelope)
  }

  /** Says again what was said long ago, by whichever life. */
  replay(): void {
    const isIntroduction = this.#introductions.length > 0 && this.#dice.chance(0.3)
    const frames = isIntroduction ? this.#introductions : this.#captured
    if (frames.length > 0) this.#put('replay', this.#dice.pick(frames))
  }

  /** A life that nobody had, or a node that is not concerned, speaks up. */
  forge(): void {
    if (this.#captured.length === 0) return
    const dice = this.#dice
    const envelope = JSON.parse(dice.pick(this.#captured)) as Envelope
    // Whoever announces first is the initiator; another's task is nobody's to announce.
    if (this.#isHub(envelope.from) || envelope.message.kind === 'TASK_ANNOUNCE') return
    // Half of them come from another life of whoever said it.
    const id = dice.chance(0.5) ? envelope.from.id : (dice.pick(this.#ids) as AgentId)
    if (!this.#ids.includes(id)) return
    const present = this.#world.incarnationOf(id) ?? 0
    const own = dice.chance(0.3) && isAboutOthers(envelope.message) && id !== envelope.from.id
    // A life that has ended may still count as present: in its name nobody speaks either.
    const last = Math.max(present, this.#heard.get(id) ?? 0)
    const incarnation = own && present > 0 ? present : last + dice.between(1, 3)
    const forged = { ...envelope, from: { id, incarnation } }
    if (incarnation === present) this.#own(forged)
    this.#put('forgery', encode(forged))
  }

  /** Bytes that are no message, or nearly one. */
  garble(): void {
    const dice = this.#dice
    const frame = this.#captured.length > 0 ? dice.pick(this.#captured) : '{}'
    const place = dice.whole(frame.length)
    const texts = [
      frame.slice(0, place),
      `${frame.slice(0, place)}${dice.pick(['"', '{', '\\', '\u0000', '9', ',', '-'])}${frame.slice(place + 1)}`,
      frame.replace(
        /"(epoch|round|incarnation|capacity)":\d+/,
        `"$1":${dice.pick(['-1', '1e99', 'null', '"1"'])}`,
      ),
      frame.replace('"message":{', '"message":{"__proto__":{"admin":true},'),
      '['.repeat(1_000),
    ]
    const text = dice.pick(texts)
    // A changed message that still is one would be a lie in the name of a living node; a wire has checksums for that.
    if (isRefusal(decode(text, this.#world.configuration.limits))) this.#put('malformed', text)
  }

  #isHub({ id }: Address): boolean {
    return isHub(id, this.#world.hubIds.length)
  }

  /** That of the task which is spoken of. */
  #hubOf(message: Message): Address {
    const task = 'task' in message && typeof message.task === 'string' ? message.task : ''
    return { id: homeOf(task, this.#world.hubIds.length), incarnation: 0 }
  }

  #put(kind: FaultKind, frame: string): void {
    this.#count(kind)
    const at = this.#world.timeline.now + this.#dice.whole(50)
    this.#world.timeline.schedule('wake', this.#life, at, () => this.#world.wire.inject(frame))
  }

  #say(kind: Lie, from: Address, message: Message): void {
    const envelope = { from, to: this.#hubOf(message), message }
    this.#own(envelope)
    this.#put(kind, encode(envelope))
  }

  #hearHub({ to, message }: Envelope): void {
    const lie = this.#lies.get(to.id)
    if (lie === 'idleClaim' && message.kind === 'GROUP_FORMED') {
      const { task, epoch } = message
      const results = [{ agent: to.id as AgentId, skills: [], result: forgedResult }]
      this.#say('idleClaim', to, { kind: 'TASK_COMPLETE', task, epoch, results })
    }
    if (isStart(message) && this.#dice.chance(this.#forgery * 0.2)) {
      // A life that is not the one which was asked claims the work.
      const { task, epoch } = message
      const results = [{ agent: to.id as AgentId, skills: [], result: forgedResult }]
      const from = { id: to.id, incarnation: to.incarnation + 1 }
      const claim: Message = { kind: 'TASK_COMPLETE', task, epoch, results }
      this.#put('forgery', encode({ from, to: this.#hubOf(claim), message: claim }))
    }
    if (isStart(message) || message.kind === 'GROUP_INVITE') this.#answerForAnother(to, message)
  }

  #hearAgent({ from, message }: Envelope): void {
    if (this.#lies.get(from.id) !== 'twice' || message.kind !== 'TASK_COMPLETE') return
    const results = message.results.map((result) => ({ ...result, result: forgedResult }))
    this.#say('twice', from, { ...message, results })
    const { task, epoch } = message
    this.#say('twice', from, {
      kind: 'TASK_FAILED',
      task,
      epoch,
      refusal: { code: 'E_WORK_FAILED', message: 'no' },
    })
  }

  /** A liar answers what another was asked. */
  #answerForAnother(victim: Address, message: Message): void {
    const id = [...this.#lies].find(([id, lie]) => lie === 'forOthers' && id !== victim.id)?.[0]
    const incarnation = id === undefined ? undefined : this.#world.incarnationOf(id)
    if (id === undefined || incarnation === undefined || !this.#dice.chance(0.5)) return
    const from: Address = { id: id as AgentId, incarnation }
    const member = victim.id as AgentId
    if (message.kind === 'GROUP_INVITE') {
      const { invite, call } = message
      this.#say('forOthers', from, { kind: 'GROUP_ACCEPT', task: call.task, invite })
    }
    if (!isStart(message)) return
    const { task, epoch } = message
    this.#say(
      'forOthers',
      from,
      this.#dice.pick<Message>([
        {
          kind: 'TASK_COMPLETE',
          task,
          epoch,
          results: [{ agent: member, skills: [], result: forgedResult }],
        },
        {
          kind: 'TASK_UPDATE',
          task,
          epoch,
          member,
          update: { kind: 'checkpoint', data: '{"doneMs":9}' as JsonText },
        },
        { kind: 'TASK_FAILED', task, epoch, refusal: { code: 'E_WORK_FAILED', message: 'it says' } },
        { kind: 'TASK_VERDICT', task, epoch, accepted: true, reason: 'it says' },
        { kind: 'TASK_CANCEL', task, reason: 'it says' },
        { kind: 'TASK_START', task, epoch },
        { kind: 'GROUP_DISSOLVED', task, epoch, reason: 'it says' },
      ]),
    )
  }
}

/** A member is told to begin. */
function isStart(message: Message): message is TaskStart | GroupFormed {
  return (
    message.kind === 'TASK_START' || (message.kind === 'GROUP_FORMED' && message.assignment !== undefined)
  )
}

/** What an agent says of a task or of another; what it says of itself it may say. */
function isAboutOthers({ kind }: Message): boolean {
  switch (kind) {
    case 'TASK_COMPLETE':
    case 'TASK_FAILED':
    case 'TASK_UPDATE':
    case 'TASK_VERDICT':
    case 'TASK_CANCEL':
    case 'GROUP_ACCEPT':
    case 'GROUP_REJECT':
    case 'SKILL_OFFER':
    case 'SKILL_DECLINE':
      return true
    default:
      return false
  }
}

/**
 * Compares what clients were told with what the journal says, round after round.
 * Must never happen here: a look at what the killed program thought; only what it told and what is on the disk count.
 */
import type { FactNote, Told } from './ledger.ts'

export interface Verdict {
  /** Announcements, outcomes and facts that somebody was told of. */
  readonly acknowledged: number
  readonly outcomes: number
  readonly facts: number
  /** What was told and is missing in the journal: announcements, outcomes, facts. */
  readonly lost: readonly string[]
  /** Tasks with two ends, or whose clients heard another end than the journal has. */
  readonly doubleOutcomes: readonly string[]
  /** Parts begun after the journal said that they were finished, or twice in one epoch. */
  readonly repeated: readonly string[]
  /** Parts begun in a group that the journal does not have. */
  readonly unfounded: readonly string[]
}

/** What the journal says of a task, as far as it matters here. */
interface Life {
  readonly epochs: Map<number, FactNote>
  /** Skills whose part is finished and was not sent back. */
  readonly done: Set<string>
  ended: string | undefined
}

export class Auditor {
  readonly #lives = new Map<string, Life>()
  readonly #told = new Map<string, string | undefined>()
  readonly #begun = new Set<string>()
  readonly #lost: string[] = []
  readonly #double: string[] = []
  readonly #repeated: string[] = []
  readonly #unfounded: string[] = []
  #facts = 0
  #outcomes = 0

  /** One round: what was told in it, and what the journal has gained by its end, from position `after + 1` on. */
  round(told: readonly Told[], gained: readonly FactNote[], after: number): void {
    const seen = new Map<number, FactNote>()
    const begun: Extract<Told, { kind: 'begun' }>[] = []
    const before = new Map<string, Life>()
    for (const line of told) {
      if (line.kind === 'accepted' && !this.#told.has(line.task)) this.#told.set(line.task, undefined)
      if (line.kind === 'outcome') this.#hearOutcome(line.task, line.status)
      if (line.kind === 'begun') {
        this.#checkBegun(line, before)
        begun.push(line)
      }
      if (line.kind !== 'fact') continue
      seen.set(line.position, line.fact)
      fold(this.#copyOf(line.fact.task, before), line.fact)
    }
    this.#gain(gained, after, seen)
    for (const { task, epoch, agent } of begun) {
      const isMember = this.#lives
        .get(task)
        ?.epochs.get(epoch)
        ?.members?.some((one) => one.agent === agent)
      if (!isMember) this.#unfounded.push(`${agent} began ${task} in epoch ${epoch}`)
    }
  }

  verdict(): Verdict {
    const missing: string[] = []
    const differing: string[] = []
    for (const [task, status] of this.#told) {
      const life = this.#lives.get(task)
      if (life === undefined) missing.push(`the announcement of ${task}`)
      else if (status !== undefined && life.ended === undefined) missing.push(`the end of ${task}`)
      else if (status !== undefined && life.ended !== status) {
        differing.push(`${task} was told as ${status} and ended as ${life.ended}`)
      }
    }
    return {
      acknowledged: this.#told.size,
      outcomes: this.#outcomes,
      facts: this.#facts,
      lost: [...this.#lost, ...missing],
      doubleOutcomes: [...this.#double, ...differing],
      repeated: this.#repeated,
      unfounded: this.#unfounded,
    }
  }

  #hearOutcome(task: string, status: string): void {
    const known = this.#told.get(task)
    if (known === undefined) this.#outcomes += 1
    else if (known !== status) this.#double.push(`${task} was told as ${known} and as ${status}`)
    this.#told.set(task, status)
  }

  /** Against what was durable when it began: the journal of the rounds before, and the facts shown since then. */
  #checkBegun(line: Extract<Told, { kind: 'begun' }>, before: Map<string, Life>): void {
    const { task, epoch, agent, skills } = line
    const key = `${task} ${epoch} ${agent}`
    if (this.#begun.has(key)) this.#repeated.push(`${agent} began ${task} twice in epoch ${epoch}`)
    this.#begun.add(key)
    // An order to begin may be on its way while the task is ended; not so when another process ended it.
    if (this.#lives.get(task)?.ended !== undefined)
      this.#repeated.push(`${agent} began ${task} after its end`)
    const life = before.get(task) ?? this.#lives.get(task)
    if (life === undefined) return
    for (const skill of skills) {
      if (life.done.has(skill))
        this.#repeated.push(`${agent} began ${skill} of ${task} in epoch ${epoch} again`)
    }
  }

  #gain(gained: readonly FactNote[], after: number, seen: ReadonlyMap<number, FactNote>): void {
    for (const [i, fact] of gained.entries()) {
      const life = lifeIn(this.#lives, fact.task)
      if (fact.kind === 'task.ended' && life?.ended !== undefined)
        this.#double.push(`${fact.task} ended twice`)
      fold(life, fact)
      const shown = seen.get(after + 1 + i)
      if (shown === undefined) continue
      this.#facts += 1
      if (JSON.stringify(shown) !== JSON.stringify(fact))
        this.#lost.push(`the fact at position ${after + 1 + i}`)
    }
    for (const position of seen.keys()) {
      if (position <= after || position > after + gained.length)
        this.#lost.push(`the fact at position ${position}`)
    }
  }

  /** The life of a task as this round sees it, which starts from what the journal had before. */
  #copyOf(task: string | undefined, before: Map<string, Life>): Life | undefined {
    if (task === undefined) return undefined
    const known = before.get(task)
    if (known !== undefined) return known
    const past = this.#lives.get(task)
    const copy = { epochs: new Map(past?.epochs), done: new Set(past?.done), ended: past?.ended }
    before.set(task, copy)
    return copy
  }
}

function lifeIn(lives: Map<string, Life>, task: string | undefined): Life | undefined {
  if (task === undefined) return undefined
  const known = lives.get(task)
  if (known !== undefined) return known
  const life: Life = { epochs: new Map(), done: new Set(), ended: undefined }
  lives.set(task, life)
  return life
}

function fold(life: Life | undefined, fact: FactNote): void {
  if (life === undefined) return
  const { kind, epoch = 0, agent } = fact
  if (kind === 'group.formed') life.epochs.set(epoch, fact)
  if (kind === 'claim.returned') life.done.clear()
  if (kind === 'task.ended') life.ended = fact.status
  if (kind !== 'member.finished') return
  const member = life.epochs.get(epoch)?.members?.find((one) => one.agent === agent)
  for (const skill of member?.skills ?? []) life.done.add(skill)
}

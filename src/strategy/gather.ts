/**
 * A team out of the whole catalog without a look at the whole catalog: the best few for each skill and for each pair of
 * skills are gathered, and the best team among them is chosen together with stand-ins for everybody who was not
 * looked at.
 *
 * A stand-in is as good as anybody unseen can be. When the best team has none, it is the best team of all, and when
 * there is no team even with them, there is none. Otherwise twice as many are gathered, until it holds.
 * Values are those of the catalog: logarithms of scores by bucket, and a price for every member.
 * Must never happen here: a stand-in in a team that is handed out.
 */
import type { SkillName } from '../protocol/id.ts'
import type { Catalog } from './catalog.ts'
import { type Candidate, form, type Need, type NoTeam } from './form.ts'
import { busyBucket, scoreBuckets } from './ladder.ts'
import { lowest, sizeOf } from './team.ts'

/** A need, and who can cover it. */
export interface Wanted extends Need {
  readonly skill: SkillName
  readonly rank: number
}

export interface GatherOptions {
  readonly sizeMax: number
  readonly sizeMin: number
  /** Slots of agents that must be members. */
  readonly include: readonly number[]
  /** Nobody of these may be a member. */
  readonly except: (slot: number) => boolean
  /** Also agents without a free slot. The question is then whether there is a team at all: scores count for nothing. */
  readonly busyToo: boolean
  readonly random: () => number
  /**
   * What else it costs to take an agent, at least 0, in logits. The catalog is not ordered by it: many are looked at,
   * and who is not is supposed to cost as much as the cheapest of these.
   */
  readonly costOf?: (slot: number) => number
}

export interface GatheredTeam {
  readonly kind: 'team'
  readonly members: readonly { readonly slot: number; readonly needs: readonly number[] }[]
  /** Nobody in the catalog makes a better team, by its scores. Never claimed where agents have costs of their own. */
  readonly proven: boolean
  /** How many agents were looked at. */
  readonly looks: number
}

/** Agents gathered for each pair of skills in the first round. */
const pairFirst = 8
/** And at most. */
const pairMost = 2048
/** The same where agents have costs of their own, of which the order of the catalog says nothing. */
const costlyFirst = 64
const costlyMost = 256
/** Agents that stand under no pair, since they have too many skills, are looked at up to this number. */
const overfullMost = 1024
/** What a member costs, in logits: to spare one is worth a success rate that is lower by a tenth. */
const memberCost = 0.1
/** What a stand-in costs where scores count for nothing: more than a team of everybody who was seen. */
const strangerCost = 1000

/**
 * The best team by the scores of the catalog, or why there is none. `proven: false` when more agents would have to be
 * looked at than is reasonable, or `form` gave up its proof.
 */
export function gather(
  catalog: Catalog,
  wanted: readonly Wanted[],
  options: GatherOptions,
): GatheredTeam | NoTeam {
  const gathering = new Gathering(catalog, wanted, options)
  const [first, most] = options.costOf === undefined ? [pairFirst, pairMost] : [costlyFirst, costlyMost]
  for (let enough = first; ; enough *= 2) {
    const seen = look(catalog, wanted, options, gathering, enough)
    const { candidates, leastCost } = charged(seen, options)
    const standIns = standInsOf(wanted, seen, options, leastCost)
    const team = form(wanted, [...candidates, ...standIns], options)
    if (team.kind === 'none') return team
    const count = candidates.length
    const isReal = team.members.every(({ candidate }) => candidate < count)
    if (!isReal && enough < most) continue
    const real = isReal ? team : form(wanted, candidates, options)
    if (real.kind === 'none') return { ...real, exact: false }
    return {
      kind: 'team',
      members: real.members.map(({ candidate, needs }) => ({ slot: seen.slots[candidate] ?? 0, needs })),
      proven: isReal && seen.whole && real.exact !== false && options.costOf === undefined,
      looks: count,
    }
  }
}

/** With the costs of their own; these are asked for while nobody reads the catalog. */
function charged(
  { candidates, slots }: Seen,
  { costOf }: GatherOptions,
): { readonly candidates: readonly Candidate[]; readonly leastCost: number } {
  if (costOf === undefined) return { candidates, leastCost: memberCost }
  const own = slots.map((slot) => memberCost + costOf(slot))
  const leastCost = own.length === 0 ? memberCost : Math.min(...own)
  return { candidates: candidates.map((candidate, i) => ({ ...candidate, cost: own[i] ?? 0 })), leastCost }
}

/** What was gathered. */
interface Seen {
  readonly slots: readonly number[]
  readonly candidates: readonly Candidate[]
  /** For each need the bucket of the best one that was not looked at for it, or -1 when all were. */
  readonly next: readonly number[]
  /** The same for each pair of needs, at `a · needs + b` with `a > b`. */
  readonly nextOfPair: Int32Array
  /** Nobody was left out but those behind `next`. */
  readonly whole: boolean
}

function look(
  catalog: Catalog,
  wanted: readonly Wanted[],
  options: GatherOptions,
  gathering: Gathering,
  enough: number,
): Seen {
  const { busyToo, random, except } = options
  const { numbers } = gathering
  for (const slot of options.include) gathering.take(slot, 0, true)
  // Where a member may fill one place only, it matters who is the third best; else only who is the best.
  const wide = options.sizeMin > 1 || options.include.length > 0 || options.costOf !== undefined
  const next = wanted.map(({ skill, rank, count }) => {
    const places = wide || count > 1 ? count + enough : 1
    const found = catalog.best(skill, rank, places, busyToo, random, except)
    for (const slot of found.slots) gathering.take(slot, 1, false)
    return found.next
  })
  const nextOfPair = new Int32Array(wanted.length * wanted.length).fill(-1)
  const take = (slot: number): boolean => gathering.take(slot, 2, false)
  for (let a = 1; a < wanted.length; a++) {
    for (let b = 0; b < a; b++) {
      const first = numbers[a] ?? -1
      const second = numbers[b] ?? -1
      if (first < 0 || second < 0) continue
      nextOfPair[a * wanted.length + b] = catalog.pairs.visit(first, second, enough, busyToo, random, take)
    }
  }
  let left = overfullMost
  for (const slot of catalog.pairs.overfull) {
    if (left-- === 0) break
    gathering.take(slot, 2, false)
  }
  return {
    slots: gathering.slots,
    candidates: gathering.candidates,
    next,
    nextOfPair,
    whole: left >= 0,
  }
}

/** Collects candidates, each once. */
class Gathering {
  readonly slots: number[] = []
  readonly candidates: Candidate[] = []
  /** The catalog's numbers of the skills, -1 where nobody has it. */
  readonly numbers: readonly number[]
  readonly #catalog: Catalog
  readonly #options: GatherOptions
  readonly #needOf: Int8Array
  readonly #ranks: Uint8Array
  readonly #buckets: Uint8Array
  readonly #nothing: readonly (number | undefined)[]
  /** How many needs an agent was found to cover, and -1 for one that is taken. */
  readonly #known = new SlotNotes()

  constructor(catalog: Catalog, wanted: readonly Wanted[], options: GatherOptions) {
    this.#catalog = catalog
    this.#options = options
    this.numbers = wanted.map(({ skill }) => catalog.numberOf(skill))
    this.#needOf = new Int8Array(catalog.numbers).fill(-1)
    this.numbers.forEach((number, need) => {
      if (number >= 0) this.#needOf[number] = need
    })
    this.#ranks = Uint8Array.from(wanted, ({ rank }) => rank)
    this.#buckets = new Uint8Array(wanted.length)
    this.#nothing = wanted.map(() => undefined)
  }

  /**
   * Whether the agent is taken, now or before: it can be asked, and can cover at least so many needs. Who was shown
   * for a pair, and is too low in level for one of the two, is one of those who come after the best few for the other.
   */
  take(slot: number, least: number, mustInclude: boolean): boolean {
    const known = this.#known.get(slot)
    if (known < least) return known < 0
    const covered = this.#add(slot, least, mustInclude)
    this.#known.set(slot, covered)
    return covered < 0
  }

  #add(slot: number, least: number, mustInclude: boolean): number {
    const catalog = this.#catalog
    if (!catalog.has(slot)) return 0
    const { busyToo, except } = this.#options
    const mask = catalog.reach(slot, this.#needOf, this.#ranks, this.#buckets, busyToo || mustInclude)
    const covered = sizeOf(mask)
    if (covered < least) return covered
    if (!mustInclude && except(slot)) return 0
    const values = this.#nothing.slice()
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      const need = lowest(rest)
      values[need] = busyToo ? 0 : valueAt(this.#buckets[need] ?? 0)
    }
    this.slots.push(slot)
    this.candidates.push(
      mustInclude ? { values, cost: memberCost, mustInclude } : { values, cost: memberCost },
    )
    return -1
  }
}

/** A small number for each slot that was seen, `unseen` for all others: open addressing, at most half full. */
class SlotNotes {
  #slots = new Int32Array(slotsAtFirst).fill(-1)
  #notes = new Int8Array(slotsAtFirst)
  #count = 0

  get(slot: number): number {
    const at = this.#find(slot)
    return this.#slots[at] === slot ? (this.#notes[at] ?? unseen) : unseen
  }

  set(slot: number, note: number): void {
    const at = this.#find(slot)
    this.#notes[at] = note
    if (this.#slots[at] === slot) return
    this.#slots[at] = slot
    if (2 * ++this.#count > this.#slots.length) this.#grow()
  }

  /** Where the slot is, or the empty place where it belongs. */
  #find(slot: number): number {
    const last = this.#slots.length - 1
    let at = Math.imul(slot, 0x9e3779b1) & last
    while (this.#slots[at] !== -1 && this.#slots[at] !== slot) at = (at + 1) & last
    return at
  }

  #grow(): void {
    const slots = this.#slots
    const notes = this.#notes
    this.#slots = new Int32Array(2 * slots.length).fill(-1)
    this.#notes = new Int8Array(2 * slots.length)
    this.#count = 0
    for (let i = 0; i < slots.length; i++) if (slots[i] !== -1) this.set(slots[i] ?? 0, notes[i] ?? 0)
  }
}

const unseen = 127
const slotsAtFirst = 2048

const valueByBucket = Float64Array.from({ length: busyBucket + 1 }, (_, bucket) => {
  return Math.log(Math.max(0.5, scoreBuckets - bucket) / scoreBuckets)
})

/**
 * The logarithm of the best score of a bucket: concave, so that two buckets are worth no more than twice their
 * mean.
 */
function valueAt(bucket: number): number {
  return valueByBucket[bucket] ?? 0
}

/**
 * As good as anybody who was not looked at. Such an agent has a single skill behind `next`; or all its skills are
 * pairwise behind `nextOfPair`, and the sum of its values is at most the sum of the halves of its pairs, shared
 * equally.
 */
function standInsOf(
  wanted: readonly Wanted[],
  seen: Seen,
  options: GatherOptions,
  cost: number,
): Candidate[] {
  const size = wanted.length
  const standIns: Candidate[] = []
  const add = (values: readonly (number | undefined)[], copies: number): void => {
    // Where scores count for nothing, every team of those who were seen is better than one with a stand-in.
    const standIn = options.busyToo
      ? { values: values.map((value) => value && 0), cost: strangerCost }
      : { values, cost }
    for (let i = 0; i < Math.min(copies, options.sizeMax); i++) standIns.push(standIn)
  }
  wanted.forEach(({ count }, need) => {
    const next = seen.next[need] ?? -1
    if (next >= 0)
      add(
        wanted.map((_, other) => (other === need ? valueAt(next) : undefined)),
        count,
      )
  })
  const nextOf = (a: number, b: number): number =>
    seen.nextOfPair[Math.max(a, b) * size + Math.min(a, b)] ?? -1
  const beside = wanted.map((_, a) => {
    let mask = 0
    for (let b = 0; b < size; b++) if (b !== a && nextOf(a, b) >= 0) mask |= 1 << b
    return mask
  })
  for (const clique of cliquesOf(beside)) {
    let copies = 1
    const values = wanted.map(({ count }, a) => {
      if (((clique >>> a) & 1) === 0) return undefined
      let best = busyBucket
      for (let b = 0; b < size; b++) if (b !== a && (clique >>> b) & 1) best = Math.min(best, nextOf(a, b))
      copies = Math.max(copies, count)
      return valueAt(best)
    })
    add(values, copies)
  }
  return standIns
}

/** Beyond this number they are laid together: what covers more can only be more than anybody unseen. */
const cliquesMost = 64

/** The largest sets of needs of which any two are beside each other (Bron and Kerbosch 1973). */
function cliquesOf(beside: readonly number[]): number[] {
  const cliques: number[] = []
  const all = beside.reduce((mask, own, a) => (own === 0 ? mask : mask | (1 << a)), 0)
  const extend = (clique: number, may: number, done: number): void => {
    if (cliques.length > cliquesMost) return
    if (may === 0 && done === 0) {
      if (clique !== 0) cliques.push(clique)
      return
    }
    const pivot = lowest(may | done)
    let left = may
    let over = done
    for (let rest = may & ~(beside[pivot] ?? 0); rest !== 0; rest &= rest - 1) {
      const a = lowest(rest)
      const near = beside[a] ?? 0
      extend(clique | (1 << a), left & near, over & near)
      left &= ~(1 << a)
      over |= 1 << a
    }
  }
  if (all !== 0) extend(0, all, 0)
  return cliques.length > cliquesMost ? [all] : cliques
}

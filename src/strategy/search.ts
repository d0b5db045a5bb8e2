/**
 * A good team where no proof is affordable: greedy choice, then single exchanges as long as they help.
 *
 * Once the members are fixed, their work is too: each place of a need goes to the best member that has it.
 * So this searches over sets of members only. Never returns a team that breaks a limit; may miss one that
 * exists.
 */
import { type Block, type Candidate, type Need, type Options, spendable } from './team.ts'

/** Looks at a team, each as much work as members times needs. */
const looksMax = 10_000
/** Candidates tried for each need, beyond its places. */
const promisingEach = 16

/** A set of members with the work divided among them. Fewer faults are better than any value. */
interface Trial {
  readonly members: readonly number[]
  /** Required places that are empty and members without work. */
  readonly faults: number
  readonly value: number
  /** Who fills the places, by need. */
  readonly holders: readonly (readonly number[])[]
}

export function search(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Options,
): readonly Block[] | undefined {
  const must = candidates.flatMap((candidate, c) => (candidate.mustInclude === true ? [c] : []))
  if (must.length > options.sizeMax || priceOfAll(candidates, must) > spendable(options.budget)) {
    return undefined
  }
  const problem: Problem = {
    needs,
    candidates,
    options,
    must: new Set(must),
    promising: promisingOf(needs, candidates),
    looks: 0,
  }
  let best = build(problem, must)
  while (problem.looks < looksMax) {
    const better = improve(problem, best)
    if (better === undefined) break
    best = better
  }
  return best.faults === 0 && best.members.length >= options.sizeMin ? blocksOf(best) : undefined
}

interface Problem {
  readonly needs: readonly Need[]
  readonly candidates: readonly Candidate[]
  readonly options: Options
  readonly must: ReadonlySet<number>
  readonly promising: readonly number[]
  looks: number
}

/** Adds whoever helps most, until nobody helps and there are enough. */
function build(problem: Problem, must: readonly number[]): Trial {
  let trial = divide(problem, must)
  while (trial.members.length < problem.options.sizeMax) {
    const larger = bestOf(problem, additions(problem, trial.members))
    if (larger === undefined) break
    const needed = trial.members.length < problem.options.sizeMin && larger.faults <= trial.faults
    if (!needed && !isBetter(larger, trial)) break
    trial = larger
  }
  return trial
}

/** The best team one exchange, departure or arrival away, if it is better. */
function improve(problem: Problem, trial: Trial): Trial | undefined {
  const best = bestOf(problem, neighbours(problem, trial.members))
  return best !== undefined && isBetter(best, trial) ? best : undefined
}

function* neighbours(problem: Problem, members: readonly number[]): Generator<readonly number[]> {
  const { sizeMin, sizeMax } = problem.options
  for (const leaving of members) {
    if (problem.must.has(leaving)) continue
    const rest = members.filter((member) => member !== leaving)
    if (rest.length >= sizeMin) yield rest
    yield* additions(problem, rest)
  }
  if (members.length < sizeMax) yield* additions(problem, members)
}

function* additions(problem: Problem, members: readonly number[]): Generator<readonly number[]> {
  const { candidates, options } = problem
  const left = spendable(options.budget) - priceOfAll(candidates, members)
  for (const c of problem.promising) {
    if (!members.includes(c) && (candidates[c]?.price ?? 0) <= left) yield [...members, c]
  }
}

/** The best few for each need and those who cover most, by number: nobody else is tried. */
function promisingOf(needs: readonly Need[], candidates: readonly Candidate[]): number[] {
  const all = candidates.map((_, c) => c)
  if (all.length <= promisingEach) return all
  const chosen = new Set<number>()
  const take = (merit: (c: number) => number | undefined, count: number): void => {
    const rated = all.flatMap((c) => {
      const own = merit(c)
      return own === undefined ? [] : [{ c, own }]
    })
    rated.sort((a, b) => b.own - a.own || a.c - b.c)
    for (const { c } of rated.slice(0, count)) chosen.add(c)
  }
  needs.forEach((need, i) => {
    take((c) => candidates[c]?.values[i], need.count + promisingEach)
  })
  take((c) => candidates[c]?.values.filter((value) => value !== undefined).length, promisingEach)
  take((c) => -(candidates[c]?.price ?? 0), promisingEach)
  return [...chosen].sort((a, b) => a - b)
}

function bestOf(problem: Problem, teams: Iterable<readonly number[]>): Trial | undefined {
  let best: Trial | undefined
  for (const members of teams) {
    if (problem.looks >= looksMax && best !== undefined) break
    const trial = divide(problem, members)
    if (best === undefined || isBetter(trial, best)) best = trial
  }
  return best
}

function isBetter(a: Trial, b: Trial): boolean {
  return a.faults < b.faults || (a.faults === b.faults && a.value > b.value + 1e-12)
}

/** Gives each place to the best member for it, then finds something for whoever is left without work. */
function divide(problem: Problem, unsorted: readonly number[]): Trial {
  problem.looks++
  const members = [...unsorted].sort((a, b) => a - b)
  const holders: number[][] = []
  const load = new Map<number, number>()
  let faults = 0
  for (let i = 0; i < problem.needs.length; i++) {
    const need = problem.needs[i]
    if (need === undefined) continue
    const best = bestHolders(problem, members, i, need)
    for (const member of best) load.set(member, (load.get(member) ?? 0) + 1)
    if (need.skipPrice === undefined) faults += need.count - best.length
    holders.push(best)
  }
  for (const member of members) {
    if (!load.has(member) && !employ(problem, member, holders, load)) faults++
  }
  return { members, faults, value: valueOfWork(problem, members, holders), holders }
}

/** The best `count` members for a need, best first; for an optional one only those better than an empty place. */
function bestHolders(problem: Problem, members: readonly number[], i: number, need: Need): number[] {
  const best: number[] = []
  const worth: number[] = []
  const floor = need.skipPrice === undefined ? -Infinity : -need.skipPrice
  for (const member of members) {
    const value = valueFor(problem, member, i)
    if (value === undefined || value <= floor) continue
    let at = best.length
    while (at > 0 && value > (worth[at - 1] ?? 0)) at--
    if (at >= need.count) continue
    best.splice(at, 0, member)
    worth.splice(at, 0, value)
    if (best.length > need.count) {
      best.pop()
      worth.pop()
    }
  }
  return best
}

/** Finds the place whose change of hands costs least, from somebody who keeps another, or an optional one. */
function employ(problem: Problem, idle: number, holders: number[][], load: Map<number, number>): boolean {
  let loss = Infinity
  let place: { held: number[]; holder: number | undefined } | undefined
  for (let i = 0; i < holders.length; i++) {
    const own = valueFor(problem, idle, i)
    const need = problem.needs[i]
    const held = holders[i]
    if (own === undefined || need === undefined || held === undefined) continue
    if (need.skipPrice !== undefined && held.length < need.count && -(own + need.skipPrice) < loss) {
      loss = -(own + need.skipPrice)
      place = { held, holder: undefined }
    }
    for (const holder of held) {
      const less = (valueFor(problem, holder, i) ?? 0) - own
      if ((load.get(holder) ?? 0) > 1 && less < loss) {
        loss = less
        place = { held, holder }
      }
    }
  }
  if (place === undefined) return false
  if (place.holder === undefined) place.held.push(idle)
  else {
    place.held[place.held.indexOf(place.holder)] = idle
    load.set(place.holder, (load.get(place.holder) ?? 0) - 1)
  }
  load.set(idle, 1)
  return true
}

function valueOfWork(
  problem: Problem,
  members: readonly number[],
  holders: readonly (readonly number[])[],
): number {
  let value = 0
  for (const member of members) value -= problem.candidates[member]?.cost ?? 0
  for (let i = 0; i < holders.length; i++) {
    const held = holders[i] ?? []
    for (const member of held) value += valueFor(problem, member, i) ?? 0
    const need = problem.needs[i]
    if (need?.skipPrice !== undefined) value -= need.skipPrice * (need.count - held.length)
  }
  return value
}

function blocksOf(trial: Trial): Block[] {
  return trial.members.map((candidate) => ({
    candidate,
    needs: trial.holders.flatMap((held, need) => (held.includes(candidate) ? [need] : [])),
  }))
}

function valueFor(problem: Problem, candidate: number, need: number): number | undefined {
  return problem.candidates[candidate]?.values[need]
}

function priceOfAll(candidates: readonly Candidate[], members: readonly number[]): number {
  return members.reduce((sum, c) => sum + (candidates[c]?.price ?? 0), 0)
}

/**
 * A good team where no proof is affordable: greedy choice, then single exchanges as long as they help.
 *
 * Once the members are fixed, their work is too: each place of a need goes to the best member that has it. So this
 * searches over sets of members only. Never returns a team that breaks a limit; may miss one that exists.
 */
import { type Block, type Candidate, type Need, type Options, spendable } from './team.ts'

/** Looks at a team, each as much work as members times needs. */
const looksMax = 40_000

/** A set of members with the work divided among them. Fewer faults are better than any value. */
interface Trial {
  readonly members: readonly number[]
  /** Required places that are empty and members without work. */
  readonly faults: number
  readonly value: number
  readonly blocks: readonly Block[]
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
  const problem: Problem = { needs, candidates, options, must: new Set(must), looks: 0 }
  let best = build(problem, must)
  while (problem.looks < looksMax) {
    const better = improve(problem, best)
    if (better === undefined) break
    best = better
  }
  return best.faults === 0 && best.members.length >= options.sizeMin ? best.blocks : undefined
}

interface Problem {
  readonly needs: readonly Need[]
  readonly candidates: readonly Candidate[]
  readonly options: Options
  readonly must: ReadonlySet<number>
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
  const { members } = trial
  const { sizeMin, sizeMax } = problem.options
  const steps: (readonly number[])[] = []
  for (const leaving of members) {
    if (problem.must.has(leaving)) continue
    const rest = members.filter((member) => member !== leaving)
    if (rest.length >= sizeMin) steps.push(rest)
    steps.push(...additions(problem, rest))
  }
  if (members.length < sizeMax) steps.push(...additions(problem, members))
  const best = bestOf(problem, steps)
  return best !== undefined && isBetter(best, trial) ? best : undefined
}

function additions(problem: Problem, members: readonly number[]): (readonly number[])[] {
  const { candidates, options } = problem
  const left = spendable(options.budget) - priceOfAll(candidates, members)
  const teams: (readonly number[])[] = []
  for (let c = 0; c < candidates.length; c++) {
    if (!members.includes(c) && (candidates[c]?.price ?? 0) <= left) teams.push([...members, c])
  }
  return teams
}

function bestOf(problem: Problem, teams: readonly (readonly number[])[]): Trial | undefined {
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
  const work = new Map<number, Set<number>>(members.map((member) => [member, new Set<number>()]))
  const empty: number[] = []
  let faults = 0
  for (let i = 0; i < problem.needs.length; i++) {
    const need = problem.needs[i]
    if (need === undefined) continue
    const floor = need.skipPrice === undefined ? -Infinity : -need.skipPrice
    const able = members.filter((member) => (valueFor(problem, member, i) ?? -Infinity) > floor)
    able.sort((a, b) => (valueFor(problem, b, i) ?? 0) - (valueFor(problem, a, i) ?? 0) || a - b)
    for (const member of able.slice(0, need.count)) work.get(member)?.add(i)
    empty[i] = Math.max(0, need.count - able.length)
    if (need.skipPrice === undefined) faults += empty[i] ?? 0
  }
  for (const member of members)
    if (work.get(member)?.size === 0 && !employ(problem, member, work, empty)) faults++
  return { members, faults, ...sumUp(problem, members, work) }
}

/** Finds the place whose change of hands costs least, from somebody who keeps another, or an optional one. */
function employ(problem: Problem, idle: number, work: Map<number, Set<number>>, empty: number[]): boolean {
  let loss = Infinity
  let place: { need: number; holder: number | undefined } | undefined
  for (let i = 0; i < problem.needs.length; i++) {
    const own = valueFor(problem, idle, i)
    if (own === undefined) continue
    const skipPrice = problem.needs[i]?.skipPrice
    if (skipPrice !== undefined && (empty[i] ?? 0) > 0 && -(own + skipPrice) < loss) {
      loss = -(own + skipPrice)
      place = { need: i, holder: undefined }
    }
    for (const [holder, needs] of work) {
      const less = (valueFor(problem, holder, i) ?? 0) - own
      if (needs.has(i) && needs.size > 1 && less < loss) {
        loss = less
        place = { need: i, holder }
      }
    }
  }
  if (place === undefined) return false
  if (place.holder === undefined) empty[place.need] = (empty[place.need] ?? 0) - 1
  else work.get(place.holder)?.delete(place.need)
  work.get(idle)?.add(place.need)
  return true
}

function sumUp(
  problem: Problem,
  members: readonly number[],
  work: ReadonlyMap<number, ReadonlySet<number>>,
): { value: number; blocks: Block[] } {
  const blocks: Block[] = []
  const filled = problem.needs.map(() => 0)
  let value = 0
  for (const member of members) {
    const needs = [...(work.get(member) ?? [])].sort((a, b) => a - b)
    value -= problem.candidates[member]?.cost ?? 0
    for (const need of needs) {
      value += valueFor(problem, member, need) ?? 0
      filled[need] = (filled[need] ?? 0) + 1
    }
    blocks.push({ candidate: member, needs })
  }
  for (let i = 0; i < problem.needs.length; i++) {
    const need = problem.needs[i]
    if (need?.skipPrice !== undefined) value -= need.skipPrice * (need.count - (filled[i] ?? 0))
  }
  return { value, blocks }
}

function valueFor(problem: Problem, candidate: number, need: number): number | undefined {
  return problem.candidates[candidate]?.values[need]
}

function priceOfAll(candidates: readonly Candidate[], members: readonly number[]): number {
  return members.reduce((sum, c) => sum + (candidates[c]?.price ?? 0), 0)
}

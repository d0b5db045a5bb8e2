/**
 * Makes a failing run small: leaves out fault after fault, halves the time, drops tasks and agents, for as long as the
 * same rule is broken.
 * Must never happen here: a smaller run that breaks another rule and passes for the same.
 */
import type { Millis } from '../../src/protocol/time.ts'
import { simulate } from './simulate.ts'
import { type FaultKind, faultKinds, type Surroundings } from './surroundings.ts'

/** What is left of the surroundings of a seed. */
export interface Cut {
  readonly without: readonly FaultKind[]
  readonly safetyMs: Millis
  /** Ids of the agents that are left. */
  readonly agents: readonly string[]
  /** Places of the tasks that are left, among those of the seed. */
  readonly tasks: readonly number[]
}

export function wholeOf({ safetyMs, agents, tasks }: Surroundings): Cut {
  return { without: [], safetyMs, agents: agents.map(({ id }) => id), tasks: tasks.map((_, i) => i) }
}

export function cutDown(whole: Surroundings, cut: Cut): Surroundings {
  const faults = Object.entries(whole.faults).filter(([kind]) => !cut.without.includes(kind as FaultKind))
  return {
    ...whole,
    faults: Object.fromEntries(faults),
    safetyMs: cut.safetyMs,
    agents: whole.agents
      .filter(({ id }) => cut.agents.includes(id))
      .map(({ lie, ...agent }) =>
        lie === undefined || cut.without.includes(lie) ? agent : { ...agent, lie },
      ),
    tasks: whole.tasks.filter((_, i) => cut.tasks.includes(i)),
  }
}

/** The first rule that a run breaks. */
export async function brokenRule(surroundings: Surroundings): Promise<string | undefined> {
  const { violations, notLive } = await simulate(surroundings)
  return (violations[0] ?? notLive[0])?.rule
}

/** Runs that one shrinking may take. */
const runsMax = 400

export async function shrink(
  whole: Surroundings,
  rule: string,
  tell: (cut: Cut, runs: number) => void,
  ruleOf: (surroundings: Surroundings) => Promise<string | undefined> = brokenRule,
): Promise<Cut> {
  let best = wholeOf(whole)
  let runs = 0
  const takes = async (cut: Cut): Promise<boolean> => {
    if (runs >= runsMax || cut.agents.length === 0 || cut.tasks.length === 0) return false
    runs += 1
    if ((await ruleOf(cutDown(whole, cut))) !== rule) return false
    best = cut
    tell(best, runs)
    return true
  }
  for (let before: Cut | undefined; before !== best; ) {
    before = best
    for (const kind of faultKinds) {
      if (whole.faults[kind] !== undefined && !best.without.includes(kind))
        await takes({ ...best, without: [...best.without, kind] })
    }
    while (best.safetyMs > 1_000 && (await takes({ ...best, safetyMs: Math.floor(best.safetyMs / 2) }))) {}
    await thin(best.tasks, (tasks) => takes({ ...best, tasks }))
    await thin(best.agents, (agents) => takes({ ...best, agents }))
  }
  return best
}

/** Drops halves, quarters and so on, down to single items, for as long as what is left is taken. */
async function thin<Item>(
  items: readonly Item[],
  takes: (left: readonly Item[]) => Promise<boolean>,
): Promise<void> {
  let left = items
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < left.length; ) {
      const without = [...left.slice(0, from), ...left.slice(from + size)]
      if (without.length < left.length && (await takes(without))) left = without
      else from += size
    }
  }
}

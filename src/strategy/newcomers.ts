/**
 * How many of those that are little known go into one group: a failure of two strangers teaches little of either.
 * Must never happen here: a task that waits because only strangers can do it.
 */
import { type Candidate, form, type Need, type NoTeam, type Team } from './form.ts'

/**
 * The best team with at most one unproven member; where there is none, the best team.
 *
 * @param isNew Whether a candidate, named by its place, is unproven.
 * @param taken Whether the group has an unproven member already.
 */
export function formWithOneNewcomer(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Parameters<typeof form>[2],
  isNew: (candidate: number) => boolean,
  taken: boolean,
): Team | NoTeam {
  const best = form(needs, candidates, options)
  const allowed = taken ? 0 : 1
  if (best.kind === 'none' || best.members.length <= allowed) return best
  let strangers = 0
  for (const { candidate } of best.members) if (isNew(candidate)) strangers += 1
  return strangers <= allowed ? best : formCarefully(needs, candidates, options, isNew, taken, best)
}

/** Instead of a team with too many that are new: the best with only that one of them that is worth most. */
function formCarefully(
  needs: readonly Need[],
  candidates: readonly Candidate[],
  options: Parameters<typeof form>[2],
  isNew: (candidate: number) => boolean,
  taken: boolean,
  best: Team,
): Team | NoTeam {
  if (candidates.every((_, i) => isNew(i))) return best
  const strangers = best.members.filter(({ candidate }) => isNew(candidate))
  const keeper = taken ? undefined : strangers.reduce((a, b) => (gain(b) > gain(a) ? b : a)).candidate
  const fewer = candidates.map((candidate, i) => {
    const isOut = i !== keeper && isNew(i)
    return isOut ? { ...candidate, values: candidate.values.map(() => undefined) } : candidate
  })
  const careful = form(needs, fewer, options)
  return careful.kind === 'none' ? best : careful

  function gain({ candidate, needs: covered }: Team['members'][number]): number {
    const { values, cost } = candidates[candidate] ?? { values: [], cost: 0 }
    return covered.reduce((sum, need) => sum + (values[need] ?? 0), -cost)
  }
}

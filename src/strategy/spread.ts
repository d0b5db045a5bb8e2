/**
 * Work for everybody: of agents that are about equally good, those that were given more work than the others cost more.
 * It is a policy (`workSpread`), because evenness is paid with quality.
 * Must never happen here: a cost below 0, which the exact choice of a team could not stand.
 */

/** Added to the average, so that the first few pieces of work make nobody dear. */
const patience = 10

/**
 * What one more piece of work costs an agent, at least 0, in the unit of `costOf`.
 *
 * @param begun Pieces of work that the agent has begun; `average` the same of those who have the skill.
 * @param weight The cost of twice the average, when that is large. 0 for none.
 */
export function spreadCost(begun: number, average: number, weight: number): number {
  return weight * Math.max(0, (begun - average) / (average + patience))
}

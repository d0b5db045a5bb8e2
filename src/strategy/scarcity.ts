/**
 * Scarce agents last: of the teams that could do a task, the one that the rest of its project can spare best.
 */
import { Builder } from './plan/builder.ts'

export const scarcityStrategy: string = 'scarce-last@1'

/** What it costs, in logits, to take somebody else than the team that can be spared best or is planned. */
export const strayCost = 1

export interface SpareCandidate {
  /** Which of the needs it can cover. */
  readonly can: readonly boolean[]
  /** How much of the project's other work asks for it; see `plan`. */
  readonly weight: number
}

/**
 * The candidates of least weight, in all, that cover `counts` places: each place with a member of its own when
 * `distinct`, where the answer is exact; otherwise by greedy choice. `undefined` when there is no such team.
 */
export function leastTeam(
  counts: readonly number[],
  candidates: readonly SpareCandidate[],
  distinct: boolean,
): readonly number[] | undefined {
  const needs = counts.map((count, type) => ({ type, count }))
  const builder = new Builder({
    tasks: [{ durationMs: 0, needs, after: [], distinct, notBeforeMs: 0 }],
    agents: candidates.map(({ can }) => ({
      types: needs.flatMap(({ type }) => (can[type] ? [type] : [])),
      freeInMs: [0],
    })),
    types: needs.length,
  })
  const weights = Float64Array.from(candidates, ({ weight }) => weight)
  const length = builder.build(new Float64Array(1), weights, false)
  if (!Number.isFinite(length)) return undefined
  return [...builder.team.subarray(0, builder.teamSize[0] ?? 0)]
}

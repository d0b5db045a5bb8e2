/**
 * The best team according to somebody else: the same problem as a mixed-integer linear programme, solved by HiGHS.
 * Must never happen here: a line of the methods that it judges.
 */
import * as highs from 'highs'
import type { Candidate, Need } from '../../src/strategy/form.ts'

export interface Sizes {
  readonly sizeMax: number
  readonly sizeMin: number
  readonly budget?: number
}

/** The value of the best team, or undefined when there is none. */
export type Oracle = (
  needs: readonly Need[],
  candidates: readonly Candidate[],
  sizes: Sizes,
) => number | undefined

/** `y` are members, `x` places that they fill, `z` places that stay empty. Throws when the solver gives no answer. */
export async function milpOracle(): Promise<Oracle> {
  // The package is an ES module whose types are written for CommonJS: its default export is the loader itself.
  const load = highs.default as unknown as typeof highs.default.default
  const solver = await load()
  return (needs, candidates, sizes) => {
    const options = { output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-9 } as const
    const { Status, ObjectiveValue } = solver.solve(programmeOf(needs, candidates, sizes), options)
    if (Status === 'Optimal') return ObjectiveValue
    if (Status === 'Infeasible') return undefined
    throw new Error(`HiGHS ended with ${Status}`)
  }
}

/** In CPLEX's LP format. */
function programmeOf(needs: readonly Need[], candidates: readonly Candidate[], sizes: Sizes): string {
  const value: string[] = ['0 y0']
  const rows: string[] = []
  const binary: string[] = []
  candidates.forEach(({ values, cost, mustInclude }, c) => {
    value.push(term(-cost, `y${c}`))
    binary.push(`y${c}`)
    const own = needs.flatMap((_, t) => (values[t] === undefined ? [] : [t]))
    for (const t of own) {
      value.push(term(values[t] ?? 0, `x${c}_${t}`))
      rows.push(`x${c}_${t} - y${c} <= 0`)
      binary.push(`x${c}_${t}`)
    }
    rows.push(`${['0 y0', ...own.map((t) => `x${c}_${t}`)].join(' + ')} - y${c} >= 0`)
    if (mustInclude === true) rows.push(`y${c} = 1`)
  })
  const whole: string[] = []
  const bounds: string[] = []
  needs.forEach(({ count, skipPrice }, t) => {
    const holders = candidates.flatMap(({ values }, c) => (values[t] === undefined ? [] : [`x${c}_${t}`]))
    if (skipPrice !== undefined) {
      holders.push(`z${t}`)
      value.push(term(-skipPrice, `z${t}`))
      whole.push(`z${t}`)
      bounds.push(`0 <= z${t} <= ${count}`)
    }
    rows.push(`${['0 y0', ...holders].join(' + ')} = ${count}`)
  })
  const everybody = ['0 y0', ...candidates.map((_, c) => `y${c}`)].join(' + ')
  rows.push(`${everybody} <= ${sizes.sizeMax}`, `${everybody} >= ${sizes.sizeMin}`)
  if (sizes.budget !== undefined) {
    const prices = candidates.map(({ price }, c) => term(price ?? 0, `y${c}`))
    rows.push(`0 y0 ${prices.join(' ')} <= ${sizes.budget}`)
  }
  const all = rows.map((row, i) => `r${i}: ${row}`).join('\n')
  const limits = `Bounds\n${bounds.join('\n')}\nGenerals\n${whole.join(' ')}\nBinaries\ny0 ${binary.join(' ')}`
  return `Maximize\nv: ${value.join(' ')}\nSubject To\n${all}\n${limits}\nEnd\n`
}

/** LP format knows no `+ -1`. Numbers are written in full, as the format has no `e-7`. */
function term(factor: number, name: string): string {
  const amount = Math.abs(factor).toFixed(20)
  return `${factor < 0 ? '-' : '+'} ${amount} ${name}`
}

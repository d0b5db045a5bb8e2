/**
 * The best groups of several tasks at once according to somebody else: a mixed-integer linear programme for HiGHS; and
 * random instances of it.
 * Must never happen here: a line of the method that it judges.
 */
import * as highs from 'highs'
import type { BatchTask } from '../../src/strategy/batch.ts'

/** The value of the best groups. */
export type BatchOracle = (tasks: readonly BatchTask[], slots: readonly number[]) => number

/** `z` are tasks that have a group, `y` members, `x` places that they fill. For needs that are required. */
export async function batchOracle(): Promise<BatchOracle> {
  // The package is an ES module whose types are written for CommonJS: its default export is the loader itself.
  const load = highs.default as unknown as typeof highs.default.default
  const solver = await load()
  return (tasks, slots) => {
    const options = { output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-9 } as const
    const { Status, ObjectiveValue } = solver.solve(programmeOf(tasks, slots), options)
    if (Status !== 'Optimal') throw new Error(`HiGHS ended with ${Status}`)
    return ObjectiveValue
  }
}

function programmeOf(tasks: readonly BatchTask[], slots: readonly number[]): string {
  const value: string[] = []
  const rows: string[] = []
  const binary: string[] = []
  const inGroups: string[][] = slots.map(() => [])
  tasks.forEach(({ needs, candidates, sizeMax, worth }, t) => {
    value.push(term(worth, `z${t}`))
    binary.push(`z${t}`)
    const holders: string[][] = needs.map(() => [])
    const members: string[] = []
    candidates.forEach((candidate, a) => {
      if (candidate === undefined) return
      const member = `y${t}_${a}`
      members.push(member)
      inGroups[a]?.push(member)
      binary.push(member)
      value.push(term(-candidate.cost, member))
      candidate.values.forEach((amount, n) => {
        if (amount === undefined) return
        const place = `x${t}_${a}_${n}`
        value.push(term(amount, place))
        binary.push(place)
        holders[n]?.push(place)
        rows.push(`${place} - ${member} <= 0`)
      })
    })
    needs.forEach(({ count }, n) => {
      rows.push(`${['0 z0', ...(holders[n] ?? [])].join(' + ')} - ${count} z${t} = 0`)
    })
    rows.push(`${['0 z0', ...members].join(' + ')} - ${sizeMax} z${t} <= 0`)
  })
  slots.forEach((most, a) => {
    rows.push(`${['0 z0', ...(inGroups[a] ?? [])].join(' + ')} <= ${most}`)
  })
  const all = rows.map((row, i) => `r${i}: ${row}`).join('\n')
  return `Maximize\nv: ${value.join(' ')}\nSubject To\n${all}\nBinaries\n${binary.join(' ')}\nEnd\n`
}

/** LP format knows no `+ -1`. Numbers are written in full, as the format has no `e-7`. */
function term(factor: number, name: string): string {
  return `${factor < 0 ? '-' : '+'} ${Math.abs(factor).toFixed(12)} ${name}`
}

/** Up to 12 tasks that want the same few agents, of whom each has some of eight skills. */
export function randomBatch(random: () => number): { tasks: BatchTask[]; slots: number[] } {
  const whole = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1))
  const agents = whole(14, 22)
  const skills = Array.from({ length: agents }, () => some(random, 8, whole(1, 4)))
  const success = skills.map((own) => own.map(() => 0.5 + 0.49 * random()))
  const tasks = Array.from({ length: whole(6, 12) }, (): BatchTask => {
    const asked = some(random, 8, whole(1, 4))
    const candidates = skills.map((own, a) => {
      const values = asked.map((skill) => {
        const place = own.indexOf(skill)
        return place < 0 ? undefined : Math.log(success[a]?.[place] ?? 0.5)
      })
      return values.every((v) => v === undefined) ? undefined : { values, cost: 0.3 * random() }
    })
    const needs = asked.map(() => ({ count: random() < 0.1 ? 2 : 1 }))
    const heads = Math.max(...needs.map(({ count }) => count))
    return { needs, candidates, sizeMax: Math.max(heads, whole(1, 4)), sizeMin: 1, worth: whole(1, 4) * 2 }
  })
  return { tasks, slots: skills.map(() => (random() < 0.2 ? 2 : 1)) }
}

function some(random: () => number, of: number, count: number): number[] {
  const all = Array.from({ length: of }, (_, i) => i)
  return Array.from({ length: count }, () => all.splice(Math.floor(random() * all.length), 1)[0] ?? 0)
}

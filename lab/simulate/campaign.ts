/**
 * Many seeds on several threads, and what came of them all.
 * Must never happen here: a figure that depends on how the seeds were spread.
 */
import { spread } from '../threads.ts'
import type { FaultKind } from './surroundings.ts'
import { faultKinds } from './surroundings.ts'
import type { Job, Summary } from './worker.ts'

export interface Campaign {
  readonly from: number
  readonly seeds: number
  readonly threads: number
  /** After how many failing seeds it is enough. */
  readonly enough: number
}

export interface CampaignReport {
  readonly seeds: number
  readonly events: number
  readonly virtualHours: number
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** Seeds in which a promise of safety, or of liveness, did not hold. */
  readonly violations: number
  readonly notLive: number
  readonly deterministic: boolean
}

/** Seeds that are played twice, in different threads, and compared event by event. */
const twiceMax = 20

const seedsOfJob = 20

export async function campaign(
  { from, seeds, threads, enough }: Campaign,
  progress: (line: string) => void,
): Promise<{ report: CampaignReport; failing: readonly Summary[] }> {
  const runs: Summary[] = []
  const twice = range(from, Math.min(twiceMax, seeds))
  const jobs: Job[] = [
    { seeds: twice, traced: true },
    { seeds: twice, traced: true },
  ]
  for (let next = from + twice.length; next < from + seeds; next += seedsOfJob)
    jobs.push({ seeds: range(next, Math.min(seedsOfJob, from + seeds - next)), traced: false })
  const answers: Summary[][] = []
  const isFailing = (run: Summary): boolean => run.violations.length + run.notLive.length > 0
  let failing = 0
  let played = 0
  await spread(new URL('./worker.ts', import.meta.url), jobs, threads, (i, answer: Summary[]) => {
    answers[i] = answer
    played += answer.length
    for (const run of answer.filter(isFailing)) {
      failing += 1
      const { rule, what } = run.violations[0] ?? run.notLive[0] ?? { rule: '', what: '' }
      progress(`seed ${run.seed}: ${rule} ${what.split('\n', 1)[0]}`)
    }
    if (played % 400 < seedsOfJob) progress(`${played} seeds, ${failing} of them failing`)
    return failing < enough ? 'next' : 'enough'
  })
  const [first = [], second = []] = answers
  for (const [i, answer] of answers.entries()) if (i !== 1 && answer !== undefined) runs.push(...answer)
  const deterministic = first.every((run, i) => run.trace === second[i]?.trace)
  return { report: { ...sum(runs), deterministic }, failing: runs.filter(isFailing) }
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

function sum(runs: readonly Summary[]): Omit<CampaignReport, 'deterministic'> {
  const faults: Partial<Record<FaultKind, number>> = {}
  let events = 0
  let virtualMs = 0
  for (const run of runs) {
    events += run.events
    virtualMs += run.virtualMs
    for (const kind of faultKinds) {
      const count = run.faults[kind]
      if (count !== undefined) faults[kind] = (faults[kind] ?? 0) + count
    }
  }
  return {
    seeds: runs.length,
    events,
    virtualHours: Math.round(virtualMs / 36_000) / 100,
    faults,
    violations: runs.filter(({ violations }) => violations.length > 0).length,
    notLive: runs.filter(({ notLive }) => notLive.length > 0).length,
  }
}

/**
 * `npm run lab -- mutants`: puts classic bugs back, one at a time, and sees whether the simulator catches them, and
 * whether the explorer does; what the simulator misses is left to the small worlds of `contention`. The source as it is
 * must pass the same seeds and worlds.
 */
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { type Finding, Laboratory, type Walk } from './laboratory.ts'
import { type Mutant, mutants } from './mutants.ts'

export const mutation: Experiment = {
  about:
    'put classic bugs back, one at a time, and see whether simulator, explorer and small worlds of hubs catch them',
  options: {
    seeds: { value: 'N', help: 'how many seeds each mutant is given', otherwise: 1_000 },
    from: { value: 'N', help: 'the first of them', otherwise: 1 },
    schedules: {
      value: 'N',
      help: 'small worlds of several hubs, for what the simulator misses',
      otherwise: 30_000,
    },
    threads: { value: 'N', help: 'mutants at once', otherwise: 2 },
    only: { value: 'TEXT', help: 'mutants whose name contains this', otherwise: '' },
  },
  examples: [
    ['mutants --json', 'all of them'],
    ['mutants --only capacity', 'those about capacity'],
  ],
  run,
}

/**
 * Every mutant has to be caught by the simulator, or by small worlds of several hubs that want the same agents; the
 * explorer sees what two machines and a few messages can show.
 */
interface Verdict extends Finding {
  readonly explorer: Walk
  /** Left out where the simulator has caught it. */
  readonly contention?: Finding
}

interface Examined extends Verdict {
  readonly name: string
}

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const asked = mutants.filter(({ name }) => name.includes(given.text('only')))
  const found = await examineAll(asked, given, progress)
  const { none, examined } = found
  const broken = examined
    .filter(({ caught, contention }) => !caught && !contention?.caught)
    .map(({ name }) => `the mutant "${name}" was not caught`)
  if (none.caught) broken.push(`the source as it is fails: ${none.by}`)
  if (none.contention?.caught) broken.push(`the source as it is fails: ${none.contention.by}`)
  if (none.explorer.caught) broken.push(`the source as it is fails in ${none.explorer.by}`)
  const caught = {
    bySimulator: examined.filter((each) => each.caught).length,
    byContention: examined.filter(({ contention }) => contention?.caught).length,
    byExplorer: examined.filter(({ explorer }) => explorer.caught).length,
  }
  return { report: { mutants: examined, caught, none }, broken }
}

/** Each thread has a laboratory; the source as it is comes first. */
async function examineAll(
  asked: readonly Mutant[],
  given: Given,
  progress: Progress,
): Promise<{ examined: Examined[]; none: Verdict }> {
  const [seeds, from] = [given.whole('seeds'), given.whole('from')]
  const queue: (Mutant | undefined)[] = [undefined, ...asked]
  const findings = new Map<Mutant | undefined, Verdict>()
  let next = 0
  const work = async (): Promise<void> => {
    using laboratory = new Laboratory()
    while (next < queue.length) {
      const mutant = queue[next++]
      const finding = await laboratory.examine(mutant, seeds, from)
      const explorer = await laboratory.explore(mutant)
      const contention = finding.caught ? undefined : await laboratory.meet(mutant, given.whole('schedules'))
      findings.set(mutant, { ...finding, explorer, ...(contention === undefined ? {} : { contention }) })
      const name = mutant?.name ?? 'no mutant'
      progress(`${name}: ${[saidOf(finding, 'seeds'), seenIn(explorer), met(contention)].join('')}`)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, given.whole('threads')) }, work))
  const findingOf = (mutant: Mutant | undefined): Verdict =>
    findings.get(mutant) ?? { caught: false, seeds: 0, explorer: { caught: false, states: 0 } }
  return {
    examined: asked.map((mutant) => ({ name: mutant.name, ...findingOf(mutant) })),
    none: findingOf(undefined),
  }
}

function saidOf({ caught, by, seeds }: Finding, what: string): string {
  return caught ? `after ${seeds} ${what} by ${by}` : `not caught in ${seeds} ${what}`
}

function seenIn({ caught, by }: Walk): string {
  return caught ? `; explored: ${by}` : ''
}

function met(contention: Finding | undefined): string {
  return contention === undefined ? '' : `; ${saidOf(contention, 'small worlds of hubs')}`
}

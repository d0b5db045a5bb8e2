/**
 * `npm run lab -- mutants`: puts classic bugs back, one at a time, and sees whether the simulator catches them. The
 * source as it is must pass the same seeds.
 */
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { type Finding, Laboratory } from './laboratory.ts'
import { type Mutant, mutants } from './mutants.ts'

export const mutation: Experiment = {
  about: 'put classic bugs back, one at a time, and see whether the simulator catches them',
  options: {
    seeds: { value: 'N', help: 'how many seeds each mutant is given', otherwise: 1_000 },
    from: { value: 'N', help: 'the first of them', otherwise: 1 },
    threads: { value: 'N', help: 'mutants at once', otherwise: 2 },
    only: { value: 'TEXT', help: 'mutants whose name contains this', otherwise: '' },
  },
  examples: [
    ['mutants --json', 'all of them'],
    ['mutants --only capacity', 'those about capacity'],
  ],
  run,
}

interface Examined extends Finding {
  readonly name: string
}

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const asked = mutants.filter(({ name }) => name.includes(given.text('only')))
  const found = await examineAll(asked, given, progress)
  const { none, examined } = found
  const broken = examined
    .filter(({ caught }) => !caught)
    .map(({ name }) => `the mutant "${name}" was not caught`)
  if (none.caught) broken.push(`the source as it is fails: ${none.by}`)
  return { report: { mutants: examined, none }, broken }
}

/** Each thread has a laboratory; the source as it is comes first. */
async function examineAll(
  asked: readonly Mutant[],
  given: Given,
  progress: Progress,
): Promise<{ examined: Examined[]; none: Finding }> {
  const [seeds, from] = [given.whole('seeds'), given.whole('from')]
  const queue: (Mutant | undefined)[] = [undefined, ...asked]
  const findings = new Map<Mutant | undefined, Finding>()
  let next = 0
  const work = async (): Promise<void> => {
    using laboratory = new Laboratory()
    while (next < queue.length) {
      const mutant = queue[next++]
      const finding = await laboratory.examine(mutant, seeds, from)
      findings.set(mutant, finding)
      const verdict = finding.caught
        ? `after ${finding.seeds} seeds by ${finding.by}`
        : `not caught in ${seeds} seeds`
      progress(`${mutant?.name ?? 'no mutant'}: ${verdict}`)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, given.whole('threads')) }, work))
  const findingOf = (mutant: Mutant | undefined): Finding =>
    findings.get(mutant) ?? { caught: false, seeds: 0 }
  return {
    examined: asked.map((mutant) => ({ name: mutant.name, ...findingOf(mutant) })),
    none: findingOf(undefined),
  }
}

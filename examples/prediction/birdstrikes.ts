/**
 * The table of the demo: ten thousand bird strikes on aircraft, reported to the FAA 1990-2002, as the npm package
 * `vega-datasets` brings them. The question: did the strike do damage?
 */
import { fileURLToPath } from 'node:url'
import { Problem } from './problem.ts'

export const birdstrikesTarget = 'Effect Amount of damage'
/** The value of the target that means no. */
export const birdstrikesNegative = 'None'

export function birdstrikesPath(): string {
  try {
    return fileURLToPath(new URL('../data/birdstrikes.csv', import.meta.resolve('vega-datasets')))
  } catch (cause) {
    throw new Problem(
      'E_CSV_UNREADABLE',
      'the table of the demo is not installed',
      'Run npm ci, or use --data.',
      cause,
    )
  }
}

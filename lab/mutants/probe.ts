/**
 * Runs inside a changed copy of the source: plays one seed after the other until one fails, and prints what it found.
 * Must never happen here: a look at the source outside of the copy.
 */
import { simulate } from '../simulate/simulate.ts'
import { surroundingsOf } from '../simulate/surroundings.ts'
import type { Finding } from './laboratory.ts'

async function probe(from: number, seeds: number): Promise<Finding> {
  for (let i = 0; i < seeds; i++) {
    const { violations, notLive } = await simulate(surroundingsOf(from + i))
    const first = violations[0] ?? notLive[0]
    if (first !== undefined)
      return {
        caught: true,
        by: `${first.rule} (${first.what.split('\n', 1)[0]?.slice(0, 160)})`,
        seeds: i + 1,
      }
  }
  return { caught: false, seeds }
}

const [from, seeds] = process.argv.slice(2).map(Number)
process.stdout.write(JSON.stringify(await probe(from ?? 1, seeds ?? 0)))
process.exit(0)

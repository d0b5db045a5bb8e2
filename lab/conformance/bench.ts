/**
 * How a suite examines a driver: each case on a bench of its own, which is cleared away however the case ends.
 */
import { test } from 'node:test'

export interface Bench {
  /** Closes what is open and leaves nothing behind. */
  end(): Promise<void>
}

/** Registers one case. */
export type It<Kind extends Bench> = (title: string, run: (bench: Kind) => Promise<void>) => void

/** Cases for one driver; `name` stands in their titles. */
export function casesFor<Kind extends Bench>(name: string, make: () => Promise<Kind>): It<Kind> {
  return (title, run) => {
    test(`${title} (${name})`, async () => {
      const bench = await make()
      try {
        await run(bench)
      } finally {
        await bench.end()
      }
    })
  }
}

/**
 * What came of the inputs, in numbers, and every input that did what none may do.
 * Must never happen here: a failure without the means to play it again.
 */

/** An input in a form that can be played again with `--replay`. */
export type Replayable =
  | { readonly target: 'frame'; readonly base64: string; readonly isText: boolean }
  | { readonly target: 'line'; readonly words: readonly string[] }
  | { readonly target: 'project'; readonly text: string }
  | { readonly target: 'program'; readonly seed: number; readonly number: number }
  | { readonly target: 'world'; readonly seed: number; readonly inputs: number; readonly open: boolean }

export interface Failure {
  readonly what: string
  readonly input: Replayable
}

export interface Tally {
  inputs: number
  /** Something threw, stopped, or took too long. */
  readonly failures: Failure[]
  /** Refusals, by their code. */
  readonly refusals: Map<string, number>
  slowestMs: number
  /** Tasks of others in the worlds, and how many of them completed. */
  othersAnnounced: number
  othersCompleted: number
  peakMemoryBytes: number
}

export function newTally(): Tally {
  return {
    inputs: 0,
    failures: [],
    refusals: new Map(),
    slowestMs: 0,
    othersAnnounced: 0,
    othersCompleted: 0,
    peakMemoryBytes: 0,
  }
}

export function countRefusal(tally: Tally, code: string): void {
  tally.refusals.set(code, (tally.refusals.get(code) ?? 0) + 1)
}

/** Called now and then: the peak between two calls is not seen. */
export function lookAtMemory(tally: Tally): void {
  tally.peakMemoryBytes = Math.max(tally.peakMemoryBytes, process.memoryUsage.rss())
}

/** What one input may take. The largest frame that is read at all has four million characters. */
const inputMsMax = 2_000

/** Runs one input. Whatever it throws is a failure. */
export function attempt(tally: Tally, input: () => Replayable, act: () => void): void {
  const startedAt = performance.now()
  try {
    act()
  } catch (cause) {
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    tally.failures.push({ what, input: input() })
  }
  const tookMs = performance.now() - startedAt
  tally.inputs += 1
  if (tookMs > inputMsMax) tally.failures.push({ what: `it took ${Math.round(tookMs)} ms`, input: input() })
  tally.slowestMs = Math.max(tally.slowestMs, tookMs)
}

/** The names that every object sees. A hostile input that could add one would change all code. */
function sharedNames(): string {
  const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype]
  return prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join(';')
}

const cleanNames: string = sharedNames()

export function isPolluted(): boolean {
  return sharedNames() !== cleanNames
}

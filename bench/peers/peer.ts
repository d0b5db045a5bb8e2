/**
 * What a peer is: a library that does the same two kinds of work as every other, behind the same two functions. The
 * work itself is here, so that it is the same for all.
 * Must never happen here: an import of a peer's package, as the root's type check reads this file.
 */

export interface Peer {
  /** One job for each input. */
  readonly jobs: Work
  /** One flow for each input: plan, three parallel workers, merge. */
  readonly flows: Work
  close(): Promise<void>
}

/** Results are in the order of the inputs. At most `inFlight` are unfinished at the same moment. */
export type Work = (inputs: readonly string[], inFlight: number) => Promise<string[]>

/** `server` says where the peer's server is; for us the path of the file. Empty when there is none. */
export type Open = (server: string) => Promise<Peer>

/** The two kinds of work. */
export type Kind = 'jobs' | 'flows'

/** What the process of a peer is told to do. */
export interface Order {
  readonly kind: Kind
  readonly count: number
  readonly inFlight: number
}

export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly reason: string }

export function job(input: string): string {
  return `${input} done`
}

export function plan(input: string): string[] {
  return [`${input} a`, `${input} b`, `${input} c`]
}

export function work(part: string): string {
  return `${part} done`
}

export function merge(parts: readonly string[]): string {
  return parts.join(', ')
}

/** What a flow must come to. */
export function flow(input: string): string {
  return merge(plan(input).map(work))
}

/** For libraries that are asked for one thing at a time: keeps `inFlight` of them unfinished until all are done. */
export async function each<Input, Result>(
  inputs: readonly Input[],
  inFlight: number,
  one: (input: Input) => PromiseLike<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(inputs.length)
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun < inputs.length) {
      const index = begun++
      results[index] = await one(inputs[index] as Input)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return results
}

/** For libraries that take many at once: adds two batches of half of `inFlight`, and the next when one is done. */
export async function inBulk<Input, Result>(
  inputs: readonly Input[],
  inFlight: number,
  add: (batch: readonly Input[]) => Promise<readonly Promise<Result>[]>,
): Promise<Result[]> {
  const size = Math.ceil(inFlight / 2)
  const batches = Array.from({ length: Math.ceil(inputs.length / size) }, (_, index) =>
    inputs.slice(index * size, (index + 1) * size),
  )
  const results = await each(batches, 2, async (batch) => Promise.all(await add(batch)))
  return results.flat()
}

/**
 * Training on one shard, in a thread of its own. It can be ended in the middle of its work; whoever goes on starts
 * from the last part that was handed over, and comes to the same forest.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { readJson } from './files.ts'
import { combineForests, type Forest } from './forest.ts'
import { type Grown, type Lot, partPath } from './train-worker.ts'

/** Grows what is missing of a shard. `onPart` is called with the number of parts there are now, one at a time. */
export async function trainShard(
  lot: Lot,
  signal: AbortSignal,
  onPart: (partsDone: number) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted()
  if (lot.partsDone >= lot.parts) return
  const worker = new Worker(new URL('./train-worker.ts', import.meta.url), { workerData: lot })
  const stop = (): void => void worker.terminate()
  signal.addEventListener('abort', stop, { once: true })
  let handedOver = Promise.resolve()
  worker.on('message', ({ part }: Grown) => {
    handedOver = handedOver.then(() => onPart(part + 1))
    handedOver.catch(stop)
  })
  try {
    const [code] = (await once(worker, 'exit')) as [number]
    signal.throwIfAborted()
    await handedOver
    if (code !== 0) throw new Error(`the training thread ended with code ${code}`)
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}

/** The forest of all shards, from the files of their parts. */
export function forestOf(directory: string, shards: number, parts: number): Forest {
  const forests: Forest[] = []
  for (let shard = 0; shard < shards; shard++) {
    for (let part = 0; part < parts; part++) {
      forests.push(readJson(partPath(directory, shard, part)) as Forest)
    }
  }
  return combineForests(forests)
}

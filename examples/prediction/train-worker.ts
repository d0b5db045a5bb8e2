/**
 * The thread of one training member: grows the parts of a forest it is told to, and hands each over as a file.
 * Must never happen here: a word about the network; whoever started the thread speaks for it.
 */

import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { Features } from './features.ts'
import { readJson, writeJson } from './files.ts'
import { growTrees, shardOf } from './forest.ts'

/** What the thread is asked to do. */
export interface Lot {
  readonly directory: string
  readonly shard: number
  readonly shards: number
  readonly parts: number
  /** Parts that somebody has already grown. */
  readonly partsDone: number
  readonly treesOfPart: number
  readonly seed: number
}

/** What it says after each part. */
export interface Grown {
  readonly part: number
}

/** The file of one part of one shard. */
export function partPath(directory: string, shard: number, part: number): string {
  return join(directory, 'training', `shard-${shard}-part-${part}.json`)
}

function grow(lot: Lot, report: (grown: Grown) => void): void {
  const { directory, shard, shards, parts, partsDone, treesOfPart, seed } = lot
  const { train } = readJson(join(directory, 'features.json')) as Features
  const examples = shardOf(train, shard, shards, seed)
  for (let part = partsDone; part < parts; part++) {
    const forest = growTrees(examples, { trees: treesOfPart, seed: seed * 1_000_003 + shard * 1_009 + part })
    writeJson(partPath(directory, shard, part), forest)
    report({ part })
  }
}

const port = parentPort
if (port !== null) grow(workerData as Lot, (grown) => port.postMessage(grown))

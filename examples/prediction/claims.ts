/**
 * Who trains on which shard. Members agree through a file: a shard belongs to whoever has claimed it, as long as that
 * agent is in the group.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from './files.ts'

export interface Claim {
  readonly agent: string
  /** Everybody in the group, those included who have finished. */
  readonly present: readonly string[]
  readonly shards: number
  /** The shard of whoever did this part before. */
  readonly wanted: number | undefined
}

/** Takes the wanted shard, else the one claimed before, else the first that is free. Synchronous, hence undivided. */
export function claimShard(directory: string, { agent, present, shards, wanted }: Claim): number {
  const path = join(directory, 'training', 'claims.json')
  const holders = existsSync(path) ? (readJson(path) as (string | null)[]) : []
  const all = Array.from({ length: shards }, (_, shard) => shard)
  const isFree = (shard: number): boolean => {
    const holder = holders[shard]
    return typeof holder !== 'string' || holder === agent || !present.includes(holder)
  }
  const own = all.find((shard) => holders[shard] === agent)
  const chosen = [wanted, own, ...all].find(
    (shard) => shard !== undefined && all.includes(shard) && isFree(shard),
  )
  if (chosen === undefined) throw new Error(`all ${shards} shards are claimed by others`)
  writeJson(
    path,
    all.map((shard) =>
      shard === chosen ? agent : holders[shard] === agent ? null : (holders[shard] ?? null),
    ),
  )
  return chosen
}

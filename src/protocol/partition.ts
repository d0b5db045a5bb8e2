/**
 * Which hub a task and an agent belong to, where a network has several: by a hash of the id, the same for everybody.
 * Must never happen here: an answer that depends on who is there.
 */
import type { HubId, NodeId } from './id.ts'

/** The partition of an id, from 0: FNV-1a with a last mixing, so that ids which count up are spread as well. */
export function partitionOf(id: string, partitions: number): number {
  if (partitions === 1) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions
}

/** The name of the hub of a partition. Where there is one, it is called `hub`. */
export function hubOf(partition: number, partitions: number): HubId {
  return (partitions === 1 ? 'hub' : `hub-${partition}`) as HubId
}

/** The hub that decides on a task, or that promises the slots of an agent. */
export function homeOf(id: string, partitions: number): HubId {
  return hubOf(partitionOf(id, partitions), partitions)
}

/** The hubs of a network, in the order of their partitions. */
export function hubsOf(partitions: number): readonly HubId[] {
  return Array.from({ length: partitions }, (_, partition) => hubOf(partition, partitions))
}

/** Whether a node is one of the hubs. */
export function isHub(id: NodeId, partitions: number): boolean {
  if (partitions === 1) return id === 'hub'
  const digits = /^hub-(0|[1-9][0-9]*)$/.exec(id)?.[1]
  return digits !== undefined && Number(digits) < partitions
}

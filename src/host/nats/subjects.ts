/**
 * The names that a network has on NATS: subjects, streams and headers. All are made of ids, which hold no dot, no
 * wildcard and no space, so that nothing that a stranger made up can address anything else.
 */
import type { NodeId } from '../../protocol/id.ts'

export interface Subjects {
  /** Messages to one node, from one node. A server can grant each of them to the one who may say it. */
  to(receiver: NodeId, sender: NodeId): string
  /** All that is said to a node. */
  allTo(receiver: NodeId): string
  /** All that is said, for whoever watches. */
  readonly all: string
  /** Where a node says that it lives, and under which incarnation. */
  life(id: NodeId): string
  /** Where the hub of a partition says that it lives, and that it lets go. */
  owner(partition: number): string
  readonly logStream: (partition: number) => string
  readonly log: (partition: number) => string
  /** Snapshots and the index: what can be made anew from the log. */
  readonly sideStream: string
  readonly sideAll: string
  readonly snapshot: (partition: number) => string
  readonly newest: (partition: number) => string
  readonly index: (partition: number, bucket: number) => string
}

export function subjectsOf(network: string): Subjects {
  const root = `convoke.${network}`
  return {
    to: (receiver, sender) => `${root}.to.${receiver}.${sender}`,
    allTo: (receiver) => `${root}.to.${receiver}.*`,
    all: `${root}.to.*.*`,
    life: (id) => `${root}.life.${id}`,
    owner: (partition) => `${root}.owner.${partition}`,
    logStream: (partition) => `CONVOKE_${network}_LOG_${partition}`,
    log: (partition) => `${root}.log.${partition}`,
    sideStream: `CONVOKE_${network}_SIDE`,
    sideAll: `${root}.side.>`,
    snapshot: (partition) => `${root}.side.snapshot.${partition}`,
    newest: (partition) => `${root}.side.newest.${partition}`,
    index: (partition, bucket) => `${root}.side.index.${partition}.${bucket}`,
  }
}

/** Of the subject of a message to a node: who says it. */
export function senderIn(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1)
}

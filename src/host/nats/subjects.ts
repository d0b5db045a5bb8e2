/**
 * The names that a network has on NATS: subjects, streams and headers. All are made of ids, which hold no dot, no
 * wildcard and no space, so that nothing that a stranger made up can address anything else.
 */
import { isId, type NodeId } from '../../protocol/id.ts'
import { assert } from '../../protocol/machine.ts'

/** How many partitions a network may have: each has a log, and a hub. */
export const partitionsMax = 16

export interface Subjects {
  /** Everything below, as one pattern. */
  readonly everything: string
  /** Messages to the nodes of one principal, from those of one. A server can grant each to the one who may say it. */
  to(receiver: NodeId, sender: NodeId): string
  /** All that is said to the nodes of a principal. */
  allTo(receiver: NodeId): string
  /** All that is said, for whoever watches. */
  readonly all: string
  /** Where the nodes of a principal say that they live, and under which incarnation. */
  life(id: NodeId): string
  /** Where the hub of a partition says that it lives, and that it lets go. Nobody but hubs speaks here. */
  owner(partition: number | '*'): string
  /** Where the processes that may be hubs say that they live. It is one of `owner('*')`. */
  hosts: string
  /** Where whoever comes new asks which hub there is. */
  ask(partition: number | '*'): string
  readonly logStream: (partition: number) => string
  readonly log: (partition: number | '*') => string
  /** Snapshots and the index: what can be made anew from the log. */
  readonly sideStream: string
  readonly sideAll: string
  readonly snapshot: (partition: number) => string
  readonly newest: (partition: number) => string
  readonly index: (partition: number, bucket: number) => string
}

/**
 * Who answers for a node: what is before the first `--` in its id, or the whole id. A principal has one key, and may
 * have many nodes: `ops--k3f9` and `ops--x71b` are two programs of `ops`. Only the principal is in a subject.
 */
export function principalOf(id: NodeId): string {
  // The last line of defence: ids are checked where they come in.
  assert(isId(id), 'no id reaches a subject unchecked')
  const at = id.indexOf('--')
  return at < 1 ? id : id.slice(0, at)
}

/** Where a connection is sent the answers to its own requests. */
export function inboxOf(network: string, principal: string): string {
  return `_INBOX.${network}.${principal}`
}

export function subjectsOf(network: string): Subjects {
  const root = `convoke.${network}`
  return {
    everything: `${root}.>`,
    to: (receiver, sender) => `${root}.to.${principalOf(receiver)}.${principalOf(sender)}`,
    allTo: (receiver) => `${root}.to.${principalOf(receiver)}.*`,
    all: `${root}.to.*.*`,
    life: (id) => `${root}.life.${principalOf(id)}`,
    owner: (partition) => `${root}.owner.${partition}`,
    hosts: `${root}.owner.hosts`,
    ask: (partition) => `${root}.ask.${partition}`,
    logStream: (partition) => `CONVOKE_${network}_LOG_${partition}`,
    log: (partition) => `${root}.log.${partition}`,
    sideStream: `CONVOKE_${network}_SIDE`,
    sideAll: `${root}.side.>`,
    snapshot: (partition) => `${root}.side.snapshot.${partition}`,
    newest: (partition) => `${root}.side.newest.${partition}`,
    index: (partition, bucket) => `${root}.side.index.${partition}.${bucket}`,
  }
}

/** Of the subject of a message to a node: the principal who says it. */
export function senderIn(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1)
}

/** Whether a message came on the subject of those whom it names. Nobody believes one that did not. */
export function isOn(subject: string, from: NodeId, to: NodeId): boolean {
  return subject.endsWith(`.to.${principalOf(to)}.${principalOf(from)}`)
}

/**
 * Where a network lives: in this process, or on servers of NATS. What is the same everywhere is in `network`.
 */
import type { NodeId } from '../protocol/id.ts'
import type { Refusal, RefusalCode } from '../protocol/refusal.ts'
import type { Fault } from './fault.ts'
import type { Soon, Transport } from './ports.ts'
import type { Records } from './records.ts'

/** How this process stands to its network. */
export interface NetworkStatus {
  /** Whether there is a connection to the servers. */
  readonly connected: boolean
  /**
   * Where the hub is that was last heard; undefined when it has been silent for longer than its lease. Of several: here
   * as soon as one is, and undefined as long as one is missing.
   */
  readonly hub: 'here' | 'elsewhere' | undefined
  /** Where there are several partitions: how many have their hub in this process, in another, in none that is known. */
  readonly partitions?: { readonly here: number; readonly elsewhere: number; readonly unknown: number }
}

/** What the hub of this process has not done, since it was taken into service. */
export interface HubCounts {
  /** How often each refusal was given. */
  readonly refusals: Readonly<Partial<Record<RefusalCode, number>>>
  /** Messages that were dropped because more waited than `inboxMax`. */
  readonly inputsLost: number
}

export interface Site {
  readonly transport: Transport
  readonly soon: Soon
  readonly records: Records
  /**
   * Among how many hubs tasks and agents are divided. A promise where nobody knows yet: it rejects when the network is
   * closed before.
   */
  readonly partitions: number | Promise<number>
  /** Of the node under which this program announces: above that of every earlier life of it. */
  readonly incarnation: number
  /** Why a node of this program cannot have an id here; undefined when it can. */
  admits(id: NodeId): Refusal | undefined
  /** Calls `stopped` when the network can go on no longer here, at once if that has happened already. */
  onStopped(stopped: (fault: Fault) => void): void
  /** Calls `replaced` with the id of a node that was opened anew elsewhere. */
  onReplaced(replaced: (id: string) => void): void
  /** Calls `nudge` when there may be another hub, or a line that was gone is back. */
  onNudge(nudge: () => void): void
  status(): NetworkStatus
  /** Undefined where the hub is not here. */
  counts(): HubCounts | undefined
  /** Closes what is the network's own, after its nodes. `failed`: ask nothing more of what has failed. */
  close(failed: boolean): Promise<void>
}

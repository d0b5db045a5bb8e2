/**
 * What can be seen of a world from outside.
 * Must never happen here: something that only a look into a machine shows.
 */
import type { Fault } from '../../src/host/fault.ts'
import type { Position } from '../../src/host/ports.ts'
import type { Fact } from '../../src/protocol/fact.ts'
import type { HubId, TaskId } from '../../src/protocol/id.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import type { Refusal } from '../../src/protocol/refusal.ts'

/** What can be seen of a world, in the order in which it happens. */
export type Happening =
  | { readonly kind: 'sent'; readonly envelope: Envelope; readonly copies: number }
  | { readonly kind: 'lost'; readonly envelope: Envelope; readonly why: 'cut' | 'unreachable' }
  | { readonly kind: 'malformed'; readonly refusal: Refusal }
  | { readonly kind: 'durable'; readonly hub: HubId; readonly fact: Fact; readonly position: Position }
  /** The door, or the hub, said no to whoever announced or joined. Whoever joined is this life. */
  | { readonly kind: 'refused'; readonly node: string; readonly refusal: Refusal; readonly life?: number }
  /** User code of an agent. */
  | {
      readonly kind: 'acted'
      readonly agent: string
      readonly task: TaskId
      readonly epoch: number
      readonly what: 'begins' | 'ends' | 'fails' | 'stops'
    }
  | { readonly kind: 'started' | 'crashed'; readonly node: string; readonly incarnation: number }
  | { readonly kind: 'stopped'; readonly node: string; readonly fault: Fault }

/**
 * How many partitions a network has: what its servers say, or, where there is no network yet, what its first hub wants.
 * The number is for good, because it says which log a task is in.
 * Must never happen here: a network with two numbers.
 */
import { quote } from '../../protocol/id.ts'
import { type Refusal, refuse } from '../../protocol/refusal.ts'
import { Fault } from '../fault.ts'
import { openStore, partitionsAt, type StoreOptions } from '../journal/nats-store.ts'
import { pause, textOf } from './line.ts'

/** Of a network that is made without a word of it: see docs/decisions/32. */
export const partitionsByDefault = 1
/** How often servers are asked again that do not know the network, or do not answer. */
const againMs = 1_000

export interface Search {
  /** What the network is made with, where there is none. */
  readonly wanted: number | undefined
  /** Whether this process makes it. */
  readonly makes: boolean
  /** Whether nobody waits for the answer any more. */
  isOver(): boolean
}

/**
 * Asks the servers until they know; undefined where that is not allowed to this process, or nobody waits any more.
 * Throws a `Fault` that another try does not mend.
 */
export async function findPartitions(
  store: Omit<StoreOptions, 'partition' | 'partitions'>,
  { wanted = partitionsByDefault, makes, isOver }: Search,
): Promise<number | undefined> {
  let said = ''
  while (!isOver()) {
    try {
      const there = await partitionsAt(store.line, store.subjects)
      if (there !== undefined) return there
      if (makes) return await make(store, wanted)
    } catch (cause) {
      if (cause instanceof Fault && cause.code === 'E_FORBIDDEN' && !makes) return undefined
      if (cause instanceof Fault && cause.code !== 'E_UNREACHABLE') throw cause
      const text = textOf(cause)
      if (makes && text !== said) store.tell({ code: 'hub', text: `this process is not the hub: ${text}` })
      said = text
    }
    await pause(againMs)
  }
  return undefined
}

async function make(store: Omit<StoreOptions, 'partition' | 'partitions'>, wanted: number): Promise<number> {
  try {
    await openStore({ ...store, partition: 0, partitions: wanted })
    return wanted
  } catch (cause) {
    // Another one may have made it meanwhile, with another number.
    const there = await partitionsAt(store.line, store.subjects)
    if (there === undefined || there === wanted) throw cause
    return there
  }
}

/** Why a network cannot be opened with a number: it has another one. */
export function otherNumber(shown: string, has: number, wanted: number | undefined): Refusal | undefined {
  if (wanted === undefined || wanted === has) return undefined
  const many = has === 1 ? '1 partition' : `${has} partitions`
  return refuse('E_RANGE', `the network ${quote(shown)} has ${many}, and not ${wanted}`, {
    field: 'partitions',
    hint: 'Leave the number out: it is fixed when the network is made. Another network can have another one.',
  })
}

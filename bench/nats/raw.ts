/**
 * What the same server does with nothing of ours in between: requests, and publishes to a stream, one after the other
 * and many at once.
 */
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

export interface RawRates {
  readonly requestsPerSecond: number
  /** Each waits for the acknowledgement of the one before and names its sequence, as appends to a log do. */
  readonly appendsPerSecond: number
  readonly publishesPerSecond: number
}

/** A busy machine is slow, and not wrong. */
const patienceMs = 30_000
const atOnce = 64
const requests = 20_000
const appends = 5_000
const publishes = 30_000
/** Of an append with a few facts. */
const bytes = 1_000

export async function rawRates(url: string): Promise<RawRates> {
  const [asking, answering] = [await connect({ servers: url }), await connect({ servers: url })]
  try {
    answering.subscribe('raw.echo', { callback: (_error, message) => void message.respond(message.data) })
    await answering.flush()
    const data = Buffer.alloc(bytes, 'x')
    const requestsPerSecond = await rate(requests, atOnce, () =>
      asking.request('raw.echo', data, { timeout: patienceMs }),
    )
    const management = await jetstreamManager(asking)
    await management.streams.add({ name: 'RAW', subjects: ['raw.log.*'], storage: StorageType.File })
    const streams = jetstream(asking)
    let last = 0
    const appendsPerSecond = await rate(appends, 1, async () => {
      last = (
        await streams.publish('raw.log.0', data, {
          timeout: patienceMs,
          expect: { lastSubjectSequence: last },
        })
      ).seq
    })
    const publishesPerSecond = await rate(publishes, atOnce, () =>
      streams.publish('raw.log.1', data, { timeout: patienceMs }),
    )
    await management.streams.delete('RAW')
    return { requestsPerSecond, appendsPerSecond, publishesPerSecond }
  } finally {
    await asking.close()
    await answering.close()
  }
}

async function rate(count: number, parallel: number, act: () => Promise<unknown>): Promise<number> {
  let left = count
  const from = performance.now()
  const worker = async (): Promise<void> => {
    while (left-- > 0) await act()
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return Math.round((count * 1_000) / (performance.now() - from))
}

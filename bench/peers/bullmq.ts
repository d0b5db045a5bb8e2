/**
 * BullMQ: jobs are added in bulk. A flow is a job that plans and then adds a parent, the merge, with three children.
 * Whoever waits for a result hears of it from the worker in the same process, which is the shortest way.
 */
import { FlowProducer, Queue, Worker } from 'bullmq'
import { inBulk, job, merge, type Peer, plan, work } from './peer.ts'

interface Order {
  readonly input: string
  /** Tells one order from all others. */
  readonly number: number
}

/** `server` is the port of Redis. */
export async function open(server: string): Promise<Peer> {
  const connection = { host: '127.0.0.1', port: Number(server) }
  const kept = { removeOnComplete: true, removeOnFail: true }
  const producer = new FlowProducer({ connection })
  const addFlow = async ({ data }: { data: Order }): Promise<void> => {
    const children = plan(data.input).map((part) => {
      return { name: 'work', queueName: 'parts', data: { part }, opts: kept }
    })
    await producer.add({ name: 'merge', queueName: 'merges', data, opts: kept, children })
  }
  const options = { connection, concurrency: 1 }
  const jobs = new Worker<Order, string>('jobs', async ({ data }) => job(data.input), options)
  const plans = new Worker<Order>('plans', addFlow, options)
  const parts = new Worker<{ part: string }, string>('parts', async ({ data }) => work(data.part), options)
  const merges = new Worker<Order, string>(
    'merges',
    async (parent) => merge(Object.values(await parent.getChildrenValues<string>()).sort()),
    options,
  )
  const queues = [jobs, plans].map(({ name }) => new Queue(name, { connection, defaultJobOptions: kept }))
  const [jobQueue, planQueue] = queues
  const workers = [jobs, plans, parts, merges]
  const waiting = new Map<number, (result: string) => void>()
  for (const last of [jobs, merges]) {
    last.on('completed', ({ data }, result) => {
      waiting.get(data.number)?.(result)
      waiting.delete(data.number)
    })
  }
  let number = 0
  const through = (queue: Queue | undefined) => (inputs: readonly string[], inFlight: number) => {
    for (const worker of workers) worker.concurrency = inFlight
    return inBulk(inputs, inFlight, async (batch) => {
      const orders = batch.map((input) => ({ input, number: number++ }))
      const results = orders.map(
        (order) => new Promise<string>((resolve) => waiting.set(order.number, resolve)),
      )
      await queue?.addBulk(orders.map((data) => ({ name: 'do', data })))
      return results
    })
  }
  return {
    jobs: through(jobQueue),
    flows: through(planQueue),
    close: async () => {
      for (const end of [producer, ...workers, ...queues]) await end.close()
    },
  }
}

/** Moleculer: a local broker, whose services call each other. */
import { type Context, ServiceBroker } from 'moleculer'
import { each, job, merge, type Peer, plan, work } from './peer.ts'

type With<Params> = Context<Params>

export async function open(): Promise<Peer> {
  const broker = new ServiceBroker({ logger: false })
  broker.createService({
    name: 'jobs',
    actions: { do: ({ params }: With<{ input: string }>) => job(params.input) },
  })
  broker.createService({
    name: 'flows',
    actions: {
      plan: ({ params }: With<{ input: string }>) => plan(params.input),
      work: ({ params }: With<{ part: string }>) => work(params.part),
      merge: ({ params }: With<{ parts: string[] }>) => merge(params.parts),
      async run(context: With<{ input: string }>) {
        const parts = await context.call<string[], { input: string }>('flows.plan', {
          input: context.params.input,
        })
        const done = await Promise.all(
          parts.map((part) => context.call<string, { part: string }>('flows.work', { part })),
        )
        return context.call<string, { parts: string[] }>('flows.merge', { parts: done })
      },
    },
  })
  await broker.start()
  const call = (action: string): ((input: string) => Promise<string>) => {
    return (input) => broker.call<string, { input: string }>(action, { input })
  }
  return {
    jobs: (inputs, inFlight) => each(inputs, inFlight, call('jobs.do')),
    flows: (inputs, inFlight) => each(inputs, inFlight, call('flows.run')),
    close: () => broker.stop(),
  }
}

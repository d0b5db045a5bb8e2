/** Restate: one service, called through the ingress of the server; each part of a flow is a step in its journal. */

import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Context, createEndpointHandler, RestatePromise, service } from '@restatedev/restate-sdk'
import { connect } from '@restatedev/restate-sdk-clients'
import { each, job, merge, type Peer, plan, work } from './peer.ts'

const bench = service({
  name: 'bench',
  handlers: {
    job: async (_: Context, input: string) => job(input),
    flow: async (context: Context, input: string) => {
      const parts = await context.run('plan', () => plan(input))
      const done = await RestatePromise.all(parts.map((part) => context.run('work', () => work(part))))
      return await context.run('merge', () => merge(done))
    },
  },
})

/** `server` is the addresses of ingress and admin, in this order, parted by a blank. */
export async function open(server: string): Promise<Peer> {
  const [url = '', admin = ''] = server.split(' ')
  const endpoint = createServer(createEndpointHandler({ services: [bench], logger: () => {} }))
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const { port } = endpoint.address() as AddressInfo
  const answer = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  })
  if (!answer.ok) throw new Error(`Restate does not take the endpoint: ${await answer.text()}`)
  const client = connect({ url }).serviceClient(bench)
  return {
    jobs: (inputs, inFlight) => each(inputs, inFlight, (input) => client.job(input)),
    flows: (inputs, inFlight) => each(inputs, inFlight, (input) => client.flow(input)),
    close: async () => {
      endpoint.close()
    },
  }
}

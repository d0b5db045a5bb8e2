/**
 * The transport on NATS passes the examination of every transport, over a real server and between two connections.
 */
import { after } from 'node:test'
import { examineTransport } from '../../lab/conformance/transport.ts'
import { type NatsServer, startNats } from '../../lab/nats-server.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Transport } from '../../src/host/ports.ts'
import { natsTransport } from '../../src/host/transport/nats.ts'
import { defaultLimits } from '../../src/protocol/index.ts'
import { hasNats, lineTo } from '../nats.ts'

if (hasNats('TRANSPORT-1 the transport on NATS')) {
  let server: NatsServer | undefined
  let networks = 0
  after(() => server?.end())
  const bench = async (twoLines: boolean) => {
    server ??= await startNats()
    networks += 1
    const subjects = subjectsOf(`n${networks}`)
    const lines = [await lineTo(server.url), await lineTo(server.url)]
    const transports = lines.map((line) =>
      natsTransport({ line, subjects, limits: defaultLimits, tell: () => {}, replaced: () => {} }),
    )
    let opened = 0
    const transport: Transport = {
      open: (self, deliver) => {
        opened += 1
        const one = transports[twoLines ? opened % 2 : 0]
        if (one === undefined) throw new Error('there are two transports')
        return one.open(self, deliver)
      },
    }
    return {
      transport,
      // What one side has sent is with the server after its flush, and with the other side after its own.
      async settle() {
        for (const line of [...lines, ...lines]) await line.nats.flush()
      },
      async end() {
        await Promise.all(lines.map((line) => line.close()))
      },
    }
  }
  examineTransport('nats, one connection', () => bench(false))
  examineTransport('nats, two connections', () => bench(true))
}

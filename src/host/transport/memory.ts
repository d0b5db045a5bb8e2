/**
 * Carries messages inside one process. Envelopes are handed over as they are: both machines treat them as values.
 * Must never happen here: a delivery inside `send`.
 */
import type { Address, Envelope } from '../../protocol/message.ts'
import type { Link, Soon, Transport } from '../ports.ts'

interface Endpoint {
  /** Reachable: neither closed, nor replaced by a newer incarnation. */
  open: boolean
  readonly self: Address
  readonly deliver: (envelope: Envelope) => void
}

export function memoryTransport(soon: Soon): Transport {
  const endpoints = new Map<string, Endpoint>()
  let underway: Envelope[] = []
  const deliverAll = (): void => {
    const envelopes = underway
    underway = []
    for (const envelope of envelopes) {
      const { id, incarnation } = envelope.to
      const endpoint = endpoints.get(id)
      if (endpoint === undefined) continue
      if (incarnation === 0 || incarnation === endpoint.self.incarnation) endpoint.deliver(envelope)
    }
  }
  return {
    async open(self, deliver): Promise<Link> {
      const known = endpoints.get(self.id)
      const open = known === undefined || known.self.incarnation <= self.incarnation
      const endpoint: Endpoint = { open, self, deliver }
      if (open) {
        if (known !== undefined) known.open = false
        endpoints.set(self.id, endpoint)
      }
      return {
        send(envelope) {
          if (!endpoint.open) return
          if (underway.length === 0) soon(deliverAll)
          underway.push(envelope)
        },
        async close() {
          if (endpoint.open) endpoints.delete(self.id)
          endpoint.open = false
        },
      }
    },
  }
}

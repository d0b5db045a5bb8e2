/**
 * The examination of a transport. Every driver of the port passes it, and the suite asks for nothing that the port does
 * not promise: where a message need not arrive, it is sent until it does.
 */
import assert from 'node:assert/strict'
import type { Link, Transport } from '../../src/host/ports.ts'
import { type Address, type Envelope, isRefusal, type NodeId, type TaskId } from '../../src/protocol/index.ts'
import { type Bench, casesFor, type It } from './bench.ts'

/** One transport under examination, with nobody reachable at first. */
export interface TransportBench extends Bench {
  readonly transport: Transport
  /** Resolves when everything that was sent has arrived or will never arrive. */
  settle(): Promise<void>
}

/** Registers the examination of one driver; `name` stands in the titles. */
export function examineTransport(name: string, make: () => Promise<TransportBench>): void {
  const it = casesFor(name, make)
  examineDelivery(it)
  examineAddresses(it)
  examineClosing(it)
}

function address(id: string, incarnation = 1): Address {
  return { id: id as NodeId, incarnation }
}

/** A message that can be told from others by its number. */
function envelope(from: Address, to: Address, number: number): Envelope {
  return { from, to, message: { kind: 'TASK_FOLLOW', task: `t${number}` as TaskId } }
}

/** A node that remembers what it was delivered. */
interface Station {
  readonly self: Address
  readonly link: Link
  readonly heard: Envelope[]
}

async function open({ transport }: TransportBench, self: Address): Promise<Station> {
  const heard: Envelope[] = []
  const link = await transport.open(self, (arrived) => void heard.push(arrived))
  return { self, link, heard }
}

function numbers(station: Station): string[] {
  return station.heard.map(({ message }) => (message.kind === 'TASK_FOLLOW' ? message.task : ''))
}

/** Sends until it has arrived, as nodes do: a transport may lose what it likes. */
async function insist(bench: TransportBench, from: Station, to: Station, number: number): Promise<void> {
  const before = to.heard.length
  for (let tries = 0; tries < 100 && to.heard.length === before; tries++) {
    from.link.send(envelope(from.self, { id: to.self.id, incarnation: 0 }, number))
    await bench.settle()
  }
  assert.ok(to.heard.length > before, 'nothing arrives, however often it is sent')
}

function examineDelivery(it: It<TransportBench>): void {
  it('TRANSPORT-1 what arrives is what was sent', async (bench) => {
    const [a, b] = [await open(bench, address('a')), await open(bench, address('b'))]
    await insist(bench, a, b, 1)
    const [first] = b.heard
    assert.ok(first !== undefined && !isRefusal(first))
    assert.deepEqual(first, envelope(a.self, { id: b.self.id, incarnation: 0 }, 1))
  })

  it('TRANSPORT-1 a node reaches itself', async (bench) => {
    const a = await open(bench, address('a'))
    await insist(bench, a, a, 1)
  })

  it('TRANSPORT-2 what arrives over one link arrives in the order of sending', async (bench) => {
    const [a, b] = [await open(bench, address('a')), await open(bench, address('b'))]
    await insist(bench, a, b, 0)
    const sent = Array.from({ length: 500 }, (_, number) => number + 1)
    for (const number of sent) a.link.send(envelope(a.self, b.self, number))
    await bench.settle()
    const order = sent.map((number) => `t${number}`)
    let next = 0
    for (const number of numbers(b).filter((one) => one !== 't0')) {
      const at = order.indexOf(number)
      assert.ok(at >= next - 1, `${number} arrived after t${next}`)
      next = at + 1
    }
    assert.ok(next > 0)
  })

  it('TRANSPORT-3 nothing is delivered from inside a send', async (bench) => {
    const a = await open(bench, address('a'))
    let sending = false
    let inside = 0
    const b = await bench.transport.open(address('b'), () => {
      if (sending) inside += 1
      sending = true
      b.send(envelope(address('b'), a.self, 1))
      sending = false
    })
    for (let tries = 0; tries < 20; tries++) {
      sending = true
      a.link.send(envelope(a.self, address('b'), tries))
      b.send(envelope(address('b'), address('b'), tries))
      sending = false
    }
    for (let tries = 0; tries < 10; tries++) await bench.settle()
    assert.equal(inside, 0)
    assert.ok(a.heard.length > 0)
  })
}

function examineAddresses(it: It<TransportBench>): void {
  it('TRANSPORT-4 a message for one incarnation reaches no other', async (bench) => {
    const [a, b] = [await open(bench, address('a')), await open(bench, address('b', 2))]
    for (const incarnation of [1, 3]) a.link.send(envelope(a.self, address('b', incarnation), incarnation))
    await bench.settle()
    assert.deepEqual(numbers(b), [])
    await insist(bench, a, b, 9)
  })

  it('TRANSPORT-4 a newer incarnation takes the place of the older one', async (bench) => {
    const [a, old] = [await open(bench, address('a')), await open(bench, address('b', 1))]
    await insist(bench, a, old, 1)
    const young = await open(bench, address('b', 2))
    await insist(bench, a, young, 2)
    a.link.send(envelope(a.self, address('b', 1), 3))
    await bench.settle()
    assert.ok(!numbers(old).includes('t2') && !numbers(old).includes('t3'))
    assert.ok(!numbers(young).includes('t3'))
  })

  it('TRANSPORT-4 the end of an older incarnation does not take the newer one along', async (bench) => {
    const [a, old] = [await open(bench, address('a')), await open(bench, address('b', 1))]
    const young = await open(bench, address('b', 2))
    await old.link.close()
    await insist(bench, a, young, 1)
  })

  it('TRANSPORT-5 a message to nobody is lost without a word', async (bench) => {
    const a = await open(bench, address('a'))
    a.link.send(envelope(a.self, address('nobody'), 1))
    await bench.settle()
    assert.deepEqual(a.heard, [])
  })
}

function examineClosing(it: It<TransportBench>): void {
  it('TRANSPORT-6 nothing is delivered over a closed link', async (bench) => {
    const [a, b] = [await open(bench, address('a')), await open(bench, address('b'))]
    await insist(bench, a, b, 1)
    a.link.send(envelope(a.self, b.self, 2))
    await b.link.close()
    const before = b.heard.length
    a.link.send(envelope(a.self, b.self, 3))
    await bench.settle()
    assert.equal(b.heard.length, before)
  })

  it('TRANSPORT-6 closing twice is closing once, and sending after it is sending into the void', async (bench) => {
    const [a, b] = [await open(bench, address('a')), await open(bench, address('b'))]
    await a.link.close()
    await a.link.close()
    a.link.send(envelope(a.self, b.self, 1))
    await bench.settle()
    assert.deepEqual(b.heard, [])
  })

  it('TRANSPORT-6 a node can be opened again after it was closed', async (bench) => {
    const [a, b] = [await open(bench, address('a')), await open(bench, address('b', 1))]
    await b.link.close()
    const again = await open(bench, address('b', 2))
    await insist(bench, a, again, 1)
    await insist(bench, again, a, 2)
  })
}

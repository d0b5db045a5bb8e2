/**
 * What the transport on NATS promises beyond every transport: who speaks is who the subject names, large frames pass,
 * and a line that is gone comes back.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { headers } from '@nats-io/transport-node'
import type { NatsServer } from '../../lab/nats-server.ts'
import type { Line } from '../../src/host/nats/line.ts'
import type { Notice } from '../../src/host/nats/notice.ts'
import { readPlace } from '../../src/host/nats/place.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import type { Link } from '../../src/host/ports.ts'
import { natsTransport } from '../../src/host/transport/nats.ts'
import { Assembly, cut } from '../../src/host/transport/nats-parts.ts'
import type { Address, AgentId, Envelope, JsonText, NodeId, TaskId } from '../../src/protocol/index.ts'
import { defaultLimits, encode, isRefusal, type Limits } from '../../src/protocol/index.ts'
import { closeFirst, hasNats, lineTo, natsFor, patient } from '../nats.ts'

const subjects = subjectsOf('t')

interface Station {
  readonly self: Address
  readonly link: Link
  readonly heard: Envelope[]
}

function address(id: string, incarnation = 1): Address {
  return { id: id as NodeId, incarnation }
}

async function stationOn(
  line: Line,
  self: Address,
  notices: Notice[],
  more: { limits?: Limits; replaced?: (self: Address) => void } = {},
): Promise<Station> {
  const { limits = defaultLimits, replaced = () => {} } = more
  const tell = (notice: Notice): void => void notices.push(notice)
  const transport = natsTransport({ line, subjects, limits, tell, replaced })
  const heard: Envelope[] = []
  const link = await transport.open(self, (envelope) => void heard.push(envelope))
  return { self, link, heard }
}

interface Pair {
  readonly server: NatsServer
  readonly lines: readonly [Line, Line]
  readonly a: Station
  readonly b: Station
  readonly notices: Notice[]
}

async function pairFor(t: TestContext, limits: Limits = defaultLimits): Promise<Pair> {
  const server = await natsFor(t, ['max_payload: 2KB'])
  const notices: Notice[] = []
  const lines = [await lineTo(server.url, notices), await lineTo(server.url, notices)] as const
  closeFirst(t, () => Promise.all(lines.map((line) => line.close())))
  const a = await stationOn(lines[0], address('a'), notices, { limits })
  const b = await stationOn(lines[1], address('b'), notices, { limits })
  return { server, lines, a, b, notices }
}

/** A word of as many characters as asked for. */
function word(from: Address, to: Address, length: number): Envelope {
  const data = JSON.stringify(randomBytes(length / 2).toString('hex')) as JsonText
  const member = from.id as unknown as AgentId
  return {
    from,
    to,
    message: { kind: 'TASK_UPDATE', task: 't' as TaskId, epoch: 1, member, update: { kind: 'word', data } },
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (holds()) return
    await pause(25)
  }
  assert.fail(`it never came true that ${what}`)
}

test('NATS-1 an address names servers and a network, and hides the password', () => {
  const place = readPlace('nats://ops:s%40cret@one,two:5222/factory')
  assert.ok(!isRefusal(place))
  assert.deepEqual(place.servers, ['nats://one:4222', 'nats://two:5222'])
  assert.deepEqual([place.network, place.user, place.password], ['factory', 'ops', 's@cret'])
  assert.ok(!place.shown.includes('cret'))
  const bare = readPlace('tls://[::1]:4333')
  assert.ok(!isRefusal(bare))
  assert.deepEqual([bare.servers, bare.network, bare.secure], [['tls://[::1]:4333'], 'main', true])
})

test('NATS-1 what is no address, and a network whose name is no id, is refused', () => {
  for (const [where, code] of [
    ['nats://', 'E_RANGE'],
    ['nats://host:99999', 'E_RANGE'],
    ['nats://a b', 'E_RANGE'],
    ['nats://host,', 'E_RANGE'],
    ['nats://host/one/two', 'E_RANGE'],
    ['nats://%zz@host', 'E_RANGE'],
    ['nats://host/a.b', 'E_BAD_ID'],
    ['nats://host/>', 'E_BAD_ID'],
  ] as const) {
    const refusal = readPlace(where)
    assert.ok(isRefusal(refusal), where)
    assert.equal(refusal.code, code, where)
    assert.equal(refusal.field, 'where')
  }
})

test('NATS-3 parts that are missing, doubled, or too many in all make no frame and no memory', () => {
  const frame = randomBytes(1_000)
  const parts = cut(frame, 300, 'x.1')
  assert.equal(parts.length, 4)
  const whole = new Assembly(1_000)
  const answers = parts.map(({ name, bytes }) => whole.add('a', name, bytes))
  assert.deepEqual(answers.slice(0, 3), [undefined, undefined, undefined])
  assert.deepEqual(answers[3], frame)
  for (const order of [[1, 2, 3], [0, 2, 3], [0, 0, 1, 2], [0, 1, 1, 2, 3], [3]]) {
    const assembly = new Assembly(1_000)
    const made = order.map((i) =>
      assembly.add('a', parts[i]?.name ?? '', parts[i]?.bytes ?? new Uint8Array()),
    )
    assert.ok(
      made.every((one) => one === undefined),
      order.join(),
    )
  }
  const small = new Assembly(999)
  assert.ok(parts.every(({ name, bytes }) => small.add('a', name, bytes) === undefined))
  const crowded = new Assembly(1_000)
  for (let i = 0; i < 1_000; i++) crowded.add(`s${i}`, 'x.1/1/2', frame)
  assert.equal(crowded.add('s0', 'x.1/2/2', new Uint8Array()), undefined)
  for (const name of ['', 'x', 'x/0/2', 'x/3/2', 'x/1/2/3', '../1/1/', 'x/1/99999999']) {
    assert.equal(crowded.add('a', name, frame), undefined)
  }
})

if (hasNats('NATS-2 the transport on a real server')) {
  test(
    'NATS-2 whoever speaks as another, or not at all, is not heard, and the next message is',
    patient,
    async (t) => {
      const { lines, a, b, notices } = await pairFor(t)
      const [line] = lines
      const forged = encode(word(address('hub'), b.self, 8))
      line.publish(subjects.to(b.self.id, a.self.id), forged)
      line.publish(subjects.to(b.self.id, a.self.id), '{"v":1')
      line.publish(subjects.to(b.self.id, a.self.id), new Uint8Array([0xff, 0xfe]))
      const odd = headers()
      odd.set('Convoke-Part', 'no part')
      line.publish(subjects.to(b.self.id, a.self.id), 'x', { headers: odd })
      const last = word(a.self, b.self, 8)
      a.link.send(last)
      await until(() => b.heard.length > 0, 'the true message arrives')
      assert.deepEqual(b.heard, [last])
      const dropped = notices.filter(({ code }) => code === 'message-dropped').map(({ text }) => text)
      assert.equal(dropped.length, 3)
      assert.match(dropped[0] ?? '', /"a" sent a message as "hub"/)
      assert.match(dropped[1] ?? '', /E_JSON/)
    },
  )

  test('NATS-2 a receiver that throws does not end the hearing', patient, async (t) => {
    const { lines, a, notices } = await pairFor(t)
    let calls = 0
    const tell = (notice: Notice): void => void notices.push(notice)
    const transport = natsTransport({
      line: lines[1],
      subjects,
      limits: defaultLimits,
      tell,
      replaced: () => {},
    })
    await transport.open(address('c'), () => {
      calls += 1
      throw new Error('a mistake of ours')
    })
    for (let i = 0; i < 3; i++) a.link.send(word(a.self, address('c'), 8))
    await until(() => calls === 3, 'all three are handed over')
    assert.ok(notices.some(({ text }) => text.includes('a mistake of ours')))
  })

  test(
    'NATS-19 what is said at once to nodes of one principal arrives whole and in order',
    patient,
    async (t) => {
      const { lines, a, notices } = await pairFor(t)
      const many = await Promise.all(
        ['crew--1', 'crew--2'].map((id) => stationOn(lines[1], address(id), notices)),
      )
      let messages = 0
      lines[0].subscribe(subjects.allTo('crew' as NodeId), () => {
        messages += 1
      })
      // Small ones share messages of 2 KB; a large one between them overtakes nobody.
      const sent = Array.from({ length: 60 }, (_, i) => {
        const envelope = word(a.self, address(`crew--${1 + (i % 2)}`), i === 31 ? 9_000 : 100)
        a.link.send(envelope)
        return envelope
      })
      await until(() => many.every(({ heard }) => heard.length === 30), 'all arrive')
      for (const { self, heard } of many) {
        assert.deepEqual(
          heard,
          sent.filter(({ to }) => to.id === self.id),
        )
      }
      await lines[0].nats.flush()
      assert.ok(messages < 30, `${messages} messages`)
    },
  )

  test(
    'NATS-2 a frame that cannot be read takes nothing along that shares its message',
    patient,
    async (t) => {
      const { lines, a, b, notices } = await pairFor(t)
      const [first, last] = [word(a.self, b.self, 8), word(a.self, b.self, 10)]
      const text = [encode(first), '{"v":1', encode(word(address('hub'), b.self, 8)), '', encode(last)].join(
        '\n',
      )
      lines[0].publish(subjects.to(b.self.id, a.self.id), text)
      await until(() => b.heard.length === 2, 'both arrive')
      assert.deepEqual(b.heard, [first, last])
      assert.equal(notices.filter(({ code }) => code === 'message-dropped').length, 1)
    },
  )

  test('NATS-3 a frame larger than a message of the server arrives whole', patient, async (t) => {
    const { a, b } = await pairFor(t)
    const sent = [100, 5_000, 200, 300_000, 10].map((length) => word(a.self, b.self, length))
    for (const envelope of sent) a.link.send(envelope)
    await until(() => b.heard.length === sent.length, 'all arrive')
    assert.deepEqual(b.heard, sent)
  })

  test('NATS-3 a frame beyond frameBytesMax is told, and not sent', patient, async (t) => {
    const { a, b, notices } = await pairFor(t, { ...defaultLimits, frameBytesMax: 4_000 })
    a.link.send(word(a.self, b.self, 8_000))
    a.link.send(word(a.self, b.self, 8))
    await until(() => b.heard.length > 0, 'the second arrives')
    assert.equal(b.heard.length, 1)
    const [notice] = notices.filter(({ code }) => code === 'message-dropped')
    assert.match(notice?.text ?? '', /TASK_UPDATE from a to b has \d+ bytes; the limit is 4000/)
  })

  test(
    'NATS-4 a line that is gone comes back by itself, and what was said meanwhile is lost',
    patient,
    async (t) => {
      const { server, lines, a, b, notices } = await pairFor(t)
      await server.kill()
      await until(() => !lines[0].isUp() && !lines[1].isUp(), 'the line is gone')
      for (let i = 0; i < 5; i++) a.link.send(word(a.self, b.self, 8))
      await server.restart()
      await until(() => lines[0].isUp() && lines[1].isUp(), 'the line is back')
      const last = word(a.self, b.self, 8)
      await until(() => {
        a.link.send(last)
        return b.heard.length > 0
      }, 'messages arrive again')
      assert.deepEqual(b.heard[0], last)
      const told = new Set(notices.map(({ code }) => code))
      assert.ok(told.has('disconnected') && told.has('reconnected'))
    },
  )

  test(
    'NATS-5 a life that another one has replaced is told, also when it was away meanwhile',
    patient,
    async (t) => {
      const { lines, notices } = await pairFor(t)
      const replaced: number[] = []
      const watch = { replaced: ({ incarnation }: Address) => void replaced.push(incarnation) }
      const old = await stationOn(lines[0], address('c', 1), notices, watch)
      const young = await stationOn(lines[1], address('c', 2), notices, watch)
      await until(() => replaced.length === 1, 'the older is told')
      // One that opens later with an older number finds out that it is the older.
      await stationOn(lines[0], address('c', 1), notices, watch)
      await until(() => replaced.length === 2, 'the latecomer is told')
      assert.deepEqual(replaced, [1, 1])
      old.link.send(word(old.self, young.self, 8))
      await lines[0].nats.flush()
      await lines[1].nats.flush()
      assert.deepEqual(young.heard, [])
    },
  )
}

/**
 * The door for messages: what was sent comes back, and nothing that arrives can do more than be refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import { envelope, envelopeOf, messageOf } from '../../lab/arbitrary.ts'
import { messageKinds, messageSchemas } from '../../src/protocol/codec/messages.ts'
import { decode, encode, frameDepthMax, wireVersion } from '../../src/protocol/codec.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import { isRefusal, type Refusal, refusalCodes } from '../../src/protocol/refusal.ts'

const bytes = new TextEncoder()

function refused(frame: string | Uint8Array, limits = defaultLimits): Refusal {
  const refusal = decode(frame, limits)
  assert.ok(isRefusal(refusal), `accepted: ${String(frame).slice(0, 200)}`)
  assert.ok(refusalCodes.includes(refusal.code))
  assert.ok(refusal.message.length < 400, refusal.message)
  return refusal
}

for (const kind of messageKinds) {
  test(`CODEC-1 a ${kind} comes back as it was sent, as text and as bytes`, () => {
    fc.assert(
      fc.property(envelopeOf(messageOf(kind)), (sent) => {
        const text = encode(sent)
        assert.deepEqual(decode(text, defaultLimits), sent)
        assert.deepEqual(decode(bytes.encode(text), defaultLimits), sent)
      }),
      { numRuns: 100 },
    )
  })
}

test('CODEC-1 half a character is sent as U+FFFD, and text that only looks like one as it is', () => {
  const sent = (reason: string): Envelope => ({
    ...frameOf({ kind: 'AGENT_LEAVE', reason }),
  })
  const back = (reason: string): unknown => decode(encode(sent(reason)), defaultLimits)
  assert.deepEqual(back('a\ud800b \udc00'), sent('a\ufffdb \ufffd'))
  assert.deepEqual(back('\\ud800 \ud83d\ude00'), sent('\\ud800 \ud83d\ude00'))
})

test('CODEC-2 decode never throws, whatever text arrives', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.string({ unit: 'grapheme' }),
  )
  fc.assert(
    fc.property(texts, (text) => void refused(text)),
    { numRuns: 5000 },
  )
})

test('CODEC-2 decode never throws, whatever bytes arrive', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (frame) => void refused(frame)),
    { numRuns: 5000 },
  )
})

/** A valid frame with some of its characters cut, doubled or replaced. */
const broken = fc
  .tuple(
    envelope.map(encode),
    fc.array(fc.tuple(fc.nat(), fc.nat(8), fc.oneof(fc.constantFrom(...'{}[]",:\\u0-1e'), fc.string())), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([text, cuts]) => {
    let result = text
    for (const [at, length, put] of cuts) {
      const start = at % (result.length + 1)
      result = result.slice(0, start) + put + result.slice(start + length)
    }
    return result
  })

test('CODEC-2 a broken frame is refused, or it is a valid one', () => {
  let valid = 0
  fc.assert(
    fc.property(broken, (text) => {
      const result = decode(text, defaultLimits)
      if (isRefusal(result)) return
      valid += 1
      assert.deepEqual(decode(encode(result), defaultLimits), result)
    }),
    { numRuns: 5000 },
  )
  assert.ok(valid < 5000)
})

/** Every value in a frame, with the path to it. */
function* places(
  value: unknown,
  path: readonly (string | number)[] = [],
): Generator<readonly (string | number)[]> {
  if (path.length > 0) yield path
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value))
    yield* places(inner, [...path, Array.isArray(value) ? +key : key])
}

function put(value: unknown, path: readonly (string | number)[], replacement: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return replacement
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >
  if (rest.length === 0 && replacement === undefined) delete copy[step]
  else copy[step] = put(copy[step], rest, replacement)
  return copy
}

const strange = fc.constantFrom<unknown>(
  undefined,
  null,
  true,
  -1,
  0.5,
  1e300,
  '',
  ' ',
  'x y',
  '__proto__',
  [],
  {},
  [null],
)

test('CODEC-3 a value of the wrong kind in any place is refused, naming a path', () => {
  let refusals = 0
  fc.assert(
    fc.property(envelope, fc.nat(), strange, (sent, at, replacement) => {
      const frame = { v: wireVersion, ...sent }
      const all = [...places(frame)]
      const path = all[at % all.length] ?? []
      const result = decode(JSON.stringify(put(frame, path, replacement)), defaultLimits)
      if (!isRefusal(result)) return
      refusals += 1
      assert.ok(result.field !== undefined || path[0] === 'v', `${result.code} ${result.message}`)
    }),
    { numRuns: 5000 },
  )
  assert.ok(refusals > 2500, `only ${refusals} of 5000`)
})

function frameOf(message: object): Envelope {
  const parts = { from: { id: 'ada', incarnation: 1 }, to: { id: 'hub', incarnation: 0 }, message }
  return parts as unknown as Envelope
}

/** A frame with one message in it, as text. */
function frame(message: object): string {
  return JSON.stringify({ v: wireVersion, ...frameOf(message) })
}

const task = {
  id: 't',
  description: 'd',
  payload: 'null',
  metadata: 'null',
  requires: [{ skill: 'a', level: 'novice', count: 1 }],
  optional: [],
  priority: 'normal',
  maxGroupSize: 1,
  minMembers: 1,
  dependsOn: [],
  verify: { by: 'trust' },
  startBy: 'hub',
  maxAttempts: 1,
  workSilenceMs: 1,
  exclude: [],
  depth: 0,
}
const announce = (change: object): string => frame({ kind: 'TASK_ANNOUNCE', task: { ...task, ...change } })
const accepted = '"kind":"TASK_ACCEPTED","task":"t"'
const raw = (message: string, v = '1'): string =>
  `{"v":${v},"from":{"id":"ada","incarnation":1},"to":{"id":"hub","incarnation":0},"message":{${message}}}`

test('CODEC-3 the frames that the table of bad ones is made from are good', () => {
  assert.ok(!isRefusal(decode(announce({}), defaultLimits)))
  assert.ok(!isRefusal(decode(raw(accepted), defaultLimits)))
})

/** What is wrong, the frame, the code, the field. */
const bad: readonly (readonly [what: string, frame: string | Uint8Array, code: string, field?: string])[] = [
  ['an empty frame', '', 'E_JSON'],
  ['zero bytes', new Uint8Array(0), 'E_JSON'],
  ['blanks', ' \n', 'E_JSON'],
  ['no JSON', '{bad', 'E_JSON'],
  ['a cut frame', raw(accepted).slice(0, -1), 'E_JSON'],
  ['two frames', raw(accepted) + raw(accepted), 'E_JSON'],
  ['invalid UTF-8', Uint8Array.of(0x22, 0xc3, 0x28, 0x22), 'E_JSON'],
  ['a cut character', bytes.encode('"ä"').slice(0, 2), 'E_JSON'],
  ['a byte order mark', bytes.encode(`\ufeff${raw(accepted)}`), 'E_JSON'],
  ['a surrogate as a character', raw(`"kind":"AGENT_LEAVE","reason":"\ud800"`), 'E_JSON'],
  ['a high surrogate as an escape', raw('"kind":"AGENT_LEAVE","reason":"\\ud800"'), 'E_JSON'],
  ['a low surrogate as an escape', raw('"kind":"AGENT_LEAVE","reason":"x\\udfffx"'), 'E_JSON'],
  ['two high surrogates', raw('"kind":"AGENT_LEAVE","reason":"\\ud800\\ud800"'), 'E_JSON'],
  ['a list', '[]', 'E_TYPE'],
  ['null', 'null', 'E_TYPE'],
  ['a number', '5', 'E_TYPE'],
  ['no version', '{}', 'E_VERSION', 'v'],
  ['another version', raw(accepted, '99'), 'E_VERSION', 'v'],
  ['a version in words', raw(accepted, '"1"'), 'E_VERSION', 'v'],
  ['no message', '{"v":1,"from":{},"to":{}}', 'E_MISSING_FIELD', 'message'],
  ['no kind', raw(''), 'E_MISSING_FIELD', 'message.kind'],
  ['a kind that is no text', raw('"kind":{}'), 'E_TYPE', 'message.kind'],
  ['an unknown kind', raw('"kind":"TASK_ANOUNCE"'), 'E_UNKNOWN_KIND', 'message.kind'],
  ['a kind of the prototype', raw('"kind":"constructor"'), 'E_UNKNOWN_KIND', 'message.kind'],
  ['an unknown field', raw(`${accepted},"extra":1`), 'E_UNKNOWN_FIELD', 'message.extra'],
  ['an unknown field outside', raw(accepted).replace('"v":1', '"v":1,"w":1'), 'E_UNKNOWN_FIELD', 'w'],
  ['a missing field', raw('"kind":"TASK_ACCEPTED"'), 'E_MISSING_FIELD', 'message.task'],
  ['null for an optional field', announce({ budget: null }), 'E_TYPE', 'message.task.budget'],
  ['__proto__', raw(`${accepted},"__proto__":{"isAdmin":true}`), 'E_UNKNOWN_FIELD'],
  ['__proto__ in escapes', raw(`${accepted},"\\u005f_proto__":{"isAdmin":true}`), 'E_UNKNOWN_FIELD'],
  ['constructor', raw(`${accepted},"constructor":{"prototype":{}}`), 'E_UNKNOWN_FIELD'],
  ['a field twice', raw(`${accepted},"task":"u"`), 'E_JSON'],
  ['a field twice, once in escapes', raw(`${accepted},"t\\u0061sk":"u"`), 'E_UNKNOWN_FIELD'],
  ['a bad id', raw('"kind":"TASK_ACCEPTED","task":"a.b"'), 'E_BAD_ID', 'message.task'],
  ['a priority with a blank', announce({ priority: 'high ' }), 'E_BAD_PRIORITY', 'message.task.priority'],
  ['a priority in capitals', announce({ priority: 'HIGH' }), 'E_BAD_PRIORITY', 'message.task.priority'],
  ['a number in words', announce({ depth: '1' }), 'E_TYPE', 'message.task.depth'],
  ['half a depth', announce({ depth: 0.5 }), 'E_RANGE', 'message.task.depth'],
  ['a negative depth', announce({ depth: -1 }), 'E_RANGE', 'message.task.depth'],
  ['1e400', announce({ depth: 7 }).replace('"depth":7', '"depth":1e400'), 'E_RANGE', 'message.task.depth'],
  [
    '1e400 for a price',
    announce({ budget: 7 }).replace('"budget":7', '"budget":1e400'),
    'E_RANGE',
    'message.task.budget',
  ],
  [
    'a number beyond the safe ones',
    announce({ depth: 7 }).replace('"depth":7', '"depth":9007199254740993'),
    'E_RANGE',
    'message.task.depth',
  ],
  ['-0', announce({ depth: 7 }).replace('"depth":7', '"depth":-0'), 'E_RANGE', 'message.task.depth'],
  ['a payload that is no JSON', announce({ payload: '{bad' }), 'E_JSON', 'message.task.payload'],
  ['a payload that is empty', announce({ payload: '' }), 'E_JSON', 'message.task.payload'],
  ['a payload that is no text', announce({ payload: {} }), 'E_TYPE', 'message.task.payload'],
  [
    'a long payload',
    announce({ payload: `"${'x'.repeat(1_048_576)}"` }),
    'E_TOO_LARGE',
    'message.task.payload',
  ],
  [
    'a long description',
    announce({ description: 'x'.repeat(8193) }),
    'E_TOO_LARGE',
    'message.task.description',
  ],
  [
    'too many dependencies',
    announce({ dependsOn: Array(257).fill('a') }),
    'E_RANGE',
    'message.task.dependsOn',
  ],
  [
    'too many skills',
    announce({ requires: Array(33).fill(task.requires[0]) }),
    'E_RANGE',
    'message.task.requires',
  ],
  ['an unknown verification', announce({ verify: { by: 'me' } }), 'E_UNKNOWN_KIND', 'message.task.verify.by'],
  [
    'an unknown level word',
    announce({ requires: [{ skill: 'a', level: 5, count: 1 }] }),
    'E_TYPE',
    'message.task.requires[0].level',
  ],
  ['a text beyond the frame', raw(accepted) + ' '.repeat(defaultLimits.frameBytesMax), 'E_TOO_LARGE'],
  ['bytes beyond the frame', new Uint8Array(defaultLimits.frameBytesMax + 1), 'E_TOO_LARGE'],
]

test('CODEC-3 each bad frame is refused with its code and its field', () => {
  for (const [what, text, code, field] of bad) {
    const refusal = refused(text)
    assert.equal(refusal.code, code, `${what}: ${refusal.code} ${refusal.message}`)
    if (field !== undefined) assert.equal(refusal.field, field, `${what}: ${refusal.message}`)
  }
  assert.equal(Reflect.get({}, 'isAdmin'), undefined)
})

test('CODEC-3 an id that could reach into a subject, a path or a prototype is refused wherever it stands', () => {
  for (const id of [
    '',
    'a.b',
    'a b',
    '*',
    '>',
    '..',
    '__proto__',
    'constructor',
    'агент',
    'a\u202eb',
    'x'.repeat(5000),
  ]) {
    const text = JSON.stringify({
      v: 1,
      ...frameOf({ kind: 'TASK_ACCEPTED', task: 't' }),
      from: { id, incarnation: 1 },
    })
    for (const [frame, field] of [
      [raw(`"kind":"TASK_ACCEPTED","task":${JSON.stringify(id)}`), 'message.task'],
      [text, 'from.id'],
    ] as const) {
      const refusal = refused(frame)
      assert.equal(refusal.code, 'E_BAD_ID', `${JSON.stringify(id).slice(0, 80)}: ${refusal.message}`)
      assert.equal(refusal.field, field)
    }
  }
})

test('CODEC-4 deep nesting is refused before it is parsed', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  assert.equal(refused(nested(100_000)).code, 'E_DEPTH')
  assert.equal(refused('{"a":'.repeat(100_000)).code, 'E_DEPTH')
  assert.equal(refused(nested(frameDepthMax + 1)).code, 'E_DEPTH')
  assert.equal(refused(nested(frameDepthMax)).code, 'E_TYPE')
  const text = raw(`"kind":"AGENT_LEAVE","reason":${JSON.stringify(nested(100_000))}`)
  assert.ok(!isRefusal(decode(text, defaultLimits)), 'brackets in a text are no nesting')
})

test('CODEC-4 a payload may nest deeper than a frame', () => {
  const payload = '['.repeat(1000) + ']'.repeat(1000)
  assert.ok(!isRefusal(decode(announce({ payload }), defaultLimits)))
})

test('CODEC-5 the limits of the network are the limits of its frames', () => {
  const small = { ...defaultLimits, payloadBytesMax: 4, dependenciesMax: 1 }
  assert.ok(!isRefusal(decode(announce({ dependsOn: ['a'] }), small)))
  assert.equal(refused(announce({ dependsOn: ['a', 'b'] }), small).code, 'E_RANGE')
  assert.equal(refused(announce({ payload: '"xyz"' }), small).code, 'E_TOO_LARGE')
  assert.equal(refused(raw(accepted), { ...defaultLimits, frameBytesMax: 50 }).code, 'E_TOO_LARGE')
})

test('CODEC-3 a refusal prints on one line, whatever was sent', () => {
  const nasty = '\u001b[31m\r\n\u202e\u2028'
  for (const frame of [
    raw(`"kind":${JSON.stringify(nasty)}`),
    raw(`${accepted},${JSON.stringify(nasty)}:1`),
    raw(`"kind":"TASK_ACCEPTED","task":${JSON.stringify(nasty)}`),
    nasty,
  ]) {
    const { message, field } = refused(frame)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(`${message}${field}`, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/)
  }
})

test('CODEC-1 every field of every kind is generated, and every schema can be written as JSON Schema', () => {
  const schemas = messageSchemas(defaultLimits)
  for (const kind of messageKinds) {
    const { properties } = z.toJSONSchema(schemas[kind]) as { properties: Record<string, unknown> }
    const seen = new Set(fc.sample(messageOf(kind), 60).flatMap((message) => Object.keys(message)))
    assert.deepEqual([...seen].sort(), Object.keys(properties).sort(), kind)
  }
})

test('FAULT-10 a sender without an incarnation is refused, since its answer would reach whichever lives', () => {
  const from = { id: 'ada', incarnation: 0 }
  const to = { id: 'hub', incarnation: 0 }
  const frame = { v: wireVersion, from, to, message: { kind: 'AGENT_LEAVE', reason: '' } }
  const { code, field } = refused(JSON.stringify(frame))
  assert.deepEqual({ code, field }, { code: 'E_RANGE', field: 'from.incarnation' })
  assert.ok(
    !isRefusal(decode(JSON.stringify({ ...frame, from: { id: 'ada', incarnation: 1 } }), defaultLimits)),
  )
})

test('FAULT-13 a frame full of wrong items costs no more than one of right ones', () => {
  const from = { id: 'ada', incarnation: 1 }
  const wrong = Array.from({ length: 200_000 }, () => ({}))
  const lists: readonly object[] = [
    { kind: 'HUB_TELL', request: 1, agents: [], waits: [], considered: wrong },
    { kind: 'HUB_TELL', request: 1, agents: wrong, waits: [], considered: [] },
    { kind: 'AGENT_HEARTBEAT', busy: 0, working: wrong },
    { kind: 'TASK_COMPLETE', task: 'a', epoch: 1, results: wrong },
    { kind: 'GROUP_FORMED', task: 'a', epoch: 1, members: wrong },
  ]
  for (const message of lists) {
    const frame = JSON.stringify({ v: wireVersion, from, to: from, message })
    const startedAt = performance.now()
    refused(frame)
    // A complaint for each item took 20 seconds; one takes a few milliseconds.
    assert.ok(performance.now() - startedAt < 3_000, `${frame.slice(0, 120)} …`)
  }
})

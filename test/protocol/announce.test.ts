/**
 * The door for announcements: what is refused, with which code, naming which field; and what the defaults are.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnnouncementContext, checkAnnouncement, checkTask } from '../../src/protocol/announce.ts'
import { isId, type TaskId } from '../../src/protocol/id.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import { isRefusal, type Refusal } from '../../src/protocol/refusal.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { TaskAnnouncement } from '../../src/protocol/task.ts'

const context: AnnouncementContext = { id: 't-1' as TaskId, limits: defaultLimits, levels: defaultLevels }
const good = { description: 'Clean the table', requires: [{ skill: 'cleaning' }] }

function accepted(given: unknown, around: AnnouncementContext = context): TaskAnnouncement {
  const task = checkAnnouncement(given, around)
  if (isRefusal(task)) assert.fail(`refused: ${task.code} ${task.message}`)
  return task
}

function refused(given: unknown, around: AnnouncementContext = context): Refusal {
  const refusal = checkAnnouncement(given, around)
  assert.ok(isRefusal(refusal), `accepted: ${JSON.stringify(refusal)}`)
  return refusal
}

test('ANN-1 what is left out has a default', () => {
  assert.deepEqual(accepted(good), {
    id: 't-1',
    description: 'Clean the table',
    payload: 'null',
    metadata: 'null',
    requires: [{ skill: 'cleaning', level: 'novice', count: 1 }],
    optional: [],
    priority: 'normal',
    maxGroupSize: defaultLimits.groupSizeMax,
    minMembers: 1,
    dependsOn: [],
    verify: { by: 'trust' },
    startBy: 'hub',
    maxAttempts: defaultLimits.maxAttempts,
    workSilenceMs: defaultLimits.workSilenceMs,
    exclude: [],
    depth: 0,
  })
})

test('ANN-1 what is said is kept', () => {
  const given = {
    ...good,
    id: 'mine',
    payload: { rows: [1, 2, null] },
    metadata: 'x',
    requires: [{ skill: 'a', level: 'expert', count: 3 }],
    optional: [{ skill: 'b' }],
    priority: 'critical',
    deadlineMs: 1,
    expectedMs: 2,
    project: 'churn',
    maxGroupSize: 4,
    minMembers: 2,
    dependsOn: ['t-0', 't-9'],
    budget: 2.5,
    verify: { skill: 'judging', level: 'advanced' },
    startBy: 'initiator',
    maxAttempts: 1,
    workSilenceMs: 5,
    exclude: ['ada'],
  }
  const parent = { task: 'p' as TaskId, depth: 2 }
  assert.deepEqual(accepted(given, { ...context, parent }), {
    ...given,
    payload: '{"rows":[1,2,null]}',
    metadata: '"x"',
    optional: [{ skill: 'b', level: 'novice', count: 1 }],
    verify: { by: 'agent', skill: 'judging', level: 'advanced' },
    parent: 'p',
    depth: 3,
  })
  assert.deepEqual(accepted({ ...good, verify: 'initiator' }).verify, { by: 'initiator' })
  assert.deepEqual(accepted({ ...good, verify: { skill: 'j' } }).verify, {
    by: 'agent',
    skill: 'j',
    level: 'novice',
  })
  assert.deepEqual(accepted({ ...good, priority: undefined, payload: undefined }), accepted(good))
})

test('ANN-1 the lowest level of the network is the default, whatever its name', () => {
  const task = accepted({ ...good, requires: [{ skill: 'a' }] }, { ...context, levels: ['bronze', 'gold'] })
  assert.equal(task.requires[0]?.level, 'bronze')
})

const cycle = {}
Object.assign(cycle, { itself: cycle })
const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `t-${n}`)
const need = { skill: 'a' }

/** What is changed in a good announcement, the code, the field. */
const bad: readonly (readonly [change: object, code: string, field: string | undefined])[] = [
  [{ description: undefined }, 'E_MISSING_FIELD', 'description'],
  [{ description: '' }, 'E_MISSING_FIELD', 'description'],
  [{ description: ' \n\t' }, 'E_MISSING_FIELD', 'description'],
  [{ description: 5 }, 'E_TYPE', 'description'],
  [{ description: 'x'.repeat(8193) }, 'E_TOO_LARGE', 'description'],
  [{ description: 'half \ud83d' }, 'E_JSON', 'description'],
  [{ requires: undefined }, 'E_NO_REQUIREMENTS', 'requires'],
  [{ requires: [] }, 'E_NO_REQUIREMENTS', 'requires'],
  [{ requires: 'cleaning' }, 'E_TYPE', 'requires'],
  [{ requires: { skill: 'a' } }, 'E_TYPE', 'requires'],
  [{ requires: ['cleaning'] }, 'E_TYPE', 'requires[0]'],
  [{ requires: [need, null] }, 'E_TYPE', 'requires[1]'],
  [{ requires: new Array(1) }, 'E_MISSING_FIELD', 'requires[0]'],
  [{ requires: [{}] }, 'E_MISSING_FIELD', 'requires[0].skill'],
  [{ requires: [{ skill: 'a.b' }] }, 'E_BAD_ID', 'requires[0].skill'],
  [{ requires: [need, need] }, 'E_DUPLICATE_SKILL', 'requires'],
  [{ requires: [need], optional: [need] }, 'E_DUPLICATE_SKILL', 'optional'],
  [{ optional: [need, need] }, 'E_DUPLICATE_SKILL', 'optional'],
  [{ requires: [{ skill: 'a', level: 'GURU' }] }, 'E_BAD_LEVEL', 'requires[0].level'],
  [{ optional: [{ skill: 'b', level: 'Expert' }] }, 'E_BAD_LEVEL', 'optional[0].level'],
  [{ requires: [{ skill: 'a', count: 0 }] }, 'E_RANGE', 'requires[0].count'],
  [{ requires: [{ skill: 'a', count: 1.5 }] }, 'E_RANGE', 'requires[0].count'],
  [{ requires: [{ skill: 'a', count: 65 }] }, 'E_RANGE', 'requires[0].count'],
  [{ requires: [{ skill: 'a', levle: 'expert' }] }, 'E_UNKNOWN_FIELD', 'requires[0].levle'],
  [{ requires: many(33).map((skill) => ({ skill })) }, 'E_RANGE', 'requires'],
  [
    { requires: many(20).map((skill) => ({ skill })), optional: many(20).map((id) => ({ skill: `o${id}` })) },
    'E_RANGE',
    'optional',
  ],
  [{ priority: 'urgent' }, 'E_BAD_PRIORITY', 'priority'],
  [{ priority: 'HIGH ' }, 'E_BAD_PRIORITY', 'priority'],
  [{ priority: 3 }, 'E_BAD_PRIORITY', 'priority'],
  [{ deadlineMs: 0 }, 'E_DEADLINE_PAST', 'deadlineMs'],
  [{ deadlineMs: -1 }, 'E_DEADLINE_PAST', 'deadlineMs'],
  [{ deadlineMs: Number.NaN }, 'E_RANGE', 'deadlineMs'],
  [{ deadlineMs: 1.5 }, 'E_RANGE', 'deadlineMs'],
  [{ deadlineMs: Number.POSITIVE_INFINITY }, 'E_RANGE', 'deadlineMs'],
  [{ deadlineMs: 9007199254740992 }, 'E_RANGE', 'deadlineMs'],
  [{ deadlineMs: Number.MAX_SAFE_INTEGER }, 'E_RANGE', 'deadlineMs'],
  [{ deadlineMs: '1000' }, 'E_TYPE', 'deadlineMs'],
  [{ deadlineMs: new Date(0) }, 'E_TYPE', 'deadlineMs'],
  [{ deadlineMs: 5n }, 'E_TYPE', 'deadlineMs'],
  [{ expectedMs: 0 }, 'E_RANGE', 'expectedMs'],
  [{ expectedMs: 1.5 }, 'E_RANGE', 'expectedMs'],
  [{ expectedMs: Number.MAX_SAFE_INTEGER }, 'E_RANGE', 'expectedMs'],
  [{ expectedMs: '1m' }, 'E_TYPE', 'expectedMs'],
  [{ project: 'a b' }, 'E_BAD_ID', 'project'],
  [{ project: '' }, 'E_BAD_ID', 'project'],
  [{ project: 7 }, 'E_TYPE', 'project'],
  [{ maxGroupSize: 0 }, 'E_RANGE', 'maxGroupSize'],
  [{ maxGroupSize: -1 }, 'E_RANGE', 'maxGroupSize'],
  [{ maxGroupSize: 3.5 }, 'E_RANGE', 'maxGroupSize'],
  [{ maxGroupSize: 1e9 }, 'E_RANGE', 'maxGroupSize'],
  [{ maxGroupSize: Number.NaN }, 'E_RANGE', 'maxGroupSize'],
  [{ maxGroupSize: 2, requires: [{ skill: 'a', count: 3 }] }, 'E_GROUP_TOO_SMALL', 'maxGroupSize'],
  [{ maxGroupSize: 2, minMembers: 3 }, 'E_GROUP_TOO_SMALL', 'maxGroupSize'],
  [{ minMembers: 0 }, 'E_RANGE', 'minMembers'],
  [{ minMembers: '2' }, 'E_TYPE', 'minMembers'],
  [{ dependsOn: 't-0' }, 'E_TYPE', 'dependsOn'],
  [{ dependsOn: ['t-0', 't-1'] }, 'E_DEPENDENCY_CYCLE', 'dependsOn[1]'],
  [{ id: 'me', dependsOn: ['me'] }, 'E_DEPENDENCY_CYCLE', 'dependsOn[0]'],
  [{ dependsOn: ['a', 'a'] }, 'E_RANGE', 'dependsOn[1]'],
  [{ dependsOn: many(257) }, 'E_RANGE', 'dependsOn'],
  [{ dependsOn: [{ id: 't-0' }] }, 'E_BAD_ID', 'dependsOn[0]'],
  [{ dependsOn: [cycle] }, 'E_BAD_ID', 'dependsOn[0]'],
  [{ exclude: ['a b'] }, 'E_BAD_ID', 'exclude[0]'],
  [{ budget: -1 }, 'E_RANGE', 'budget'],
  [{ budget: Number.NaN }, 'E_RANGE', 'budget'],
  [{ budget: '5' }, 'E_TYPE', 'budget'],
  [{ verify: 'me' }, 'E_TYPE', 'verify'],
  [{ verify: null }, 'E_TYPE', 'verify'],
  [{ verify: () => true }, 'E_TYPE', 'verify'],
  [{ verify: {} }, 'E_MISSING_FIELD', 'verify.skill'],
  [{ verify: { skill: '*' } }, 'E_BAD_ID', 'verify.skill'],
  [{ verify: { skill: 'j', level: 'x' } }, 'E_BAD_LEVEL', 'verify.level'],
  [{ startBy: 'me' }, 'E_TYPE', 'startBy'],
  [{ maxAttempts: 0 }, 'E_RANGE', 'maxAttempts'],
  [{ maxAttempts: 1001 }, 'E_RANGE', 'maxAttempts'],
  [{ workSilenceMs: 0 }, 'E_RANGE', 'workSilenceMs'],
  [{ payload: cycle }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: { n: 1n } }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: () => 1 }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: Symbol('x') }, 'E_NOT_SERIALISABLE', 'payload'],
  [{ payload: 'x'.repeat(1_048_576) }, 'E_TOO_LARGE', 'payload'],
  [{ metadata: cycle }, 'E_NOT_SERIALISABLE', 'metadata'],
  [{ pirority: 'high' }, 'E_UNKNOWN_FIELD', 'pirority'],
  [JSON.parse('{"__proto__":{"isAdmin":true}}') as object, 'E_UNKNOWN_FIELD', '__proto__'],
  [{ constructor: { prototype: {} } }, 'E_UNKNOWN_FIELD', 'constructor'],
]

test('ANN-2 each mistake is refused with its code and its field', () => {
  for (const [change, code, field] of bad) {
    const given: Record<string, unknown> = { ...good }
    for (const [key, value] of Object.entries(change)) {
      Object.defineProperty(given, key, { value, enumerable: true, configurable: true })
    }
    const refusal = refused(given)
    const what = `${Object.keys(change).join()} → ${refusal.code} ${refusal.message}`
    assert.equal(refusal.code, code, what)
    assert.equal(refusal.field, field, what)
    assert.ok(refusal.message.length < 400 && !refusal.message.includes('\n'), what)
  }
  assert.equal(Reflect.get({}, 'isAdmin'), undefined)
})

test('ANN-2 what is no object is refused', () => {
  for (const given of [undefined, null, 'x', 5, [], [good], () => good]) {
    assert.ok(['E_TYPE', 'E_MISSING_FIELD'].includes(refused(given).code), String(given))
  }
})

test('ANN-2 the message quotes the value and lists what is known', () => {
  assert.match(
    refused({ ...good, requires: [{ skill: 'a', level: 'GURU' }] }).message,
    /"GURU".*novice, intermediate/,
  )
  assert.match(refused({ ...good, maxGroupSize: 3.5 }).message, /maxGroupSize .* 1 to 64, got 3\.5/)
  assert.equal(refused({ ...good, pirority: 'high' }).hint, 'Did you mean "priority"?')
  assert.equal(refused({ ...good, dependson: [] }).hint, 'Did you mean "dependsOn"?')
  assert.match(refused({ ...good, zzzzzz: 1 }).hint ?? '', /^Known are: id, description/)
  assert.match(refused({ ...good, '\u001b[31m\r\nx': 1 }).message, /^an unknown field "\\u001b\[31m\\r\\nx"$/)
  assert.equal(refused({ ...good, '\u001b[31m': 1 }).field, '"\\u001b[31m"')
})

const badIds = [
  '',
  'a.b',
  'a b',
  '*',
  '>',
  '..',
  'a/b',
  '__proto__',
  'constructor',
  'агент',
  'a\u202eb',
  'a\n',
]

test('ANN-3 an id that could reach into a subject, a path or a prototype is refused', () => {
  for (const id of [...badIds, 'x'.repeat(65), 'x'.repeat(5000)]) {
    for (const given of [
      { ...good, id },
      { ...good, requires: [{ skill: id }] },
      { ...good, dependsOn: [id] },
      { ...good, exclude: [id] },
    ]) {
      const refusal = refused(given)
      assert.equal(refusal.code, 'E_BAD_ID', JSON.stringify(id))
      assert.ok(refusal.message.length < 200)
    }
  }
  assert.equal(accepted({ ...good, id: 'x'.repeat(64) }).id.length, 64)
})

test('ANN-4 sub-tasks of sub-tasks end at the limit', () => {
  const at = (depth: number): AnnouncementContext => ({ ...context, parent: { task: 'p' as TaskId, depth } })
  assert.equal(accepted(good, at(defaultLimits.depthMax - 1)).depth, defaultLimits.depthMax)
  assert.equal(refused(good, at(defaultLimits.depthMax)).code, 'E_DEPTH_LIMIT')
})

test('ANN-6 nobody announces a check of a claim but the hub itself', () => {
  const task = accepted(good)
  assert.equal(checkTask(task, defaultLimits, defaultLevels), undefined)
  const forged = { ...task, verifies: { task: 'other' as TaskId, epoch: 1 } }
  assert.equal(checkTask(forged, defaultLimits, defaultLevels)?.field, 'verifies')
  assert.equal(refused({ ...good, verifies: forged.verifies }).field, 'verifies')
})

test('ANN-7 weights, inclusion and spares that cannot be meant are refused by field', () => {
  const [first] = good.requires
  const wrong: readonly (readonly [change: object, code: string, field: string])[] = [
    [{ requires: [{ ...first, weight: 1 }] }, 'E_UNKNOWN_FIELD', 'requires[0].weight'],
    [{ optional: [{ skill: 'z', weight: 0 }] }, 'E_RANGE', 'optional[0].weight'],
    [{ optional: [{ skill: 'z', weight: 1001 }] }, 'E_RANGE', 'optional[0].weight'],
    [{ optional: [{ skill: 'z', weight: Number.NaN }] }, 'E_RANGE', 'optional[0].weight'],
    [{ include: ['a.b'] }, 'E_BAD_ID', 'include[0]'],
    [{ include: ['ada', 'ada'] }, 'E_RANGE', 'include[1]'],
    [{ include: ['bob', 'ada'], exclude: ['ada'] }, 'E_RANGE', 'include[1]'],
    [{ include: ['ada', 'bob'], maxGroupSize: 1 }, 'E_GROUP_TOO_SMALL', 'maxGroupSize'],
    [{ include: ['ada', 'bob'], requires: [{ skill: 'x' }] }, 'E_RANGE', 'include'],
    [
      { minMembers: 4, requires: [{ skill: 'x', count: 2 }], optional: [{ skill: 'z' }] },
      'E_RANGE',
      'minMembers',
    ],
    [{ spares: -1 }, 'E_RANGE', 'spares'],
    [{ spares: 0.5 }, 'E_RANGE', 'spares'],
    [{ spares: 2, maxGroupSize: 2 }, 'E_GROUP_TOO_SMALL', 'maxGroupSize'],
  ]
  for (const [change, code, field] of wrong) {
    const refusal = refused({ ...good, ...change })
    assert.deepEqual([refusal.code, refusal.field], [code, field], JSON.stringify(change))
  }
  const right = { optional: [{ skill: 'z', weight: 0.5 }], include: ['ada'], spares: 1, maxGroupSize: 2 }
  const task = accepted({ ...good, ...right })
  assert.equal(task.optional[0]?.weight, 0.5)
  assert.deepEqual([task.include, task.spares], [['ada'], 1])
})

test('ANN-5 an announcement that the door lets pass is accepted again by whoever receives it', () => {
  const name = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
    fc.string({ maxLength: 3 }),
  )
  const whole = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 64 }) }, fc.integer(), fc.double())
  const requirement = fc.record(
    { skill: name, level: fc.constantFrom(...defaultLevels), count: whole },
    { requiredKeys: ['skill'] },
  )
  const anything = fc.record(
    {
      description: fc.string({ unit: 'binary' }),
      payload: fc.anything(),
      requires: fc.array(requirement, { maxLength: 3 }),
      maxGroupSize: whole,
      deadlineMs: whole,
      dependsOn: fc.array(name, { maxLength: 3 }),
      verify: fc.oneof(fc.constant('initiator'), fc.record({ skill: name })),
    },
    { requiredKeys: ['description', 'requires'] },
  )
  let passed = 0
  fc.assert(
    fc.property(anything, (given) => {
      const task = checkAnnouncement(given, context)
      if (isRefusal(task)) return
      passed += 1
      assert.equal(checkTask(task, defaultLimits, defaultLevels), undefined)
      assert.ok(task.requires.every(({ skill }) => isId(skill)))
      JSON.parse(task.payload)
    }),
    { numRuns: 3000 },
  )
  assert.ok(passed > 100, `only ${passed} passed`)
})

test('ANN-2 no value at all makes the door throw', () => {
  const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })
  const fields = Object.keys(accepted(good))
  fc.assert(
    fc.property(fc.constantFrom(...fields, 'verify', 'budget', 'deadlineMs'), value, (field, given) => {
      checkAnnouncement({ ...good, [field]: given }, context)
      checkAnnouncement(given, context)
    }),
    { numRuns: 3000 },
  )
})

/**
 * Every door under hostile inputs, in short, with a fixed seed; and proof that a failure would be found and could
 * be played again.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Given, givenOf } from '../../lab/experiment.ts'
import { frameOf, knock } from '../../lab/fuzz/door.ts'
import { fuzz } from '../../lab/fuzz/experiment.ts'
import { attempt, isPolluted, newTally } from '../../lab/fuzz/tally.ts'
import { fuzzWorld } from '../../lab/fuzz/worlds.ts'

interface Report {
  readonly inputs: number
  readonly crashes: number
  readonly unhandled: number
  readonly refusals: Readonly<Record<string, number>>
  readonly pollutedPrototype: boolean
  readonly othersAnnounced: number
  readonly othersCompleted: number
}

async function run(
  options: Readonly<Record<string, string>>,
): Promise<{ report: Report; broken: readonly string[] }> {
  const { report, broken } = await fuzz.run(givenOf(fuzz.options, options) as Given, () => {})
  return { report: report as Report, broken }
}

test('FAULT-11 FAULT-12 FAULT-13 hostile inputs are refused, and others complete their tasks', async () => {
  const { report, broken } = await run({ inputs: '12000', programs: '4', seed: '11' })
  assert.deepEqual(broken, [])
  assert.equal(report.inputs, 12_000)
  assert.deepEqual([report.crashes, report.unhandled, report.pollutedPrototype], [0, 0, false])
  assert.ok(report.othersAnnounced > 40)
  assert.equal(report.othersCompleted, report.othersAnnounced)
  const codes = [
    'E_JSON',
    'E_TYPE',
    'E_UNKNOWN_FIELD',
    'E_BAD_STATE',
    'E_STALE_INCARNATION',
    'E_USAGE',
    'E_YAML',
  ]
  for (const code of codes) assert.ok(Number(report.refusals[code]) > 0, `${code} was never provoked`)
})

test('FAULT-12 the same seed plays the same world', async () => {
  const play = async (): Promise<object> => {
    const tally = newTally()
    await fuzzWorld(tally, 3, 600, true)
    return { refusals: [...tally.refusals], completed: tally.othersCompleted }
  }
  assert.deepEqual(await play(), await play())
})

test('FAULT-13 what throws is a failure that can be played again', async (t) => {
  const tally = newTally()
  const words = ['x']
  attempt(
    tally,
    () => ({ target: 'line', words }),
    () => {
      throw new Error('boom')
    },
  )
  assert.equal(tally.failures.length, 1)
  assert.match(tally.failures[0]?.what ?? '', /boom/)
  const folder = mkdtempSync(join(tmpdir(), 'convoke-replay-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'failure.json')
  writeFileSync(file, JSON.stringify({ target: 'line', words: ['tasks', '--netwrk', 'x'] }))
  const { report, broken } = await run({ replay: file })
  assert.deepEqual([broken, report.inputs, report.refusals], [[], 1, { E_USAGE: 1 }])
})

test('FAULT-13 a frame is kept as it was, also with half a character in it', () => {
  for (const frame of ['{"v":1,"\ud800":"\u0000"}', Uint8Array.from([0, 255, 128])]) {
    const isText = typeof frame === 'string'
    const bytes = isText ? Buffer.from(frame, 'utf16le') : Buffer.from(frame)
    const again = frameOf({ target: 'frame', base64: bytes.toString('base64'), isText })
    assert.deepEqual(isText ? again : new Uint8Array(again as Uint8Array), frame)
    knock(newTally(), again, true)
  }
})

test('FAULT-13 a changed prototype is noticed', (t) => {
  assert.equal(isPolluted(), false)
  t.after(() => Reflect.deleteProperty(Object.prototype, 'polluted'))
  Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true })
  assert.equal(isPolluted(), true)
})

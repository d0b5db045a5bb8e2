/**
 * Ten times the sustainable rate for a second, in memory and on a file.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Given, givenOf } from '../../lab/experiment.ts'
import { overload } from '../../lab/overload/experiment.ts'

interface Measured {
  readonly offered: number
  readonly refused: number
  readonly withoutRetryAfter: number
  readonly unfinished: number
  readonly memoryBeforeBytes: number
  readonly peakMemoryBytes: number
  readonly backToNormalMs: number
}

test('FAULT-14 an overload is refused with the time to ask again, bounded in memory, and passes', async () => {
  const given = givenOf(overload.options, { seconds: '1', measure: '500' }) as Given
  const { report } = await overload.run(given, () => {})
  const { memory, file } = report as { readonly memory: Measured; readonly file: Measured }
  for (const measured of [memory, file]) {
    assert.ok(measured.refused > 0, 'more was offered than there is room for')
    assert.equal(measured.withoutRetryAfter, 0)
    assert.equal(measured.unfinished, 0)
    assert.ok(measured.peakMemoryBytes - measured.memoryBeforeBytes < 300_000_000)
    // Where other tests take the processors, what is normal is not what was measured a moment ago.
    assert.ok(measured.backToNormalMs < 20_000, `${measured.backToNormalMs} ms`)
  }
})

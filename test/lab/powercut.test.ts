/**
 * The journal on a disk that loses power, in short: every fault, both durabilities, and the proof that a loss would be
 * seen. Where no C compiler is, this is skipped; the gate requires it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { life } from '../../lab/conformance/facts.ts'
import { type Given, givenOf } from '../../lab/experiment.ts'
import { compileDisk } from '../../lab/powercut/compile.ts'
import { powercut } from '../../lab/powercut/experiment.ts'
import { survey } from '../../lab/powercut/survey.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import type { Fact } from '../../src/protocol/index.ts'

interface Tally {
  readonly runs: number
  readonly acknowledged: number
  readonly lost: number
  readonly refused: number
  readonly unseen: number
}

test('FAULT-5 FAULT-6 FAULT-7 FAULT-8 power cuts and failing disks lose what is said, and nothing else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-cc-'))
  const compiled = compileDisk(folder)
  rmSync(folder, { recursive: true })
  if ('skipped' in compiled) {
    assert.equal(process.env.CONVOKE_REQUIRE_CC, undefined, compiled.skipped)
    return t.skip(compiled.skipped)
  }
  const given = givenOf(powercut.options, { cuts: '12', seed: '2' }) as Given
  const { report, broken } = await powercut.run(given, () => {})
  assert.deepEqual(broken, [])
  const tallies = report as Record<
    'full' | 'normal' | 'writeError' | 'syncError' | 'diskFull' | 'lyingDisk',
    Tally
  >
  assert.equal(tallies.full.runs, 12)
  assert.ok(tallies.full.acknowledged > 100)
  assert.equal(tallies.full.lost, 0)
  assert.ok(tallies.normal.lost > 0, 'the loss of `normal` is reported')
  for (const tally of [tallies.writeError, tallies.syncError, tallies.diskFull]) assert.equal(tally.runs, 3)
  assert.ok(tallies.lyingDisk.lost + tallies.lyingDisk.refused > 0, 'a disk that lies is noticed')
})

test('FAULT-5 the survey finds a loss, a change, and half a batch', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-survey-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'a.db')
  const journal = await openSqliteJournal(file, { durability: 'normal' })
  await journal.append(life('a'))
  await journal.append(life('b'))
  await journal.close()
  const offered = (facts: readonly Fact[]) => ({ kind: 'offered', facts }) as const
  const acknowledged = (position: number) => ({ kind: 'acknowledged', position }) as const
  const sound = [offered(life('a')), acknowledged(4), offered(life('b')), acknowledged(8)]
  const { lost, unseen, refused } = await survey(file, [], sound)
  assert.deepEqual({ lost, unseen, refused }, { lost: 0, unseen: [], refused: undefined })
  const more = [...sound, offered(life('c')), acknowledged(12)]
  assert.equal((await survey(file, [], more)).lost, 4)
  const other = [offered(life('x')), acknowledged(4), offered(life('b')), acknowledged(8)]
  assert.match((await survey(file, [], other)).unseen[0] ?? '', /position 1 is not what was written/)
  const wider = [offered(life('a')), offered([...life('b'), ...life('c')])]
  assert.match((await survey(file, [], wider)).unseen[0] ?? '', /in the middle of a batch/)
})

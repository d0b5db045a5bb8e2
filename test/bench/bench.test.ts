/**
 * The benchmarks as somebody at a terminal meets them, and what is made of their figures. No test looks at a speed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { atLeast, atMost } from '../../bench/benchmark.ts'
import { chartSvg } from '../../bench/chart.ts'
import { type Kept, keep, writeSummary } from '../../bench/results.ts'
import { numberText, tableText } from '../../bench/table.ts'

const main = new URL('../../bench/main.ts', import.meta.url).pathname

function bench(...words: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, ['--expose-gc', main, ...words], { encoding: 'utf8' })
}

/** Names in the table of the help. */
function names(): string[] {
  const table = bench('--help').stdout.split('\n\n')[1] ?? ''
  return table.split('\n').map((line) => line.trim().split(' ')[0] ?? '')
}

test('every benchmark of the table is there and says how it is used', () => {
  const all = names()
  assert.ok(all.length >= 2, 'the table is empty')
  for (const name of all) {
    const { stdout, status } = bench(name, '--help')
    assert.equal(status, 0, name)
    assert.match(stdout, new RegExp(`^npm run bench -- ${name}: `))
    assert.match(stdout, /--json/)
  }
})

test('with --json there is one JSON object on standard output and nothing else', () => {
  const { stdout, stderr, status } = bench('restart', '--ended', '200', '--open', '3', '--json')
  assert.equal(status, 0, stderr)
  assert.equal(stdout.indexOf('\n'), stdout.length - 1)
  const report = JSON.parse(stdout)
  assert.equal(report.endedTasks, 200)
  assert.ok(report.readyMs > 0)
  assert.notEqual(stderr, '', 'nobody was told how far it is')
})

test('a benchmark that does not exist, and an option that does not, are refused with the help', () => {
  for (const words of [['nothing-of-the-kind'], ['restart', '--nothing'], ['--nothing']]) {
    const { stdout, stderr, status } = bench(...words)
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^error E_USAGE: .*nothing/)
    assert.match(stderr, /npm run bench -- /)
  }
})

test('what can be put right at the terminal is said in one line', () => {
  const { stdout, stderr, status } = bench('peers', '--only', 'nobody')
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /^error: --only: there is no "nobody"; there are convokeMemory, .*moleculer\n$/)
})

const rows = [
  { figure: 'fast', value: 26_491.4, unit: 'tasks/s', target: atLeast(25_000) },
  { figure: 'slow', value: 0.51234, unit: 'ms', target: atMost(0.2), note: 'the disk is busy' },
]

test('the table says which goals are met and which are missed', () => {
  const plain = tableText([{ name: 'one', rows }], (_, text) => text)
  assert.equal(
    plain,
    'one\n  fast  26,491 tasks/s  met (≥ 25,000)\n  slow        0.512 ms  missed (≤ 0.2)  the disk is busy\n',
  )
})

test('numbers are whole from 100 on and have three digits below', () => {
  assert.deepEqual([123_456.7, 99.96, 0.012345, 0].map(numberText), ['123,457', '100', '0.0123', '0'])
})

test('bars begin at zero, and what is written in them is escaped', () => {
  const bars = [
    { label: 'all', value: 200 },
    { label: 'half <&>', value: 100 },
  ]
  const svg = chartSvg({ kind: 'bars', name: 'x', title: 'a & b', values: 'tasks', bars })
  const lengths = [...svg.matchAll(/class="bar series0" [^>]*width="([\d.]+)"/g)].map(([, w]) => Number(w))
  assert.equal(lengths.length, 2)
  assert.equal(lengths[0], 2 * (lengths[1] ?? 0))
  assert.ok(svg.includes('half &lt;&amp;>'))
  assert.ok(!svg.includes('a & b'))
})

test('equal factors are equal distances on a line chart', () => {
  const points = [1_000, 10_000, 100_000].map((x) => ({ x, y: x / 1_000 }))
  const svg = chartSvg({
    kind: 'lines',
    name: 'x',
    title: 't',
    values: 'ms',
    along: 'agents',
    lines: [{ label: 'l', points }],
  })
  const places = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = places
  assert.ok(Math.abs(x1 - x0 - (x2 - x1)) < 0.3 && x1 > x0)
  assert.ok(Math.abs(y1 - y0 - (y2 - y1)) < 0.3 && y1 < y0)
})

test('the results keep what was seen before, each with its commit, in the order of the table', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-results-'))
  try {
    const kept: Kept = {
      benchmark: 'late',
      about: 'what comes last',
      command: 'late',
      at: '2026-03-01 14:05',
      commit: 'abc1234',
      machine: 'a machine',
      rows,
      charts: [{ kind: 'bars', name: 'late', title: 'Late', values: 'ms', bars: [{ label: 'l', value: 1 }] }],
    }
    await keep(folder, kept)
    await keep(folder, { ...kept, benchmark: 'early', commit: 'def5678', charts: [] })
    const text = readFileSync(await writeSummary(folder, ['early', 'late']), 'utf8')
    assert.deepEqual(text.match(/^## .*/gm), ['## early', '## late'])
    assert.match(text, /2026-03-01 14:05 UTC, commit def5678, a machine\./)
    assert.match(text, /!\[Late\]\(results\/late\.svg\)/)
    assert.match(text, /\| slow \| 0\.512 ms \| ≤ 0\.2, \*\*missed\*\* \| the disk is busy \|/)
    assert.match(readFileSync(join(folder, 'results', 'late.svg'), 'utf8'), /^<svg /)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
